// The life of a session, by hand. Signing in is what a back end does after its own login; everything else is what a
// browser does with the tokens it was given.
import { announce, element, find } from "/console/dom.js";
import { Signer } from "/console/sigv4.js";
import { moment, span } from "/console/time.js";
import { verdict } from "/demo/story.js";

const AUTOMATIC = 3000;
const LOGGED = 50;
const admin = Signer.of({ accessKeyId: "local", secretAccessKey: "local" });

/** Tokens, handle, times and the latest statuses; `null` before the sign-in and after the sign-out. */
let session = null;

find("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  signIn(find("name").value);
});
find("strict").addEventListener("click", () => call("strict"));
find("fast").addEventListener("click", () => call("fast"));
find("refresh").addEventListener("click", refresh);
find("sign-out").addEventListener("click", signOut);
setInterval(tick, 1000);
setInterval(() => session && find("auto").checked && callBoth(), AUTOMATIC);

async function signIn(userId) {
  const url = new URL("/create-session", location.origin);
  const body = JSON.stringify({ userId, device: { userAgent: navigator.userAgent, ip: "127.0.0.1" } });
  const headers = await (
    await admin
  ).headers({ url, body, service: "execute-api", region: "us-east-1", now: Date.now() });
  const { response, text } = await ask("POST", url.pathname, { headers, body }, withoutTokens);
  if (response?.status !== 200) return;
  const answer = JSON.parse(text);
  session = {
    access: answer.accessToken.token,
    refresh: answer.refreshToken.token,
    expiresAt: answer.accessToken.expiresAt,
    strict: null,
    fast: null,
  };
  find("user").textContent = answer.session.userId;
  find("handle").textContent = answer.session.handle;
  find("session-end").replaceChildren("ends ", moment(answer.session.expiresAt), " unless it is refreshed");
  find("sign-in").hidden = true;
  find("session").hidden = false;
  tick();
  explain();
  find("strict").focus();
}

async function call(kind) {
  const mine = session;
  const path = kind === "strict" ? "/whoami" : "/whoami/fast";
  const { response } = await ask("GET", path, { headers: { authorization: `Bearer ${mine.access}` } });
  if (session !== mine || !response) return;
  // What the fast route said before says nothing of what it says now.
  if (kind === "strict" && mine.strict !== response.status) mine.fast = null;
  mine[kind] = response.status;
  explain();
}

async function callBoth() {
  await call("strict");
  if (session) await call("fast");
}

/** The new tokens come in headers. A refusal says that the session is over. */
async function refresh() {
  const mine = session;
  const headers = { authorization: `Bearer ${mine.refresh}` };
  const { response } = await ask("POST", "/auth/session/refresh", { headers });
  if (session !== mine || response?.status !== 200) return;
  mine.access = response.headers.get("st-access-token");
  mine.refresh = response.headers.get("st-refresh-token");
  mine.expiresAt = JSON.parse(atob(response.headers.get("front-token"))).ate;
  mine.strict = mine.fast = null;
  tick();
  explain();
}

/** An expired token is refused here: the browser refreshes and comes again. A session that is over is as good as ended. */
async function signOut() {
  const mine = session;
  await ask("POST", "/auth/signout", { headers: { authorization: `Bearer ${mine.access}` } });
  if (session !== mine) return;
  session = null;
  find("auto").checked = false;
  find("session").hidden = true;
  find("sign-in").hidden = false;
  find("verdict").hidden = true;
  find("name").focus();
}

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
    element("pre", {}, text),
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
  const told = session && verdict({ ...session, now: Date.now() });
  find("verdict").hidden = !told;
  if (!told || find("verdict").textContent === told.text) return;
  find("verdict").className = `note ${told.kind}`;
  announce(find("verdict"), told.text);
}
