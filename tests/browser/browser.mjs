// A real browser with the website of examples/browser open, and what it sent, was answered and keeps.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { chromium } from "playwright-core";
import { until } from "./world.mjs";

export const REFRESH = "/auth/session/refresh";
export const SIGN_OUT = "/auth/signout";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Cookies that Sever sets, and those that the SDK's script sets. */
const TOKENS = ["sAccessToken", "sRefreshToken", "st-access-token", "st-refresh-token", "sFrontToken", "sAntiCsrf"];

/** A browser, which may refuse cookies of other sites, as many do. */
export async function launch({ thirdPartyCookies = true } = {}) {
  const profile = await mkdtemp(path.join(tmpdir(), "sever-browser-"));
  await mkdir(path.join(profile, "Default"));
  const block = { block_third_party_cookies: !thirdPartyCookies, cookie_controls_mode: thirdPartyCookies ? 0 : 1 };
  await writeFile(path.join(profile, "Default/Preferences"), JSON.stringify({ profile: block }));
  // Chromium's sandbox does not start for root.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const started = await chromium.launchPersistentContext(profile, { executablePath: CHROMIUM, args });
  return {
    newContext: () => started.browser().newContext(),
    async close() {
      await started.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Somebody's browser, with a jar of its own. `clock` is how many milliseconds its clock is off. */
export async function visit(browser, world, { transfer = "cookie", page = "index.html", clock = 0 } = {}) {
  const context = await browser.newContext();
  context.setDefaultTimeout(30_000);
  if (clock) await context.addInitScript(shiftClock, clock);
  const visitor = new Visitor(context, world, transfer, page);
  visitor.tab = await visitor.open();
  return visitor;
}

/** Somebody who is signed in as `user`, and may have `another` tab open. */
export async function visitSignedIn(browser, world, { user, another, ...options } = {}) {
  const visitor = await visit(browser, world, options);
  await visitor.signIn(user);
  if (another) visitor.another = await visitor.open();
  return visitor;
}

/**
 * For each of `options` somebody who signed in so long ago that the access token has expired. The tokens of a refresh last:
 * what is counted afterwards does not depend on how fast this machine is.
 */
export async function visitExpired(browser, world, options, parameters = {}) {
  await world.restart({ ...parameters, AccessTokenValidity: "3", AccessTokenValidityJitter: "0" });
  const visitors = [];
  for (const each of options) visitors.push(await visitSignedIn(browser, world, each));
  for (const visitor of visitors) await visitor.expiry();
  await world.restart(parameters);
  return visitors;
}

function shiftClock(offset) {
  const RealDate = Date;
  window.Date = class extends RealDate {
    constructor(...given) {
      if (given.length) super(...given);
      else super(RealDate.now() + offset);
    }
    static now() {
      return RealDate.now() + offset;
    }
  };
}

class Visitor {
  /** `POST /auth/session/refresh 200`, in the order in which they were answered; no preflights. */
  calls = [];

  constructor(context, world, transfer, page) {
    Object.assign(this, { context, world, transfer, page });
    context.on("response", (response) => {
      const url = new URL(response.url());
      const method = response.request().method();
      if (url.origin !== world.sever || !/^\/(auth|whoami)\b/.test(url.pathname)) return;
      this.calls.push(`${method} ${url.pathname} ${response.status()}`);
    });
  }

  close() {
    return this.context.close();
  }

  /** Another tab, once it knows whether somebody is signed in. */
  async open(page = this.page) {
    const tab = await this.context.newPage();
    await tab.goto(`${this.world.website}/${page}?transfer=${this.transfer}`);
    await tab.locator("body[data-session], #user, #sign-in").first().waitFor({ state: "attached" });
    if (page === "index.html") await tab.locator("body[data-session]").waitFor();
    return tab;
  }

  async signIn(userId = "ada") {
    await this.tab.fill("#user-id", userId);
    await this.tab.click("#sign-in");
    await this.tab.locator("body[data-session=exists], #user").waitFor();
  }

  /** Presses a button of the example; what it then shows. */
  async press(id) {
    const answers = this.tab.locator(".answer, .error");
    const before = await answers.count();
    await this.tab.click(`#${id}`);
    await answers.nth(before).waitFor();
    return answers.nth(before).textContent();
  }

  /** The status of a call by the page, with the SDK in between. */
  fetch(path = "/whoami", init = {}, tab = this.tab) {
    return tab.evaluate(async ([url, init]) => (await fetch(url, init)).status, [this.world.sever + path, init]);
  }

  /** The same with the SDK kept out: the browser's cookies go along, and nothing else. */
  plainly(path, init = {}) {
    return this.fetch(`${path}#superTokensDoNotDoInterception`, { credentials: "include", ...init });
  }

  signOut() {
    return this.tab.evaluate(() => window.Session.signOut());
  }

  exists() {
    return this.tab.evaluate(() => window.Session.doesSessionExist());
  }

  payload() {
    return this.tab.evaluate(() => window.Session.getAccessTokenPayloadSecurely());
  }

  /** The events that the SDK has fired in a tab. */
  events(tab = this.tab) {
    return tab.locator(".event").allTextContents();
  }

  count(call) {
    return this.calls.filter((one) => one.startsWith(call)).length;
  }

  /** What was called during `act`. */
  async callsOf(act) {
    const before = this.calls.length;
    await act();
    return this.calls.slice(before);
  }

  /** The cookies of the session that the browser holds, by name. */
  async jar() {
    const cookies = await this.context.cookies();
    const ours = cookies.filter(({ name }) => TOKENS.includes(name));
    return Object.fromEntries(ours.map((cookie) => [cookie.name, cookie]));
  }

  async tokens() {
    const jar = await this.jar();
    const [access, refresh] = this.transfer === "cookie" ? TOKENS.slice(0, 2) : TOKENS.slice(2, 4);
    return { access: jar[access]?.value, refresh: jar[refresh]?.value };
  }

  /** Returns once Sever refuses the access token that the browser holds: its time is over. */
  async expiry() {
    await until(async () => (await bearer(this.world, "GET", "/whoami/fast", (await this.tokens()).access)).status === 401);
  }

  async assertSignedOut() {
    assert.deepEqual(await this.jar(), {});
    assert.equal(await this.exists(), false);
  }
}

/** A call by somebody who holds a token: no browser, no SDK. */
export async function bearer(world, method, path, token) {
  const response = await fetch(world.direct + path, { method, headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, body: await response.json(), headers: response.headers };
}
