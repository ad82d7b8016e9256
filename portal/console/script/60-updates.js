// What takes its time is followed without loading the page anew, so that nobody loses the place where they are.
(() => {
  const part = document.querySelector("[data-versions]");
  if (!part) return;
  const again = async () => {
    try {
      const answer = await fetch(location.pathname, { credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const next = page.querySelector("[data-versions]");
      if (answer.ok && next) {
        if (next.innerHTML !== part.innerHTML) part.replaceChildren(...next.childNodes);
        part.dataset.versions = next.dataset.versions;
      }
    } catch { /* the box is restarting: ask again */ }
    if (part.dataset.versions) setTimeout(again, 2000);
  };
  if (part.dataset.versions) setTimeout(again, 2000);
})();
