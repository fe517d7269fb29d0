// Every way to end sessions, from the blast radius to what strict routes say afterwards.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { liveHandles, openSessions, startBundle } from "./bundle.mjs";
import { confirm, connected, launch, look, open, shownHandles } from "./browser.mjs";

const AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const FAST = "Routes behind FastSession go on answering until each access token expires";
let bundle, browser;
before(async () => ([bundle, browser] = await Promise.all([startBundle(), launch()])));
after(async () => {
  await browser?.close();
  await bundle?.close();
});

/** A test with the console connected, held to what every page is held to. */
function withConsole(name, run) {
  test(name, async () => {
    const watched = await open(browser, bundle);
    await run(await connected(watched), watched);
    await watched.settle();
  });
}

const radius = (page) => page.locator("#confirm-radius").innerText();
const outcome = (page) => page.locator("#outcome").innerText();
const row = (page, handle) => page.locator("#rows tr", { hasText: handle });

withConsole("a session is shown with its device, tenant, times and handle", async (page) => {
  const [handle] = await openSessions(bundle, 1, {
    userId: "show",
    tenantId: "acme",
    device: { userAgent: AGENT, ip: "203.0.113.7" },
  });
  const [session] = (await bundle.invoke("list-sessions", { userId: "show" })).sessions;
  await look(page, "show");
  const text = await row(page, handle).innerText();
  for (const part of ["Firefox on Linux", AGENT, "203.0.113.7", "acme", "never", handle])
    assert.ok(text.includes(part), part);
  const opened = row(page, handle).locator("time").first();
  const iso = new Date(session.createdAt).toISOString();
  assert.equal(await opened.getAttribute("title"), `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`);
  const berlin = new Intl.DateTimeFormat("en-GB", {
    dateStyle: "medium",
    timeStyle: "short",
    timeZone: "Europe/Berlin",
  });
  assert.equal(await opened.innerText(), berlin.format(session.createdAt));
  assert.match(
    await page.locator("#listing-status").innerText(),
    /^1 session\. One that was opened a moment ago may be missing\.$/,
  );
});

withConsole("one session ends after one click more", async (page) => {
  const device = { userAgent: AGENT, ip: "203.0.113.7" };
  const [first, second] = await openSessions(bundle, 2, { userId: "one", device });
  await look(page, "one");
  await row(page, first).getByRole("button", { name: "End… session" }).click();
  const said = await radius(page);
  assert.ok(said.includes("This ends 1 session of user one, in tenant public."), said);
  assert.ok(said.includes("No other session is touched") && said.includes(FAST), said);
  const named = [`Firefox on Linux, 203.0.113.7, tenant public, handle ${first}`];
  assert.deepEqual(await page.locator("#confirm-sessions li").allInnerTexts(), named);
  await confirm(page);
  const done = await outcome(page);
  assert.ok(
    done.includes("1 session of user one was ended by this.") && done.includes(first) && done.includes(FAST),
    done,
  );
  assert.equal(await page.evaluate(() => document.activeElement.id), "outcome-title");
  assert.deepEqual(await shownHandles(page), [second]);
  assert.deepEqual(await liveHandles(bundle, "one"), [second]);
});

withConsole("cancelling and Escape end nothing, and give the focus back", async (page) => {
  const [handle] = await openSessions(bundle, 1, { userId: "cancel" });
  await look(page, "cancel");
  const button = row(page, handle).getByRole("button", { name: "End… session" });
  for (const leave of [
    () => page.getByRole("button", { name: "Cancel" }).click(),
    () => page.keyboard.press("Escape"),
  ]) {
    await button.click();
    await page.locator("#confirm-end:enabled").waitFor();
    await leave();
    await page.locator("#confirm:not([open])").waitFor({ state: "attached" });
    assert.ok(await button.evaluate((element) => element === document.activeElement));
  }
  assert.deepEqual(await liveHandles(bundle, "cancel"), [handle]);
});

withConsole("several that are ticked end after a tick more", async (page) => {
  const acme = await openSessions(bundle, 1, { userId: "several", tenantId: "acme" });
  const [kept, other] = await openSessions(bundle, 2, { userId: "several" });
  await look(page, "several");
  for (const handle of [...acme, other]) await row(page, handle).getByRole("checkbox").check();
  await page.getByRole("button", { name: "End 2 selected…" }).click();
  const said = await radius(page);
  assert.ok(
    said.includes("This ends 2 sessions of user several, in tenants public, acme.") && said.includes(FAST),
    said,
  );
  const named = await page.locator("#confirm-sessions li").allInnerTexts();
  assert.ok(named.length === 2 && [...acme, other].every((handle) => named.join().includes(handle)), named.join());
  assert.ok(await page.locator("#confirm-end").isDisabled());
  await page.getByLabel("Yes, end these 2 sessions.").check();
  await confirm(page);
  assert.ok((await outcome(page)).includes("2 sessions of user several were ended by this."));
  assert.deepEqual(await liveHandles(bundle, "several"), [kept]);
});

withConsole("what has ended meanwhile is said", async (page) => {
  const [first, second] = await openSessions(bundle, 2, { userId: "meanwhile" });
  await look(page, "meanwhile");
  await page.getByRole("checkbox", { name: "Select all shown" }).check();
  await bundle.invoke("revoke-handle", { sessionHandle: first });
  await page.getByRole("button", { name: "End 2 selected…" }).click();
  await page.getByLabel("Yes, end these 2 sessions.").check();
  await confirm(page);
  const done = await outcome(page);
  assert.ok(
    done.includes("1 session of user meanwhile was ended by this.") && done.includes("1 session was over already."),
    done,
  );
  assert.ok(done.includes(second) && !done.includes(first), done);
  assert.match(await page.locator("#listing-status").innerText(), /^No live sessions\./);
});

withConsole("all end after the user's id was typed, beyond what the listing shows", async (page) => {
  await openSessions(bundle, 1, { userId: "all", tenantId: "acme" });
  await openSessions(bundle, 2, { userId: "all" });
  const [bystander] = await openSessions(bundle, 1, { userId: "all-but-not-me" });
  await look(page, "all");
  await openSessions(bundle, 1, { userId: "all" });
  await page.getByRole("button", { name: "End all…" }).click();
  await page.getByText("the 4 listed now").waitFor();
  const said = await radius(page);
  const whole =
    "This ends all sessions of user all, in every tenant: the 4 listed now, and any that the listing does not show yet.";
  assert.ok(said.includes(whole) && said.includes(FAST), said);
  const proof = page.getByLabel("Type the user id to confirm: all");
  assert.ok(await proof.evaluate((element) => element === document.activeElement), "the field has the focus");
  await proof.fill("al");
  assert.ok(await page.locator("#confirm-end").isDisabled());
  await proof.fill("all");
  await confirm(page);
  const done = await outcome(page);
  assert.ok(
    done.includes(
      "All sessions of user all, in every tenant, are ended. 4 sessions were removed. The clean-up is complete.",
    ),
    done,
  );
  assert.deepEqual(await liveHandles(bundle, "all"), []);
  assert.deepEqual(await liveHandles(bundle, "all-but-not-me"), [bystander]);
});

withConsole("all of a user can end when none is listed", async (page) => {
  await look(page, "nobody");
  assert.match(await page.locator("#listing-status").innerText(), /^No live sessions\./);
  await page.getByRole("button", { name: "End all…" }).click();
  await page.getByText("the 0 listed now").waitFor();
  await page.getByLabel("Type the user id to confirm").fill("nobody");
  await confirm(page);
  assert.ok((await outcome(page)).includes("0 sessions were removed. The clean-up is complete."));
});

withConsole("all but one end, and the one lives", async (page) => {
  await openSessions(bundle, 1, { userId: "others", tenantId: "acme" });
  const [kept] = await openSessions(bundle, 2, { userId: "others" });
  await look(page, "others");
  await row(page, kept).getByRole("button", { name: "End others… than session" }).click();
  await page.getByText("the 2 listed now").waitFor();
  const said = await radius(page);
  assert.ok(said.includes("This ends all sessions of user others, in every tenant, but one: the 2 listed now"), said);
  assert.ok(
    said.includes(`The session that is kept: a device that told nothing of itself, tenant public, handle ${kept}.`),
    said,
  );
  await page.getByLabel("Type the user id to confirm").fill("others");
  await confirm(page);
  assert.ok((await outcome(page)).includes("are ended, but for the one that was kept. 2 sessions were removed."));
  assert.deepEqual(await liveHandles(bundle, "others"), [kept]);
});

withConsole("all of one tenant end, chosen from a listing or searched for", async (page) => {
  const [globex] = await openSessions(bundle, 1, { userId: "tenants", tenantId: "globex" });
  await openSessions(bundle, 2, { userId: "tenants", tenantId: "acme" });
  const [own] = await openSessions(bundle, 1, { userId: "tenants" });
  await look(page, "tenants");
  await page.getByLabel("Tenant", { exact: true }).fill("acme");
  await page.getByRole("button", { name: "End all in this tenant…" }).click();
  await page.getByText("the 2 listed now").waitFor();
  const said = await radius(page);
  assert.ok(said.includes("This ends all sessions of user tenants, in tenant acme: the 2 listed now"), said);
  assert.ok(said.includes("Sessions of tenants in other tenants are not touched."), said);
  await page.getByLabel("Type the user id to confirm").fill("tenants");
  await confirm(page);
  assert.deepEqual(await liveHandles(bundle, "tenants"), [globex, own].sort());

  await look(page, "tenants", "globex");
  assert.deepEqual(await shownHandles(page), [globex]);
  await page.getByRole("button", { name: "End all in globex…" }).click();
  await page.getByText("the 1 listed now").waitFor();
  await page.getByLabel("Type the user id to confirm").fill("tenants");
  await confirm(page);
  assert.ok((await outcome(page)).includes("All sessions of user tenants, in tenant globex, are ended."));
  assert.deepEqual(await liveHandles(bundle, "tenants"), [own]);
});

withConsole("a tenant that no shown page has can be named, and only a tenant", async (page) => {
  const far = await openSessions(bundle, 1, { userId: "far", tenantId: "globex" });
  const near = await openSessions(bundle, 1, { userId: "far" });
  // The listing has two pages, and the menu suggests what the first one shows.
  await page.route("**/invocations", async (route) => {
    const asked = route.request().postDataJSON();
    if (asked.limit !== 50 || asked.cursor) return route.continue();
    const answer = await route.fetch();
    const shown = await answer.json();
    shown.sessions = shown.sessions.filter(({ tenantId }) => tenantId === "public");
    return route.fulfill({ response: answer, json: { ...shown, cursor: "next" } });
  });
  await look(page, "far");
  assert.deepEqual(await page.locator("#tenants option").evaluateAll((all) => all.map(({ value }) => value)), ["public"]);
  const field = page.getByLabel("Tenant", { exact: true });
  for (const wrong of ["", "No Tenant"]) {
    await field.fill(wrong);
    await page.getByRole("button", { name: "End all in this tenant…" }).click();
    assert.equal(await page.locator("#end-tenant:invalid").count(), 1, wrong);
    assert.ok(await page.locator("#confirm").isHidden(), wrong);
  }
  await field.fill("globex");
  await page.keyboard.press("Enter");
  await page.getByText("in tenant globex: the 1 listed now").waitFor();
  await page.getByLabel("Type the user id to confirm").fill("far");
  await confirm(page);
  assert.ok((await outcome(page)).includes(far[0]));
  assert.deepEqual(await liveHandles(bundle, "far"), near);
});

withConsole("pages follow each other, and a selection spans them", async (page) => {
  const handles = await openSessions(bundle, 113, { userId: "pages" });
  await look(page, "pages");
  assert.equal((await shownHandles(page)).length, 50);
  assert.match(await page.locator("#listing-status").innerText(), /^50 sessions shown; there are more\.$/);
  await page.locator("#rows input").first().check();
  const first = await shownHandles(page);
  await page.getByRole("button", { name: "Show more" }).click();
  await page.getByText("100 sessions shown; there are more.").waitFor();
  const focused = await page.evaluate(() => document.activeElement.value);
  assert.ok(handles.includes(focused) && !first.includes(focused), "the first new one");
  await page.getByRole("button", { name: "Show more" }).click();
  await page.getByText(/^113 sessions\./).waitFor();
  assert.ok(await page.getByRole("button", { name: "Show more" }).isHidden());
  assert.deepEqual(await shownHandles(page), [...handles].sort());
  const opened = await page.locator("#rows tr").evaluateAll((rows) => rows.map((row) => row.querySelector("time").dateTime));
  assert.deepEqual(opened, [...opened].sort().reverse(), "newest first, whichever page they came by");
  assert.equal(await page.locator("#rows input:checked").count(), 1, "what was ticked stays ticked");
  await page.locator("#rows input:not(:checked)").last().check();
  await page.getByRole("button", { name: "End 2 selected…" }).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "End all…" }).click();
  await page.getByText("the 113 listed now").waitFor();
  await page.getByLabel("Type the user id to confirm").fill("pages");
  await confirm(page);
  assert.deepEqual(await liveHandles(bundle, "pages"), []);
});

withConsole("the reason and who says to have given it are recorded", async (page) => {
  const reason = "ticket 4711: laptop stolen";
  const [one] = await openSessions(bundle, 3, { userId: "why" });
  await look(page, "why");
  await row(page, one).getByRole("button", { name: "End… session" }).click();
  assert.equal(await page.evaluate(() => document.activeElement.id), "confirm-cancel");
  await page.getByLabel("Reason").fill(` ${reason} `);
  await confirm(page);
  await page.getByRole("button", { name: "End all…" }).click();
  assert.equal(await page.getByLabel("Reason").inputValue(), "", "a reason is given for one action");
  await page.getByLabel("Reason").fill(reason);
  await page.getByLabel("Type the user id to confirm").fill("why");
  await confirm(page);
  const records = bundle.log().split("\n").filter((line) => line.includes(reason));
  assert.equal(records.length, 2, records.join("\n"));
  for (const record of records) {
    const plain = record.replaceAll("\\", "");
    assert.ok(plain.includes(`"reason":"${reason}"`), plain);
    assert.ok(plain.includes(`"claimed":{"accessKeyId":"local","client":"sever-console"}`), plain);
  }
});

withConsole("a tenant of blanks is refused, and never means every tenant", async (page) => {
  const [handle] = await openSessions(bundle, 1, { userId: "blank" });
  await look(page, "blank", "  ");
  assert.ok((await page.locator("#listing-error").innerText()).includes("invalid-tenant-id"));
  assert.deepEqual(await shownHandles(page), []);
  assert.deepEqual(await liveHandles(bundle, "blank"), [handle]);
});

withConsole("what Sever refuses is shown with its code and what to do", async (page) => {
  const [kept, other] = await openSessions(bundle, 2, { userId: "refused" });
  await look(page, "refused", "No Tenant");
  let error = await page.locator("#listing-error").innerText();
  assert.ok(error.includes("invalid-tenant-id") && error.includes("a-z, 0-9 and the hyphen"), error);

  await look(page, "é".repeat(513));
  error = await page.locator("#listing-error").innerText();
  assert.ok(error.includes("invalid-user-id") && error.includes("1 to 1024 bytes"), error);

  await look(page, "refused");
  await bundle.invoke("revoke-handle", { sessionHandle: kept });
  await row(page, kept).getByRole("button", { name: "End others… than session" }).click();
  await page.getByLabel("Type the user id to confirm").fill("refused");
  await confirm(page);
  const done = await outcome(page);
  assert.ok(
    done.includes("Nothing was ended") && done.includes("kept-session-not-found") && done.includes("choose another"),
    done,
  );
  assert.deepEqual(await liveHandles(bundle, "refused"), [other]);
});

withConsole("an id that is markup is text", async (page) => {
  const userId = `<img src=x onerror=alert(1)>"'&`;
  const device = { userAgent: "<script>alert(1)</script>", ip: "<b>1</b>" };
  const [handle] = await openSessions(bundle, 1, { userId, device });
  await look(page, userId);
  assert.ok((await page.locator("#listing-title").innerText()).includes(userId));
  assert.ok((await row(page, handle).innerText()).includes(device.userAgent));
  await page.getByRole("button", { name: "End all…" }).click();
  await page.getByLabel("Type the user id to confirm").fill(userId);
  await confirm(page);
  assert.deepEqual(await liveHandles(bundle, userId), []);
});
