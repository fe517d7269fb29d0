// Times are shown as the operator's own clock has them; the title has them in UTC.
import { element } from "./dom.js";

const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
];

/** A moment, from epoch milliseconds. */
export function moment(millis) {
  const iso = new Date(millis).toISOString();
  const utc = `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
  return element("time", { datetime: iso, title: utc }, local.format(millis));
}

/** A length of time in its two largest units: "6 days 23 hours". */
export function span(millis) {
  const parts = [];
  let left = Math.max(0, Math.floor(millis / 1000) * 1000);
  for (const [unit, length] of UNITS) {
    const count = Math.floor(left / length);
    left -= count * length;
    if (count > 0) parts.push(`${count} ${unit}${count === 1 ? "" : "s"}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(" ") || "0 seconds";
}
