// A card for each stream: first its publishers, then a row for each subscriber.

import { Clock } from "./clock.js";
import { count, rate } from "./format.js";
import { readPalette, weightFor } from "./marbles.js";
import { bad, neutral, noteOfEnd, nothing, showTags, Side } from "./side.js";

const colours = 6; // as in the style sheet
const lagTolerance = 0.2; // a lag of less than the events of this many seconds is not highlighted
const standstill = 1; // seconds without a move after which a subscriber that has events is shown as standing still

export class Streams {
  #place = document.getElementById("streams");
  #announce;
  #cards = [];
  #run = null;
  #clock = new Clock();
  #palette = readPalette();

  constructor(announce) {
    this.#announce = announce;
    document.documentElement.addEventListener("themechange", () => (this.#palette = readPalette()));
  }

  static classOf(index) {
    return `series-${(index % colours) + 1}`;
  }

  // Freezing stops everything that moves by itself. Rows and notes still change.
  add(frame, isFrozen) {
    if (frame.run !== this.#run) {
      this.#run = frame.run;
      this.#clock.reset();
      this.#cards = frame.streams.map((stream, index) => new Card(stream.name, Streams.classOf(index)));
      this.#place.replaceChildren(...this.#cards.map(card => card.element));
      document.getElementById("none").hidden = this.#cards.length > 0;
    }

    this.#clock.add(frame.time);
    const ended = frame.streams.flatMap((stream, index) => this.#cards[index].add(frame.time, stream, isFrozen));
    if (ended.length > 0) {
      this.#announce(ended.join("; ")); // one text per frame, because a second text would replace the first
    }
  }

  draw() {
    const { now } = this.#clock;
    this.#cards.forEach(card => card.draw(now, this.#palette));
  }

  describe() {
    this.#cards.forEach(card => card.describe());
  }
}

class Card {
  element = copy("stream");
  #name;
  #list;
  #weight;
  #publishers;
  #rows = new Map();

  constructor(name, className) {
    this.#name = name;
    this.#list = this.element.querySelector(".rows");
    this.#weight = this.element.querySelector(".weight span");
    this.element.classList.add(className);
    this.element.dataset.stream = name;
    this.element.setAttribute("aria-label", name);
    this.element.querySelector(".head").textContent = name;
    this.#publishers = new Row("Publishers", name);
    this.#publishers.element.classList.add("publishers");
    this.#list.append(this.#publishers.element);
  }

  // Returns a text for each subscriber that has ended since the last frame.
  add(time, stream, isFrozen) {
    const weight = weightFor(stream.rate);
    this.#publishers.showPublishers(time, stream, weight, isFrozen);
    const ended = [];
    for (const subscriber of stream.subscribers) {
      if (!this.#rows.has(subscriber.id)) {
        const row = new Row(subscriber.name || "no name", this.#name);
        this.#rows.set(subscriber.id, row);
        this.#list.append(row.element);
      }

      const row = this.#rows.get(subscriber.id);
      if (subscriber.end !== null && !row.hasEnded) {
        ended.push(`${row.title} of ${this.#name} ended: ${subscriber.end}`);
      }

      row.showSubscriber(time, stream, subscriber, weight, isFrozen);
    }

    const ids = new Set(stream.subscribers.map(s => s.id));
    for (const [id, row] of this.#rows) {
      if (!ids.has(id)) {
        row.element.remove();
        this.#rows.delete(id);
      }
    }

    const text = weight === 1 ? "1 marble = 1 event" : `1 marble = ${count(weight)} events`;
    if (!isFrozen && this.#weight.textContent !== text) {
      this.#weight.textContent = text;
    }

    return ended;
  }

  draw(now, palette) {
    this.#publishers.draw(now, palette);
    this.#rows.forEach(row => row.draw(now, palette));
  }

  describe() {
    this.#publishers.describe();
    this.#rows.forEach(row => row.describe());
  }
}

class Row {
  element = copy("row");
  title;
  hasEnded = false;
  #tags;
  #side;
  #position = null;
  #movedAt = 0;

  constructor(title, stream) {
    this.title = title;
    this.element.dataset.row = title;
    this.element.querySelector("h3").textContent = title;
    this.#tags = this.element.querySelector(".tags");
    this.#side = new Side(this.element.querySelector(".side"), `${title} of ${stream}`);
  }

  showPublishers(time, stream, weight, isFrozen) {
    const failed = stream.subscribers.filter(s => s.end !== null).length;
    const hidden = stream.count - (stream.subscribers.length - failed);
    showTags(this.#tags, hidden > 0 ? [`${count(hidden)} more subscribers, which lag less`] : []);
    this.#side.show(
      time,
      { position: stream.published, end: stream.ended ? "completed" : null },
      weight,
      {
        published: count(stream.published),
        now: rate(stream.rate),
        retained: count(stream.retained),
        count: count(stream.count),
      },
      stream.ended ? neutral("ended") : nothing,
      isFrozen);
  }

  showSubscriber(time, stream, subscriber, weight, isFrozen) {
    if (this.#position !== subscriber.position || subscriber.lag === 0) {
      this.#position = subscriber.position;
      this.#movedAt = time;
    }

    this.hasEnded = subscriber.end !== null;
    const stands = !this.hasEnded && time - this.#movedAt > standstill;
    showTags(this.#tags, [
      `since ${new Date(subscriber.since).toLocaleTimeString("en-GB")}`,
      ...(subscriber.faults > 0 ? [`${count(subscriber.faults)} faults`] : []),
    ]);
    this.#side.show(
      time,
      {
        position: subscriber.delivered + subscriber.dropped,
        dropped: subscriber.dropped,
        pause: stands ? "own" : "",
        end: subscriber.end,
        isLagging: subscriber.lag > Math.max(1, stream.rate * lagTolerance),
      },
      weight,
      {
        position: count(subscriber.position),
        lag: count(subscriber.lag),
        dropped: count(subscriber.dropped),
        rate: rate(subscriber.rate),
      },
      noteOfEnd(subscriber.end) ?? (stands ? bad("does not move") : nothing),
      isFrozen);
  }

  draw(now, palette) {
    this.#side.draw(now, palette);
  }

  describe() {
    this.#side.describe();
  }
}

const copy = template => document.getElementById(template).content.firstElementChild.cloneNode(true);
