// supertokens-auth-react: what the application is shown when its user signs out, here or elsewhere.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { REFRESH, SIGN_OUT, launch, visitExpired, visitSignedIn } from "./browser.mjs";
import { startWorld } from "./world.mjs";

let browser, world;
before(async () => ([browser, world] = await Promise.all([launch(), startWorld("another port")])));
after(() => Promise.all([browser?.close(), world?.close()]));

/** Presses the button and waits for what the page then shows. */
async function press(visitor, id, shown) {
  await visitor.tab.click(`#${id}`);
  await visitor.tab.locator(shown).waitFor();
}

for (const transfer of ["cookie", "header"]) {
  describe(`tokens in a ${transfer}`, () => {
    test("SessionAuth shows who is signed in, through expiry, until signOut()", async () => {
      const [visitor] = await visitExpired(browser, world, [{ transfer, user: "Zoë ☕", page: "react.html" }]);
      assert.equal(await visitor.tab.locator("#user").textContent(), "Zoë ☕");
      assert.equal(JSON.parse(await visitor.tab.locator("#payload").textContent()).role, "editor");
      const calls = await visitor.callsOf(() => press(visitor, "strict", "#answer:text('200')"));
      assert.deepEqual(calls, ["GET /whoami 401", `POST ${REFRESH} 200`, "GET /whoami 200"]);

      await press(visitor, "sign-out", "#sign-in");
      assert.equal(visitor.count(`POST ${SIGN_OUT} 200`), 1);
      assert.deepEqual(await visitor.jar(), {});
      assert.equal(await visitor.tab.getByRole("alert").count(), 0, "who signs out is not told that the session was ended");
    });

    test("onSessionExpired is called once when the session was ended elsewhere", async () => {
      const user = `react-${transfer}`;
      const here = await visitSignedIn(browser, world, { transfer, user, page: "react.html" });
      const there = await visitSignedIn(browser, world, { transfer, user });
      assert.match(await there.press("sign-out-elsewhere"), /^200 /);
      await press(here, "strict", "[role=alert]");
      await here.tab.locator("#sign-in").waitFor();
      assert.equal(await here.tab.getByRole("alert").count(), 1);
      assert.deepEqual(here.calls.slice(-2), ["GET /whoami 401", `POST ${REFRESH} 401`]);
      assert.deepEqual(await here.jar(), {});
    });
  });
}
