// A table that fails, and a bundle that is gone, in the middle of it.
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openSessions, startBundle } from "./bundle.mjs";
import { assertAccessible, confirm, connected, launch, look, open } from "./browser.mjs";

let folder, browser;
before(async () => ([folder, browser] = await Promise.all([mkdtemp(join(tmpdir(), "sever-console-")), launch()])));
after(async () => {
  await browser?.close();
  if (folder) await rm(folder, { recursive: true });
});

/** Overwrites the table's files, as a broken disk would. */
async function breakTable(name) {
  for (const file of (await readdir(folder)).filter((file) => file.startsWith(name))) {
    await writeFile(join(folder, file), Buffer.alloc((await stat(join(folder, file))).size, "x"));
  }
}

test("when the table fails the effect of a revocation is said to be unknown", async () => {
  const bundle = await startBundle({ data: join(folder, "broken.db") });
  try {
    await openSessions(bundle, 2, { userId: "ada" });
    const watched = await open(browser, bundle);
    const page = await connected(watched);
    await look(page, "ada");
    await breakTable("broken.db");

    await page.getByRole("button", { name: "End all…" }).click();
    await page.getByText("How many there are could not be found out").waitFor();
    await page.getByLabel("Type the user id to confirm").fill("ada");
    await confirm(page);
    const outcome = await page.locator("#outcome.failed").innerText();
    for (const part of [
      "It is not known whether they are ended",
      "table-unavailable",
      "asking twice is harmless",
      "Ask again…",
    ]) {
      assert.ok(outcome.includes(part), part);
    }
    assert.ok((await page.locator("#listing-error").innerText()).includes("table-unavailable"));
    await assertAccessible(page, "a failure");
    await page.getByRole("button", { name: "Ask again…" }).click();
    await page.getByText("How many there are could not be found out").waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Look again" }).click();
    await page.locator("#listing-error", { hasText: "table-unavailable" }).waitFor();
    await watched.settle();
  } finally {
    await bundle.close();
  }
});

test("when nothing answers any more, likewise, and it can be asked again once it does", async () => {
  const bundle = await startBundle();
  let gone = false;
  try {
    await openSessions(bundle, 1, { userId: "ada" });
    const watched = await open(browser, bundle, { outage: /net::ERR_/ });
    const page = await connected(watched);
    await look(page, "ada");
    await watched.context.route("**/2015-03-31/**", (route) => (gone ? route.abort() : route.continue()));
    gone = true;
    await page.getByRole("button", { name: "End… session" }).click();
    await confirm(page);
    const outcome = await page.locator("#outcome.failed").innerText();
    assert.ok(outcome.includes("It is not known whether they are ended") && outcome.includes("no-answer"), outcome);
    gone = false;
    await page.getByRole("button", { name: "Ask again…" }).click();
    await confirm(page);
    assert.ok((await page.locator("#outcome.done").innerText()).includes("1 session of user ada was ended by this."));
    await watched.settle();
  } finally {
    await bundle.close();
  }
});
