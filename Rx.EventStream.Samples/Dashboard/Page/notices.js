// Shows messages that the user did not ask for, until the user dismisses them.

const key = "dismissed";

export class Notices {
  #place = document.getElementById("notices");
  #run = null;
  #shown = "";
  #last = 0;

  show({ run, notices }) {
    if (run !== this.#run) {
      this.#run = run;
      this.#last = 0;
    }

    const open = notices.filter(n => n.id > this.#dismissed());
    const text = open.map(n => n.text).join(" ");
    this.#last = open.at(-1)?.id ?? this.#last;
    if (text !== this.#shown) {
      this.#shown = text;
      this.#place.replaceChildren(...(text ? [this.#newNotice(text)] : []));
    }
  }

  #newNotice(text) {
    const notice = document.createElement("div");
    notice.className = "notice";
    const line = document.createElement("p");
    line.textContent = text;
    const dismiss = document.createElement("button");
    dismiss.type = "button";
    dismiss.textContent = "Dismiss";
    dismiss.addEventListener("click", () => {
      // Stored, so that a reload does not show them again: the server keeps sending the newest notices.
      sessionStorage.setItem(key, JSON.stringify({ run: this.#run, id: this.#last }));
      this.#shown = "";
      this.#place.replaceChildren();
      document.getElementById("add").focus();
    });
    notice.append(line, dismiss);
    return notice;
  }

  #dismissed() {
    try {
      const { run, id } = JSON.parse(sessionStorage.getItem(key)) ?? {};
      return run === this.#run ? id : 0;
    } catch {
      sessionStorage.removeItem(key); // written by an older version of the page
      return 0;
    }
  }
}
