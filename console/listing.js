// The sessions of one search: pages, selection, what can be ended.
import { shortName } from "./device.js";
import { announce, element, find, foreign, sentence, unseen } from "./dom.js";
import { isolated, legible } from "./legible.js";
import { moment } from "./time.js";
import { sessionsOf } from "./words.js";

/** The table of one search at a time. `end(action)` is called with what the operator wants to end. */
export class Listing {
  #sever;
  #search = null;
  #sessions = [];
  #next = null;
  #turn = 0;

  constructor({ end, failed }) {
    this.failed = failed;
    find("more").addEventListener("click", () => this.#more());
    find("select-all").addEventListener("change", ({ target }) => {
      for (const box of this.#boxes()) box.checked = target.checked;
      this.#review();
    });
    find("rows").addEventListener("change", () => this.#review());
    find("end-selected").addEventListener("click", () => end({ ...this.#user(), sessions: this.#selected() }));
    find("end-all").addEventListener("click", () => end({ ...this.#search }));
    find("end-in-tenant").addEventListener("click", () => {
      if (find("end-tenant").reportValidity()) end({ ...this.#user(), tenantId: find("end-tenant").value });
    });
    find("end-tenant").addEventListener("keydown", (event) => {
      if (event.key === "Enter") find("end-in-tenant").click();
    });
    find("rows").addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (!button) return;
      const session = this.#sessions.find(({ handle }) => handle === button.dataset.handle);
      // Without a session to keep, "all others" would be all.
      if (!session) return;
      end(button.dataset.others ? { ...this.#search, keep: session } : { ...this.#user(), sessions: [session] });
    });
  }

  /** Shows the first page of `search`: `{userId, tenantId?}`. */
  async show(sever, search) {
    this.#sever = sever;
    this.#search = search;
    find("end-tenant").value = "";
    await this.again();
  }

  /** Shows the first page anew. */
  async again() {
    const search = this.#search;
    this.#sessions = [];
    this.#next = null;
    find("rows").replaceChildren();
    find("listing").hidden = false;
    const where = search.tenantId === undefined ? "" : ` in tenant ${isolated(search.tenantId)}`;
    find("listing-title").replaceChildren(...sentence(`Sessions of ${isolated(search.userId)}${where}`));
    await this.#load();
  }

  /** Takes everything off the page. */
  clear() {
    this.#turn += 1;
    this.#search = null;
    this.#sessions = [];
    find("rows").replaceChildren();
    find("end-tenant").value = "";
    find("tenants").replaceChildren();
    find("listing-title").textContent = "";
    find("listing-status").replaceChildren();
    find("listing-error").replaceChildren();
    find("listing").hidden = true;
  }

  async #more() {
    const before = new Set(this.#boxes());
    await this.#load();
    // The button that was pressed may be gone; what it brought is the place to go on from.
    (this.#boxes().find((box) => !before.has(box)) ?? find("listing-title")).focus();
  }

  async #load() {
    const turn = (this.#turn += 1);
    find("listing-error").replaceChildren();
    find("listing").setAttribute("aria-busy", "true");
    find("more").disabled = true;
    announce(find("listing-status"), "Looking…");
    try {
      const page = await this.#sever.list({ ...this.#search, cursor: this.#next ?? undefined });
      if (turn !== this.#turn) return;
      this.#sessions.push(...page.sessions);
      this.#next = page.next;
      this.#add(page.sessions.map(row));
      announce(find("listing-status"), this.#told());
    } catch (error) {
      if (turn !== this.#turn) return;
      announce(
        find("listing-status"),
        this.#sessions.length === 0 ? "The sessions could not be listed." : "The next page could not be read.",
      );
      find("listing-error").replaceChildren(this.failed(error));
    }
    find("more").disabled = false;
    find("more").hidden = this.#next === null;
    find("listing").removeAttribute("aria-busy");
    this.#review();
  }

  /** Shows rows among those that are there, newest first: a page is sorted by itself alone. */
  #add(rows) {
    const place = new Map(this.#sessions.sort(newestFirst).map(({ handle }, at) => [handle, at]));
    const at = (row) => place.get(row.querySelector("input").value);
    const all = [...find("rows").children, ...rows];
    find("rows").append(...all.sort((a, b) => at(a) - at(b)));
  }

  #told() {
    const { userId } = this.#search;
    if (this.#next !== null) return `${sessionsOf(this.#sessions.length)} shown; there are more.`;
    if (this.#sessions.length > 0)
      return `${sessionsOf(this.#sessions.length)}. One that was opened a moment ago may be missing.`;
    const spaces = userId.trim() === userId ? "" : " The user id begins or ends with a space.";
    const hidden =
      legible(userId) === userId ? "" : " The user id has characters that cannot be seen; they are shown as <U+…>.";
    return `No live sessions. One that was opened a moment ago may be missing.${spaces}${hidden}`;
  }

  #user() {
    return { userId: this.#search.userId };
  }

  #boxes() {
    return [...find("rows").querySelectorAll("input[type=checkbox]")];
  }

  #selected() {
    const handles = new Set(
      this.#boxes()
        .filter((box) => box.checked)
        .map((box) => box.value),
    );
    return this.#sessions.filter(({ handle }) => handles.has(handle));
  }

  /** What can be pressed follows from what is shown and ticked. */
  #review() {
    const boxes = this.#boxes();
    const ticked = boxes.filter((box) => box.checked).length;
    const all = find("select-all");
    all.disabled = boxes.length === 0;
    all.checked = ticked > 0 && ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
    find("sessions").hidden = boxes.length === 0;
    find("end-selected").disabled = ticked === 0;
    find("end-selected").textContent = ticked === 0 ? "End selected…" : `End ${ticked} selected…`;
    const { tenantId } = this.#search;
    find("end-all").textContent = tenantId === undefined ? "End all…" : `End all in ${legible(tenantId)}…`;
    const tenants = [...new Set(this.#sessions.map((session) => session.tenantId))].sort();
    // Suggestions: sessions of other tenants may be on pages that are not shown.
    find("tenants").replaceChildren(...tenants.map((tenant) => element("option", { value: tenant })));
    find("end-tenant").parentElement.hidden = tenantId !== undefined;
  }
}

const newestFirst = (a, b) => b.createdAt - a.createdAt || (a.handle < b.handle ? -1 : 1);

function row(session) {
  const { handle, tenantId, createdAt, lastRefreshedAt, expiresAt, device } = session;
  const short = legible(handle.slice(0, 8));
  const box = element(
    "label",
    {},
    element("input", { type: "checkbox", value: handle }),
    unseen(`Select session ${short}`),
  );
  const cell = (label, attributes, ...content) =>
    element("td", { role: "cell", "data-label": label, ...attributes }, ...content);
  const agent = device.userAgent;
  return element(
    "tr",
    { role: "row" },
    element("td", { role: "cell", class: "tick" }, box),
    cell(
      "Device",
      { class: "device" },
      element(
        "span",
        {},
        agent ? shortName(agent) : element("span", { class: "quiet" }, "not told"),
        agent && foreign(agent, { class: "agent", title: legible(agent) }),
        device.ip && foreign(device.ip, { class: "ip" }),
      ),
    ),
    cell("Tenant", {}, foreign(tenantId)),
    cell("Opened", {}, moment(createdAt)),
    cell(
      "Last refresh",
      {},
      lastRefreshedAt === createdAt ? element("span", { class: "quiet" }, "never") : moment(lastRefreshedAt),
    ),
    cell("Expires", {}, moment(expiresAt)),
    cell("Handle", { class: "handle" }, element("code", {}, foreign(handle))),
    element(
      "td",
      { role: "cell", class: "ends" },
      element(
        "button",
        { type: "button", class: "small danger", "data-handle": handle },
        "End…",
        unseen(` session ${short}`),
      ),
      element(
        "button",
        { type: "button", class: "small", "data-handle": handle, "data-others": "true" },
        "End others…",
        unseen(` than session ${short}`),
      ),
    ),
  );
}
