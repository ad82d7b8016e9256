// The desk by keyboard alone. Without this all of it works too, with a few keys more.
(function () {
  "use strict";
  var zoneLine = /^(?=.*[<0-9])[PIAC][A-Z<][A-Z<]{3}[A-Z0-9<]{20,}$/i;
  var pause = 1500; // So long after the last sign a scanner that sends no Enter has done.

  function fieldsOf(form) {
    return Array.prototype.filter.call(form.querySelectorAll("input:not([type=hidden])"), function (each) {
      return !each.disabled;
    });
  }

  function select(field) {
    if (field && field.select) {
      field.focus();
      field.select();
    }
  }

  // What is focused and filled is there to be typed over. The browser may focus it later than this runs.
  var first = document.querySelector("[data-desk] [autofocus]");
  if (first && first.value && first.value === first.defaultValue) { select(first); }

  // The line that says what was done is said once: not again when the page is loaded again.
  if (document.querySelector("[data-once]")) { history.replaceState(null, "", location.pathname); }

  // Escape goes back; where there is no way back, it empties the field.
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") {
      var back = document.querySelector("a[data-back]");
      if (back) { back.click(); } else if (document.activeElement.id === "code") { document.activeElement.value = ""; }
    }
    // F2: the other of the two ways.
    var ways = document.querySelector("[data-ways]");
    if (event.key === "F2" && ways) {
      event.preventDefault();
      var forms = ways.querySelectorAll("form");
      var other = forms[0].contains(document.activeElement) ? forms[1] : forms[0];
      select(fieldsOf(other)[0]);
    }
  });

  // One Enter sends one form.
  Array.prototype.forEach.call(document.querySelectorAll("form[data-desk]"), function (form) {
    form.addEventListener("submit", function (event) {
      if (form.hasAttribute("data-sent")) { event.preventDefault(); }
      form.setAttribute("data-sent", "");
    });
  });
  window.addEventListener("pageshow", function () {
    Array.prototype.forEach.call(document.querySelectorAll("form[data-sent]"), function (form) {
      form.removeAttribute("data-sent");
    });
  });

  var lines = document.querySelector("form[data-lines]");
  if (!lines) { return; }
  var box = lines.querySelector("[data-zone]");
  var zone = document.getElementById("zone");
  var waiting = 0;
  var pasted = false;

  // Enter goes to the next line, and sends from the last. A scanner's Enter after its first line belongs to the zone.
  lines.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || event.target.tagName !== "INPUT") { return; }
    var field = event.target;
    if (zoneLine.test(field.value.replace(/\s/g, ""))) {
      event.preventDefault();
      box.open = true;
      zone.value = field.value + "\n";
      field.value = "";
      zone.focus();
      look();
      return;
    }
    var fields = fieldsOf(lines);
    var next = fields[fields.indexOf(field) + 1];
    if (next) {
      event.preventDefault();
      select(next);
    }
  });

  function look() {
    clearTimeout(waiting);
    var signs = zone.value.replace(/\s/g, "").length;
    if (signs === 88 || signs === 90) {
      // With its last Enter, which must not come too late and be pressed on the next page, or pasted, it is whole now.
      waiting = setTimeout(fill, zone.value.slice(-1) === "\n" || pasted ? 0 : pause);
    }
  }
  function fill() { lines.requestSubmit(lines.querySelector("button[name=scan]")); }
  zone.addEventListener("paste", function () { pasted = true; });
  zone.addEventListener("input", look);
})();
