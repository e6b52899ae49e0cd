// One lane with its figures below it, and a note.

import { MarbleLane } from "./marbles.js";

export class Side {
  #canvas;
  #lane;
  #stats;
  #note;
  #values = new Map();
  #about;

  // about: what the lane shows, for screen readers.
  constructor(element, about) {
    this.#canvas = element.querySelector("canvas");
    this.#lane = new MarbleLane(this.#canvas);
    this.#stats = element.querySelector(".stats");
    this.#about = about;
    this.#note = document.createElement("p");
    this.#note.className = "note";
    element.append(this.#note);
  }

  // step: see MarbleLane.add;  stats: texts by the names below;  note: see the notes below.
  show(time, step, weight, stats, note, isFrozen) {
    this.#lane.add(time, step, weight);
    if (!isFrozen || this.#values.size === 0) {
      this.#showStats(stats, step);
    }

    if (this.#note.textContent !== note.text) {
      this.#note.textContent = note.text;
      this.#note.title = note.text; // the full text, if it is too long for its line
      this.#note.dataset.tone = note.tone;
    }
  }

  #showStats(stats, step) {
    for (const [name, text] of Object.entries(stats)) {
      const value = this.#value(name);
      if (value.textContent !== text) {
        value.textContent = text;
      }
    }

    this.#stats.dataset.lagging = String(step.isLagging ?? false);
    this.#stats.dataset.dropping = String(step.dropped > 0);
  }

  draw(now, palette) {
    this.#lane.draw(now, palette);
  }

  // Updates the description for screen readers. Called less often than draw.
  describe() {
    const stats = [...this.#values].map(([name, value]) => `${names[name]} ${value.textContent}`).join(", ");
    this.#canvas.setAttribute("aria-label", `Lane of ${this.#about}: ${stats}${this.#note.textContent ? `; ${this.#note.textContent}` : ""}`);
  }

  #value(name) {
    if (!this.#values.has(name)) {
      const pair = document.createElement("div");
      const term = document.createElement("dt");
      const value = document.createElement("dd");
      term.textContent = names[name];
      value.dataset.stat = name;
      pair.append(term, value);
      this.#stats.append(pair);
      this.#values.set(name, value);
    }

    return this.#values.get(name);
  }
}

// Assigns the texts of the tags only if one is different, because an assignment makes the browser lay out the page again.
export function showTags(place, tags) {
  if (place.childElementCount !== tags.length || tags.some((tag, i) => place.children[i].textContent !== tag)) {
    place.replaceChildren(...tags.map(tag => {
      const element = document.createElement("span");
      element.textContent = tag;
      return element;
    }));
  }
}

const names = {
  published: "published",
  position: "position",
  lag: "lag",
  dropped: "dropped",
  received: "received",
  rate: "delivered",
  now: "now",
  cost: "cost",
  retained: "retained",
  count: "subscribers",
};

export const nothing = { text: "", tone: "neutral" };
export const neutral = text => ({ text, tone: "neutral" });
export const bad = text => ({ text, tone: "bad" });

// The note must fit on one line. The row shows the name already, and the words that a line of text needs are left out.
const shorten = error => error.replace(/^The subscriber '.*' was /, "").replace("sequence number", "event").replace("that its", "its");
export const noteOfEnd = end =>
  end === null ? null : end === "completed" ? neutral(end) : bad(`ended: ${shorten(end)}`);
