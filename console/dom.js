// Elements without markup in strings: text stays text, whoever wrote it.

/** Makes an element. `true` sets an attribute without a value; `false`, `null` and `undefined` leave it out. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value !== false && value != null) made.setAttribute(attribute, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child != null));
  return made;
}

export const find = (id) => document.getElementById(id);

/** Shows `text` in a region that screen readers read out; the same text a second time, too. */
export function announce(region, text) {
  region.replaceChildren(element("span", {}, text));
}

/** Text for screen readers alone. */
export const unseen = (text) => element("span", { class: "unseen" }, text);
