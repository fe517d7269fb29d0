// The signing keys, as they are published. A dynamic key's name has the time it was made (d-<milliseconds>); a static one
// is never replaced.
import { element, foreign } from "./dom.js";
import { moment, span } from "./time.js";

/**
 * In seconds. The key set may be cached for five minutes, so that a killed key goes, less the half minute for which the
 * function itself may have kept it. From here on `Cache-Control` says no more than "not soon".
 */
const NOT_SOON = 270;
/** A key is replaced a minute before the interval is over. */
const DEFAULT_INTERVAL = 168 * 3_600_000 - 60_000;

/** What there is to say of `{keys, maxAge}` at `now`. */
export function keyStatus({ keys, maxAge }, now) {
  if (keys.length === 0) return [element("p", {}, "There are no keys yet: the first sign-in makes them.")];
  const known = keys.map(({ kid }) => ({ kid, made: madeAt(kid) })).sort((a, b) => (b.made ?? 0) - (a.made ?? 0));
  const head = ["Key", "Kind", "Made", "Age"];
  const rows = known.map(({ kid, made }) => {
    const cells = [
      element("code", {}, foreign(kid)),
      kid.startsWith("d-") ? "dynamic" : kid.startsWith("s-") ? "static, never replaced" : "unknown",
      made === null ? "not known" : moment(made),
      made === null ? "not known" : span(now - made),
    ];
    return element(
      "tr",
      { role: "row" },
      cells.map((cell, at) => element("td", { role: "cell", "data-label": head[at] }, cell)),
    );
  });
  const table = element(
    "table",
    { role: "table", class: "cards" },
    element("caption", { class: "unseen" }, "Published keys"),
    element(
      "thead",
      { role: "rowgroup" },
      element(
        "tr",
        { role: "row" },
        head.map((name) => element("th", { role: "columnheader", scope: "col" }, name)),
      ),
    ),
    element("tbody", { role: "rowgroup" }, rows),
  );
  return [element("p", { id: "keys-due" }, ...rotation(known, maxAge, now)), table];
}

function madeAt(kid) {
  const millis = /^d-(\d{1,15})$/.exec(kid)?.[1];
  return millis === undefined ? null : Number(millis);
}

/** `Cache-Control` tells when the next key is due, if that is soon; one second is a key that is due by now. */
function rotation(known, maxAge, now) {
  const newest = known[0].made;
  if (newest === null) return ["There is no dynamic key yet: the next sign-in makes one."];
  if (maxAge === null) return ["When the next rotation is due was not answered."];
  if (maxAge <= 1) return ["The next rotation is due now: the next sign-in or refresh makes a new key."];
  const due = (left) => [
    element("strong", {}, span(left)),
    " (",
    moment(now + left),
    "), by whoever signs in or refreshes then.",
  ];
  if (maxAge < NOT_SOON) return ["Next rotation in ", ...due(maxAge * 1000)];
  const left = newest + DEFAULT_INTERVAL - now;
  if (left < NOT_SOON * 1000)
    return ["No rotation within 4 minutes. The update interval here is longer than the default of 168 hours."];
  return [
    "No rotation within 4 minutes. With the default update interval of 168 hours the next is due in ",
    ...due(left),
  ];
}
