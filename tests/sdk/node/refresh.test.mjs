// A refresh token may be exchanged again and again, until one of its successors has been used.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createApp, errorOfType, jwtPayload, startSdk, tokens } from "./support.mjs";

let app, sdk;
before(async () => {
  app = await createApp("refresh");
  sdk = startSdk(app);
});
after(() => app?.remove());

const ended = errorOfType("UNAUTHORISED");
const strict = { checkDatabase: true };
const parentOf = (session) => jwtPayload(session.getAccessToken()).parentRefreshTokenHash1;
const theftOf = (session) => (error) => {
  assert.equal(error.type, "TOKEN_THEFT_DETECTED");
  assert.equal(error.payload.sessionHandle, session.getHandle());
  assert.equal(error.payload.userId, session.getUserId());
  return true;
};

test("the first use of a successor promotes it", async () => {
  const session = await sdk.create();
  const next = await sdk.refresh(session);
  assert.equal(parentOf(next), jwtPayload(session.getAccessToken()).refreshTokenHash1);
  const promoted = await sdk.verify(next);
  assert.equal(tokens(promoted).accessAndFrontTokenUpdated, true);
  assert.equal(parentOf(promoted), null);
  assert.equal(tokens(await sdk.verify(promoted, strict)).accessAndFrontTokenUpdated, false);
  await sdk.verify(next);
});

test("many refreshes at once with the same token all succeed", async () => {
  const session = await sdk.create();
  const successors = await Promise.all(Array.from({ length: 24 }, () => sdk.refresh(session)));
  assert.equal(new Set(successors.map((s) => tokens(s).refreshToken)).size, 24);
  await sdk.verify(successors[7], strict);
  await sdk.refresh(successors[7]);
  await assert.rejects(sdk.refresh(session), theftOf(session));
});

test("many first uses at once of the same successor all succeed", async () => {
  const next = await sdk.refresh(await sdk.create());
  const promoted = await Promise.all(Array.from({ length: 24 }, () => sdk.verify(next, strict)));
  for (const session of promoted) assert.equal(parentOf(session), null);
  await sdk.verify(await sdk.refresh(next), strict);
});

describe("theft", () => {
  test("the old token after promotion", async () => {
    const session = await sdk.create();
    await sdk.verify(await sdk.refresh(session));
    await assert.rejects(sdk.refresh(session), theftOf(session));
  });

  test("the old token after its successor was refreshed", async () => {
    const session = await sdk.create();
    await sdk.refresh(await sdk.refresh(session));
    await assert.rejects(sdk.refresh(session), theftOf(session));
  });

  test("a sibling of the promoted successor", async () => {
    const session = await sdk.create();
    const [next, sibling] = [await sdk.refresh(session), await sdk.refresh(session)];
    await sdk.verify(next);
    await assert.rejects(sdk.refresh(sibling), theftOf(session));
    const stale = await sdk.verify(sibling);
    assert.equal(tokens(stale).accessAndFrontTokenUpdated, false);
  });
});

describe("after revocation", () => {
  test("no refresh", async () => {
    const session = await sdk.create();
    await session.revokeSession();
    await assert.rejects(sdk.refresh(session), ended);
  });

  test("a successor that was not used yet is refused even without checkDatabase", async () => {
    const next = await sdk.refresh(await sdk.create());
    await next.revokeSession();
    await assert.rejects(sdk.verify(next), ended);
  });
});

test("what is not a refresh token", async () => {
  const session = await sdk.create();
  for (const token of ["", "x", "a.b.V2", session.getAccessToken(), `${tokens(session).refreshToken}x`]) {
    await assert.rejects(sdk.Session.refreshSessionWithoutRequestResponse(token), ended, token);
  }
  await sdk.refresh(session);
});
