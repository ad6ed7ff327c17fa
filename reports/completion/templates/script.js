(function () {
  "use strict";
  function all(selector) { return Array.prototype.slice.call(document.querySelectorAll(selector)); }
  function openTarget() {
    var target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") { target.open = true; target.scrollIntoView(); }
  }
  all("[data-open]").forEach(function (button) {
    button.addEventListener("click", function () {
      all(button.dataset.open).forEach(function (details) { details.open = true; });
    });
  });
  all("[data-close]").forEach(function (button) {
    button.addEventListener("click", function () {
      all(button.dataset.close).forEach(function (details) { details.open = false; });
    });
  });
  all("[data-print]").forEach(function (button) {
    button.addEventListener("click", function () { window.print(); });
  });
  var opened = [];
  window.addEventListener("beforeprint", function () {
    opened = all("details.scenario:not([open]), details.message:not([open]):not(.others)");
    opened.forEach(function (details) { details.open = true; });
  });
  window.addEventListener("afterprint", function () {
    opened.forEach(function (details) { details.open = false; });
    opened = [];
  });
  window.addEventListener("hashchange", openTarget);
  openTarget();
})();
