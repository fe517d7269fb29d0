// antiCsrf: VIA_TOKEN. The core makes the token, and judges it at refresh.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createApp, errorOfType, jwtPayload, startSdk, tokens } from "./support.mjs";

let app, sdk, Session;
before(async () => {
  app = await createApp("anti-csrf");
  sdk = startSdk(app, { session: { antiCsrf: "VIA_TOKEN" } });
  Session = sdk.Session;
});
after(() => app?.remove());

const verify = (session, antiCsrfToken, options) =>
  Session.getSessionWithoutRequestResponse(session.getAccessToken(), antiCsrfToken, options);
const refresh = (session, antiCsrfToken) =>
  Session.refreshSessionWithoutRequestResponse(tokens(session).refreshToken, false, antiCsrfToken);

test("verify asks for the session's token", async () => {
  const session = await sdk.create();
  const { antiCsrfToken } = tokens(session);
  assert.equal(jwtPayload(session.getAccessToken()).antiCsrfToken, antiCsrfToken);
  for (const checkDatabase of [false, true]) {
    const checked = { antiCsrfCheck: true, checkDatabase };
    await verify(session, antiCsrfToken, checked);
    await assert.rejects(verify(session, "wrong", checked), errorOfType("TRY_REFRESH_TOKEN"));
    await assert.rejects(verify(session, undefined, checked), errorOfType("TRY_REFRESH_TOKEN"));
    await verify(session, undefined, { antiCsrfCheck: false, checkDatabase });
  }
});

test("refresh asks for it, and hands out another", async () => {
  const session = await sdk.create();
  const { antiCsrfToken } = tokens(session);
  await assert.rejects(refresh(session, "wrong"), errorOfType("UNAUTHORISED"));
  await assert.rejects(refresh(session, undefined), errorOfType("UNAUTHORISED"));
  const next = await refresh(session, antiCsrfToken);
  assert.ok(tokens(next).antiCsrfToken);
  assert.notEqual(tokens(next).antiCsrfToken, antiCsrfToken);

  const promoted = await verify(next, tokens(next).antiCsrfToken, { antiCsrfCheck: true });
  assert.equal(jwtPayload(promoted.getAccessToken()).antiCsrfToken, tokens(next).antiCsrfToken);
});

test("a session without one", async () => {
  const user = sdk.userId("ada");
  const session = await Session.createNewSessionWithoutRequestResponse("public", user, {}, {}, true);
  assert.equal(tokens(session).antiCsrfToken, undefined);
  const next = await Session.refreshSessionWithoutRequestResponse(tokens(session).refreshToken, true);
  assert.equal(tokens(next).antiCsrfToken, undefined);
});
