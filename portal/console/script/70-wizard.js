// What changes by itself on the wizard's pages (ports, lights, a test SMS) is asked for again; what was chosen stays.
(() => {
  const refresh = async (id, every) => {
    try {
      const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
      const found = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(id);
      const old = document.getElementById(id);
      if (found && old) {
        if (found.innerHTML !== old.dataset.was) {
          const focused = document.activeElement && old.contains(document.activeElement) ? document.activeElement.id : "";
          const chosen = Array.from(old.querySelectorAll("input:checked"), (each) => each.id);
          const was = found.innerHTML;
          old.replaceChildren(...found.childNodes);
          old.dataset.was = was;
          for (const each of chosen) {
            const input = document.getElementById(each);
            if (input) input.checked = true;
          }
          if (focused) document.getElementById(focused)?.focus();
        }
        every = Number(found.dataset.live || 0);
      }
    } catch {
      // The box is restarting something, or the cable is out: the next look may find it again.
    }
    if (every) setTimeout(refresh, every, id, every);
  };
  for (const each of document.querySelectorAll("[data-live]")) {
    each.dataset.was = each.innerHTML;
    setTimeout(refresh, Number(each.dataset.live), each.id, Number(each.dataset.live));
  }
})();
