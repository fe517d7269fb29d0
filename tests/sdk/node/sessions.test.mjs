// The functions of the session recipe. The app has API keys: the SDK sends the right one throughout.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { createApp, errorOfType, frontToken, jwtHeader, jwtPayload, startSdk, tokens } from "./support.mjs";

let app, sdk, Session;
before(async () => {
  app = await createApp("sessions", { api_keys: `sdk-tests-${randomUUID()},sdk-tests-${randomUUID()}` });
  sdk = startSdk(app);
  Session = sdk.Session;
});
after(() => app?.remove());

const newUser = () => `user-${randomUUID()}`;
const ended = errorOfType("UNAUTHORISED");
const strict = { checkDatabase: true };

describe("create", () => {
  test("the session says what was asked", async () => {
    const session = await sdk.create({
      user: "ada",
      payload: { role: "editor", nothing: null },
      data: { cart: [1, 2] },
    });
    assert.equal(session.getUserId(), "ada");
    assert.equal(session.getRecipeUserId().getAsString(), "ada");
    assert.equal(session.getTenantId(), "public");
    assert.deepEqual(await session.getSessionDataFromDatabase(), { cart: [1, 2] });
    assert.ok((await session.getExpiry()) > (await session.getTimeCreated()));

    const { accessToken } = tokens(session);
    const { kid, ...header } = jwtHeader(accessToken);
    assert.match(kid, /^d-/);
    assert.deepEqual(header, { typ: "JWT", alg: "RS256", version: "5" });
    const { exp, iat, refreshTokenHash1, ...claims } = jwtPayload(accessToken);
    assert.ok(Number.isInteger(exp) && Number.isInteger(iat) && exp > iat);
    assert.equal(typeof refreshTokenHash1, "string");
    assert.deepEqual(claims, {
      sub: "ada",
      rsub: "ada",
      tId: "public",
      sessionHandle: session.getHandle(),
      parentRefreshTokenHash1: null,
      antiCsrfToken: null,
      iss: "http://127.0.0.1/auth",
      role: "editor",
      nothing: null,
    });
    assert.equal(frontToken(session).ate, exp * 1000);
  });

  test("for the empty user id", async () => {
    const session = await sdk.create({ user: "" });
    assert.equal((await sdk.verify(session, strict)).getUserId(), "");
    assert.deepEqual(await Session.getAllSessionHandlesForUser(""), [session.getHandle()]);
    assert.deepEqual(await Session.revokeAllSessionsForUser(""), [session.getHandle()]);
  });

  test("numbers, nesting and other alphabets come back as they were", async () => {
    const payload = { n: 1.5, big: 9007199254740991, deep: { list: [{ a: null }, true, ""] }, text: "Grüße, 東京 🗝" };
    const session = await sdk.create({ payload, data: payload });
    const info = await Session.getSessionInformation(session.getHandle());
    assert.deepEqual(info.customClaimsInAccessTokenPayload, { ...payload, iss: "http://127.0.0.1/auth" });
    assert.deepEqual(info.sessionDataInDatabase, payload);
    assert.deepEqual((await sdk.verify(session, strict)).getAccessTokenPayload().deep, payload.deep);
  });
});

describe("checkDatabase", () => {
  test("off, a revoked session passes; on, it is refused", async () => {
    const session = await sdk.create();
    assert.equal(await Session.revokeSession(session.getHandle()), true);
    assert.equal((await sdk.verify(session)).getHandle(), session.getHandle());
    await assert.rejects(sdk.verify(session, strict), ended);
  });

  test("on, a live session passes and keeps its token", async () => {
    const session = await sdk.create();
    const verified = await sdk.verify(session, strict);
    assert.equal(verified.getAccessToken(), session.getAccessToken());
    assert.equal(tokens(verified).accessAndFrontTokenUpdated, false);
  });

  test("what is not an access token is refused", async () => {
    const options = { sessionRequired: false };
    assert.equal(await Session.getSessionWithoutRequestResponse("x", undefined, options), undefined);
    const session = await sdk.create();
    const [header, , signature] = session.getAccessToken().split(".");
    const claims = { ...jwtPayload(session.getAccessToken()), sub: "mallory" };
    const forged = [header, Buffer.from(JSON.stringify(claims)).toString("base64url"), signature].join(".");
    await assert.rejects(
      Session.getSessionWithoutRequestResponse(forged, undefined, strict),
      errorOfType("TRY_REFRESH_TOKEN"),
    );
  });
});

describe("payload", () => {
  test("changed by handle, it is seen at the next verify with checkDatabase", async () => {
    const session = await sdk.create({ payload: { role: "editor", team: "a" } });
    assert.equal(await Session.mergeIntoAccessTokenPayload(session.getHandle(), { role: "owner", team: null }), true);

    const unseen = await sdk.verify(session);
    assert.equal(unseen.getAccessTokenPayload().role, "editor");
    assert.equal(tokens(unseen).accessAndFrontTokenUpdated, false);

    const seen = await sdk.verify(session, strict);
    assert.equal(seen.getAccessTokenPayload().role, "owner");
    assert.equal("team" in seen.getAccessTokenPayload(), false);
    assert.equal(tokens(seen).accessAndFrontTokenUpdated, true);
    assert.equal(frontToken(seen).up.role, "owner");
    assert.equal(jwtPayload(seen.getAccessToken()).role, "owner");

    const again = await sdk.verify(seen, strict);
    assert.equal(tokens(again).accessAndFrontTokenUpdated, false);
  });

  test("changed by handle, a refresh carries it", async () => {
    const session = await sdk.create({ payload: { role: "editor" } });
    await Session.mergeIntoAccessTokenPayload(session.getHandle(), { role: "owner" });
    assert.equal((await sdk.refresh(session)).getAccessTokenPayload().role, "owner");
  });

  test("changed through the session, its token is new at once", async () => {
    const session = await sdk.create({ payload: { role: "editor" } });
    const { exp, refreshTokenHash1 } = jwtPayload(session.getAccessToken());
    const verified = await sdk.verify(session);
    await verified.mergeIntoAccessTokenPayload({ role: "owner" });
    assert.equal(tokens(verified).accessAndFrontTokenUpdated, true);
    assert.equal(frontToken(verified).up.role, "owner");
    const claims = jwtPayload(verified.getAccessToken());
    assert.deepEqual([claims.role, claims.exp, claims.refreshTokenHash1], ["owner", exp, refreshTokenHash1]);
    const information = await Session.getSessionInformation(session.getHandle());
    assert.equal(information.customClaimsInAccessTokenPayload.role, "owner");
    assert.equal(tokens(await sdk.verify(verified, strict)).accessAndFrontTokenUpdated, false);
  });

  test("an ended session's is not changed", async () => {
    const session = await sdk.create();
    await Session.revokeSession(session.getHandle());
    assert.equal(await Session.mergeIntoAccessTokenPayload(session.getHandle(), { role: "owner" }), false);
    await assert.rejects(session.mergeIntoAccessTokenPayload({ role: "owner" }), ended);
  });
});

describe("session data", () => {
  test("is replaced as a whole", async () => {
    const session = await sdk.create({ data: { a: 1, b: 2 } });
    assert.equal(await Session.updateSessionDataInDatabase(session.getHandle(), { b: 3 }), true);
    assert.deepEqual(await session.getSessionDataFromDatabase(), { b: 3 });
    await session.updateSessionDataInDatabase({});
    assert.deepEqual((await Session.getSessionInformation(session.getHandle())).sessionDataInDatabase, {});
  });

  test("an ended session's is neither read nor changed", async () => {
    const session = await sdk.create({ data: { a: 1 } });
    await session.revokeSession();
    assert.equal(await Session.updateSessionDataInDatabase(session.getHandle(), { a: 2 }), false);
    await assert.rejects(session.getSessionDataFromDatabase(), ended);
    await assert.rejects(session.updateSessionDataInDatabase({ a: 2 }), ended);
  });
});

describe("getSessionInformation", () => {
  test("of a live session", async () => {
    const session = await sdk.create({ user: "ada", payload: { role: "editor" }, data: { cart: 1 } });
    const { recipeUserId, timeCreated, expiry, ...rest } = await Session.getSessionInformation(session.getHandle());
    assert.equal(recipeUserId.getAsString(), "ada");
    assert.ok(Math.abs(Date.now() - timeCreated) < 60_000);
    assert.ok(expiry > timeCreated);
    assert.deepEqual(rest, {
      sessionHandle: session.getHandle(),
      userId: "ada",
      tenantId: "public",
      sessionDataInDatabase: { cart: 1 },
      customClaimsInAccessTokenPayload: { role: "editor", iss: "http://127.0.0.1/auth" },
    });
  });

  test("of an ended and of an unknown session", async () => {
    const session = await sdk.create();
    await Session.revokeSession(session.getHandle());
    assert.equal(await Session.getSessionInformation(session.getHandle()), undefined);
    assert.equal(await Session.getSessionInformation(randomUUID()), undefined);
  });
});

describe("claims", () => {
  test("set, get, fetch and remove, through the session and by handle", async () => {
    const { BooleanClaim, PrimitiveClaim } = sdk.claims;
    const verified = new BooleanClaim({ key: "verified", fetchValue: () => true });
    const plan = new PrimitiveClaim({ key: "plan", fetchValue: () => "free" });
    const session = await sdk.create();

    await session.fetchAndSetClaim(verified);
    assert.equal(await session.getClaimValue(verified), true);
    await session.assertClaims([verified.validators.isTrue()]);

    assert.equal(await Session.setClaimValue(session.getHandle(), plan, "pro"), true);
    assert.deepEqual(await Session.getClaimValue(session.getHandle(), plan), { status: "OK", value: "pro" });
    const seen = await sdk.verify(session, strict);
    assert.equal(await seen.getClaimValue(plan), "pro");
    await assert.rejects(seen.assertClaims([plan.validators.hasValue("free")]), errorOfType("INVALID_CLAIMS"));

    assert.equal(await Session.fetchAndSetClaim(session.getHandle(), plan), true);
    assert.deepEqual(await Session.getClaimValue(session.getHandle(), plan), { status: "OK", value: "free" });
    assert.equal(await Session.removeClaim(session.getHandle(), plan), true);
    assert.deepEqual(await Session.getClaimValue(session.getHandle(), plan), { status: "OK", value: undefined });
  });

  test("are validated at verify and by handle", async () => {
    const { BooleanClaim } = sdk.claims;
    const verified = new BooleanClaim({ key: "verified", fetchValue: () => false });
    const validators = { overrideGlobalClaimValidators: () => [verified.validators.isTrue()] };
    const session = await sdk.create();
    await assert.rejects(sdk.verify(session, validators), errorOfType("INVALID_CLAIMS"));

    const byHandle = () =>
      Session.validateClaimsForSessionHandle(session.getHandle(), validators.overrideGlobalClaimValidators);
    assert.equal((await byHandle()).invalidClaims[0].id, "verified");
    await Session.setClaimValue(session.getHandle(), verified, true);
    assert.deepEqual(await byHandle(), { status: "OK", invalidClaims: [] });
    await sdk.verify(session, { ...validators, ...strict });
    await session.revokeSession();
    assert.deepEqual(await byHandle(), { status: "SESSION_DOES_NOT_EXIST_ERROR" });
  });
});

describe("revoke", () => {
  test("by handle, twice", async () => {
    const session = await sdk.create();
    assert.equal(await Session.revokeSession(session.getHandle()), true);
    assert.equal(await Session.revokeSession(session.getHandle()), false);
    assert.equal(await Session.revokeSession(randomUUID()), false);
  });

  test("several handles: the answer names those that were live", async () => {
    const [a, b, kept] = await Promise.all([sdk.create(), sdk.create(), sdk.create()]);
    const handles = [a.getHandle(), randomUUID(), b.getHandle()];
    assert.deepEqual((await Session.revokeMultipleSessions(handles)).sort(), [a.getHandle(), b.getHandle()].sort());
    assert.deepEqual(await Session.revokeMultipleSessions(handles), []);
    assert.deepEqual(await Session.revokeMultipleSessions([]), []);
    await assert.rejects(sdk.verify(a, strict), ended);
    await sdk.verify(kept, strict);
  });

  test("all of a user, and nobody else's", async () => {
    const [user, other] = [newUser(), newUser()];
    const sessions = await Promise.all([1, 2, 3].map(() => sdk.create({ user })));
    const kept = await sdk.create({ user: other });
    const handles = sessions.map((session) => session.getHandle()).sort();

    assert.deepEqual((await Session.getAllSessionHandlesForUser(user)).sort(), handles);
    assert.deepEqual((await Session.revokeAllSessionsForUser(user)).sort(), handles);
    assert.deepEqual(await Session.getAllSessionHandlesForUser(user), []);
    assert.deepEqual(await Session.revokeAllSessionsForUser(user), []);
    for (const session of sessions) {
      await assert.rejects(sdk.verify(session, strict), ended);
      await assert.rejects(sdk.refresh(session), ended);
    }
    await sdk.verify(kept, strict);

    const next = await sdk.create({ user });
    await sdk.verify(next, strict);
    assert.deepEqual(await Session.getAllSessionHandlesForUser(user), [next.getHandle()]);
  });
});
