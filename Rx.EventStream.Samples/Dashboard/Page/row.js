// One row: the name and the buttons of a subscriber, and its two sides.

import { count, duration, rate } from "./format.js";
import { bad, neutral, noteOfEnd, nothing, showTags, Side } from "./side.js";

const lagTolerance = 0.2; // a lag of less than the events of this many seconds is not highlighted
const schedulers = {
  threadPool: "thread pool",
  eventLoop: "event loop",
  newThread: "own thread",
  publishingThread: "publishing thread",
};

export class Row {
  element;
  subscriber = null;
  #tags;
  #stall = null;
  #sides;

  constructor(title, key) {
    this.element = document.getElementById("row").content.firstElementChild.cloneNode(true);
    this.element.dataset.row = key;
    this.element.querySelector("h3").textContent = title;
    this.#tags = this.element.querySelector(".tags");
    this.#sides = ["stream", "subject"].map(name => new Side(this.element.querySelector(`.side.${name}`), `${title} on the ${name}`));
  }

  addSubscriberButtons(stall, remove) {
    this.#stall = newButton("Stall", `Stall ${this.element.dataset.row}`, stall);
    this.#stall.className = "stall";
    this.element.querySelector(".buttons").append(
      this.#stall, newButton("Remove", `Remove ${this.element.dataset.row}`, remove));
  }

  showPublishers(frame, weight, signs, isBlocked, isFrozen) {
    showTags(this.#tags, [`${frame.publishers} ${frame.publishers === 1 ? "thread" : "threads"}`, `requested ${rate(frame.rate)}`]);
    [frame.stream, frame.subject].forEach((side, index) => {
      const isStalled = index === 0 ? side.stalledFor > 0 : isBlocked;
      this.#sides[index].show(
        frame.time,
        {
          position: side.published,
          pause: isStalled ? "own" : "",
          end: frame.completed && (index === 0 || frame.subscribers.some(s => s.subject.end !== null)) ? "completed" : null,
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

  showSubscriber(frame, subscriber, weight, isBlocked, isFrozen) {
    this.subscriber = subscriber;
    showTags(this.#tags, [
      subscriber.policy,
      schedulers[subscriber.scheduler],
      ...(subscriber.speed ? [`at most ${rate(subscriber.speed)}`] : []),
      `joined at ${count(subscriber.joined)}`,
    ]);
    this.element.dataset.stalled = String(subscriber.stalled);
    const label = subscriber.stalled ? "Release" : "Stall";
    if (this.#stall.textContent !== label) {
      this.#stall.textContent = label;
      this.#stall.setAttribute("aria-label", `${label} ${subscriber.name}`);
    }

    this.#offerStall(subscriber.end === null || subscriber.stalled);

    this.#sides[0].show(
      frame.time,
      {
        position: subscriber.delivered + subscriber.dropped,
        dropped: subscriber.dropped,
        pause: subscriber.stalled && subscriber.end === null ? "own" : "",
        end: subscriber.end,
        isLagging: subscriber.lag > frame.rate * lagTolerance,
      },
      weight,
      {
        position: count(subscriber.position),
        lag: count(subscriber.lag),
        dropped: count(subscriber.dropped),
        rate: rate(subscriber.rate),
      },
      noteOfEnd(subscriber.end) ?? nothing,
      isFrozen);
    const subject = subscriber.subject;
    const isBlocking = isBlocked ? subject.busy : subscriber.stalled;
    this.#sides[1].show(
      frame.time,
      {
        position: subject.delivered,
        pause: subject.end !== null ? "" : isBlocking ? "own" : isBlocked ? "others" : "",
        end: subject.end,
      },
      weight,
      {
        received: count(subject.delivered),
        rate: rate(subject.rate),
      },
      noteOfEnd(subject.end) ?? (isBlocking ? bad("its OnNext blocks the publishers") : isBlocked ? neutral("waits for others") : nothing),
      isFrozen);
  }

  // A subscriber that has ended cannot be stalled. But if it is still stalled on the subject, the user must be able to release it.
  #offerStall(isOffered) {
    if (this.#stall.hidden === isOffered) {
      if (document.activeElement === this.#stall) {
        this.#stall.nextElementSibling.focus();
      }

      this.#stall.hidden = !isOffered;
    }
  }

  remove() {
    // Without this, the focus would move to the top of the page.
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
}

function newButton(text, label, action) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text;
  button.setAttribute("aria-label", label);
  button.addEventListener("click", action);
  return button;
}
