// Cookies of one name twice, since they were once set for another domain or path: docs/protocol.md, 1.12.
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

test("while Sever does not know the older ones, its own are cleared, and the log says why", async () => {
  const [visitor] = await visitExpired(browser, world, [{}]);
  const { sRefreshToken } = await visitor.jar();
  const stray = { ...sRefreshToken, domain: "auth.shop.localhost", path: "/auth" };
  await visitor.context.addCookies([stray]);
  const calls = await visitor.callsOf(async () => assert.equal(await visitor.fetch(), 401));
  assert.deepEqual(calls, ["GET /whoami 401", `POST ${REFRESH} 401`]);
  assert.equal((await visitor.events()).filter((event) => event === "UNAUTHORISED").length, 1);
  assert.deepEqual(await held(visitor), ["sRefreshToken auth.shop.localhost"]);
  assert.equal(await visitor.exists(), false);
  assert.match(world.log(), /OLDER_COOKIE_DOMAIN/);
});
