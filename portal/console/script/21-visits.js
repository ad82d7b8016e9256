// The list of visits, kept up to date without flicker: only what changed is replaced, and the focus stays.
(function () {
  "use strict";
  var form = document.querySelector("form[data-visits]");
  if (!form || !window.fetch) { return; }
  var every = 5000;
  var box = document.getElementById("live");
  form.querySelector(".live").hidden = false;
  box.checked = sessionStorage.getItem("live-visits") === "yes";

  box.addEventListener("change", function () {
    sessionStorage.setItem("live-visits", box.checked ? "yes" : "no");
    look();
  });

  function look() {
    // What is recorded stays until it is asked for again: each look at them is recorded.
    var list = document.getElementById("list");
    if (!box.checked || document.hidden || list.hasAttribute("data-recorded")) { return; }
    var asked = new URLSearchParams(new FormData(form));
    asked.set("query", asked.get("searched"));
    fetch(form.action, { method: "POST", body: asked, redirect: "error" }).then(function (answer) {
      return answer.text();
    }).then(function (text) {
      var fresh = new DOMParser().parseFromString(text, "text/html").getElementById("list");
      if (!fresh || fresh.innerHTML === list.innerHTML) { return; }
      var focused = list.contains(document.activeElement) ? document.activeElement : null;
      var wide = list.querySelector(".wide");
      var left = wide ? wide.scrollLeft : 0;
      list.innerHTML = fresh.innerHTML;
      var again = focused && (focused.id ? document.getElementById(focused.id) :
        focused.name === "sort" && list.querySelector("[name=sort][value^=" + focused.value.split(" ")[0] + "]"));
      if (again) { again.focus(); }
      if (list.querySelector(".wide")) { list.querySelector(".wide").scrollLeft = left; }
    }).catch(function () { /* the next look may succeed */ });
  }

  setInterval(look, every);
})();
