// Chromium, and what every page is held to: no violation of its policy, no error, no request to anybody else.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A browser; `CHROMIUM` names another than Debian's. It has no sandbox where it runs as root, as in a container. */
export function launch(options = {}) {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0, ...options });
}

/**
 * A context whose pages are watched. `settle()` fails on what was seen, and closes it. Origins in `others` may be asked,
 * too; what Chromium says of an `outage` is expected.
 */
export async function open(browser, { origin }, { others = [], outage = /(?!)/, ...options } = {}) {
  const context = await browser.newContext({
    baseURL: origin,
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    ...options,
  });
  context.setDefaultTimeout(10_000);
  const seen = [];
  const allowed = new Set([origin, ...others]);
  context.on("request", (request) => {
    if (!allowed.has(new URL(request.url()).origin)) seen.push(`asked ${request.url()}`);
  });
  context.on("weberror", (error) => seen.push(`threw ${error.error()}`));
  context.on("console", (message) => {
    // A refusal is an answer like any other; Chromium calls it an error.
    const refusal = message.text().startsWith("Failed to load resource: the server responded with a status of 4");
    const wrong = ["error", "warning"].includes(message.type());
    if (wrong && !refusal && !outage.test(message.text())) seen.push(`said ${message.text()}`);
  });
  return {
    context,
    seen,
    page: (path) => pageAt(context, path),
    async settle() {
      await context.close();
      assert.deepEqual(seen, []);
    },
  };
}

async function pageAt(context, path) {
  const page = await context.newPage();
  await page.goto(path);
  return page;
}

/** The console, connected to this machine. */
export async function connected(watched) {
  const page = await watched.page("/console/");
  await page.getByRole("button", { name: "Use this machine" }).click();
  await page.getByText("Connected: this machine").waitFor();
  return page;
}

/** Looks for a user's sessions. */
export async function look(page, userId, tenantId = "") {
  await page.getByLabel("User id", { exact: true }).fill(userId);
  await page.locator("#tenant-id").fill(tenantId);
  await page.getByRole("button", { name: "Show sessions" }).click();
  await page.locator("#listing:not([aria-busy])").waitFor();
}

/** The handles that the table shows. */
export const shownHandles = async (page) => (await page.locator("#rows .handle code").allTextContents()).sort();

/** Presses the dialog's own button once it may be pressed. */
export async function confirm(page) {
  await page.locator("#confirm-end:enabled").click();
  await page.locator("#outcome.done, #outcome.failed").waitFor();
  await page.locator("#listing:not([aria-busy])").waitFor();
}

/** Fails on what axe finds wrong on the page as it is now. */
export async function assertAccessible(page, where) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const told = violations.map(({ id, nodes }) => `${where}: ${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  assert.deepEqual(told, []);
}
