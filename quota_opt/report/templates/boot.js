(function () {
  "use strict";
  if (typeof echarts === "undefined") { return; }
  var charts = [];
  function draw(node) {
    var key = node.getAttribute("data-figure");
    var live = document.getElementById("live-" + key);
    var still = document.getElementById("static-" + key);
    live.hidden = false;
    still.hidden = true;
    try {
      var chart = echarts.init(live, null, { renderer: "svg" });
      chart.setOption(JSON.parse(node.textContent));
      charts.push(chart);
    } catch (problem) {
      live.hidden = true;
      still.hidden = false;
    }
  }
  Array.prototype.forEach.call(document.querySelectorAll("script[data-figure]"), draw);
  var waiting = null;
  window.addEventListener("resize", function () {
    clearTimeout(waiting);
    waiting = setTimeout(function () { charts.forEach(function (chart) { chart.resize(); }); }, 150);
  });
})();
