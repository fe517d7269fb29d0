// Whose credentials, where they go, and that nothing is left of them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { awsLambda } from "./aws.mjs";
import { liveHandles, openSessions, startBundle } from "./bundle.mjs";
import { confirm, connected, launch, look, open, shownHandles } from "./browser.mjs";

const SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const SESSION_TOKEN = "IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVzLWVhc3QtMSJH";
let bundle, aws, browser;
before(async () => {
  bundle = await startBundle();
  aws = await awsLambda(bundle.bundle, "us-east-1");
  const args = [`${aws.browser.args[0]},MAP console.example.test 127.0.0.1`, aws.browser.args[1]];
  browser = await launch({ args });
});
after(async () => {
  await browser?.close();
  aws?.close();
  await bundle?.close();
});

async function enter(
  page,
  { key = "local", secret = "local", token = "", region = "us-east-1", stack = "sever" } = {},
) {
  const fields = { "Access key ID": key, "Secret access key": secret, Region: region, "Stack name": stack };
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value);
  await page.getByLabel("Session token").fill(token);
  await page.getByRole("button", { name: "Connect", exact: true }).click();
}

/** Everything that a page can keep, or show to somebody else. */
const kept = (page) =>
  page.evaluate(async () =>
    JSON.stringify([
      { ...localStorage },
      { ...sessionStorage },
      document.cookie,
      location.href,
      history.state,
      await indexedDB.databases(),
      await globalThis.caches?.keys(),
      document.documentElement.outerHTML,
      [...document.querySelectorAll("input")].map(({ value }) => value),
    ]),
  );

/** Chromium's word for a header that a preflight does not allow. */
const NOT_ALLOWED = /x-amz-client-context is not allowed|net::ERR_FAILED/;

test("AWS credentials sign requests to Lambda in their Region, and nothing else is sent", async () => {
  const watched = await open(browser, bundle, { others: [aws.origin], outage: NOT_ALLOWED });
  const page = await watched.page("/console/");
  const [handle] = await openSessions(bundle, 1, { userId: "aws" });
  await enter(page);
  await page.getByText("Connected: local, us-east-1, stack sever").waitFor();
  assert.equal(await page.locator("#access-key").inputValue(), "");
  await look(page, "aws");
  assert.deepEqual(await shownHandles(page), [handle]);
  await page.getByRole("button", { name: "End… session" }).click();
  await confirm(page);
  assert.deepEqual(await liveHandles(bundle, "aws"), []);

  assert.ok(
    aws.asked.some(({ method }) => method === "OPTIONS"),
    "the browser asked first",
  );
  const posts = aws.asked.filter(({ method }) => method === "POST");
  const functions = posts.map(({ url }) => url.match(/^\/2015-03-31\/functions\/sever-([^/]+)\/invocations$/)?.[1]);
  assert.deepEqual(new Set(functions), new Set(["jwks", "list-sessions%3Adirect", "revoke-handle%3Adirect"]));
  for (const { headers } of posts) {
    assert.match(
      headers.authorization,
      /Credential=local\/\d{8}\/us-east-1\/lambda\/aws4_request, SignedHeaders=content-type;host;x-amz-date,/,
    );
    assert.ok(!("cookie" in headers) && !("referer" in headers));
    assert.ok(!("x-amz-client-context" in headers), "a header that AWS does not allow is not needed");
  }
  await watched.settle();
});

test("where AWS allows it, each call says whose access key signs it", async () => {
  aws.allow("x-amz-client-context");
  const watched = await open(browser, bundle, { others: [aws.origin] });
  const page = await watched.page("/console/");
  aws.asked.length = 0;
  await enter(page);
  await page.getByText("Connected: local, us-east-1, stack sever").waitFor();
  await look(page, "aws");
  const posts = aws.asked.filter(({ method }) => method === "POST");
  assert.ok(posts.length >= 2);
  for (const { headers } of posts) {
    const claimed = JSON.parse(atob(headers["x-amz-client-context"]));
    assert.deepEqual(claimed, { custom: { client: "sever-console", accessKeyId: "local" } });
    assert.match(headers.authorization, /SignedHeaders=content-type;host;x-amz-client-context;x-amz-date,/);
  }
  await watched.settle();
});

test("wrong credentials are refused, with what to do, and forgotten", async () => {
  const watched = await open(browser, bundle, { others: [aws.origin] });
  const page = await watched.page("/console/");
  for (const [entered, code, hint] of [
    [{ secret: SECRET }, "InvalidSignatureException", "does not belong to the access key"],
    [
      { key: "AKIDEXAMPLE", secret: SECRET, token: SESSION_TOKEN },
      "UnrecognizedClientException",
      "AWS does not know this access key",
    ],
    [{ stack: "another" }, "ResourceNotFoundException", "Check Region and stack name"],
  ]) {
    await enter(page, entered);
    const error = page.locator("#connect-error", { hasText: code });
    await error.waitFor();
    assert.ok((await error.innerText()).includes(hint), code);
    assert.equal(await error.locator("code").innerText(), code);
    assert.ok(await page.locator("#connected").isHidden());
    const left = await kept(page);
    assert.ok(!left.includes(SECRET) && !left.includes(SESSION_TOKEN), code);
    const typed = entered.key ?? "local";
    assert.equal(await page.getByLabel("Access key ID").inputValue(), typed, "what is no secret need not be typed again");
  }
  const temporary = aws.asked.find(({ headers }) => headers["x-amz-security-token"] === SESSION_TOKEN);
  assert.match(temporary.headers.authorization, /SignedHeaders=content-type;host;x-amz-client-context;x-amz-date;x-amz-security-token,/);
  for (const { url, headers } of aws.asked) assert.ok(!(url + JSON.stringify(headers)).includes(SECRET));
  await watched.settle();
});

test("a clock that is wrong is told apart from silence", async () => {
  const watched = await open(browser, bundle);
  const page = await watched.context.newPage();
  await page.clock.setFixedTime(Date.now() + 3_600_000);
  await page.goto("/console/");
  await page.getByRole("button", { name: "Use this machine" }).click();
  await page.locator("#connect-error", { hasText: "InvalidSignatureException" }).waitFor();
  assert.match(await page.locator("#connect-error").innerText(), /clock is more than five minutes off/);
  await watched.settle();
});

test("no answer is said to be none", async () => {
  const unreachable = "https://lambda.eu-north-1.amazonaws.com";
  const watched = await open(browser, bundle, { others: [unreachable], outage: /net::ERR_/ });
  await watched.context.route(`${unreachable}/**`, (route) => route.abort());
  const page = await watched.page("/console/");
  await enter(page, { region: "eu-north-1" });
  await page.locator("#connect-error", { hasText: "no-answer" }).waitFor();
  await watched.settle();
});

test("what is typed as a Region or stack names no other host or function", async () => {
  const watched = await open(browser, bundle);
  const page = await watched.page("/console/");
  for (const wrong of [
    { region: "evil.example/" },
    { region: "us-east-1.evil" },
    { region: "" },
    { stack: "a/b" },
    { stack: "x?y" },
  ]) {
    await enter(page, wrong);
    const id = "region" in wrong ? "#region" : "#stack";
    assert.equal(await page.locator(`${id}:invalid`).count(), 1, JSON.stringify(wrong));
    assert.ok(await page.locator(id).evaluate((field) => field === document.activeElement));
  }
  await watched.settle();
});

test("forgetting takes everything off the page", async () => {
  const watched = await open(browser, bundle);
  const page = await connected(watched);
  const [handle] = await openSessions(bundle, 1, { userId: "somebody" });
  await look(page, "somebody");
  await page.getByRole("button", { name: "Forget credentials" }).click();
  await page.getByText("The credentials are forgotten.").waitFor();
  const left = await kept(page);
  assert.ok(!left.includes(handle) && !left.includes("somebody"));
  assert.ok(await page.locator("#connected").isHidden());
  assert.equal(await page.evaluate(() => document.activeElement.id), "connect-title");
  await watched.settle();
});

test("after 15 minutes of nobody the credentials are forgotten, not before, and a dialog closes", async () => {
  const watched = await open(browser, bundle);
  const page = await watched.context.newPage();
  await page.clock.install();
  await page.goto("/console/");
  await page.getByRole("button", { name: "Use this machine" }).click();
  await page.getByText("Connected: this machine").waitFor();
  await look(page, "idle");
  await page.clock.fastForward("14:30");
  await page.keyboard.press("Shift");
  await page.clock.fastForward("14:30");
  assert.ok(await page.locator("#connected").isVisible(), await page.locator("#notice").innerText());
  await page.getByRole("button", { name: "End all…" }).click();
  await page.clock.fastForward("15:01");
  await page.getByText("The credentials are forgotten: nobody was here for 15 minutes.").waitFor();
  assert.ok(await page.locator("#confirm").isHidden());
  assert.ok(!(await kept(page)).includes("idle"));
  await watched.settle();
});

test("leaving and coming back is a new beginning", async () => {
  const watched = await open(browser, bundle);
  const page = await connected(watched);
  await page.goto("/");
  await page.goBack();
  await page.getByRole("button", { name: "Use this machine" }).waitFor();
  assert.ok(await page.locator("#connected").isHidden());
  await watched.settle();
});

test("elsewhere than on this machine there is no one click, and without https no signing", async () => {
  const there = { origin: bundle.origin.replace("127.0.0.1", "console.example.test") };
  // On an origin that cannot be trusted Chromium ignores that header, and says so.
  const watched = await open(browser, there, { outage: /Cross-Origin-Opener-Policy header has been ignored/ });
  const page = await watched.page("/console/");
  assert.ok(await page.getByRole("button", { name: "Use this machine" }).isHidden());
  await enter(page, { secret: SECRET });
  await page.getByText("Browsers sign only on https pages").waitFor();
  assert.ok(!(await kept(page)).includes(SECRET));
  await watched.settle();
});
