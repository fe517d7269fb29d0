// Ids and devices that would look like something else: characters without a shape, other directions, great lengths.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { legible } from "../../console/legible.js";
import { liveHandles, openSessions, startBundle } from "./bundle.mjs";
import { confirm, connected, launch, look, open } from "./browser.mjs";

const HIDDEN = /[\u200b\u202e\u2066-\u2069\u0007\u009b]/;
let bundle, browser;
before(async () => ([bundle, browser] = await Promise.all([startBundle(), launch()])));
after(async () => {
  await browser?.close();
  await bundle?.close();
});

/** All that is read: text, and the texts of attributes. What is in a field, its user has put there. */
const read = (page) =>
  page.evaluate(() =>
    [document.body.textContent, ...[...document.querySelectorAll("[title]")].map(({ title }) => title)].join("\n"),
  );

test("the command line and the pages show the same characters by number", async () => {
  const rust = await readFile(new URL("../../sever/src/legible.rs", import.meta.url), "utf8");
  const ranges = [...rust.matchAll(/\('\\u\{(\w+)\}', '\\u\{(\w+)\}'\)/g)].map(([, ...ends]) =>
    ends.map((end) => Number.parseInt(end, 16)),
  );
  assert.ok(ranges.length > 20);
  const inRust = (point, character) =>
    /\p{Cc}/u.test(character) ||
    (/\p{White_Space}/u.test(character) && character !== " ") ||
    ranges.some(([first, last]) => first <= point && point <= last);
  const differ = [];
  for (let point = 0; point <= 0x10ffff; point += 1) {
    // Half of a surrogate pair is no text in Rust.
    if (point >= 0xd800 && point < 0xe000) continue;
    const character = String.fromCodePoint(point);
    if ((legible(character) !== character) !== inRust(point, character)) differ.push(point.toString(16));
  }
  assert.deepEqual(differ, []);
});

test("text that people can read is left as it is", () => {
  for (const text of ["ada", "ada lovelace", "Zoë <b>", "漢字", "مرحبا", "🔒", "DOMAIN\\ada"])
    assert.equal(legible(text), text);
  assert.equal(legible("a\u202eb\u200b\ud800\u{e0041}\u00a0"), "a<U+202E>b<U+200B><U+D800><U+E0041><U+00A0>");
});

test("characters without a shape are shown by number wherever an id or a device is", async () => {
  const watched = await open(browser, bundle);
  const page = await connected(watched);
  const userId = "ada\u202e\u200bnimda";
  const shown = "ada<U+202E><U+200B>nimda";
  const device = { userAgent: "Firefox\u202e\u0007 on \u2066Mars", ip: "1\u009b2J" };
  const [one, other] = await openSessions(bundle, 2, { userId, device });
  await look(page, userId);
  assert.equal(await page.locator("#listing-title").innerText(), `Sessions of ${shown}`);
  const row = page.locator("#rows tr", { hasText: one });
  const cells = await row.innerText();
  assert.ok(cells.includes("Firefox<U+202E><U+0007> on <U+2066>Mars") && cells.includes("1<U+009B>2J"), cells);

  await row.getByRole("button", { name: "End… session" }).click();
  await page.getByText(`This ends 1 session of user ${shown}, in tenant public.`).waitFor();
  assert.deepEqual(await page.locator("#confirm-sessions li").allInnerTexts(), [
    `Firefox<U+202E><U+0007> on <U+2066>Mars, 1<U+009B>2J, tenant public, handle ${one}`,
  ]);
  assert.ok(!HIDDEN.test(await read(page)));
  await confirm(page);
  assert.ok(!HIDDEN.test(await read(page)));

  // It cannot be typed by whoever reads it.
  await page.getByRole("button", { name: "End all…" }).click();
  await page.getByText("the 1 listed now").waitFor();
  const proof = page.getByLabel("Type these words to confirm: end all");
  await proof.fill("end");
  assert.ok(await page.locator("#confirm-end").isDisabled());
  await proof.fill("end all");
  assert.ok(!HIDDEN.test(await read(page)));
  await confirm(page);
  assert.ok((await page.locator("#outcome").innerText()).includes(`All sessions of user ${shown}, in every tenant, are ended.`));
  assert.ok((await page.locator("#outcome").innerText()).includes(other));
  assert.ok(!HIDDEN.test(await read(page)));
  assert.deepEqual(await liveHandles(bundle, userId), []);
  await watched.settle();
});

test("an id that was pasted with a hidden character is not taken for the same without", async () => {
  const watched = await open(browser, bundle);
  const page = await connected(watched);
  await openSessions(bundle, 1, { userId: "grace" });
  await look(page, "grace\u200b");
  const told = await page.locator("#listing-status").innerText();
  assert.match(told, /^No live sessions\..* The user id has characters that cannot be seen; they are shown as <U\+…>\.$/);
  assert.equal(await page.locator("#listing-title").innerText(), "Sessions of grace<U+200B>");
  await watched.settle();
});

test("an id from right to left, and one with spaces, leave the sentence around them in place", async () => {
  const watched = await open(browser, bundle);
  const page = await connected(watched);
  for (const [userId, asked] of [
    ["مرحبا 1", "Type the user id to confirm: مرحبا 1"],
    ["a  b", "Type these words to confirm: end all"],
  ]) {
    await openSessions(bundle, 1, { userId });
    await look(page, userId);
    await page.getByRole("button", { name: "End all…" }).click();
    await page.getByText("the 1 listed now").waitFor();
    const radius = page.locator("#confirm-radius p").first();
    assert.equal(await radius.locator("bdi").first().textContent(), userId);
    const [id, next] = await radius.evaluate((line) => {
      const end = document.createRange();
      end.selectNodeContents(line.querySelector("bdi").nextSibling);
      return [line.querySelector("bdi").getBoundingClientRect().right, end.getClientRects()[0].left];
    });
    assert.ok(id <= next + 1, `${userId}: what follows it stands to its right`);
    assert.equal(await radius.locator("bdi").first().evaluate((part) => getComputedStyle(part).whiteSpaceCollapse), "preserve");
    await page.getByLabel(asked).waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
  }
  await watched.settle();
});

test("the longest id there is leaves every button in reach", async () => {
  const watched = await open(browser, bundle, { viewport: { width: 360, height: 740 } });
  const page = await connected(watched);
  const userId = "w".repeat(1024);
  await openSessions(bundle, 1, { userId, device: { userAgent: "m".repeat(1024), ip: "i".repeat(64) } });
  await look(page, userId);
  for (const button of ["End all…", "End… session", "End others… than session"]) {
    await page.getByRole("button", { name: button }).click();
    await page.locator("#confirm-radius", { hasText: "This ends" }).waitFor();
    const [content, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(content <= screen, `${button}: ${content} px on a screen of ${screen}`);
    const dialog = await page.locator("#confirm").evaluate((box) => [box.scrollWidth, box.clientWidth]);
    assert.ok(dialog[0] <= dialog[1], `${button}: ${dialog}`);
    await page.getByRole("button", { name: "Cancel" }).click();
  }
  await page.getByRole("button", { name: "End all…" }).click();
  await page.getByLabel("Type these words to confirm").fill("end all");
  await confirm(page);
  assert.deepEqual(await liveHandles(bundle, userId), []);
  await watched.settle();
});

test("the demo page shows a name by number too", async () => {
  const watched = await open(browser, bundle);
  const page = await watched.page("/");
  await page.getByLabel("Name").fill("ada\u202enimda");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Strict call" }).click();
  await page.getByText("The session lives").waitFor();
  assert.equal(await page.locator("#user").innerText(), "ada<U+202E>nimda");
  assert.ok(!HIDDEN.test(await read(page)));
  await watched.settle();
});
