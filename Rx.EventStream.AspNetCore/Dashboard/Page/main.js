import { Chart, linear } from "./charts.js";
import { Feed } from "./feed.js";
import { bytes, compact, rate } from "./format.js";
import { History } from "./history.js";
import { announce, Picture, showState } from "./picture.js";
import { Streams } from "./streams.js";

const streams = new Streams(announce);
const history = new History(frame => ({
  rate: frame.streams.map(s => s.rate),
  lag: frame.streams.map(s => s.lag),
  memory: [frame.memory],
}));
let charts = null;
let names = null;
let isNew = false;

const picture = new Picture(
  () => {
    streams.draw();
    if (isNew) {
      isNew = false;
      charts.forEach(chart => chart.draw(history));
    }
  },
  () => streams.describe());

new Feed(show, showState);

function show(frame) {
  const newNames = JSON.stringify(frame.streams.map(s => s.name));
  if (names !== newNames) {
    if (names !== null) {
      location.reload(); // another version of the application runs now
      return;
    }

    names = newNames;
    charts = newCharts(frame);
  }

  history.add(frame);
  streams.add(frame, picture.isFrozen);
  isNew = true;
}

function newCharts(frame) {
  const series = frame.streams.map(({ name }, index) => ({ name, className: Streams.classOf(index) }));
  return [
    new Chart(document.getElementById("chart-rate"), series, p => p.rate, linear(1), rate),
    new Chart(document.getElementById("chart-lag"), series, p => p.lag, linear(1), compact),
    new Chart(document.getElementById("chart-memory"), [{ name: "Heap", className: "memory" }], p => p.memory, linear(1_000_000), bytes),
  ];
}
