// The rows: first the publishers, then a row per subscriber, each with a lane for the stream and a lane for the subject.

import { Clock } from "./clock.js";
import { count } from "./format.js";
import { readPalette, weightFor } from "./marbles.js";
import { Row } from "./row.js";

const maxGap = 0.4; // seconds between two waits that count as one; otherwise the lane of a slow subscriber would flicker

export class Lanes {
  #list = document.getElementById("rows");
  #weightText = document.getElementById("weight");
  #actions;
  #rows = new Map();
  #run = null;
  #clock = new Clock();
  #bookmarks = new Set();
  #waitedAt = -Infinity;
  #palette = readPalette();

  // actions: { stall(subscriber), remove(subscriber) }
  constructor(actions) {
    this.#actions = actions;
    document.documentElement.addEventListener("themechange", () => (this.#palette = readPalette()));
  }

  // Freezing stops everything that moves by itself. Rows, buttons and notes still change, because they respond to the user.
  add(frame, isFrozen) {
    if (frame.run !== this.#run) {
      this.#run = frame.run;
      this.#clock.reset();
      this.#bookmarks.clear();
      this.#waitedAt = -Infinity;
      this.#rows.forEach(row => row.element.remove());
      this.#rows.clear();
    }

    this.#clock.add(frame.time);
    const weight = weightFor(frame.rate);
    const isBlocked = this.#isBlocked(frame);
    this.#row("publishers", () => this.#newPublishersRow())
      .showPublishers(frame, weight, this.#newSigns(frame), isBlocked, isFrozen);
    for (const subscriber of frame.subscribers) {
      this.#row(subscriber.id, () => this.#newSubscriberRow(subscriber)).showSubscriber(frame, subscriber, weight, isBlocked, isFrozen);
    }

    const ids = new Set(["publishers", ...frame.subscribers.map(s => s.id)]);
    for (const [id, row] of this.#rows) {
      if (!ids.has(id)) {
        row.remove();
        this.#rows.delete(id);
      }
    }

    if (!isFrozen) {
      this.#setText(this.#weightText, weight === 1 ? "1 marble = 1 event" : `1 marble = ${count(weight)} events`);
    }
  }

  // Whether the subject's publishers wait for the OnNext of an observer.
  #isBlocked(frame) {
    if (frame.subject.stalledFor > 0) {
      this.#waitedAt = frame.time;
    }

    return this.#waitedAt === frame.time || (frame.time - this.#waitedAt < maxGap && frame.subscribers.some(s => s.subject.busy));
  }

  // Assigns only a text that is different, because an assignment makes the browser lay out the page again.
  #setText(element, text) {
    if (element.textContent !== text) {
      element.textContent = text;
    }
  }

  draw() {
    const { now } = this.#clock;
    this.#rows.forEach(row => row.draw(now, this.#palette));
  }

  describe() {
    this.#rows.forEach(row => row.describe());
  }

  #newSigns(frame) {
    const signs = frame.bookmarks.filter(b => !this.#bookmarks.has(b.name)).map(b => b.name);
    this.#bookmarks = new Set(frame.bookmarks.map(b => b.name));
    return signs;
  }

  #row(id, make) {
    if (!this.#rows.has(id)) {
      this.#rows.set(id, make());
    }

    return this.#rows.get(id);
  }

  #newRow(title, key) {
    const row = new Row(title, key);
    this.#list.append(row.element);
    return row;
  }

  #newPublishersRow() {
    const row = this.#newRow("Publishers", "publishers");
    row.element.classList.add("publishers");
    return row;
  }

  #newSubscriberRow(subscriber) {
    const row = this.#newRow(subscriber.name, subscriber.name);
    row.addSubscriberButtons(() => this.#actions.stall(row.subscriber), () => this.#actions.remove(row.subscriber));
    return row;
  }
}
