// Numbers and times in words.

const plain = new Intl.NumberFormat("en-US");
const short = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });

export const number = (value) => (value === null || value === undefined ? "–" : plain.format(Math.round(value)));
export const compact = (value) => (value === null || value === undefined ? "–" : value < 10000 ? number(value) : short.format(value));

/** `45 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h` */
export function duration(seconds) {
  let left = Math.max(0, Math.round(seconds));
  const parts = [];
  for (const [name, size] of [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]]) {
    const amount = Math.floor(left / size);
    left -= amount * size;
    if (amount || (name === "s" && !parts.length)) parts.push(`${amount} ${name}`);
    else if (parts.length) break;
  }
  return parts.slice(0, 2).join(" ");
}

/** Seconds since the epoch from what the API sends (ISO 8601 text); null stays null. */
export const epoch = (text) => (text ? Date.parse(text) / 1000 : null);

/** `in 5 min`, `3 h ago`; empty for null. */
export function away(text) {
  const at = epoch(text);
  if (at === null) return "";
  const seconds = at - Date.now() / 1000;
  return seconds >= 0 ? `in ${duration(seconds)}` : `${duration(-seconds)} ago`;
}

export const clockTime = (text) => new Date(text).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
export const words = (name) => name.replaceAll("_", " ");
