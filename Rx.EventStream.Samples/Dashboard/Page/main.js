import { Chart, linear, logarithmic } from "./charts.js";
import { Controls } from "./controls.js";
import { Feed } from "./feed.js";
import { bytes, duration, rate } from "./format.js";
import { History } from "./history.js";
import { Lanes } from "./lanes.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const calmInterval = 1_000; // milliseconds between two pictures for those who want no motion
const describeInterval = 2_000;

const announcer = document.getElementById("announcer");
const announce = text => (announcer.textContent = text);

const controls = new Controls(announce);
const lanes = new Lanes(controls);
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
let lastNotice = 0;
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
  announce(isFrozen ? "The picture is frozen; events go on" : "The picture moves again");
});

requestAnimationFrame(draw);

function show(frame) {
  history.add(frame);
  controls.show(frame);
  tell(frame);
  if (!isFrozen) {
    lanes.add(frame);
    isNew = true;
  }
}

function draw(time) {
  requestAnimationFrame(draw);
  if (!isFrozen && (!calm.matches || time - drawnAt >= calmInterval)) {
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

// Tells what nobody on this page has asked for.
function tell(frame) {
  if (frame.run !== run) {
    run = frame.run;
    lastNotice = 0;
    ended = new Set();
  }

  for (const { id, text } of frame.notices.filter(n => n.id > lastNotice)) {
    lastNotice = id;
    announce(text);
  }

  for (const { id, name, end } of frame.members.filter(m => m.end !== null && !ended.has(m.id))) {
    ended.add(id);
    announce(`${name} ended: ${end}`);
  }
}
