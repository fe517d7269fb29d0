import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createApp, errorOfType, jwtPayload, startSdk } from "./support.mjs";

let app, sdk, Session;
before(async () => {
  app = await createApp("tenants");
  await app.createTenant("acme");
  await app.createTenant("globex");
  sdk = startSdk(app);
  Session = sdk.Session;
});
after(() => app?.remove());

const ended = errorOfType("UNAUTHORISED");
const strict = { checkDatabase: true };
const everywhere = async (user) => {
  const [home, acme, globex] = await Promise.all(
    ["public", "acme", "globex"].map((tenant) => sdk.create({ tenant, user })),
  );
  return { home, acme, globex, handles: [home, acme, globex].map((session) => session.getHandle()).sort() };
};

test("a session belongs to the tenant in which it was created", async () => {
  const session = await sdk.create({ tenant: "acme", user: "ada", payload: { role: "editor" } });
  assert.equal(session.getTenantId(), "acme");
  assert.equal(jwtPayload(session.getAccessToken()).tId, "acme");
  assert.equal((await sdk.verify(session, strict)).getTenantId(), "acme");
  assert.equal((await Session.getSessionInformation(session.getHandle())).tenantId, "acme");

  const refreshed = await sdk.refresh(session);
  assert.equal(refreshed.getTenantId(), "acme");
  const promoted = await sdk.verify(refreshed);
  await promoted.mergeIntoAccessTokenPayload({ role: "owner" });
  await promoted.updateSessionDataInDatabase({ cart: 1 });
  assert.deepEqual(await promoted.getSessionDataFromDatabase(), { cart: 1 });
  assert.equal((await sdk.verify(promoted, strict)).getAccessTokenPayload().role, "owner");
  await promoted.revokeSession();
  await assert.rejects(sdk.verify(promoted, strict), ended);
});

test("handles are listed for one tenant and across all", async () => {
  const { acme, handles } = await everywhere("bea");
  assert.deepEqual((await Session.getAllSessionHandlesForUser("bea")).sort(), handles);
  assert.deepEqual(await Session.getAllSessionHandlesForUser("bea", true, "acme"), [acme.getHandle()]);
});

test("sessions are revoked in one tenant, and the others stay", async () => {
  const { home, acme, globex } = await everywhere("cid");
  assert.deepEqual(await Session.revokeAllSessionsForUser("cid", true, "acme"), [acme.getHandle()]);
  await assert.rejects(sdk.verify(acme, strict), ended);
  await sdk.verify(home, strict);
  await sdk.verify(globex, strict);

  assert.deepEqual(await Session.revokeAllSessionsForUser("cid", true, "public"), [home.getHandle()]);
  await assert.rejects(sdk.verify(home, strict), ended);
  await sdk.verify(globex, strict);

  const again = await sdk.create({ tenant: "acme", user: "cid" });
  await sdk.verify(again, strict);
});

test("sessions are revoked across all tenants", async () => {
  const { home, acme, globex, handles } = await everywhere("dan");
  assert.deepEqual((await Session.revokeAllSessionsForUser("dan")).sort(), handles);
  for (const session of [home, acme, globex]) await assert.rejects(sdk.verify(session, strict), ended);
});

test("handles of several tenants are revoked together", async () => {
  const { handles } = await everywhere("eve");
  assert.deepEqual((await Session.revokeMultipleSessions(handles)).sort(), handles);
});

test("there is no session in an unknown tenant", async () => {
  await assert.rejects(sdk.create({ tenant: "nowhere" }), /status code: 400.*tenantId not found/s);
});

test("another app's sessions are unknown", async () => {
  const mine = await sdk.create({ user: "fay" });
  const other = await createApp("tenants-other");
  try {
    const foreign = startSdk(other);
    await assert.rejects(foreign.verify(mine, strict), errorOfType("TRY_REFRESH_TOKEN"));
    await assert.rejects(foreign.refresh(mine), ended);
    assert.equal(await foreign.Session.getSessionInformation(mine.getHandle()), undefined);
    assert.deepEqual(await foreign.Session.revokeAllSessionsForUser("fay"), []);
    assert.equal(await foreign.Session.revokeSession(mine.getHandle()), false);
    await sdk.verify(mine, strict);
  } finally {
    await other.remove();
  }
});
