import assert from "node:assert/strict";
import { test } from "node:test";
import { createApp, errorOfType, eventually, jwtPayload, startSdk } from "./support.mjs";

const strict = { checkDatabase: true };
const rejected = (promise, type) => promise.then(() => false, errorOfType(type));

test("an expired access token asks for a refresh", async () => {
  const app = await createApp("expiry", { access_token_validity: 3, access_token_validity_jitter: 0 });
  try {
    const sdk = startSdk(app);
    const session = await sdk.create();
    const { exp, iat } = jwtPayload(session.getAccessToken());
    assert.equal(exp - iat, 3);
    await sdk.verify(session, strict);
    await eventually(() => rejected(sdk.verify(session), "TRY_REFRESH_TOKEN"));
    await assert.rejects(sdk.verify(session, strict), errorOfType("TRY_REFRESH_TOKEN"));
    await sdk.verify(await sdk.refresh(session), strict);
  } finally {
    await app.remove();
  }
});

test("an expired session is neither listed, shown nor refreshed", async () => {
  const app = await createApp("session-expiry", {
    access_token_validity: 1,
    access_token_validity_jitter: 0,
    refresh_token_validity: String(3 / 60),
  });
  try {
    const sdk = startSdk(app);
    const session = await sdk.create();
    const { expiry, timeCreated } = await sdk.Session.getSessionInformation(session.getHandle());
    assert.equal(expiry - timeCreated, 3000);
    await sdk.refresh(session);
    await eventually(async () => !(await sdk.Session.getSessionInformation(session.getHandle())));
    assert.deepEqual(await sdk.Session.getAllSessionHandlesForUser("ada"), []);
    await assert.rejects(sdk.refresh(session), errorOfType("UNAUTHORISED"));
  } finally {
    await app.remove();
  }
});

test("the first use of a refreshed token lengthens the session's life, a refresh alone does not", async () => {
  const app = await createApp("lengthen");
  try {
    const sdk = startSdk(app);
    const session = await sdk.create();
    const [created, expiry] = [await session.getTimeCreated(), await session.getExpiry()];
    await eventually(() => Date.now() > created + 20);
    const next = await sdk.refresh(session);
    assert.equal(await session.getExpiry(), expiry);
    await sdk.verify(next);
    assert.ok((await session.getExpiry()) > expiry);
  } finally {
    await app.remove();
  }
});
