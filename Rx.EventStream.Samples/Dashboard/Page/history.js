// What the charts show: one point a frame. It outlives a reload, so that a page that resumes shows no gap.

const key = "history";
const seconds = 30; // what the server retains, so that a new page has it all

export class History {
  #run = null;
  #points = [];

  constructor() {
    try {
      const { run, points } = JSON.parse(sessionStorage.getItem(key)) ?? {};
      this.#run = run ?? null;
      this.#points = points ?? [];
    } catch {
      sessionStorage.removeItem(key); // an older page's
    }

    addEventListener("pagehide", () =>
      sessionStorage.setItem(key, JSON.stringify({ run: this.#run, points: this.#points })));
  }

  get points() {
    return this.#points;
  }

  // The newest moment, and how much is shown before it.
  get end() {
    return this.#points.at(-1)?.time ?? 0;
  }

  get span() {
    return seconds;
  }

  add(frame) {
    if (frame.run !== this.#run) {
      this.#run = frame.run;
      this.#points = [];
    }

    if (frame.time <= this.end) {
      return; // seen before, by the page before this one
    }

    this.#points.push({
      time: frame.time,
      rate: [frame.stream.rate, frame.subject.rate],
      cost: [frame.stream.cost, frame.subject.cost],
      memory: [frame.memory],
    });
    const oldest = frame.time - seconds - 1;
    while (this.#points[0].time < oldest) {
      this.#points.shift();
    }
  }
}
