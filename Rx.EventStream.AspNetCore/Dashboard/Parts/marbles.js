// Draws one lane: marbles that move from right to left with time, as in a marble diagram.

import { compact } from "./format.js";

const speed = 105; // pixels per second
const radius = 8.5;
const growth = 0.15; // seconds in which a marble grows to its full size
const entrance = 14; // pixels from "now" to the right edge of the canvas
const reach = radius / speed; // seconds from the centre of a marble to its edge
const minOverlap = 0.015; // seconds; a smaller overlap does not reach the number
const minPillWidth = 46; // pixels, room for the text
const mostlyLost = 0.98; // the share of dropped events from which a pill is drawn as dropped
const maxMarbles = 20; // between two frames; more are drawn as one pill
const half = 18; // pixels of a lane above and below its line
const kept = 30; // seconds of marbles in memory
const colours = 6;

// The number of events per marble, so that about two to four marbles appear per second.
export function weightFor(rate) {
  const min = Math.max(1, rate / 4);
  const power = 10 ** Math.floor(Math.log10(min));
  return [1, 2, 5, 10].map(step => step * power).find(weight => weight >= min - 1e-9);
}

export class MarbleLane {
  #canvas;
  #context;
  #width = 0;
  #height = 0;
  #marbles = [];
  #pauses = [];
  #signs = [];
  #start = null;
  #last = null;
  #end = null;
  #drawn = null;

  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d");
    new ResizeObserver(([entry]) => {
      this.#width = entry.contentRect.width;
      this.#height = entry.contentRect.height;
      canvas.width = Math.round(this.#width * devicePixelRatio);
      canvas.height = Math.round(this.#height * devicePixelRatio);
      if (this.#drawn !== null) {
        this.draw(...this.#drawn); // resizing has cleared the canvas
      }
    }).observe(canvas);
  }

  // Adds what happened since the previous frame.
  //   position: number of events so far;  dropped: how many of them were dropped;  pause: "", "own" or "others";
  //   end: how the lane ended, or null;  signs: texts to show at this time.
  add(time, { position, dropped = 0, pause = "", end = null, signs = [] }, weight) {
    const last = this.#last;
    this.#last = { time, position, dropped };
    this.#start ??= time;
    this.#signs.push(...signs.map(text => ({ time, text })));
    if (end !== null && this.#end === null) {
      this.#end = { time, isGood: end === "completed" };
    }

    if (last === null) {
      return;
    }

    this.#addMarbles(last, this.#last, weight);
    const pauseBefore = this.#pauses.at(-1);
    if (pauseBefore?.isOpen && pauseBefore.kind === pause) {
      pauseBefore.to = time;
    } else {
      if (pauseBefore) {
        pauseBefore.isOpen = false;
      }

      if (pause !== "") {
        this.#pauses.push({ from: last.time, to: time, kind: pause, isOpen: true });
      }
    }

    this.#forget(time - kept);
  }

  #addMarbles(from, to, weight) {
    const passed = to.position - from.position;
    const first = Math.ceil(from.position / weight);
    const number = Math.ceil(to.position / weight) - first;
    if (number <= 0) {
      return;
    }

    const missed = passed > 0 ? Math.min(1, Math.max(0, (to.dropped - from.dropped) / passed)) : 0;
    if (number > maxMarbles) {
      this.#place({ from: from.time, to: to.time, number: first, events: passed, lost: missed * passed, isPill: true });
      return;
    }

    for (let i = first; i < first + number; i++) {
      const part = passed > 0 ? (i * weight - from.position) / passed : 0;
      const time = from.time + part * (to.time - from.time);
      this.#place({ time, from: time - reach, to: time + reach, number: i, events: weight, lost: missed * weight, isPill: false });
    }
  }

  // A marble that would overlap the previous one is merged with it into a pill.
  #place(item) {
    let last = this.#marbles.at(-1);
    if (last === undefined || item.from >= last.to - minOverlap) {
      this.#marbles.push(item);
      last = item;
    } else {
      last.isPill = true;
      last.to = item.to;
      last.events += item.events;
      last.lost += item.lost;
    }

    if (last.isPill) {
      last.to = Math.max(last.to, last.from + minPillWidth / speed);
    }
  }

  #forget(before) {
    this.#marbles = this.#marbles.filter(m => m.to > before);
    this.#pauses = this.#pauses.filter(p => p.to > before);
    this.#signs = this.#signs.filter(s => s.time > before);
  }

  // now: the time at the right edge;  palette: see readPalette.
  draw(now, palette) {
    this.#drawn = [now, palette];
    if (this.#width === 0) {
      return;
    }

    const context = this.#context;
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, this.#width, this.#height);
    const edge = this.#width - entrance;
    const middle = this.#height - half; // additional height of the canvas is above the lane
    const x = time => edge - (now - time) * speed;

    // An open pause is drawn up to now, because its end is not known before the next frame.
    for (const pause of this.#pauses) {
      this.#drawPause(Math.max(0, x(pause.from)), Math.min(edge, x(pause.isOpen ? now : pause.to)), middle, pause.kind, palette);
    }

    const stop = this.#end === null ? edge : Math.min(edge, x(this.#end.time));
    context.strokeStyle = palette.thread;
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(Math.max(0, x(this.#start ?? now)), middle);
    context.lineTo(Math.max(0, stop), middle);
    context.stroke();

    const signs = this.#signs.filter(sign => sign.time <= now);
    signs.forEach(sign => this.#drawPole(x(sign.time), palette));
    for (const marble of this.#marbles) {
      if (marble.isPill) {
        this.#drawPill(x(marble.from), Math.min(edge, x(marble.to)), middle, marble, palette);
      } else if (marble.time <= now) {
        this.#drawMarble(x(marble.time), middle, marble, Math.min(1, (now - marble.time) / growth), palette);
      }
    }

    // Drawn after the marbles, so that the flags cover them.
    signs.forEach(sign => this.#drawFlag(x(sign.time), sign.text, palette));
    if (this.#end !== null && this.#end.time <= now) {
      this.#drawEnd(stop, middle, palette);
    }

    context.strokeStyle = palette.edge;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(edge + 0.5, middle - half + 4);
    context.lineTo(edge + 0.5, middle + half - 4);
    context.stroke();
  }

  // A disc with a number if all its events were delivered. Otherwise a ring whose coloured part is the delivered share.
  #drawMarble(x, y, marble, size, palette) {
    const context = this.#context;
    const colour = palette.marbles[marble.number % colours];
    const missed = marble.lost / marble.events;
    if (missed > 0) {
      const ring = Math.max(0, radius * size - 1.5);
      context.beginPath();
      context.arc(x, y, ring, 0, 2 * Math.PI);
      context.fillStyle = palette.surface;
      context.fill();
      context.strokeStyle = palette.missed;
      context.lineWidth = 3;
      context.stroke();
      context.strokeStyle = colour;
      context.beginPath();
      context.arc(x, y, ring, -Math.PI / 2, (1.5 - 2 * missed) * Math.PI);
      context.stroke();
      return;
    }

    context.beginPath();
    context.arc(x, y, radius * size, 0, 2 * Math.PI);
    context.fillStyle = colour;
    context.fill();
    if (size === 1) {
      this.#write(`${marble.number % 100}`, x, y, "600 9px", palette.onMarble);
    }
  }

  // A pill grows out of the right edge. Its text appears when there is room for it.
  #drawPill(from, to, y, marble, palette) {
    if (to <= from) {
      return;
    }

    const context = this.#context;
    const isLost = marble.lost / marble.events >= mostlyLost;
    const colour = palette.marbles[marble.number % colours];
    context.beginPath();
    context.roundRect(from, y - radius, to - from, 2 * radius, radius);
    context.fillStyle = isLost ? palette.surface : colour;
    context.fill();
    if (isLost) {
      context.setLineDash([3, 2.5]);
      context.strokeStyle = colour;
      context.lineWidth = 1.5;
      context.stroke();
      context.setLineDash([]);
    }

    if (to - from >= minPillWidth - 1) {
      this.#write(`${isLost ? "−" : "+"}${compact(marble.events)}`, (from + to) / 2, y, "600 10px", isLost ? palette.text : palette.onMarble);
    }
  }

  #drawPause(from, to, y, kind, palette) {
    if (to <= from) {
      return;
    }

    const context = this.#context;
    const colour = kind === "own" ? palette.stalled : palette.waiting;
    context.save();
    context.beginPath();
    context.roundRect(from, y - half + 3, to - from, 2 * half - 6, 6);
    context.clip();
    context.globalAlpha = 0.13;
    context.fillStyle = colour;
    context.fillRect(from, 0, to - from, this.#height);
    context.globalAlpha = 0.3;
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.beginPath();
    const offset = Math.floor(from / 10) * 10 - this.#height;
    for (let x = offset; x < to + this.#height; x += 10) {
      context.moveTo(x, this.#height);
      context.lineTo(x + this.#height, 0);
    }

    context.stroke();
    context.restore();
  }

  #drawPole(x, palette) {
    const context = this.#context;
    context.strokeStyle = palette.text;
    context.lineWidth = 1.5;
    context.beginPath();
    context.moveTo(x, 1);
    context.lineTo(x, this.#height - 3);
    context.stroke();
  }

  #drawFlag(x, text, palette) {
    this.#context.fillStyle = palette.text;
    this.#context.fillRect(x - 0.75, 1, 14, 14);
    this.#write(text, x + 6.25, 8, "700 10px", palette.surface);
  }

  #drawEnd(x, y, palette) {
    const context = this.#context;
    context.strokeStyle = this.#end.isGood ? palette.text : palette.stalled;
    context.lineWidth = 3;
    context.beginPath();
    if (this.#end.isGood) {
      context.moveTo(x, y - 13);
      context.lineTo(x, y + 13);
    } else {
      context.moveTo(x - 7, y - 7);
      context.lineTo(x + 7, y + 7);
      context.moveTo(x + 7, y - 7);
      context.lineTo(x - 7, y + 7);
    }

    context.stroke();
  }

  #write(text, x, y, weightAndSize, colour) {
    const context = this.#context;
    context.font = font(weightAndSize);
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = colour;
    context.fillText(text, x, y + 0.5);
  }
}

// Reads the computed colours of the theme, because a canvas cannot use the style sheet.
export function readPalette() {
  const probe = document.createElement("span");
  document.body.append(probe);
  const colour = name => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const palette = {
    marbles: Array.from({ length: colours }, (_, i) => colour(`marble-${i + 1}`)),
    onMarble: colour("on-marble"),
    thread: colour("thread"),
    edge: colour("line"),
    text: colour("text"),
    surface: colour("surface"),
    missed: colour("missed"),
    stalled: colour("bad"),
    waiting: colour("muted"),
  };
  probe.remove();
  return palette;
}

const font = weightAndSize => `${weightAndSize} ${getComputedStyle(document.body).fontFamily}`;
