// Which keys are published, how old they are, and when the next is due.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openSessions, startBundle } from "./bundle.mjs";
import { connected, launch, open } from "./browser.mjs";

let bundle, browser;
before(async () => ([bundle, browser] = await Promise.all([startBundle(), launch()])));
after(async () => {
  await browser?.close();
  await bundle?.close();
});

test("before the first sign-in there are none; after it, one that rotates and one that does not", async () => {
  const watched = await open(browser, bundle);
  const page = await connected(watched);
  assert.equal(await page.locator("#keys").innerText(), "There are no keys yet: the first sign-in makes them.");
  const before = Date.now();
  await openSessions(bundle, 1, { userId: "ada" });
  // A key set without keys is answered from memory for a second.
  let keys = [];
  while (keys.length === 0) ({ keys } = await (await fetch(`${bundle.origin}/auth/jwt/jwks.json`)).json());
  await page.getByRole("button", { name: "Look again" }).click();
  await page.locator("#keys table").waitFor();

  const rows = await page.locator("#keys tbody tr").allInnerTexts();
  assert.equal(rows.length, keys.length);
  const dynamic = keys.find(({ kid }) => kid.startsWith("d-")).kid;
  const fixed = keys.find(({ kid }) => kid.startsWith("s-")).kid;
  assert.match(
    rows.find((row) => row.includes(dynamic)),
    /dynamic.*seconds?/s,
  );
  assert.match(
    rows.find((row) => row.includes(fixed)),
    /static, never replaced.*not known/s,
  );
  const made = Number(await page.locator("#keys tbody time").evaluate((time) => Date.parse(time.dateTime)));
  assert.equal(made, Number(dynamic.slice(2)));
  assert.ok(before <= made && made <= Date.now());

  const told = await page.locator("#keys-due").innerText();
  const week =
    /^No rotation within 4 minutes\. With the default update interval of 168 hours the next is due in 6 days 23 hours \(.+\), by whoever/;
  assert.match(told, week);
  const due = Number(await page.locator("#keys-due time").evaluate((time) => Date.parse(time.dateTime)));
  assert.equal(due, made + 168 * 3_600_000 - 60_000);
  await watched.settle();
});

test("a key that is due, and answers that say less, are put into words", async () => {
  const watched = await open(browser, bundle);
  const page = await connected(watched);
  const said = (status) =>
    page.evaluate(
      async ([status, now]) => {
        const { keyStatus } = await import("/console/keys.js");
        return keyStatus(status, now)[0].textContent;
      },
      [status, 1_800_000_000_000],
    );
  const made = (ago) => [{ kid: `d-${1_800_000_000_000 - ago * 3_600_000}` }];
  assert.match(await said({ keys: made(167), maxAge: 1 }), /^The next rotation is due now/);
  assert.match(await said({ keys: made(167), maxAge: 120 }), /^Next rotation in 2 minutes \(/);
  assert.match(
    await said({ keys: made(0), maxAge: 300 }),
    /^No rotation within 4 minutes\. With the default .* in 6 days 23 hours \(/,
  );
  assert.match(await said({ keys: made(0), maxAge: 270 }), /^No rotation within 4 minutes/);
  assert.match(await said({ keys: made(167), maxAge: 269 }), /^Next rotation in 4 minutes 29 seconds \(/);
  assert.match(await said({ keys: made(200), maxAge: 300 }), /update interval here is longer than the default/);
  assert.match(await said({ keys: made(0), maxAge: null }), /was not answered/);
  assert.match(await said({ keys: [{ kid: "s-1" }], maxAge: 1 }), /^There is no dynamic key yet/);
  await watched.settle();
});
