import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { createApp, errorOfType, eventually, jwtHeader, jwtPayload, startSdk } from "./support.mjs";

const published = async (sdk) => (await sdk.Session.getJWKS()).keys;
const kidOf = (session) => jwtHeader(session.getAccessToken()).kid;
const strict = { checkDatabase: true };

async function assertSigned(sdk, jwt) {
  const { kid, alg } = jwtHeader(jwt);
  assert.equal(alg, "RS256");
  const jwk = (await published(sdk)).find((key) => key.kid === kid);
  assert.ok(jwk, `${kid} is published`);
  assert.deepEqual([jwk.kty, jwk.alg, jwk.use], ["RSA", "RS256", "sig"]);
  const [header, payload, signature] = jwt.split(".");
  const key = createPublicKey({ key: jwk, format: "jwk" });
  assert.ok(verify("sha256", Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, "base64url")));
}

describe("JWT recipe", () => {
  let app, sdk;
  before(async () => {
    app = await createApp("jwt");
    sdk = startSdk(app);
  });
  after(() => app?.remove());

  test("a JWT by the static key, and one by the dynamic key", async () => {
    for (const useStatic of [true, false]) {
      const { status, jwt } = await sdk.Session.createJWT({ scope: "read" }, 600, useStatic);
      assert.equal(status, "OK");
      await assertSigned(sdk, jwt);
      assert.equal(jwtHeader(jwt).kid.startsWith("d-"), !useStatic);
      const { iat, exp, ...claims } = jwtPayload(jwt);
      assert.equal(exp - iat, 600);
      assert.deepEqual(claims, { scope: "read", iss: "http://127.0.0.1/auth" });
    }
  });

  test("without a validity it lives for a hundred years", async () => {
    const { jwt } = await sdk.Session.createJWT();
    const { iat, exp } = jwtPayload(jwt);
    assert.equal(exp - iat, 3_153_600_000);
    await assertSigned(sdk, jwt);
  });

  test("access tokens are signed by published keys", async () => {
    await assertSigned(sdk, (await sdk.create()).getAccessToken());
  });
});

describe("useDynamicAccessTokenSigningKey", () => {
  test("switched off, a session is taken over by its next refresh; switched on, likewise", async () => {
    const app = await createApp("key-type");
    try {
      const dynamic = startSdk(app);
      const constant = startSdk(app, { session: { useDynamicAccessTokenSigningKey: false } });
      const tryRefresh = errorOfType("TRY_REFRESH_TOKEN");

      const session = await dynamic.create();
      assert.match(kidOf(session), /^d-/);
      await assert.rejects(constant.verify(session), tryRefresh);

      const taken = await constant.refresh(session);
      assert.doesNotMatch(kidOf(taken), /^d-/);
      const used = await constant.verify(taken, strict);
      assert.doesNotMatch(kidOf(used), /^d-/);
      await used.mergeIntoAccessTokenPayload({ role: "owner" });
      assert.doesNotMatch(kidOf(used), /^d-/);
      await assert.rejects(dynamic.verify(used), tryRefresh);

      const back = await dynamic.verify(await dynamic.refresh(taken), strict);
      assert.match(kidOf(back), /^d-/);
    } finally {
      await app.remove();
    }
  });
});

describe("rotation", () => {
  test("after the interval a new key signs, and tokens by the old one still pass", async () => {
    const app = await createApp("rotation", {
      access_token_dynamic_signing_key_update_interval: 3 / 3600,
      access_token_validity: 60,
      access_token_validity_jitter: 0,
    });
    try {
      const sdk = startSdk(app);
      const old = await sdk.create();
      await sdk.verify(old);
      const young = await eventually(async () => {
        const session = await sdk.create();
        return kidOf(session) !== kidOf(old) && session;
      });
      const kids = (await published(sdk)).map((key) => key.kid);
      assert.ok(kids.includes(kidOf(old)) && kids.includes(kidOf(young)), `${kids}`);
      assert.equal(new Set(kids).size, kids.length);
      for (const session of [old, young]) {
        await sdk.verify(session);
        await sdk.verify(session, strict);
      }
      assert.notEqual(kidOf(await sdk.refresh(old)), kidOf(old));
    } finally {
      await app.remove();
    }
  });
});
