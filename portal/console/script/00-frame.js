// What every page has. Nothing depends on it: without scripts all pages and forms work.
"use strict";
(() => {
  // A line that says what was done is said once: not again when the page is loaded anew or handed on.
  const here = new URL(location.href);
  if (here.searchParams.has("done")) {
    here.searchParams.delete("done");
    history.replaceState(null, "", here.pathname + here.search + here.hash);
  }
  // After a form the eyes and the screen reader go where something is to be mended, else to what was done. A page that
  // puts the cursor somewhere itself knows better.
  if (document.activeElement && document.activeElement !== document.body) return;
  if (document.querySelector("main [autofocus]")) return; // it may come only after this
  const next = document.querySelector("main [aria-invalid]") || document.querySelector("main .problem, main .done");
  if (!next) return;
  if (!next.matches("input, select, textarea")) next.tabIndex = -1;
  next.focus();
})();
