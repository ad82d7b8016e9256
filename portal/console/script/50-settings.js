// The settings: the search narrows the form while it is typed in; the page of a pending change counts down and asks
// whether the console can still be reached. A person keeps it: an answer to a script is no proof that anybody looks.
(() => {
  const search = document.getElementById("q");
  const form = document.getElementById("settings-form");
  if (search && form) {
    const narrow = () => {
      const wanted = search.value.trim().toLowerCase();
      form.querySelectorAll("[data-group]").forEach((group) => {
        let found = 0;
        group.querySelectorAll(".setting").forEach((field) => {
          const here = field.dataset.words.includes(wanted);
          field.hidden = !here;
          found += here ? 1 : 0;
        });
        group.hidden = found === 0;
        if (wanted) group.open = found > 0;
      });
    };
    search.addEventListener("input", narrow);
    search.form.addEventListener("submit", (event) => { event.preventDefault(); narrow(); });
    if (search.value) narrow();
  }

  const pending = document.getElementById("pending");
  if (!pending) return;
  const state = document.getElementById("pending-state");
  const left = document.getElementById("pending-left");
  const told = Number(pending.dataset.undoIn || 0);
  const until = performance.now() + told * 1000;
  let starting = pending.dataset.starting === "yes";
  const count = () => {
    if (left) left.textContent = pending.dataset.left.replace("{n}", Math.max(0, Math.ceil((until - performance.now()) / 1000)));
  };
  const look = async () => {
    try {
      const answer = await fetch("/settings/state", { signal: AbortSignal.timeout(3000) });
      const now = await answer.json();
      if ((!now.starting && now.undo_in_s === null) || (starting && !now.starting)) location.reload();
      if (!now.starting && state.textContent !== pending.dataset.reached) state.textContent = pending.dataset.reached;
    } catch {
      if (!starting && state.textContent !== pending.dataset.away) state.textContent = pending.dataset.away;
    }
  };
  setInterval(count, 1000);
  setInterval(look, 2000);
})();
