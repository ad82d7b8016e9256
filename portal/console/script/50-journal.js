// Whoever names a day means it.
for (const day of document.querySelectorAll(".period input[type=date]")) {
  day.addEventListener("input", () => {
    document.querySelector(".period input[value=range]").checked = true;
  });
}

// A bar that moves by itself. Without scripts the page looks again every ten seconds.
(() => {
  const following = document.querySelector("[data-follow]");
  if (!following) return;
  const bar = following.querySelector("progress");
  const look = async () => {
    try {
      const answer = await fetch(following.dataset.follow, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.status);
      const far = await answer.json();
      if (far.over) return location.reload();
      if (far.part !== null) bar.value = far.part * 100;
    } catch (unreachable) {
      // The next look may succeed; the page says nothing that would be wrong meanwhile.
    }
    setTimeout(look, 1000);
  };
  setTimeout(look, 500);
})();
