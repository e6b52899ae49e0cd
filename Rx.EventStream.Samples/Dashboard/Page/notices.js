// What happened without anybody asking for it, on a line that stays until it is dismissed.

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
      // Not again after a reload either: the server goes on telling the newest ones.
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
      sessionStorage.removeItem(key); // an older page's
      return 0;
    }
  }
}
