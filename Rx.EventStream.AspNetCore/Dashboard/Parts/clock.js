// The time of the frames, as this page sees it.

const delay = 0.25; // seconds by which the lanes are late, so that the next frame has always arrived

export class Clock {
  #offset = Infinity;

  // A new run has a new time.
  reset() {
    this.#offset = Infinity;
  }

  // The smallest offset seen so far is the clock difference plus the fastest transfer. It grows slowly, to follow a clock that drifts.
  add(time) {
    this.#offset = Math.min(this.#offset + 0.001, performance.now() / 1000 - time);
  }

  // The time at the right edge of the lanes.
  get now() {
    return performance.now() / 1000 - this.#offset - delay;
  }
}
