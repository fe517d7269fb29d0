// The SDK refreshes by itself: once for many calls, once for many tabs, whatever the browser's clock says. A refresh token
// that is used twice ends its session.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { REFRESH, bearer, launch, visitExpired, visitSignedIn } from "./browser.mjs";
import { startWorld } from "./world.mjs";

const clocks = { "an hour ahead": 3_600_000, "an hour behind": -3_600_000 };

let browser, world;
before(async () => ([browser, world] = await Promise.all([launch(), startWorld("another port")])));
after(() => Promise.all([browser?.close(), world?.close()]));

const tenCalls = (visitor, tab) => Promise.all(Array.from({ length: 10 }, () => visitor.fetch("/whoami", {}, tab)));
const allFine = Array(10).fill(200);
const oneRefresh = [`POST ${REFRESH} 200`];
const refreshes = (calls) => calls.filter((call) => call.startsWith(`POST ${REFRESH}`));

for (const transfer of ["cookie", "header"]) {
  describe(`an expired access token in a ${transfer}`, () => {
    let many, tabs, lost, ahead, behind;
    before(async () => {
      const options = [{}, { another: true }, {}, { clock: clocks["an hour ahead"] }, { clock: clocks["an hour behind"] }];
      const each = options.map((option) => ({ transfer, ...option }));
      [many, tabs, lost, ahead, behind] = await visitExpired(browser, world, each);
    });

    test("ten calls at once share one refresh", async () => {
      const calls = await many.callsOf(async () => assert.deepEqual(await tenCalls(many), allFine));
      assert.deepEqual(refreshes(calls), oneRefresh);
      assert.ok(calls.includes("GET /whoami 401"));
    });

    test("two tabs share one refresh", async () => {
      let answer;
      const held = new Promise((resolve) => (answer = resolve));
      await tabs.context.route(`${world.sever}${REFRESH}`, (route) => held.then(() => route.continue()));
      const calls = await tabs.callsOf(async () => {
        const asked = tabs.tab.waitForRequest((request) => request.url().endsWith(REFRESH));
        const first = tenCalls(tabs);
        await asked;
        const refused = tabs.another.waitForResponse((response) => response.status() === 401);
        const second = tenCalls(tabs, tabs.another);
        await refused;
        answer();
        assert.deepEqual(await Promise.all([first, second]), [allFine, allFine]);
      });
      assert.deepEqual(refreshes(calls), oneRefresh);
    });

    test("an answer that was lost on the way signs nobody out", async () => {
      const { refresh } = await lost.tokens();
      assert.equal((await bearer(world, "POST", REFRESH, refresh)).status, 200);
      const calls = await lost.callsOf(async () => assert.equal(await lost.fetch(), 200));
      assert.deepEqual(refreshes(calls), oneRefresh);
    });

    for (const clock of Object.keys(clocks)) {
      test(`a browser whose clock is ${clock} refreshes once`, async () => {
        const visitor = clock === "an hour ahead" ? ahead : behind;
        const calls = await visitor.callsOf(async () => {
          assert.deepEqual(await tenCalls(visitor), allFine);
          assert.equal(await visitor.exists(), true);
        });
        assert.deepEqual(refreshes(calls), oneRefresh);
      });
    }
  });

  describe(`an access token of an hour in a ${transfer}`, () => {
    for (const [name, clock] of Object.entries(clocks)) {
      test(`a browser whose clock is ${name} does not refresh`, async () => {
        const visitor = await visitSignedIn(browser, world, { transfer, clock });
        const shift = (await visitor.tab.evaluate(() => Date.now())) - Date.now();
        assert.ok(Math.abs(shift - clock) < 60_000, "the page's clock is off");
        await visitor.tab.reload();
        const calls = await visitor.callsOf(async () => {
          for (let round = 0; round < 5; round += 1) {
            assert.equal(await visitor.exists(), true);
            assert.equal((await visitor.payload()).role, "editor");
            assert.equal(await visitor.fetch(), 200);
          }
        });
        assert.deepEqual(calls, Array(5).fill("GET /whoami 200"));
        await visitor.signOut();
        await visitor.assertSignedOut();
      });
    }

    test("two refreshes at once, by tabs that know nothing of each other, both succeed", async () => {
      const visitor = await visitSignedIn(browser, world, { transfer });
      const { refresh } = await visitor.tokens();
      const authorization = transfer === "header" && { authorization: `Bearer ${refresh}` };
      const init = { method: "POST", headers: { rid: "session", ...authorization } };
      assert.deepEqual(await Promise.all([visitor.plainly(REFRESH, init), visitor.plainly(REFRESH, init)]), [200, 200]);
      assert.equal(await visitor.fetch(), 200);
      assert.equal(await visitor.tab.evaluate(() => window.Session.attemptRefreshingSession()), true);
    });
  });
}

test("a refresh by header clears the cookies that another way of transfer left behind", async () => {
  const options = [{ transfer: "cookie" }, { transfer: "header", user: "bob" }];
  const [left, visitor] = await visitExpired(browser, world, options);
  const { sAccessToken, sRefreshToken } = await left.jar();
  await visitor.context.addCookies([sAccessToken, sRefreshToken]);
  assert.equal(Object.keys(await visitor.jar()).length, 5);
  assert.equal(await visitor.fetch(), 200);
  assert.deepEqual(Object.keys(await visitor.jar()).sort(), ["sFrontToken", "st-access-token", "st-refresh-token"]);
  assert.equal((await visitor.payload()).sub, "bob");
});

describe("a refresh token used twice, without a grace period", () => {
  for (const transfer of ["cookie", "header"]) {
    describe(`tokens in a ${transfer}`, () => {
      let robbed, overtaken;
      before(async () => {
        const graceless = { RefreshTokenRotationGracePeriod: "0" };
        [robbed, overtaken] = await visitExpired(browser, world, [{ transfer }, { transfer }], graceless);
      });

      test("used again after its successor, it signs out thief and owner", async () => {
        const { refresh: stolen } = await robbed.tokens();
        assert.equal(await robbed.fetch(), 200);
        const { refresh: successor } = await robbed.tokens();
        const theft = await bearer(world, "POST", REFRESH, stolen);
        assert.deepEqual([theft.status, theft.body], [401, { message: "token theft detected" }]);
        await assertThrownOut(robbed);
        assert.equal((await bearer(world, "POST", REFRESH, successor)).status, 401);
      });

      test("a thief who was faster is thrown out as soon as the owner comes", async () => {
        const { refresh: stolen } = await overtaken.tokens();
        const thief = (await bearer(world, "POST", REFRESH, stolen)).headers;
        assert.equal((await bearer(world, "GET", "/whoami", thief.get("st-access-token"))).status, 200);
        await assertThrownOut(overtaken);
        assert.equal((await bearer(world, "GET", "/whoami", thief.get("st-access-token"))).status, 401);
        const again = await bearer(world, "POST", REFRESH, thief.get("st-refresh-token"));
        assert.deepEqual([again.status, again.body], [401, { message: "unauthorised" }]);
      });
    });
  }
});

async function assertThrownOut(visitor) {
  const calls = await visitor.callsOf(async () => assert.equal(await visitor.fetch(), 401));
  assert.deepEqual(calls, ["GET /whoami 401", `POST ${REFRESH} 401`]);
  assert.equal((await visitor.events()).filter((event) => event === "UNAUTHORISED").length, 1);
  await visitor.assertSignedOut();
}
