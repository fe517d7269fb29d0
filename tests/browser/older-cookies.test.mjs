// Cookies of one name twice, since they were once set for another domain or path: docs/reference/protocol.md, 1.12.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { REFRESH, launch, visitExpired } from "./browser.mjs";
import { startWorld } from "./world.mjs";

let browser, world;
before(async () => ([browser, world] = await Promise.all([launch(), startWorld("one domain")])));
after(() => Promise.all([browser?.close(), world?.close()]));

/** `sAccessToken .shop.localhost`, for each that the browser holds. */
async function held(visitor) {
  const cookies = await visitor.context.cookies();
  const tokens = cookies.filter(({ name }) => name === "sAccessToken" || name === "sRefreshToken");
  return tokens.map(({ name, domain }) => `${name} ${domain}`).sort();
}

test("cookies of an older domain are cleared by a refresh, and the next one goes through", async () => {
  const [visitor] = await visitExpired(browser, world, [{}], { OlderCookieDomain: "host-only" });
  // As they were before CookieDomain was set: for Sever's host alone.
  const { sAccessToken, sRefreshToken } = await visitor.jar();
  await visitor.context.clearCookies({ domain: ".shop.localhost" });
  const forHost = ({ name, value, path }) => ({ name, value, path, domain: "auth.shop.localhost", httpOnly: true });
  await visitor.context.addCookies([sAccessToken, sRefreshToken].map(forHost));
  assert.deepEqual(await held(visitor), ["sAccessToken auth.shop.localhost", "sRefreshToken auth.shop.localhost"]);

  // The refresh with the older cookies succeeds, and leaves the newer ones beside them. The next one tidies up: it has no
  // tokens to give, and the SDK reports that to who called.
  const calls = await visitor.callsOf(() => assert.rejects(visitor.fetch(), /front-token/));
  assert.deepEqual(calls, ["GET /whoami 401", `POST ${REFRESH} 200`, "GET /whoami 401", `POST ${REFRESH} 200`]);
  const newer = ["sAccessToken .shop.localhost", "sRefreshToken .shop.localhost"];
  assert.deepEqual(await held(visitor), newer);
  assert.equal(await visitor.fetch(), 200);
  assert.equal(await visitor.tab.evaluate(() => window.Session.attemptRefreshingSession()), true);
  assert.equal(await visitor.fetch(), 200);
  assert.deepEqual(await held(visitor), newer);
  assert.ok(!(await visitor.events()).includes("UNAUTHORISED"));
});

test("cookies that another site of the domain has set are cleared by a refresh, and the user's own stay", async () => {
  const [visitor] = await visitExpired(browser, world, [{}]);
  const own = await visitor.jar();
  // As a page of evil.shop.localhost sets them, and for the host alone, under paths that win over ours.
  const tossed = [
    { ...own.sAccessToken, path: "/auth" },
    { ...own.sRefreshToken, path: "/auth/session/" },
    { ...own.sAccessToken, domain: "auth.shop.localhost", path: "/auth" },
    { ...own.sRefreshToken, domain: ".auth.shop.localhost", path: "/auth" },
  ];
  await visitor.context.addCookies(tossed.map((cookie) => ({ ...cookie, value: "tossed" })));
  const calls = await visitor.callsOf(() => assert.rejects(visitor.fetch(), /front-token/));
  assert.deepEqual(calls, ["GET /whoami 401", `POST ${REFRESH} 200`]);
  assert.deepEqual(await held(visitor), ["sAccessToken .shop.localhost", "sRefreshToken .shop.localhost"]);
  assert.deepEqual(await visitor.jar(), own);
  assert.equal(await visitor.fetch(), 200);
  assert.equal(await visitor.exists(), true);
  assert.ok(!(await visitor.events()).includes("UNAUTHORISED"));
  assert.match(world.log(), /two session cookies of one name/);
});
