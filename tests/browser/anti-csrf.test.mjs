// A request that the site's own pages did not make is refused, though the browser sends the cookies along with it.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { REFRESH, SIGN_OUT, bearer, launch, visitExpired, visitSignedIn } from "./browser.mjs";
import { startWorld } from "./world.mjs";

let browser, world;
before(async () => ([browser, world] = await Promise.all([launch(), startWorld("another site")])));
after(() => Promise.all([browser?.close(), world?.close()]));

const EVIL = "http://evil.localhost";
const post = (headers) => ({ method: "POST", headers });
const signedIn = () => visitSignedIn(browser, world);

/** Somebody else's page, open in the same browser. */
async function evilPage(visitor) {
  const tab = await visitor.context.newPage();
  await tab.route(`${EVIL}/**`, (route) => route.fulfill({ contentType: "text/html", body: "<form method=post></form>" }));
  await tab.goto(`${EVIL}/`);
  await tab.unroute(`${EVIL}/**`);
  return tab;
}

/** Submits its form to Sever: what the browser sends along, and what Sever answers. */
async function forge(visitor, path) {
  const tab = await evilPage(visitor);
  const target = world.sever + path;
  const [response] = await Promise.all([
    tab.waitForResponse(target),
    tab.evaluate((action) => {
      document.forms[0].action = action;
      document.forms[0].submit();
    }, target),
  ]);
  await tab.waitForURL(target);
  const forged = {
    origin: await response.request().headerValue("origin"),
    cookies: /sAccessToken=/.test((await response.request().headerValue("cookie")) ?? ""),
    answer: `${response.status()} ${await tab.locator("body").textContent()}`,
  };
  await tab.close();
  return forged;
}

describe("by a header (the default where SameSite is None)", () => {
  test("a form of another site signs nobody out", async () => {
    const visitor = await signedIn();
    assert.deepEqual(await forge(visitor, SIGN_OUT), {
      origin: EVIL,
      cookies: true,
      answer: '401 {"message":"try refresh token"}',
    });
    assert.equal(await visitor.fetch(), 200);
  });

  test("a form of another site exchanges no refresh token, though it clears the browser", async () => {
    const visitor = await signedIn();
    const { refresh } = await visitor.tokens();
    assert.equal((await forge(visitor, REFRESH)).answer, '401 {"message":"unauthorised"}');
    assert.deepEqual(Object.keys(await visitor.jar()), ["sFrontToken"]);
    const owner = await bearer(world, "POST", REFRESH, refresh);
    assert.equal(owner.status, 200, "the session is as it was");
  });

  test("a script of another site reads nothing, and sends no header of its own", async () => {
    const visitor = await signedIn();
    const evil = await evilPage(visitor);
    const call = (path, init) =>
      evil.evaluate(
        ([url, init]) => fetch(url, { credentials: "include", ...init }).then(() => "read", (error) => error.name),
        [world.sever + path, init],
      );
    const calls = await visitor.callsOf(async () => {
      assert.equal(await call("/whoami"), "TypeError");
      assert.equal(await call(SIGN_OUT, post({ rid: "session" })), "TypeError");
    });
    assert.equal(calls.filter((one) => one.includes(SIGN_OUT)).length, 0, "the preflight does not let it pass");
    assert.equal(await visitor.fetch(), 200);
  });

  test("a call of the site's own without the header is refused; the SDK sends it", async () => {
    const visitor = await signedIn();
    assert.equal(await visitor.plainly(SIGN_OUT, post()), 401);
    assert.equal(await visitor.plainly("/whoami"), 200, "a GET changes nothing");
    assert.equal(await visitor.plainly(SIGN_OUT, post({ rid: "whatever" })), 200);
    const another = await signedIn();
    assert.deepEqual(await another.callsOf(() => another.signOut()), [`POST ${SIGN_OUT} 200`]);
    await another.assertSignedOut();
  });
});

describe("by a token", () => {
  let alone, tabs;
  before(async () => {
    [alone, tabs] = await visitExpired(browser, world, [{}, { another: true }], { AntiCsrf: "VIA_TOKEN" });
  });

  test("the SDK keeps the token, sends it on refresh and sign-out, and drops it", async () => {
    const token = (await alone.jar()).sAntiCsrf.value;
    const sent = (path) =>
      alone.tab.waitForRequest((request) => request.url().endsWith(path) && request.method() === "POST");
    const [refresh, status] = await Promise.all([sent(REFRESH), alone.fetch()]);
    assert.deepEqual([await refresh.headerValue("anti-csrf"), status], [token, 200]);
    assert.equal((await alone.payload()).antiCsrfToken, token, "one token for a session's whole life");
    const [signOut] = await Promise.all([sent(SIGN_OUT), alone.signOut()]);
    assert.equal(await signOut.headerValue("anti-csrf"), token);
    assert.equal(alone.count(`POST ${SIGN_OUT} 200`), 1);
    await alone.assertSignedOut();
  });

  test("two tabs share it", async () => {
    const both = [tabs.fetch(), tabs.fetch("/whoami", {}, tabs.another)];
    assert.deepEqual(await Promise.all(both), [200, 200]);
    await tabs.another.evaluate(() => window.Session.signOut());
    await tabs.assertSignedOut();
  });

  test("without it, or with another, a call is refused", async () => {
    const visitor = await signedIn();
    const token = (await visitor.jar()).sAntiCsrf.value;
    assert.equal((await forge(visitor, SIGN_OUT)).answer, '401 {"message":"try refresh token"}');
    assert.equal(await visitor.plainly(SIGN_OUT, post({ rid: "session" })), 401, "the other header does not do");
    assert.equal(await visitor.plainly(SIGN_OUT, post({ "anti-csrf": `${token}x` })), 401);
    assert.equal(await visitor.fetch(), 200);
    assert.equal(await visitor.plainly(REFRESH, post({ "anti-csrf": token })), 200);
    assert.equal(await visitor.plainly(REFRESH, post({ rid: "session" })), 401);
  });
});
