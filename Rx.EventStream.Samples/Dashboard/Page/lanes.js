// The rows: publishers first, then a row for each subscriber, with its lane on either side.

import { count, duration, rate } from "./format.js";
import { MarbleLane, readPalette, weightFor } from "./marbles.js";

const delay = 0.25; // seconds that the lanes are behind, so that there is always a frame ahead
const patience = 0.2; // seconds' worth of events that nobody calls a lag
const pause = 0.4; // seconds between two waits that are told as one: whoever handles one event a second would flicker
const schedulers = {
  threadPool: "thread pool",
  eventLoop: "event loop",
  newThread: "own thread",
  publishingThread: "publishing thread",
};

export class Lanes {
  #list = document.getElementById("rows");
  #weightText = document.getElementById("weight");
  #actions;
  #rows = new Map();
  #run = null;
  #offset = Infinity;
  #bookmarks = new Set();
  #waitedAt = -Infinity;
  #palette = readPalette();

  // actions: { stall(member), remove(member) }
  constructor(actions) {
    this.#actions = actions;
    document.documentElement.addEventListener("themechange", () => (this.#palette = readPalette()));
  }

  // Frozen are the marbles and what else moves by itself; rows, buttons and notes are not, since they answer to whoever uses them.
  add(frame, isFrozen) {
    if (frame.run !== this.#run) {
      this.#run = frame.run;
      this.#offset = Infinity;
      this.#bookmarks.clear();
      this.#waitedAt = -Infinity;
      this.#rows.forEach(row => row.element.remove());
      this.#rows.clear();
    }

    // The least delay seen is that of the way; a clock that drifts is followed slowly.
    const seconds = performance.now() / 1000;
    this.#offset = Math.min(this.#offset + 0.001, seconds - frame.time);
    const weight = weightFor(frame.rate);
    const isStarved = this.#isStarved(frame);
    this.#row("publishers", () => this.#newRow("Publishers", "publishers"))
      .showPublishers(frame, weight, this.#newSigns(frame), isStarved, isFrozen);
    for (const member of frame.members) {
      this.#row(member.id, () => this.#newMemberRow(member)).showMember(frame, member, weight, isStarved, isFrozen);
    }

    const ids = new Set(["publishers", ...frame.members.map(m => m.id)]);
    for (const [id, row] of this.#rows) {
      if (!ids.has(id)) {
        row.leave();
        this.#rows.delete(id);
      }
    }

    if (!isFrozen) {
      this.#setText(this.#weightText, weight === 1 ? "1 marble = 1 event" : `1 marble = ${count(weight)} events`);
    }
  }

  // Whether the subject's publishers wait in somebody's OnNext.
  #isStarved(frame) {
    if (frame.subject.stalledFor > 0) {
      this.#waitedAt = frame.time;
    }

    return this.#waitedAt === frame.time || (frame.time - this.#waitedAt < pause && frame.members.some(m => m.subject.busy));
  }

  // What changes a text that stays the same makes browsers lay out again.
  #setText(element, text) {
    if (element.textContent !== text) {
      element.textContent = text;
    }
  }

  draw() {
    const now = performance.now() / 1000 - this.#offset - delay;
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

  #newMemberRow(member) {
    const row = this.#newRow(member.name, member.name);
    row.addMemberButtons(() => this.#actions.stall(row.member), () => this.#actions.remove(row.member));
    return row;
  }
}

class Row {
  element;
  member = null;
  #tags;
  #stall = null;
  #sides;

  constructor(title, key) {
    this.element = document.getElementById("row").content.firstElementChild.cloneNode(true);
    this.element.dataset.row = key;
    this.element.querySelector("h3").textContent = title;
    this.#tags = this.element.querySelector(".tags");
    this.#sides = ["stream", "subject"].map(name => new Side(this.element.querySelector(`.side.${name}`), name, title));
  }

  addMemberButtons(stall, remove) {
    this.#stall = newButton("Stall", `Stall ${this.element.dataset.row}`, stall);
    this.#stall.className = "stall";
    this.element.querySelector(".buttons").append(
      this.#stall, newButton("Remove", `Remove ${this.element.dataset.row}`, remove));
  }

  showPublishers(frame, weight, signs, isStarved, isFrozen) {
    this.#showTags([`${frame.publishers} ${frame.publishers === 1 ? "thread" : "threads"}`, `asked for ${rate(frame.rate)}`]);
    [frame.stream, frame.subject].forEach((side, index) => {
      const isStalled = index === 0 ? side.stalledFor > 0 : isStarved;
      this.#sides[index].show(
        frame.time,
        {
          position: side.published,
          pause: isStalled ? "own" : "",
          end: frame.completed && (index === 0 || frame.members.some(m => m.subject.end !== null)) ? "completed" : null,
          signs: index === 0 ? signs : [],
        },
        weight,
        {
          published: count(side.published),
          now: rate(side.rate),
          cost: duration(side.cost),
        },
        isStalled ? bad("publishers wait") : nothing,
        isFrozen);
    });
  }

  showMember(frame, member, weight, isStarved, isFrozen) {
    this.member = member;
    this.#showTags([
      member.policy,
      schedulers[member.scheduler],
      ...(member.speed ? [`at most ${rate(member.speed)}`] : []),
      `joined at ${count(member.joined)}`,
    ]);
    this.element.dataset.stalled = String(member.stalled);
    const label = member.stalled ? "Release" : "Stall";
    if (this.#stall.textContent !== label) {
      this.#stall.textContent = label;
      this.#stall.setAttribute("aria-label", `${label} ${member.name}`);
    }

    this.#offerStall(member.end === null || member.stalled);

    this.#sides[0].show(
      frame.time,
      {
        position: member.delivered + member.dropped,
        dropped: member.dropped,
        pause: member.stalled && member.end === null ? "own" : "",
        end: member.end,
        isLagging: member.lag > frame.rate * patience,
      },
      weight,
      {
        position: count(member.position),
        lag: count(member.lag),
        dropped: count(member.dropped),
        rate: rate(member.rate),
      },
      noteOfEnd(member.end) ?? nothing,
      isFrozen);
    const twin = member.subject;
    const isHolding = isStarved ? twin.busy : member.stalled;
    this.#sides[1].show(
      frame.time,
      {
        position: twin.delivered,
        pause: twin.end !== null ? "" : isHolding ? "own" : isStarved ? "others" : "",
        end: twin.end,
      },
      weight,
      {
        received: count(twin.delivered),
        rate: rate(twin.rate),
      },
      noteOfEnd(twin.end) ?? (isHolding ? bad("its OnNext holds the publishers") : isStarved ? neutral("waits for others") : nothing),
      isFrozen);
  }

  // Who has ended cannot be stalled, but who is stalled on the subject still has to be let go.
  #offerStall(isOffered) {
    if (this.#stall.hidden === isOffered) {
      if (document.activeElement === this.#stall) {
        this.#stall.nextElementSibling.focus();
      }

      this.#stall.hidden = !isOffered;
    }
  }

  leave() {
    // Focus must not fall back to the top of the page.
    if (this.element.contains(document.activeElement)) {
      (this.element.nextElementSibling ?? this.element.previousElementSibling)?.querySelector("button")?.focus();
      if (this.element.contains(document.activeElement)) {
        document.getElementById("add").focus();
      }
    }

    this.element.remove();
  }

  draw(now, palette) {
    this.#sides.forEach(side => side.draw(now, palette));
  }

  describe() {
    this.#sides.forEach(side => side.describe());
  }

  #showTags(tags) {
    if (this.#tags.childElementCount !== tags.length || tags.some((tag, i) => this.#tags.children[i].textContent !== tag)) {
      this.#tags.replaceChildren(...tags.map(tag => {
        const element = document.createElement("span");
        element.textContent = tag;
        return element;
      }));
    }
  }
}

class Side {
  #canvas;
  #lane;
  #stats;
  #note;
  #values = new Map();
  #about;

  constructor(element, side, title) {
    this.#canvas = element.querySelector("canvas");
    this.#lane = new MarbleLane(this.#canvas);
    this.#stats = element.querySelector(".stats");
    this.#about = `${title} on the ${side}`;
    this.#note = document.createElement("p");
    this.#note.className = "note";
    element.append(this.#note);
  }

  show(time, step, weight, stats, note, isFrozen) {
    this.#lane.add(time, step, weight);
    if (!isFrozen || this.#values.size === 0) {
      this.#showStats(stats, step);
    }

    if (this.#note.textContent !== note.text) {
      this.#note.textContent = note.text;
      this.#note.title = note.text; // it may be too long for its line
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

  // For those who do not see the marbles; now and then, not with each frame.
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

const names = {
  published: "published",
  position: "position",
  lag: "lag",
  dropped: "dropped",
  received: "received",
  rate: "delivered",
  now: "now",
  cost: "cost",
};

const nothing = { text: "", tone: "neutral" };
const neutral = text => ({ text, tone: "neutral" });
const bad = text => ({ text, tone: "bad" });

// The row says who it is; a line has room for the rest.
const noteOfEnd = end =>
  end === null ? null : end === "completed" ? neutral(end) : bad(`ended: ${end.replace(/^The subscriber '.*' was /, "")}`);

function newButton(text, label, action) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text;
  button.setAttribute("aria-label", label);
  button.addEventListener("click", action);
  return button;
}
