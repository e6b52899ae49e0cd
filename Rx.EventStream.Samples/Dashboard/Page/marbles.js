// One lane: marbles that move from right to left with time, as in a marble diagram.

const speed = 105; // pixels a second
const radius = 8.5;
const growth = 0.15; // seconds that a marble takes to grow to its size
const entrance = 14; // pixels between "now" and the right edge
const mostMarbles = 5; // in one interval; more are one pill
const kept = 30; // seconds
const colours = 6;

// How many events a marble stands for, so that some two to five pass in a second.
export function weightFor(rate) {
  const least = Math.max(1, rate / 5);
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map(step => step * power).find(weight => weight >= least - 1e-9);
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
        this.draw(...this.#drawn); // the new size has cleared it
      }
    }).observe(canvas);
  }

  // What happened since the frame before.
  //   position: events that passed;  dropped: how many of them were missed;  pause: "", "own" or "others";
  //   end: how it ended, or null;  signs: texts that stand at this moment.
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
    if (number > mostMarbles) {
      this.#marbles.push({ time: to.time, number: first, missed, many: passed });
      return;
    }

    for (let i = first; i < first + number; i++) {
      const part = passed > 0 ? (i * weight - from.position) / passed : 0;
      this.#marbles.push({ time: from.time + part * (to.time - from.time), number: i, missed, many: 0 });
    }
  }

  #forget(before) {
    this.#marbles = this.#marbles.filter(m => m.time > before);
    this.#pauses = this.#pauses.filter(p => p.to > before);
    this.#signs = this.#signs.filter(s => s.time > before);
  }

  // now: the moment at the right edge;  palette: see readPalette.
  draw(now, palette) {
    this.#drawn = [now, palette];
    if (this.#width === 0) {
      return;
    }

    const context = this.#context;
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, this.#width, this.#height);
    const edge = this.#width - entrance;
    const middle = this.#height / 2;
    const x = time => edge - (now - time) * speed;

    // A pause lasts until it is over: between two frames nobody knows better.
    for (const pause of this.#pauses) {
      this.#drawPause(Math.max(0, x(pause.from)), Math.min(edge, x(pause.isOpen ? now : pause.to)), pause.kind, palette);
    }

    const stop = this.#end === null ? edge : Math.min(edge, x(this.#end.time));
    context.strokeStyle = palette.thread;
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(Math.max(0, x(this.#start ?? now)), middle);
    context.lineTo(Math.max(0, stop), middle);
    context.stroke();

    for (const sign of this.#signs) {
      this.#drawSign(x(sign.time), sign.text, palette);
    }

    for (const marble of this.#marbles) {
      const at = x(marble.time);
      if (at > -60 && marble.time <= now) {
        if (marble.many > 0) {
          this.#drawPill(at, middle, marble, palette);
        } else {
          this.#drawMarble(at, middle, marble, Math.min(1, (now - marble.time) / growth), palette);
        }
      }
    }

    if (this.#end !== null && this.#end.time <= now) {
      this.#drawEnd(stop, middle, palette);
    }

    context.strokeStyle = palette.edge;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(edge + 0.5, 4);
    context.lineTo(edge + 0.5, this.#height - 4);
    context.stroke();
  }

  // Full where all its events were delivered; else a ring that is as complete as the delivery was.
  #drawMarble(x, y, marble, size, palette) {
    const context = this.#context;
    const colour = palette.marbles[marble.number % colours];
    context.beginPath();
    context.arc(x, y, radius * size, 0, 2 * Math.PI);
    context.fillStyle = marble.missed > 0 ? palette.surface : colour;
    context.fill();
    if (marble.missed > 0) {
      const ring = Math.max(0, radius * size - 1.5);
      context.strokeStyle = palette.thread;
      context.lineWidth = 3;
      context.beginPath();
      context.arc(x, y, ring, 0, 2 * Math.PI);
      context.stroke();
      context.strokeStyle = colour;
      context.beginPath();
      context.arc(x, y, ring, -Math.PI / 2, (1.5 - 2 * marble.missed) * Math.PI);
      context.stroke();
    }

    if (size === 1) {
      this.#write(`${marble.number % 100}`, x, y, "600 9px", marble.missed > 0 ? palette.text : palette.onMarble);
    }
  }

  #drawPill(x, y, marble, palette) {
    const context = this.#context;
    const text = `${marble.missed < 0.98 ? "+" : "−"}${amount.format(marble.many)}`;
    context.font = font("600 10px");
    const width = context.measureText(text).width + 14;
    context.beginPath();
    context.roundRect(x - width, y - radius - 1, width, 2 * radius + 2, radius + 1);
    context.fillStyle = marble.missed < 0.98 ? palette.marbles[marble.number % colours] : palette.surface;
    context.fill();
    if (marble.missed >= 0.98) {
      context.setLineDash([3, 2.5]);
      context.strokeStyle = palette.marbles[marble.number % colours];
      context.lineWidth = 1.5;
      context.stroke();
      context.setLineDash([]);
    }

    this.#write(text, x - width / 2, y, "600 10px", marble.missed < 0.98 ? palette.onMarble : palette.text);
  }

  #drawPause(from, to, kind, palette) {
    if (to <= from) {
      return;
    }

    const context = this.#context;
    const colour = kind === "own" ? palette.stalled : palette.waiting;
    context.save();
    context.beginPath();
    context.roundRect(from, 3, to - from, this.#height - 6, 6);
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

  #drawSign(x, text, palette) {
    const context = this.#context;
    context.strokeStyle = palette.text;
    context.lineWidth = 1.5;
    context.beginPath();
    context.moveTo(x, 2);
    context.lineTo(x, this.#height - 2);
    context.stroke();
    context.fillStyle = palette.text;
    context.fillRect(x, 2, 13, 13);
    this.#write(text, x + 6.5, 9, "700 10px", palette.surface);
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

// A canvas knows no style sheet: the colours of the theme, as they come out.
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
    stalled: colour("bad"),
    waiting: colour("muted"),
  };
  probe.remove();
  return palette;
}

const amount = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const font = weightAndSize => `${weightAndSize} ${getComputedStyle(document.body).fontFamily}`;
