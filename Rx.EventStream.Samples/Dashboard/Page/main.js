import { Chart, linear, logarithmic } from "./charts.js";
import { Controls } from "./controls.js";
import { Feed } from "./feed.js";
import { bytes, duration, rate } from "./format.js";
import { History } from "./history.js";
import { Lanes } from "./lanes.js";
import { Notices } from "./notices.js";
import { announce, Picture, showState } from "./picture.js";

const controls = new Controls(announce);
const lanes = new Lanes(controls);
const notices = new Notices();
const history = new History(({ stream, subject, memory }) => ({
  rate: [stream.rate, subject.rate],
  cost: [stream.cost, subject.cost],
  memory: [memory],
}));
const both = [{ name: "EventStream", className: "stream" }, { name: "Subject", className: "subject" }];
const charts = [
  new Chart(document.getElementById("chart-rate"), both, p => p.rate, linear(1), rate),
  new Chart(document.getElementById("chart-cost"), both, p => p.cost, logarithmic(10, 1_000), duration),
  new Chart(document.getElementById("chart-memory"), [{ name: "Heap", className: "memory" }], p => p.memory, linear(1_000_000), bytes),
];

let isNew = false;
let ended = new Set();
let run = null;

const picture = new Picture(
  () => {
    lanes.draw();
    if (isNew) {
      isNew = false;
      charts.forEach(chart => chart.draw(history));
    }
  },
  () => lanes.describe());

new Feed(show, showState);

function show(frame) {
  history.add(frame);
  controls.show(frame);
  notices.show(frame);
  announceEnds(frame);
  lanes.add(frame, picture.isFrozen);
  isNew = true;
}

// Announces the ended subscribers to screen readers. One text per frame, because a second text would replace the first.
function announceEnds(frame) {
  if (frame.run !== run) {
    run = frame.run;
    ended = new Set();
  }

  const newlyEnded = frame.subscribers.filter(s => s.end !== null && !ended.has(s.id));
  newlyEnded.forEach(s => ended.add(s.id));
  if (newlyEnded.length > 0) {
    announce(newlyEnded.map(s => `${s.name} ended: ${s.end}`).join("; "));
  }
}
