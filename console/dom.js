// Elements without markup in strings: text stays text, whoever wrote it.
import { legible, parts } from "./legible.js";

/** Makes an element. `true` sets an attribute without a value; `false`, `null` and `undefined` leave it out. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value !== false && value != null) made.setAttribute(attribute, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child != null));
  return made;
}

/** A sentence whose isolated parts keep their own direction and their spaces. */
export const sentence = (text) => parts(text).map((part, at) => (at % 2 === 1 ? element("bdi", {}, part) : part));

/** Text from outside by itself: an id, an address, what a device calls itself. */
export const foreign = (text, attributes = {}) => element("bdi", attributes, legible(text));

export const find = (id) => document.getElementById(id);

/** Shows `text` in a region that screen readers read out; the same text a second time, too. */
export function announce(region, text) {
  region.replaceChildren(element("span", {}, sentence(text)));
}

/** Text for screen readers alone. */
export const unseen = (text) => element("span", { class: "unseen" }, text);
