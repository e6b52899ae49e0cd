// Receives the frames from the server. Resumes after the last frame of this page, or of the previous page in this tab.

const lastKey = `lastEventId ${location.pathname}`; // an origin can have several dashboards
const retryDelay = 2_000; // milliseconds

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
    // A browser sends the last id when it reconnects, but a new page has to send it itself.
    this.#source = new EventSource(this.#lastId === null ? "events" : `events?lastEventId=${encodeURIComponent(this.#lastId)}`);
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
        // EventSource does not retry after a response that is not an event stream.
        setTimeout(() => this.#connect(), retryDelay);
      }
    };
  }
}
