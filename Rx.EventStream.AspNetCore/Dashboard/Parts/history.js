// The data of the charts: one point per frame. It survives a reload, so that a page that resumes shows no gap.

const key = `history ${location.pathname}`;
const seconds = 30; // the server retains as much, so a new page gets all of it

export class History {
  #values;
  #run = null;
  #points = [];

  // values: frame => what the charts show of it.
  constructor(values) {
    this.#values = values;
    try {
      const { run, points } = JSON.parse(sessionStorage.getItem(key)) ?? {};
      this.#run = run ?? null;
      this.#points = points ?? [];
    } catch {
      sessionStorage.removeItem(key); // written by an older version of the page
    }

    addEventListener("pagehide", () =>
      sessionStorage.setItem(key, JSON.stringify({ run: this.#run, points: this.#points })));
  }

  get points() {
    return this.#points;
  }

  // The time of the newest point.
  get end() {
    return this.#points.at(-1)?.time ?? 0;
  }

  // How many seconds the charts show.
  get span() {
    return seconds;
  }

  add(frame) {
    if (frame.run !== this.#run) {
      this.#run = frame.run;
      this.#points = [];
    }

    if (frame.time <= this.end) {
      return; // the previous page has received it
    }

    this.#points.push({ time: frame.time, ...this.#values(frame) });
    const oldest = frame.time - seconds - 1;
    while (this.#points[0].time < oldest) {
      this.#points.shift();
    }
  }
}
