// The life of a session, by hand. Signing in is what a back end does after its own login, revoking what an administrator
// does; everything else is what a browser does with the tokens it was given.
import { announce, element, find, foreign } from "/console/dom.js";
import { legible } from "/console/legible.js";
import { Signer } from "/console/sigv4.js";
import { moment, span } from "/console/time.js";
import { verdict } from "/demo/story.js";

const AUTOMATIC = 3000;
const LOGGED = 50;
const admin = Signer.of({ accessKeyId: "local", secretAccessKey: "local" });

/** Tokens, handle, times and what the answers told; `null` before the sign-in and after the sign-out. */
let session = null;

find("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  signIn(find("name").value);
});
find("strict").addEventListener("click", strict);
find("fast").addEventListener("click", () => fast());
find("refresh").addEventListener("click", refresh);
find("revoke").addEventListener("click", revoke);
find("sign-out").addEventListener("click", signOut);
setInterval(tick, 1000);
setInterval(() => session && find("auto").checked && callBoth(), AUTOMATIC);

/** Asks as an administrator, whose requests are signed. */
async function askAsAdmin(path, command, shown) {
  const url = new URL(path, location.origin);
  const body = JSON.stringify(command);
  const signer = await admin;
  const headers = await signer.headers({ url, body, service: "execute-api", region: "us-east-1", now: Date.now() });
  return ask("POST", path, { headers, body }, shown);
}

async function signIn(userId) {
  const device = { userAgent: navigator.userAgent, ip: "127.0.0.1" };
  const { response, text } = await askAsAdmin("/create-session", { userId, device }, withoutTokens);
  if (response?.status !== 200) return;
  const answer = JSON.parse(text);
  session = {
    handle: answer.session.handle,
    access: answer.accessToken.token,
    refresh: answer.refreshToken.token,
    expiresAt: answer.accessToken.expiresAt,
    last: null,
    ended: null,
    fast: null,
  };
  find("user").replaceChildren(foreign(answer.session.userId));
  find("handle").textContent = answer.session.handle;
  find("session-end").replaceChildren("ends ", moment(answer.session.expiresAt), " unless it is refreshed");
  find("sign-in").hidden = true;
  find("session").hidden = false;
  tick();
  explain();
  find("strict").focus();
}

/** Takes down what an answer told: `ended` is true or false if it told whether the session is over. */
function learn(mine, asked, response, ended = null) {
  mine.last = { asked, status: response?.status ?? null };
  if (ended === true) {
    // An earlier answer of the fast route does not count.
    if (!mine.ended) mine.fast = null;
    mine.ended = asked;
  }
  if (ended === false) mine.ended = null;
  explain();
}

async function strict() {
  const mine = session;
  const { response } = await ask("GET", "/whoami", bearer(mine.access));
  if (session !== mine) return;
  // A token that has expired is refused whatever became of the session.
  const told = response?.status === 200 || (response?.status === 401 && Date.now() < mine.expiresAt);
  learn(mine, "strict", response, told ? response.status !== 200 : null);
}

/** Whatever it answers, it did not look at the session. `beside` a strict call, that one's answer is the one to explain. */
async function fast(beside = false) {
  const mine = session;
  const { response } = await ask("GET", "/whoami/fast", bearer(mine.access));
  if (session !== mine) return;
  mine.fast = response?.status ?? null;
  if (beside && mine.fast === 200) explain();
  else learn(mine, "fast", response);
}

async function callBoth() {
  await strict();
  if (session) await fast(true);
}

/** The new tokens come in headers. A refusal says that the session is over. */
async function refresh() {
  const mine = session;
  const { response } = await ask("POST", "/auth/session/refresh", bearer(mine.refresh));
  if (session !== mine) return;
  if (response?.status === 200) {
    mine.access = response.headers.get("st-access-token");
    mine.refresh = response.headers.get("st-refresh-token");
    mine.expiresAt = JSON.parse(atob(response.headers.get("front-token"))).ate;
    mine.fast = null;
    tick();
  }
  const told = [200, 401].includes(response?.status);
  learn(mine, "refresh", response, told ? response.status === 401 : null);
}

async function revoke() {
  const mine = session;
  const { response } = await askAsAdmin("/revoke-handle", { sessionHandle: mine.handle, reason: "the demo page" });
  if (session !== mine) return;
  // A session that was over already is over now.
  learn(mine, "revoke", response, response?.status === 200 ? true : null);
}

/** An expired token is refused here: the browser refreshes and comes again. A session that is over is as good as ended. */
async function signOut() {
  const mine = session;
  const { response } = await ask("POST", "/auth/signout", bearer(mine.access));
  if (session !== mine) return;
  if (![200, 401].includes(response?.status)) return learn(mine, "sign-out", response);
  session = null;
  find("auto").checked = false;
  find("session").hidden = true;
  find("sign-in").hidden = false;
  find("name").focus();
  say(
    response.status === 200
      ? { kind: "", text: "You are signed out: the session has ended, and this page has dropped its tokens." }
      : { kind: "", text: "The access token was refused. This page has dropped its tokens." },
  );
}

const bearer = (token) => ({ headers: { authorization: `Bearer ${token}` } });

/** Sends a request and logs its raw answer. */
async function ask(method, path, options, shown = (text) => text) {
  const start = performance.now();
  let response = null;
  let text;
  try {
    response = await fetch(path, { method, cache: "no-store", ...options });
    text = await response.text();
  } catch {
    response = null;
    text = "no answer: is the bundle running?";
  }
  log(method, path, response?.status, performance.now() - start, shown(text));
  return { response, text };
}

function log(method, path, status, millis, text) {
  const kind = status === 200 ? "ok" : "refused";
  const entry = element(
    "li",
    {},
    element(
      "p",
      {},
      element("code", {}, `${method} ${path}`),
      element("span", { class: `status ${kind}` }, String(status ?? "none")),
      element("span", { class: "quiet" }, `${Math.round(millis)} ms, ${new Date().toLocaleTimeString()}`),
    ),
    element("pre", {}, legible(text)),
  );
  find("log-empty").hidden = true;
  find("log").prepend(entry);
  find("log").children[LOGGED]?.remove();
}

/** A page that is shown to others has no business showing tokens. */
function withoutTokens(text) {
  return text.replace(/"((?:eyJ|sv1\.)[^"]*)"/g, (_, token) => `"(${token.length} characters)"`);
}

function tick() {
  if (session === null) return;
  const left = session.expiresAt - Date.now();
  find("countdown").textContent = left > 0 ? `expires in ${span(left)}` : "has expired";
  if (left <= 0) explain();
}

function explain() {
  say(session && verdict({ ...session, now: Date.now() }));
}

function say(told) {
  find("verdict").hidden = !told;
  if (!told || find("verdict").textContent === told.text) return;
  find("verdict").className = `note ${told.kind}`;
  announce(find("verdict"), told.text);
}
