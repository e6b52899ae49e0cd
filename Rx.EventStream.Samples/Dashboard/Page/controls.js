// The controls that send requests to the server.

import { count } from "./format.js";

const hints = {
  unbounded: "Nothing is missed: the events wait in the list for as long as necessary.",
  dropOldest: "When it is more than n events behind, it continues with the newest n.",
  latest: "Only the newest event waits for it.",
  fail: "When it is more than n events behind, it ends with an error.",
  wait: "Publishers wait while it is n events behind.",
};
const withCapacity = new Set(["dropOldest", "fail", "wait"]);
const sliderDelay = 150; // milliseconds without movement of the slider before its value is sent
const ranges = { rate: [1, 1_000_000], publishers: [1, 8], capacity: [1, 1_000_000] }; // as on the server
const byId = id => document.getElementById(id);

export class Controls {
  #announce;
  #problem = byId("problem");
  #frame = null;
  #sending = 0;

  constructor(announce) {
    this.#announce = announce;
    this.#bindLoad();
    this.#bindDialog();
    byId("bookmark").addEventListener("click", async () => {
      const bookmark = await this.#do("POST", "bookmarks");
      if (bookmark) {
        announce(`Bookmark ${bookmark.name} set at event ${count(bookmark.sequence)}`);
      }
    });
    byId("complete").addEventListener("click", () => this.#doAndAnnounce("Stream completed", "POST", "complete"));
    byId("restart").addEventListener("click", () => this.#doAndAnnounce("Restarted", "POST", "restart"));
  }

  stall(subscriber) {
    const stalled = !subscriber.stalled;
    return this.#doAndAnnounce(`${subscriber.name} ${stalled ? "stalled" : "released"}`, "POST", `subscribers/${subscriber.id}/stall`, { stalled });
  }

  remove(subscriber) {
    return this.#doAndAnnounce(`${subscriber.name} removed`, "DELETE", `subscribers/${subscriber.id}`);
  }

  show(frame) {
    this.#frame = frame;
    if (this.#sending === 0) {
      showValue(byId("rate"), frame.rate);
      showValue(byId("rate-slider"), Math.round(100 * Math.log10(frame.rate)));
      showValue(byId("publishers"), frame.publishers);
      byId("rate-slider").setAttribute("aria-valuetext", `${count(frame.rate)} per second`);
    }

    for (const id of ["rate", "rate-slider", "publishers", "complete"]) {
      byId(id).disabled = frame.completed;
    }

    this.#showBookmarks(frame.bookmarks);
  }

  #bindLoad() {
    const number = byId("rate");
    const slider = byId("rate-slider");
    let timer = 0;
    slider.addEventListener("input", () => {
      const rate = twoDigits(10 ** (slider.value / 100));
      number.value = rate;
      slider.setAttribute("aria-valuetext", `${count(rate)} per second`);
      clearTimeout(timer);
      timer = setTimeout(() => this.#setLoad({ rate }), sliderDelay);
    });
    number.addEventListener("change", () => this.#setChecked("rate"));
    byId("publishers").addEventListener("change", () => this.#setChecked("publishers"));
  }

  #setChecked(name) {
    const input = byId(name);
    const problem = problemOf(input);
    showProblem(this.#problem, problem);
    if (problem === null) {
      this.#setLoad({ [name]: input.valueAsNumber });
    }
  }

  async #setLoad(load) {
    this.#sending++;
    await this.#do("POST", "load", load);
    this.#sending--;
  }

  #bindDialog() {
    const dialog = byId("add-dialog");
    const form = dialog.querySelector("form");
    const problem = form.querySelector(".problem");
    const add = form.querySelector("[type=submit]");
    const showPolicy = () => {
      const policy = form.elements.policy.value;
      byId("policy-hint").textContent = hints[policy];
      form.elements.capacity.disabled = !withCapacity.has(policy);
    };
    form.elements.policy.addEventListener("change", showPolicy);
    form.querySelector("[value=cancel]").addEventListener("click", () => dialog.close());
    byId("add").addEventListener("click", () => this.#openDialog(null));
    form.addEventListener("submit", async event => {
      event.preventDefault();
      const { name, join, policy, capacity, speed, scheduler } = form.elements;
      const inPage = capacity.disabled ? null : problemOf(capacity);
      showProblem(problem, inPage);
      if (inPage !== null || add.disabled) {
        return;
      }

      add.disabled = true; // a second click must not add a second subscriber
      const [joinAt, bookmark] = join.value.split(":");
      const answer = await send("POST", "subscribers", {
        joinAt,
        policy: policy.value,
        scheduler: scheduler.value,
        ...(name.value.trim() && { name: name.value }),
        ...(bookmark && { bookmark }),
        ...(!capacity.disabled && { capacity: capacity.valueAsNumber }),
        ...(speed.value && { speed: Number(speed.value) }),
      });
      add.disabled = false;
      showProblem(problem, answer.problem);
      if (!answer.problem) {
        dialog.close();
        this.#announce(`${answer.body.name} added`);
      }
    });
    showPolicy();
  }

  #openDialog(bookmark) {
    const dialog = byId("add-dialog");
    const form = dialog.querySelector("form");
    form.elements.name.value = "";
    form.elements.join.replaceChildren(
      new Option("now", "now"),
      new Option("the oldest retained event", "oldest"),
      ...(this.#frame?.bookmarks ?? []).map(b => new Option(`bookmark ${b.name}, event ${count(b.sequence)}`, `bookmark:${b.name}`)));
    form.elements.join.value = bookmark === null ? "now" : `bookmark:${bookmark}`;
    showProblem(form.querySelector(".problem"), null);
    dialog.showModal();
  }

  #showBookmarks(bookmarks) {
    const list = byId("bookmarks");
    const key = JSON.stringify(bookmarks);
    if (list.dataset.key === key) {
      return;
    }

    list.dataset.key = key;
    list.replaceChildren(...bookmarks.map(({ name, sequence }) => {
      const item = document.createElement("li");
      const join = document.createElement("button");
      join.type = "button";
      join.textContent = `Join at ${name} · ${count(sequence)}`;
      join.addEventListener("click", () => this.#openDialog(name));
      const remove = document.createElement("button");
      remove.type = "button";
      remove.textContent = "×";
      remove.setAttribute("aria-label", `Remove bookmark ${name}`);
      remove.addEventListener("click", async () => {
        await this.#doAndAnnounce(`Bookmark ${name} removed`, "DELETE", `bookmarks/${name}`);
        byId("bookmark").focus();
      });
      item.append(join, remove);
      return item;
    }));
  }

  async #doAndAnnounce(text, ...request) {
    if (await this.#do(...request)) {
      this.#announce(text);
    }
  }

  async #do(...request) {
    const { problem, body } = await send(...request);
    showProblem(this.#problem, problem);
    return problem ? null : body;
  }
}

async function send(method, path, body) {
  try {
    const response = await fetch(`api/${path}`, {
      method,
      ...(body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer = text ? JSON.parse(text) : {};
    return response.ok ? { body: answer, problem: null } : { problem: answer.detail ?? `The server responded with status ${response.status}.` };
  } catch {
    return { problem: "The server does not respond." };
  }
}

// Describes the problem with a number, or returns null.
function problemOf(input) {
  const [min, max] = ranges[input.id];
  const value = input.valueAsNumber;
  if (Number.isInteger(value) && value >= min && value <= max) {
    return null;
  }

  const label = input.labels[0].textContent;
  const given = Number.isNaN(value) ? "" : `, not ${value.toLocaleString("en", { maximumFractionDigits: 20 })}`;
  return `${label} must be a whole number from ${count(min)} to ${count(max)}${given}.`;
}

function showProblem(element, problem) {
  element.textContent = problem ?? "";
  element.hidden = problem === null;
}

// Does not change an input while the user is typing in it.
function showValue(input, value) {
  if (document.activeElement !== input && input.valueAsNumber !== value) {
    input.value = value;
  }
}

function twoDigits(value) {
  const power = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 1);
  return Math.round(value / power) * power;
}
