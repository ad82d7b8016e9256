// The landing page renews itself: it fetches its part and exchanges the sections that differ, so that nothing flickers
// and whoever reads, has something unfolded or stands on it with the keyboard is not disturbed. A question keeps the
// session alive only if somebody touched the page since the last one; a page that nobody has touched for a while stops.
"use strict";
(() => {
  const EVERY_MS = 10_000, PATIENCE_MS = 8_000, REST_MS = 600_000;
  const page = document.getElementById("today");
  if (!page) return;
  const stale = document.getElementById("today-stale"), heard = document.getElementById("today-heard");
  const said = new Map(Array.from(page.children, section => [section.id, section.outerHTML]));
  let touched = Date.now(), told = touched, asking = false;

  function exchange(old, fresh) {
    const open = Array.from(old.querySelectorAll("details[open]"), each => each.id);
    const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
    const sideways = Array.from(old.querySelectorAll(".wide[id]"), each => [each.id, each.scrollLeft]);
    old.replaceWith(fresh);
    for (const id of open) {
      const details = document.getElementById(id);
      if (details) details.open = true;
    }
    for (const [id, left] of sideways) {
      const wide = document.getElementById(id);
      if (wide) wide.scrollLeft = left;
    }
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }

  function show(text) {
    const fetched = new DOMParser().parseFromString(text, "text/html").body.children;
    const fresh = Array.from(fetched).map(section => document.adoptNode(section)); // adopting shortens "fetched"
    if (!fresh.some(section => section.id === "today-verdict")) throw new Error("no part of this page");
    let before = null;
    for (const section of fresh) {
      const html = section.outerHTML, old = document.getElementById(section.id);
      if (!old) before ? before.after(section) : page.prepend(section);
      else if (said.get(section.id) !== html) {
        if (section.id === "today-verdict" && section.dataset.verdict !== old.dataset.verdict)
          heard.textContent = section.textContent.trim();
        exchange(old, section);
      }
      said.set(section.id, html);
      before = document.getElementById(section.id);
    }
    const kept = new Set(fresh.map(section => section.id));
    for (const old of Array.from(page.children)) if (!kept.has(old.id)) old.remove();
  }

  async function look() {
    if (asking || document.hidden || Date.now() - touched > REST_MS) return;
    asking = true;
    try {
      const headers = touched > told ? { "X-Touched": "yes" } : {};
      told = Date.now();
      const answer = await fetch(page.dataset.part, { headers, signal: AbortSignal.timeout(PATIENCE_MS) });
      if (answer.redirected) return location.reload(); // signed out meanwhile
      if (!answer.ok) throw new Error(String(answer.status));
      show(await answer.text());
      stale.hidden = true;
    } catch {
      stale.hidden = false;
    } finally {
      asking = false;
    }
  }

  function touch() {
    const rested = Date.now() - touched > REST_MS;
    touched = Date.now();
    if (rested) look();
  }

  for (const kind of ["pointerdown", "pointermove", "keydown", "scroll"])
    addEventListener(kind, touch, { passive: true });
  document.addEventListener("visibilitychange", () => { touched = Date.now(); look(); });
  setInterval(look, EVERY_MS);
})();
