(function () {
"use strict";
var main = document.querySelector("main"), password = document.getElementById("password");
var sent = false, began = Date.now();
function each(found, act) { Array.prototype.forEach.call(found, act); }
function said(seconds) {
  if (seconds <= 120) { return main.getAttribute("data-seconds").replace("#", seconds); }
  if (seconds <= 7200) { return main.getAttribute("data-minutes").replace("#", Math.ceil(seconds / 60)); }
  return main.getAttribute("data-hours").replace("#", Math.ceil(seconds / 3600));
}
function count() {
  var passed = Math.floor((Date.now() - began) / 1000);
  each(waits, function (wait) {
    var now = said(Math.max(0, wait.getAttribute("data-left") - passed));
    if (wait.textContent !== now) { wait.textContent = now; }
  });
}
var waits = document.querySelectorAll(".left");
if (waits.length) { setInterval(count, 1000); }
each(document.forms, function (form) {
  form.addEventListener("submit", function (event) {
    if (sent) { event.preventDefault(); }
    sent = true;
  });
});
window.addEventListener("pageshow", function (event) {
  sent = false;
  if (event.persisted) { location.reload(); }
});
function enter() {
  if (sent || !/^[0-9]{6}$/.test(password.value.replace(/\s/g, ""))) { return; }
  sent = true;
  password.form.submit();
}
if (password && main.getAttribute("data-mark") && document.getElementById("told")) {
  password.addEventListener("input", enter);
  if (window.OTPCredential && navigator.credentials) {
    navigator.credentials.get({ otp: { transport: ["sms"] } }).then(function (given) {
      if (given && given.code) { password.value = given.code; enter(); }
    }, function () {});
  }
}
var mark = main.getAttribute("data-mark"), first = main.getAttribute("data-pause") * 1000, pause = first, waiting;
function typing() {
  return Array.prototype.some.call(document.querySelectorAll("input[type=tel],input[type=text]"), function (field) {
    return field.value !== field.defaultValue;
  });
}
function heard(state) {
  var told = document.getElementById("told"), again = document.querySelector(".state .again");
  if (state.mark !== mark) {
    if (/^online/.test(state.mark) || !typing()) { sent = true; location.replace(main.getAttribute("data-page")); }
    return;
  }
  if (told && told.textContent !== state.told) { told.textContent = state.told; pause = first; }
  if (again && !state.waits) { again.parentNode.removeChild(again); }
}
function ask() {
  var request = new XMLHttpRequest();
  request.open("GET", main.getAttribute("data-state"));
  request.timeout = 10000;
  request.onloadend = function () {
    var state = null;
    if (request.status === 200) { try { state = JSON.parse(request.responseText); } catch (ignored) { state = null; } }
    if (state && !sent) { heard(state); }
    pause = Math.min(pause * 1.5, 15000);
    rest();
  };
  request.send();
}
function rest() {
  clearTimeout(waiting);
  if (!document.hidden && Date.now() - began < 1800000) { waiting = setTimeout(ask, pause); }
}
if (mark) {
  document.addEventListener("visibilitychange", function () {
    pause = first;
    clearTimeout(waiting);
    if (!document.hidden) { waiting = setTimeout(ask, 200); }
  });
  rest();
}
}());
