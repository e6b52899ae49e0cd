import { Chart, linear, logarithmic } from "./charts.js";
import { Controls } from "./controls.js";
import { Feed } from "./feed.js";
import { bytes, duration, rate } from "./format.js";
import { History } from "./history.js";
import { Lanes } from "./lanes.js";
import { Notices } from "./notices.js";

const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
const reducedMotionInterval = 1_000; // milliseconds between two pictures if the user prefers reduced motion
const describeInterval = 2_000; // milliseconds between two updates of the text for screen readers

const announcer = document.getElementById("announcer");
const announce = text => (announcer.textContent = text);

const controls = new Controls(announce);
const lanes = new Lanes(controls);
const notices = new Notices();
const history = new History();
const both = [{ name: "EventStream", className: "stream" }, { name: "Subject", className: "subject" }];
const charts = [
  new Chart(document.getElementById("chart-rate"), both, p => p.rate, linear(1), rate),
  new Chart(document.getElementById("chart-cost"), both, p => p.cost, logarithmic(10, 1_000), duration),
  new Chart(document.getElementById("chart-memory"), [{ name: "Heap", className: "memory" }], p => p.memory, linear(1_000_000), bytes),
];

let isFrozen = false;
let isNew = false;
let drawnAt = -Infinity;
let describedAt = -Infinity;
let ended = new Set();
let run = null;

new Feed(show, state => {
  const status = document.getElementById("status");
  status.dataset.state = state;
  status.textContent = state;
});

document.getElementById("freeze").addEventListener("click", event => {
  isFrozen = !isFrozen;
  event.currentTarget.setAttribute("aria-pressed", String(isFrozen));
  announce(isFrozen ? "The picture is frozen. The experiment continues." : "The picture moves again.");
});

requestAnimationFrame(draw);

function show(frame) {
  history.add(frame);
  controls.show(frame);
  notices.show(frame);
  announceEnds(frame);
  lanes.add(frame, isFrozen);
  isNew = true;
}

function draw(time) {
  requestAnimationFrame(draw);
  if (!isFrozen && (!reducedMotion.matches || time - drawnAt >= reducedMotionInterval)) {
    drawnAt = time;
    lanes.draw();
    if (isNew) {
      isNew = false;
      charts.forEach(chart => chart.draw(history));
    }

    if (time - describedAt >= describeInterval) {
      describedAt = time;
      lanes.describe();
    }
  }
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
