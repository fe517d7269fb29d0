// Writes the pictures of the documentation. pngquant makes them small, where it is installed.
import { execFileSync } from "node:child_process";
import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { openSessions, startBundle } from "./bundle.mjs";
import { connected, launch, look, open } from "./browser.mjs";

const DEVICES = [
  ["public", "198.51.100.24", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"],
  [
    "public",
    "203.0.113.80",
    "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Mobile Safari/537.36",
  ],
  [
    "acme",
    "203.0.113.7",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1",
  ],
  [
    "acme",
    "2001:db8::42",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
  ],
];
const WIDE = { viewport: { width: 1240, height: 860 } };
const NARROW = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 };

const [bundle, browser] = await Promise.all([startBundle(), launch()]);

async function picture(name, options, compose) {
  const watched = await open(browser, bundle, options);
  const page = await compose(watched);
  const path = fileURLToPath(new URL(`../../docs/${name}.png`, import.meta.url));
  await page.mouse.move(0, 0);
  await page.screenshot({ path });
  await watched.settle();
  try {
    execFileSync("pngquant", ["--force", "--skip-if-larger", "--strip", "--quality", "70-95", "--output", path, path], {
      stdio: "pipe",
    });
  } catch (error) {
    // 98 and 99: it would have been larger, or worse.
    if (error.code === "ENOENT") console.warn("pngquant is not installed: the picture stays large");
    else if (![98, 99].includes(error.status)) throw error;
  }
  console.log(`docs/${name}.png ${Math.round((await stat(path)).size / 1024)} KiB`);
}

async function listing(watched) {
  const page = await connected(watched);
  await look(page, "ada");
  return page;
}

async function asking(watched) {
  const page = await listing(watched);
  await page.getByRole("button", { name: "End all…" }).click();
  await page.getByText("the 4 listed now").waitFor();
  return page;
}

async function story(watched) {
  const page = await watched.page("/");
  await page.getByLabel("Name").fill("grace");
  await page.getByRole("button", { name: "Sign in" }).click();
  for (const button of ["Strict call", "Fast call"]) await page.getByRole("button", { name: button }).click();
  await page.locator("#log li").nth(2).waitFor();
  await page.getByRole("button", { name: "Revoke as administrator" }).click();
  await page.getByText("The session is revoked.").waitFor();
  await page.getByRole("button", { name: "Strict call" }).click();
  await page.getByText("Try it.").waitFor();
  await page.getByRole("button", { name: "Fast call" }).click();
  await page.getByText("The fast route still answers").waitFor();
  return page;
}

try {
  for (const [tenantId, ip, userAgent] of DEVICES)
    await openSessions(bundle, 1, { userId: "ada", tenantId, device: { ip, userAgent } });
  await picture("console-light", { colorScheme: "light", ...WIDE }, listing);
  await picture("console-dark", { colorScheme: "dark", ...WIDE }, asking);
  await picture("console-phone", { colorScheme: "light", ...NARROW }, asking);
  await picture("demo", { colorScheme: "light", ...WIDE }, story);
} finally {
  await browser.close();
  await bundle.close();
}
