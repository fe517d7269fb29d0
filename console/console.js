// The console: connect, find a user, end sessions, look at the keys.
import { confirm, dismiss } from "./confirm.js";
import { announce, element, find, foreign, sentence } from "./dom.js";
import { whenIdle } from "./idle.js";
import { keyStatus } from "./keys.js";
import { legible } from "./legible.js";
import { Listing } from "./listing.js";
import { Refusal, Sever } from "./sever.js";
import { Signer } from "./sigv4.js";
import { advice, failure, outcome } from "./words.js";

const PATIENCE = 15 * 60_000;
const HERE = {
  accessKeyId: "local",
  secretAccessKey: "local",
  region: "us-east-1",
  stack: "sever",
  endpoint: location.origin,
};

/** Who we are connected as: `{sever, stop}`. All that is secret hangs on it. */
let connection = null;
const listing = new Listing({ end, failed });

find("local").hidden = !["127.0.0.1", "localhost", "[::1]"].includes(location.hostname);
find("use-local").addEventListener("click", () => connect(HERE, "this machine"));
find("credentials").addEventListener("submit", (event) => {
  event.preventDefault();
  const [accessKeyId, secretAccessKey, sessionToken, region, stack] = [
    "access-key",
    "secret-key",
    "session-token",
    "region",
    "stack",
  ].map((id) => find(id).value.trim());
  // The pattern of the field holds what goes into the host's name.
  const suffix = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  const endpoint = `https://lambda.${region}.${suffix}`;
  connect(
    { accessKeyId, secretAccessKey, sessionToken, region, stack, endpoint },
    `${accessKeyId}, ${region}, stack ${stack}`,
  );
});
find("forget").addEventListener("click", () => forget("The credentials are forgotten."));
addEventListener("pagehide", () => forget(""));
find("keys-again").addEventListener("click", () => lookAtKeys());
find("find").addEventListener("submit", async (event) => {
  event.preventDefault();
  find("outcome").hidden = true;
  await listing.show(connection.sever, search());
  find("listing-title").focus();
});

function search() {
  // Blanks are a tenant id that Sever refuses: they must not mean every tenant.
  const tenantId = find("tenant-id").value;
  return { userId: find("user-id").value, tenantId: tenantId === "" ? undefined : tenantId.trim() };
}

/** Faults of what was entered, rather than of one function: there is nothing to be connected to. */
const NOBODY =
  /^(UnrecognizedClient|InvalidClientTokenId|InvalidSignature|IncompleteSignature|ExpiredToken|ResourceNotFound|no-answer)/;

/**
 * Tries the credentials by reading the keys. The secret fields are emptied at once: from then on only the signer knows
 * them, and cannot tell them. The id of the access key stays until they are good: a second try needs it again.
 */
async function connect({ region, stack, endpoint, ...credentials }, who) {
  for (const id of ["secret-key", "session-token"]) find(id).value = "";
  find("connect-error").replaceChildren();
  if (!globalThis.isSecureContext) {
    return notify("Browsers sign only on https pages, and on this machine. Serve the console over https.", "warning");
  }
  notify("Connecting…");
  const sever = new Sever({ signer: await Signer.of(credentials), region, stack, endpoint });
  const keys = await readKeys(sever);
  notify("");
  if (keys.error && NOBODY.test(keys.error.code)) {
    find("connect-error").replaceChildren(failed(keys.error));
    return find("connect-title").focus();
  }
  find("access-key").value = "";
  connection?.stop();
  connection = {
    sever,
    stop: whenIdle(PATIENCE, () => forget("The credentials are forgotten: nobody was here for 15 minutes.")),
  };
  find("connect").hidden = true;
  find("connected").hidden = find("who").hidden = false;
  find("who-text").textContent = `Connected: ${who}`;
  find("keys").replaceChildren(...keys.shown);
  find("user-id").focus();
}

/** Everything that was shown goes, too: it is nobody's business who sits down next. */
function forget(why) {
  connection?.stop();
  connection = null;
  dismiss();
  listing.clear();
  for (const form of document.forms) form.reset();
  find("keys").replaceChildren();
  find("connect-error").replaceChildren();
  find("outcome").replaceChildren();
  find("who-text").textContent = "";
  find("connected").hidden = find("who").hidden = find("outcome").hidden = true;
  find("connect").hidden = false;
  notify(why);
  find("connect-title").focus();
}

async function lookAtKeys() {
  const { sever } = connection;
  find("keys").replaceChildren(element("p", { role: "status" }, "Looking…"));
  const { shown } = await readKeys(sever);
  if (connection?.sever === sever) find("keys").replaceChildren(...shown);
}

async function readKeys(sever) {
  try {
    return { shown: keyStatus(await sever.keys(), Date.now()) };
  } catch (error) {
    return { shown: [failed(error)], error };
  }
}

/** Asks, ends, says what happened, and lists anew. */
async function end(action) {
  const { sever } = connection;
  const count = () => sever.count(action).catch((error) => (error instanceof Refusal ? null : Promise.reject(error)));
  const confirmed = await confirm(action, count);
  if (!confirmed || connection?.sever !== sever) return;
  report("Ending…", [element("p", {}, "Waiting for the answer.")], "");
  try {
    const done = await perform(sever, action, confirmed.reason);
    if (connection?.sever !== sever) return;
    const { heading, lines } = outcome(action, done);
    const again = done.sweepComplete === false ? [askAgain(action)] : [];
    report(heading, [...lines.map((line) => element("p", {}, sentence(line))), handles(done.ended), ...again], "done");
  } catch (error) {
    if (connection?.sever !== sever) return;
    if (!(error instanceof Refusal)) throw error;
    const { heading, effect } = failure(error);
    report(heading, [element("p", {}, effect), failed(error), handles(error.ended), askAgain(action)], "failed");
  }
  find("outcome-title").focus();
  await listing.again();
}

function perform(sever, { userId, tenantId, keep, sessions }, reason) {
  if (sessions) return sever.revokeHandles(sessions.map(({ handle }) => handle), reason);
  return sever.revokeUser({ userId, tenantId, exceptSessionHandle: keep?.handle, reason });
}

function report(heading, content, kind) {
  const section = find("outcome");
  section.className = `card ${kind}`;
  section.replaceChildren(element("h2", { id: "outcome-title", tabindex: "-1" }, heading), ...content.filter(Boolean));
  section.hidden = false;
}

/** Asks anew, with a new count: sessions may have come since. */
function askAgain(action) {
  const button = element("button", { type: "button" }, "Ask again…");
  button.addEventListener("click", () => end(action));
  return button;
}

function handles(ended) {
  if (ended.length === 0) return null;
  const items = ended.map((handle) => element("li", {}, element("code", {}, foreign(handle))));
  const summary = element(
    "summary",
    {},
    ended.length === 1 ? "The handle that was ended" : `The ${ended.length} handles that were ended`,
  );
  return element(
    "details",
    { open: ended.length <= 5 },
    summary,
    element("ul", { tabindex: "0", "aria-label": "Handles" }, items),
  );
}

/** An error: what it says, its stable code, and what to do. */
function failed(error) {
  if (!(error instanceof Refusal)) throw error;
  return element(
    "div",
    { class: "note warning stack", role: "alert" },
    element(
      "p",
      {},
      element("strong", {}, foreign(error.message)),
      " ",
      element("code", { class: "code" }, legible(error.code)),
    ),
    element("p", {}, advice(error)),
  );
}

function notify(text, kind = "") {
  find("notice").hidden = text === "";
  find("notice").className = `note ${kind}`;
  announce(find("notice"), text);
}
