// The demo's story: sign in, end the session in the console in another tab, see what each route makes of it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startBundle } from "./bundle.mjs";
import { confirm, launch, look, open } from "./browser.mjs";

let bundle, browser;
before(async () => ([bundle, browser] = await Promise.all([startBundle(), launch()])));
after(async () => {
  await browser?.close();
  await bundle?.close();
});

async function signedIn(watched, name) {
  const page = await watched.page("/");
  await page.getByLabel("Name").fill(name);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Strict call" }).waitFor();
  return page;
}

/** Presses a button and answers the newest entry of the log. */
async function press(page, button) {
  const entries = await page.locator("#log li").count();
  await page.getByRole("button", { name: button }).click();
  await page.locator("#log li").nth(entries).waitFor();
  const newest = page.locator("#log li").first();
  const [request, status, body] = await Promise.all(
    [newest.locator("code"), newest.locator(".status"), newest.locator("pre")].map((part) => part.innerText()),
  );
  return { request, status: Number(status), body };
}

const verdict = (page) => page.locator("#verdict").innerText();

test("ended in the console, refused by the strict route, answered by the fast one", async () => {
  const watched = await open(browser, bundle);
  const page = await signedIn(watched, "story");
  const handle = await page.locator("#handle").innerText();
  for (const [button, path] of [
    ["Strict call", "GET /whoami"],
    ["Fast call", "GET /whoami/fast"],
  ]) {
    const { request, status, body } = await press(page, button);
    assert.deepEqual([request, status], [path, 200]);
    assert.equal(JSON.parse(body).sessionHandle, handle);
    if (path === "GET /whoami") assert.match(await verdict(page), /^The session lives: the strict route has just read it/);
  }
  assert.match(await verdict(page), /^The fast route looks at the token alone: its answer does not tell whether/);
  assert.match(await page.locator("#countdown").innerText(), /^expires in 5\d minutes/);

  const [tab] = await Promise.all([
    watched.context.waitForEvent("page"),
    page.getByRole("navigation").getByRole("link", { name: "Admin console" }).click(),
  ]);
  await tab.getByRole("button", { name: "Use this machine" }).click();
  await tab.getByText("Connected: this machine").waitFor();
  await look(tab, "story");
  await tab.locator("#rows tr", { hasText: handle }).getByRole("button", { name: "End… session" }).click();
  await confirm(tab);
  await tab.close();

  assert.deepEqual(await press(page, "Strict call"), {
    request: "GET /whoami",
    status: 401,
    body: '{"message":"Unauthorized"}',
  });
  assert.match(await verdict(page), /^The session has ended\. The strict route asked the table, and refuses.*Try it\./);
  assert.equal((await press(page, "Fast call")).status, 200);
  assert.match(
    await verdict(page),
    /The fast route still answers: it looks at the token alone, which is good for another 5\d minutes/,
  );
  const refresh = await press(page, "Refresh");
  assert.deepEqual([refresh.request, refresh.status], ["POST /auth/session/refresh", 401]);
  assert.match(await verdict(page), /^The session has ended: its refresh token is refused\./);
  await press(page, "Sign out");
  await page.getByRole("button", { name: "Sign in" }).waitFor();
  await watched.settle();
});

test("the administrator's button revokes, and the strict route refuses the very next request", async () => {
  const watched = await open(browser, bundle);
  const page = await signedIn(watched, "button");
  assert.equal((await press(page, "Strict call")).status, 200);
  const handle = await page.locator("#handle").innerText();
  const { request, status, body } = await press(page, "Revoke as administrator");
  assert.deepEqual([request, status], ["POST /revoke-handle", 200]);
  assert.deepEqual(JSON.parse(body).sessionHandlesRevoked, [handle]);
  assert.match(await verdict(page), /^The session is revoked\..*The fast route looks at the token alone.*Try it\./);
  assert.equal((await press(page, "Strict call")).status, 401);
  assert.match(await verdict(page), /^The session has ended\. The strict route asked the table/);
  assert.equal((await press(page, "Fast call")).status, 200);
  assert.match(await verdict(page), /The fast route still answers/);
  assert.equal((await press(page, "Revoke as administrator")).status, 200);
  assert.match(await verdict(page), /^The session is revoked/, "asked twice is revoked once");
  await watched.settle();
});

for (const [first, status, says] of [
  ["Fast call", 200, /^The fast route looks at the token alone: its answer does not tell whether the session lives/],
  ["Refresh", 401, /^The session has ended: its refresh token is refused\. The strict route refuses too\./],
  ["Strict call", 401, /^The session has ended\. The strict route asked the table/],
]) {
  test(`after a revocation elsewhere no answer is told as life: ${first} first`, async () => {
    const watched = await open(browser, bundle);
    const page = await signedIn(watched, "elsewhere");
    await press(page, "Strict call");
    await bundle.invoke("revoke-user", { userId: "elsewhere" });
    assert.equal((await press(page, first)).status, status);
    assert.match(await verdict(page), says);
    assert.equal((await press(page, "Strict call")).status, 401);
    assert.match(await verdict(page), /^The session has ended\. The strict route asked the table/);
    await watched.settle();
  });
}

test("no answer, and a failure of Sever's, tell nothing of the session", async () => {
  const watched = await open(browser, bundle, { outage: /net::ERR_FAILED|status of 503/ });
  const page = await signedIn(watched, "outage");
  assert.equal((await press(page, "Strict call")).status, 200);
  let answer = (route) => route.abort();
  await page.route(/whoami|session|revoke|signout/, (route) => answer(route));
  for (const button of ["Strict call", "Fast call", "Refresh", "Revoke as administrator", "Sign out"]) {
    await press(page, button);
    assert.match(await verdict(page), /^No answer came\. This does not tell whether the session lives\./, button);
  }
  answer = (route) => route.fulfill({ status: 503, body: "{}" });
  for (const button of ["Strict call", "Refresh", "Revoke as administrator", "Sign out"]) {
    assert.equal((await press(page, button)).status, 503);
    assert.match(await verdict(page), /^The answer was 503: Sever could not find out/, button);
  }
  await watched.settle();
});

test("it opens with what it is for", async () => {
  const watched = await open(browser, bundle);
  const page = await watched.page("/");
  const first = await page.locator("main p:visible").first().innerText();
  assert.match(first, /^Sever ends user sessions at once: here you open a session, revoke it/);
  assert.ok(!/DynamoDB|API Gateway|template/.test(first));
  await watched.settle();
});

test("refreshing brings new tokens; signing out ends the session; no token is shown", async () => {
  const watched = await open(browser, bundle);
  const page = await signedIn(watched, "leaver");
  const sent = [];
  watched.context.on("request", (request) => sent.push(request.headers().authorization));
  await press(page, "Strict call");
  assert.equal((await press(page, "Refresh")).status, 200);
  assert.match(await verdict(page), /^The session lives: its refresh token was exchanged/);
  await press(page, "Strict call");
  const [before, , afterwards] = sent;
  assert.ok(before.startsWith("Bearer eyJ") && afterwards.startsWith("Bearer eyJ") && before !== afterwards);
  assert.match(await verdict(page), /^The session lives/);
  assert.equal((await press(page, "Sign out")).status, 200);
  assert.match(await verdict(page), /^You are signed out: the session has ended/);
  assert.deepEqual((await bundle.invoke("list-sessions", { userId: "leaver" })).sessions, []);

  const left = await page.evaluate(() =>
    JSON.stringify([
      document.documentElement.outerHTML,
      { ...localStorage },
      { ...sessionStorage },
      document.cookie,
      location.href,
    ]),
  );
  for (const header of sent.filter((header) => header?.startsWith("Bearer")))
    assert.ok(!left.includes(header.slice("Bearer ".length)));
  assert.ok(!/eyJ|sv1\./.test(left), "no token is on the page");
  await watched.settle();
});

test("the automatic check asks both routes while its box is ticked", async () => {
  const watched = await open(browser, bundle);
  const page = await watched.context.newPage();
  await page.clock.install();
  await page.goto("/");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByLabel("Call both every 3 seconds").check();
  await page.clock.runFor(3000);
  await page.locator("#log li").nth(2).waitFor();
  assert.match(await verdict(page), /^The session lives/);
  await bundle.invoke("revoke-user", { userId: "ada" });
  await page.clock.runFor(3000);
  await page.getByText("The fast route still answers").waitFor();
  await page.getByLabel("Call both every 3 seconds").uncheck();
  const asked = await page.locator("#log li").count();
  await page.clock.runFor(9000);
  assert.equal(await page.locator("#log li").count(), asked);
  await watched.settle();
});

test("when the access token expires both routes refuse, and a refresh goes on", async () => {
  const short = await startBundle({ parameters: ["AccessTokenValidity=2", "AccessTokenValidityJitter=0"] });
  try {
    const watched = await open(browser, short);
    const page = await signedIn(watched, "ada");
    await page.locator("#countdown", { hasText: "has expired" }).waitFor();
    assert.equal((await press(page, "Strict call")).status, 401);
    assert.equal((await press(page, "Fast call")).status, 401);
    assert.match(await verdict(page), /^The access token has expired: both routes refuse it\. Refresh/);
    assert.equal((await press(page, "Refresh")).status, 200);
    assert.equal((await press(page, "Strict call")).status, 200);
    await watched.settle();
  } finally {
    await short.close();
  }
});

test("what Sever refuses is shown as it was answered", async () => {
  const watched = await open(browser, bundle);
  const page = await watched.page("/");
  await page.getByLabel("Name").fill("é".repeat(513));
  const { status, body } = await press(page, "Sign in");
  assert.deepEqual([status, JSON.parse(body).code], [400, "invalid-user-id"]);
  assert.ok(await page.getByRole("button", { name: "Sign in" }).isVisible());
  await watched.settle();
});

test("its links lead to what they name", async () => {
  const watched = await open(browser, bundle);
  const page = await watched.page("/");
  const links = await page.locator("nav a").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  assert.deepEqual(links, ["/console/", "/auth/jwt/jwks.json", "/auth/.well-known/openid-configuration", "/README.md"]);
  for (const link of links) assert.equal((await fetch(bundle.origin + link)).status, 200, link);
  await watched.settle();
});
