// The one dialog before anything is ended. It says what would be, and wants more than a click for more than one session.
import { element, find, foreign, sentence } from "./dom.js";
import { canBeTyped } from "./legible.js";
import { radius, session, title, verb } from "./words.js";

const dialog = find("confirm");
const end = find("confirm-end");

/**
 * Asks; answers `{reason}` to go on (the reason is undefined if none was given), or `null`. `count` finds out how many sessions are listed, or answers `null` when it cannot: not
 * knowing the number must not keep anybody from ending them.
 */
export async function confirm(action, count) {
  find("confirm-title").textContent = title(action);
  end.textContent = verb(action);
  end.disabled = true;
  // The last dialog's close event comes a moment after it was closed: by then this one may be open.
  decide(null);
  find("reason").value = "";
  const answer = new Promise((resolve) => (decide = resolve));
  const proof = proofOf(action);
  let counted = false;
  const review = () => (end.disabled = !(counted && proof.holds()));
  find("confirm-sessions").replaceChildren(
    ...(action.sessions ?? []).map((one) => element("li", {}, sentence(session(one)))),
  );
  find("confirm-sessions").hidden = !action.sessions;
  find("confirm-proof").replaceChildren(...proof.elements);
  find("confirm-proof").oninput = review;
  say(["Counting…"]);
  dialog.returnValue = "";
  dialog.showModal();
  // Not the reason: Enter there would already end the session.
  (find("proof") ?? find("confirm-cancel")).focus();
  const turn = {};
  current = turn;
  const listed = action.sessions ? null : await count();
  if (current === turn && dialog.open) {
    say(radius(action, listed));
    counted = true;
    review();
  }
  return answer;
}

/** Closes the dialog as if it had been cancelled. */
export function dismiss() {
  dialog.close();
}

let decide = () => {};
let current;

function say(lines) {
  find("confirm-radius").replaceChildren(...lines.map((line) => element("p", {}, sentence(line))));
}

/** What is typed where a user id cannot be. */
const INSTEAD = "end all";

/** One session: a click. Several picked by hand: a tick. All that a user has: the user's id, typed. */
function proofOf({ sessions, userId }) {
  if (sessions?.length === 1) return { elements: [], holds: () => true };
  if (sessions) {
    const box = element("input", { type: "checkbox", id: "proof" });
    const label = element("label", { class: "check" }, box, `Yes, end these ${sessions.length} sessions.`);
    return { elements: [label], holds: () => box.checked };
  }
  const text = element("input", { id: "proof", spellcheck: "false", autocapitalize: "off", autocomplete: "off" });
  const asked = canBeTyped(userId) ? userId : INSTEAD;
  const what = asked === userId ? "the user id" : "these words";
  const label = element(
    "label",
    { class: "proof" },
    element("span", {}, `Type ${what} to confirm: `, element("code", {}, foreign(asked))),
    text,
  );
  return { elements: [label], holds: () => text.value === asked };
}

find("confirm-form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!end.disabled) dialog.close("end");
});
find("confirm-cancel").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => {
  if (dialog.open) return;
  current = undefined;
  say([]);
  find("confirm-sessions").replaceChildren();
  find("confirm-proof").replaceChildren();
  const reason = find("reason").value.trim();
  find("reason").value = "";
  decide(dialog.returnValue === "end" ? { reason: reason === "" ? undefined : reason } : null);
});
