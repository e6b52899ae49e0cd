// Draws the moving picture, until the user freezes it, and tells screen readers what it shows.

const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");
const reducedMotionInterval = 1_000; // milliseconds between two pictures if the user prefers reduced motion
const describeInterval = 2_000; // milliseconds between two updates of the text for screen readers
const byId = id => document.getElementById(id);

export const announce = text => (byId("announcer").textContent = text);

export function showState(state) {
  byId("status").dataset.state = state;
  byId("status").textContent = state;
}

export class Picture {
  isFrozen = false;
  #draw;
  #describe;
  #drawnAt = -Infinity;
  #describedAt = -Infinity;

  constructor(draw, describe) {
    this.#draw = draw;
    this.#describe = describe;
    byId("freeze").addEventListener("click", event => {
      this.isFrozen = !this.isFrozen;
      event.currentTarget.setAttribute("aria-pressed", String(this.isFrozen));
      announce(this.isFrozen ? "The picture is frozen. The streams continue." : "The picture moves again.");
    });
    requestAnimationFrame(time => this.#next(time));
  }

  #next(time) {
    requestAnimationFrame(later => this.#next(later));
    if (!this.isFrozen && (!reducedMotion.matches || time - this.#drawnAt >= reducedMotionInterval)) {
      this.#drawnAt = time;
      this.#draw();
      if (time - this.#describedAt >= describeInterval) {
        this.#describedAt = time;
        this.#describe();
      }
    }
  }
}
