// Formats numbers for people.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

export const count = value => whole.format(value);

// Few enough digits to read while the number changes. The lower-case k matches kB.
export const compact = value => (value < 10_000 ? whole.format(value) : short.format(value).replace("K", "k"));

export const rate = value => `${value > 0 && value < 10 ? value.toFixed(1).replace(/\.0$/, "") : compact(value)}/s`;

export function duration(nanoseconds) {
  for (const [unit, size] of [["s", 1e9], ["ms", 1e6], ["µs", 1e3]]) {
    if (nanoseconds >= size) {
      return `${three(nanoseconds / size)} ${unit}`;
    }
  }

  return `${three(nanoseconds)} ns`;
}

export function bytes(value) {
  for (const [unit, size] of [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]]) {
    if (value >= size) {
      return `${three(value / size)} ${unit}`;
    }
  }

  return `${whole.format(value)} B`;
}

const three = value => (value >= 100 ? whole.format(value) : value.toPrecision(value >= 10 ? 3 : 2));
