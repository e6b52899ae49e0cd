import { Chart, linear, logarithmic } from "./charts.js";
import { Controls } from "./controls.js";
import { Feed } from "./feed.js";
import { bytes, duration, rate } from "./format.js";
import { History } from "./history.js";
import { Lanes } from "./lanes.js";
import { Notices } from "./notices.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const calmInterval = 1_000; // milliseconds between two pictures for those who want no motion
const describeInterval = 2_000;

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
  announce(isFrozen ? "The picture is frozen; events go on" : "The picture moves again");
});

requestAnimationFrame(draw);

function show(frame) {
  history.add(frame);
  controls.show(frame);
  notices.show(frame);
  tell(frame);
  lanes.add(frame, isFrozen);
  isNew = true;
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

// Tells those who do not see the rows who has ended; all of a frame at once, since a second text would take the first one's place.
function tell(frame) {
  if (frame.run !== run) {
    run = frame.run;
    ended = new Set();
  }

  const news = frame.members.filter(m => m.end !== null && !ended.has(m.id));
  news.forEach(m => ended.add(m.id));
  if (news.length > 0) {
    announce(news.map(m => `${m.name} ended: ${m.end}`).join("; "));
  }
}
