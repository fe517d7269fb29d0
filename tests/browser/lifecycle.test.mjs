// A session's life, wherever website and Sever are placed, with tokens in cookies and in headers.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { REFRESH, SIGN_OUT, bearer, launch, visit, visitExpired, visitSignedIn } from "./browser.mjs";
import { places, startWorld } from "./world.mjs";

const transfers = ["cookie", "header"];

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

const attributes = {
  "one origin": { sameSite: "Lax", secure: false, domain: "127.0.0.1" },
  "another port": { sameSite: "Lax", secure: false, domain: "127.0.0.1" },
  "another site": { sameSite: "None", secure: true, domain: "127.0.0.1" },
  "one domain": { sameSite: "Lax", secure: false, domain: ".shop.localhost" },
};

for (const place of Object.keys(places)) {
  describe(place, () => {
    let world, visitors;
    before(async () => {
      world = await startWorld(place);
      const options = transfers.map((transfer) => ({ transfer, user: "Zoë ☕" }));
      visitors = await visitExpired(browser, world, options);
    });
    after(() => world?.close());

    for (const [index, transfer] of transfers.entries()) {
      test(`signed in, refreshed, signed out, with tokens in a ${transfer}`, async () => {
        const visitor = visitors[index];
        assertKept(place, transfer, await visitor.jar());
        const first = await visitor.tokens();
        const calls = await visitor.callsOf(async () => assert.match(await visitor.press("strict"), /^200 /));
        assert.deepEqual(calls, ["GET /whoami 401", `POST ${REFRESH} 200`, "GET /whoami 200"]);
        const second = await visitor.tokens();
        assert.ok(second.refresh !== first.refresh && second.access !== first.access);
        assertKept(place, transfer, await visitor.jar());

        const { role, sub, sessionHandle } = await visitor.payload();
        assert.deepEqual([role, sub], ["editor", "Zoë ☕"]);
        for (const route of ["strict", "fast"]) {
          const answer = await visitor.press(route);
          assert.equal(answer.slice(0, 4), "200 ");
          const principal = JSON.parse(answer.slice(4));
          assert.deepEqual([principal.userId, principal.sessionHandle, principal.payload], [sub, sessionHandle, { role }]);
        }

        const end = await visitor.callsOf(async () => {
          await visitor.tab.click("#sign-out");
          await visitor.tab.locator("body[data-session=none]").waitFor();
        });
        assert.deepEqual(end, [`POST ${SIGN_OUT} 200`]);
        await visitor.assertSignedOut();
        const late = await bearer(world, "POST", REFRESH, second.refresh);
        assert.deepEqual([late.status, late.body], [401, { message: "unauthorised" }]);
        assert.equal((await bearer(world, "GET", "/whoami", second.access)).status, 401);
        assert.deepEqual(await visitor.callsOf(() => visitor.press("strict")), ["GET /whoami 401"]);
      });
    }

    test("on a first visit the SDK asks once whether there is a session", async () => {
      const visitor = await visit(browser, world);
      assert.deepEqual(visitor.calls, [`POST ${REFRESH} 401`]);
      assert.equal(await visitor.exists(), false);
      await visitor.signIn();
      assert.match(await visitor.press("strict"), /^200 /);
    });

    for (const [before, now] of [transfers, transfers.toReversed()]) {
      test(`signing in with tokens in a ${now} replaces a session in a ${before}`, async () => {
        const visitor = await visitSignedIn(browser, world, { transfer: before, user: "ada" });
        visitor.transfer = now;
        visitor.tab = await visitor.open();
        await visitor.tab.fill("#user-id", "bob");
        assert.match(await visitor.press("sign-in"), /^200 /);
        assertKept(place, now, await visitor.jar());
        assert.equal(JSON.parse((await visitor.press("strict")).slice(4)).userId, "bob");
        await visitor.signOut();
        await visitor.assertSignedOut();
        assert.equal(await visitor.fetch(), 401);
      });
    }

    if (place === "another site") {
      test("a browser that takes no cookies of another site needs its tokens in a header", async () => {
        const strict = await launch({ thirdPartyCookies: false });
        const [inHeader] = await visitExpired(strict, world, [{ transfer: "header" }]);
        const inCookie = await visitSignedIn(strict, world, { transfer: "cookie" });
        assert.match(await inCookie.press("strict"), /^401 /);
        await inCookie.assertSignedOut();
        assert.match(await inHeader.press("strict"), /^200 /);
        await strict.close();
      });
    }
  });
}

/** Where the tokens are, and that scripts do not see those in cookies. */
function assertKept(place, transfer, jar) {
  const names = transfer === "cookie" ? ["sAccessToken", "sRefreshToken"] : ["st-access-token", "st-refresh-token"];
  assert.deepEqual(Object.keys(jar).sort(), ["sFrontToken", ...names].sort());
  if (transfer === "header") return;
  const paths = { sAccessToken: "/", sRefreshToken: REFRESH };
  for (const [name, path] of Object.entries(paths)) {
    const { httpOnly, sameSite, secure, domain, path: kept } = jar[name];
    assert.deepEqual({ httpOnly, path: kept, sameSite, secure, domain }, { httpOnly: true, path, ...attributes[place] });
  }
}
