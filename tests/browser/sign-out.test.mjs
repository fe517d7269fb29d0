// However a session ends, here or elsewhere, the browser is left without it, and the application is told once.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { REFRESH, SIGN_OUT, bearer, launch, visitExpired, visitSignedIn } from "./browser.mjs";
import { startWorld } from "./world.mjs";

let browser, world;
before(async () => ([browser, world] = await Promise.all([launch(), startWorld("another port")])));
after(() => Promise.all([browser?.close(), world?.close()]));

let users = 0;
const newUser = () => `user-${(users += 1)}`;

const signedIn = (transfer, user = newUser()) => visitSignedIn(browser, world, { transfer, user });

for (const transfer of ["cookie", "header"]) {
  describe(`tokens in a ${transfer}`, () => {
    test("sign-out clears what the browser keeps, and the session is over", async () => {
      const visitor = await signedIn(transfer);
      const { access, refresh } = await visitor.tokens();
      const calls = await visitor.callsOf(() => visitor.signOut());
      assert.deepEqual(calls, [`POST ${SIGN_OUT} 200`]);
      await visitor.assertSignedOut();
      assert.deepEqual(await visitor.events(), ["SESSION_CREATED", "SIGN_OUT"]);
      assert.equal((await bearer(world, "GET", "/whoami", access)).status, 401);
      assert.equal((await bearer(world, "POST", REFRESH, refresh)).status, 401);
      assert.deepEqual(await visitor.callsOf(() => visitor.signOut()), [], "there is nothing left to sign out of");
    });

    test("a 401 on sign-out is success", async () => {
      const visitor = await signedIn(transfer);
      const names = transfer === "cookie" ? ["sAccessToken", "sRefreshToken"] : ["st-access-token", "st-refresh-token"];
      for (const name of names) await visitor.context.clearCookies({ name });
      const calls = await visitor.callsOf(() => visitor.signOut());
      assert.deepEqual(calls, [`POST ${SIGN_OUT} 401`, `POST ${REFRESH} 401`]);
      await visitor.assertSignedOut();
      assert.deepEqual(await visitor.events(), ["SESSION_CREATED", "UNAUTHORISED"]);
    });

    test("revoked elsewhere, the next strict call ends the local session", async () => {
      const user = newUser();
      const [here, there] = [await signedIn(transfer, user), await signedIn(transfer, user)];
      assert.equal(await there.press("sign-out-elsewhere"), '200 {"ended":1}');

      assert.match(await here.press("fast"), /^200 /, "the fast path does not ask");
      const strict = async () => assert.equal(await here.press("strict"), '401 {"message":"unauthorised"}');
      const calls = await here.callsOf(strict);
      assert.deepEqual(calls, ["GET /whoami 401", `POST ${REFRESH} 401`]);
      assert.deepEqual(await here.events(), ["SESSION_CREATED", "UNAUTHORISED"]);
      await here.assertSignedOut();

      assert.match(await there.press("strict"), /^200 /, "who asked for it stays");
      assert.deepEqual(await there.events(), ["SESSION_CREATED"]);
    });

    test("revoked elsewhere, sign-out is success too", async () => {
      const user = newUser();
      const [here, there] = [await signedIn(transfer, user), await signedIn(transfer, user)];
      await there.press("sign-out-elsewhere");
      assert.deepEqual(await here.callsOf(() => here.signOut()), [`POST ${SIGN_OUT} 200`]);
      await here.assertSignedOut();
    });

    test("a tab hears of the sign-out in another one on its next call", async () => {
      const visitor = await signedIn(transfer);
      const other = await visitor.open();
      await visitor.signOut();
      assert.equal(await other.evaluate(() => window.Session.doesSessionExist()), false);
      assert.deepEqual(await visitor.callsOf(() => visitor.fetch("/whoami", {}, other)), ["GET /whoami 401"]);
      assert.deepEqual(await visitor.events(other), ["UNAUTHORISED"]);
    });
  });
}

for (const transfer of ["cookie", "header"]) {
  describe(`an expired access token in a ${transfer}`, () => {
    let known, unknown;
    before(async () => {
      const late = { transfer, clock: -3_600_000 };
      [known, unknown] = await visitExpired(browser, world, [{ transfer }, late]);
    });

    test("sign-out refreshes first", async () => {
      const calls = await known.callsOf(() => known.signOut());
      assert.deepEqual(calls, [`POST ${REFRESH} 200`, `POST ${SIGN_OUT} 200`]);
      await known.assertSignedOut();
    });

    test("sign-out by a browser that takes it for good is refused, refreshes, and comes again", async () => {
      // What the SDK has found out of its clock is forgotten: it is an hour late again.
      await unknown.tab.evaluate(() => localStorage.setItem("__st_clockSkewInMillis", "0"));
      await unknown.tab.reload();
      await unknown.tab.locator("body[data-session=exists]").waitFor();
      const calls = await unknown.callsOf(() => unknown.signOut());
      assert.deepEqual(calls, [`POST ${SIGN_OUT} 401`, `POST ${REFRESH} 200`, `POST ${SIGN_OUT} 200`]);
      await unknown.assertSignedOut();
    });
  });
}
