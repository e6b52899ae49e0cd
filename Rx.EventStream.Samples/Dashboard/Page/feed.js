// The frames of the server, from where this page, or the one before it in this tab, left off.

const lastKey = "lastEventId";
const retryAfter = 2_000;

export class Feed {
  #lastId = sessionStorage.getItem(lastKey);
  #source = null;
  #onFrame;
  #onState;

  constructor(onFrame, onState) {
    this.#onFrame = onFrame;
    this.#onState = onState;
    addEventListener("pagehide", () => this.#lastId !== null && sessionStorage.setItem(lastKey, this.#lastId));
    this.#connect();
  }

  #connect() {
    // A browser repeats the last id by itself when it reconnects, but a new page has to say it.
    this.#source = new EventSource(this.#lastId === null ? "events" : `events?lastEventId=${this.#lastId}`);
    this.#source.onopen = () => this.#onState("live");
    this.#source.onmessage = event => {
      this.#lastId = event.lastEventId;
      document.body.dataset.firstFrame ??= event.lastEventId;
      document.body.dataset.frame = event.lastEventId;
      this.#onFrame(JSON.parse(event.data));
    };
    this.#source.onerror = () => {
      this.#onState("reconnecting");
      if (this.#source.readyState === EventSource.CLOSED) {
        // It gives up where the server answers with anything but events.
        setTimeout(() => this.#connect(), retryAfter);
      }
    };
  }
}
