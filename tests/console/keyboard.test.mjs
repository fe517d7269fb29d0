// Without a mouse: every step by Tab, Space, Enter, Escape and typing, and it can always be seen where one is.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { liveHandles, openSessions, startBundle } from "./bundle.mjs";
import { launch, open } from "./browser.mjs";

const MANY = 80;
let bundle, browser;
before(async () => ([bundle, browser] = await Promise.all([startBundle(), launch()])));
after(async () => {
  await browser?.close();
  await bundle?.close();
});

/** What has the focus: its name as it is shown or labelled, and how it is marked. */
const focused = (page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    const name = (element.labels?.[0] ?? element).textContent.replace(/\s+/g, " ").trim();
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    // From a dialog's last element Tab leads out to the browser's own, and the page says that its body has the focus.
    const behind = !element.closest("dialog") && element !== document.body;
    return { name, behind, marked: outlineStyle !== "none" && outlineWidth !== "0px" };
  });

/** Presses Tab until what has the focus is called `name`. */
async function tabTo(page, name, key = "Tab") {
  const passed = [];
  for (let presses = 0; presses < MANY; presses += 1) {
    await page.keyboard.press(key);
    const at = await focused(page);
    if (at.name.startsWith(name)) {
      assert.ok(at.marked, `${name} is marked`);
      return at;
    }
    passed.push(at.name);
  }
  return assert.fail(`${name} cannot be reached; passed ${passed.join(", ")}`);
}

test("connect, find, tick, end, end all, and forget", async () => {
  const watched = await open(browser, bundle);
  const page = await watched.page("/console/");
  const [first, second, third] = await openSessions(bundle, 3, { userId: "keys only" });

  await tabTo(page, "Skip to the content");
  await page.keyboard.press("Enter");
  await tabTo(page, "Use this machine");
  await page.keyboard.press("Enter");
  await page.locator("#user-id:focus").waitFor();
  await page.keyboard.type("keys only");
  await page.keyboard.press("Enter");
  await page.locator("#listing-title:focus").waitFor();

  for (const handle of [first, second]) {
    await tabTo(page, `Select session ${handle.slice(0, 8)}`);
    await page.keyboard.press("Space");
    await page.locator("#listing-title").evaluate((title) => title.focus());
  }
  await tabTo(page, "End 2 selected…");
  await page.keyboard.press("Enter");
  const inside = [];
  for (let presses = 0; presses < 6; presses += 1) {
    await page.keyboard.press("Tab");
    inside.push(await focused(page));
  }
  assert.ok(
    inside.every(({ behind }) => !behind),
    "the page behind the dialog is out of reach",
  );
  await page.keyboard.press("Escape");
  assert.equal((await focused(page)).name, "End 2 selected…");
  await page.keyboard.press("Enter");
  await tabTo(page, "Yes, end these 2 sessions.");
  await page.keyboard.press("Space");
  await tabTo(page, "End 2 sessions");
  await page.keyboard.press("Enter");
  await page.locator("#outcome-title:focus").waitFor();
  await page.locator("#listing:not([aria-busy])").waitFor();
  assert.deepEqual(await liveHandles(bundle, "keys only"), [third]);

  await tabTo(page, "End all…");
  await page.keyboard.press("Enter");
  await page.locator("#proof:focus").waitFor();
  await page.keyboard.type("keys only");
  await page.getByText("the 1 listed now").waitFor();
  await page.keyboard.press("Enter");
  await page.locator("#outcome-title:focus").waitFor();
  assert.deepEqual(await liveHandles(bundle, "keys only"), []);

  await tabTo(page, "Forget credentials", "Shift+Tab");
  await page.keyboard.press("Enter");
  await page.locator("#connect-title:focus").waitFor();
  await watched.settle();
});

test("the demo: sign in, call, refresh, sign out", async () => {
  const watched = await open(browser, bundle);
  const page = await watched.page("/");
  await tabTo(page, "Name");
  await page.keyboard.press("Enter");
  await page.locator("#strict:focus").waitFor();
  await page.keyboard.press("Enter");
  await page.getByText("The session lives").waitFor();
  await tabTo(page, "Refresh");
  await page.keyboard.press("Enter");
  await page.getByText("POST /auth/session/refresh").waitFor();
  await tabTo(page, "Sign out");
  await page.keyboard.press("Space");
  await page.locator("#name:focus").waitFor();
  await watched.settle();
});
