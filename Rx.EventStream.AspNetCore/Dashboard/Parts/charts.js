// Line charts of the last 30 seconds.

const namespace = "http://www.w3.org/2000/svg";
const margin = { top: 8, right: 6, bottom: 18, left: 52 };

// A linear scale with steps of 1, 2 or 5 times a power of ten, up to a tick at or above the maximum.
export function linear(min) {
  return values => {
    const max = Math.max(min, ...values);
    const step = niceStep(max / 3);
    const top = Math.ceil(max / step - 1e-9) * step;
    const ticks = [];
    for (let tick = 0; tick <= top + step / 2; tick += step) {
      ticks.push(tick);
    }

    return { ticks, at: value => value / top };
  };
}

// A logarithmic scale with powers of ten.
export function logarithmic(min, max) {
  return values => {
    const low = Math.floor(Math.log10(Math.max(1, Math.min(min, ...values.filter(v => v > 0)))));
    const high = Math.ceil(Math.log10(Math.max(max, ...values)));
    const step = high - low > 5 ? 2 : 1;
    const ticks = [];
    for (let power = low; power <= high; power += step) {
      ticks.push(10 ** power);
    }

    return { ticks, at: value => Math.max(0, (Math.log10(Math.max(value, 1)) - low) / (high - low)) };
  };
}

export class Chart {
  #svg;
  #keys;
  #pick;
  #scale;
  #format;
  #lines;
  #title;
  #grid;
  #width = 0;
  #height = 0;

  // series: [{ name, className }]; pick: point => values, one per series.
  constructor(figure, series, pick, scale, format) {
    this.#svg = figure.querySelector("svg");
    this.#title = figure.querySelector("h2").firstChild.textContent.trim();
    this.#pick = pick;
    this.#scale = scale;
    this.#format = format;
    this.#grid = this.#append("g", "grid");
    this.#lines = series.map(({ className }) => ({
      area: this.#append("path", `area ${className}`),
      line: this.#append("path", `line ${className}`),
    }));
    this.#keys = series.map(({ name, className }) => {
      const key = document.createElement("span");
      key.className = `key ${className}`;
      const value = document.createElement("b");
      key.append(`${name} `, value);
      figure.querySelector(".keys").append(key);
      return { name, value };
    });
    new ResizeObserver(([entry]) => {
      this.#width = entry.contentRect.width;
      this.#height = entry.contentRect.height;
    }).observe(this.#svg);
  }

  draw(history) {
    const { points, end, span } = history;
    if (points.length === 0 || this.#width === 0) {
      return;
    }

    const shown = points.filter(p => p.time >= end - span);
    const { ticks, at } = this.#scale(shown.flatMap(this.#pick));
    const bottom = this.#height - margin.bottom;
    const x = time => margin.left + (1 - (end - time) / span) * (this.#width - margin.left - margin.right);
    const y = value => bottom - at(value) * (bottom - margin.top);

    this.#drawGrid(ticks, y, bottom, span);
    this.#lines.forEach(({ area, line }, index) => {
      const path = shown.map(p => `${x(p.time).toFixed(1)},${y(this.#pick(p)[index]).toFixed(1)}`).join("L");
      line.setAttribute("d", `M${path}`);
      area.setAttribute("d", `M${x(shown[0].time).toFixed(1)},${bottom}L${path}L${x(shown.at(-1).time).toFixed(1)},${bottom}Z`);
    });

    const newest = this.#pick(shown.at(-1)).map(this.#format);
    this.#keys.forEach((key, index) => (key.value.textContent = newest[index]));
    this.#svg.setAttribute("aria-label", `${this.#title} in the last ${span} seconds; now ${this.#keys.map((k, i) => `${k.name} ${newest[i]}`).join(", ")}`);
  }

  #drawGrid(ticks, y, bottom, span) {
    this.#grid.replaceChildren();
    for (const tick of ticks) {
      const line = this.#append("line", "", this.#grid);
      line.setAttribute("x1", margin.left);
      line.setAttribute("x2", this.#width - margin.right);
      line.setAttribute("y1", y(tick));
      line.setAttribute("y2", y(tick));
      this.#label(this.#format(tick).replace(/\.0+(?=\D)/, ""), margin.left - 8, y(tick) + 4, "end");
    }

    this.#label(`${span} s ago`, margin.left, bottom + 15, "start");
    this.#label("now", this.#width - margin.right, bottom + 15, "end");
  }

  #label(text, x, y, anchor) {
    const label = this.#append("text", "", this.#grid);
    label.textContent = text;
    label.setAttribute("x", x);
    label.setAttribute("y", y);
    label.setAttribute("text-anchor", anchor);
  }

  #append(name, className, parent = this.#svg) {
    const element = document.createElementNS(namespace, name);
    element.setAttribute("class", className);
    parent.append(element);
    return element;
  }
}

function niceStep(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].find(step => step * power >= value) * power;
}
