// Every state of both pages in light, dark and on a narrow phone: nothing for axe to find, nothing wider than the screen.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openSessions, startBundle } from "./bundle.mjs";
import { assertAccessible, confirm, connected, launch, look, open } from "./browser.mjs";

const LOOKS = {
  light: { colorScheme: "light", viewport: { width: 1280, height: 900 } },
  dark: { colorScheme: "dark", viewport: { width: 1280, height: 900 } },
  phone: { colorScheme: "light", viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true },
  "dark phone": { colorScheme: "dark", viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true },
};
const AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";
let bundle, browser;
before(async () => ([bundle, browser] = await Promise.all([startBundle(), launch()])));
after(async () => {
  await browser?.close();
  await bundle?.close();
});

async function assertGood(page, where) {
  await assertAccessible(page, where);
  const [content, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(content <= screen, `${where}: ${content} px on a screen of ${screen}`);
}

for (const [name, look_] of Object.entries(LOOKS)) {
  test(`the console, ${name}`, async () => {
    const userId = `a-rather-long-user-id-of-${name.replace(" ", "-")}-4f3c2b1a-9d8e-4f7a-b6c5-d4e3f2a1b0c9`;
    await openSessions(bundle, 2, {
      userId,
      tenantId: "a-tenant-with-a-long-name",
      device: { userAgent: AGENT, ip: "2001:db8::1" },
    });
    await openSessions(bundle, 1, { userId });
    const watched = await open(browser, bundle, look_);
    const start = await watched.page("/console/");
    await assertGood(start, "connect");
    const page = await connected(watched);
    await assertGood(page, "connected");
    await look(page, userId, "Not a tenant");
    await assertGood(page, "refused");
    await look(page, userId);
    await assertGood(page, "listing");
    await page.locator("#rows input").first().check();
    await page.locator("#rows input").nth(1).check();
    await page.getByRole("button", { name: "End 2 selected…" }).click();
    await page.locator("#confirm-radius", { hasText: "This ends 2 sessions" }).waitFor();
    await assertGood(page, "ticked dialog");
    await page.getByLabel("Yes, end these 2 sessions.").check();
    await assertGood(page, "armed dialog");
    await confirm(page);
    await assertGood(page, "outcome");
    await page.getByRole("button", { name: "End all…" }).click();
    await page.getByText("the 1 listed now").waitFor();
    await assertGood(page, "typed dialog");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Forget credentials" }).click();
    await assertGood(page, "forgotten");
    await watched.settle();
  });

  test(`the demo, ${name}`, async () => {
    const watched = await open(browser, bundle, look_);
    const page = await watched.page("/");
    await assertGood(page, "before");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("button", { name: "Strict call" }).click();
    await page.getByText("The session lives").waitFor();
    await assertGood(page, "alive");
    await bundle.invoke("revoke-user", { userId: "ada" });
    await page.getByRole("button", { name: "Strict call" }).click();
    await page.getByText("The session has ended.").waitFor();
    await assertGood(page, "ended");
    await watched.settle();
  });
}

test("no width between a small phone and a wide screen makes the page scroll sideways", async () => {
  await openSessions(bundle, 1, {
    userId: "wide",
    tenantId: "a-tenant-with-a-long-name",
    device: { userAgent: AGENT, ip: "2001:db8:1:2:3:4:5:6" },
  });
  const watched = await open(browser, bundle);
  const page = await connected(watched);
  await look(page, "wide");
  for (const width of [320, 360, 480, 640, 800, 960, 1120, 1184, 1185, 1200, 1240, 1280, 1440, 1920]) {
    await page.setViewportSize({ width, height: 800 });
    const content = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(content <= width, `${content} px on a screen of ${width}`);
  }
  await watched.settle();
});

test("with scripts off, both pages say so", async () => {
  const watched = await open(browser, bundle, { javaScriptEnabled: false });
  for (const path of ["/console/", "/"]) {
    const page = await watched.page(path);
    assert.ok(await page.getByText(/Switch scripts on/).isVisible(), path);
  }
  await watched.settle();
});
