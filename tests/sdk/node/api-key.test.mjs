import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { createApp, startSdk } from "./support.mjs";

const [first, second] = [`sdk-tests-${randomUUID()}`, `sdk-tests-${randomUUID()}`];
const refused = /status code: 401 and message: Invalid API key\n/;

let app;
before(async () => {
  app = await createApp("api-key", { api_keys: `${first},${second}` });
});
after(() => app?.remove());

test("each of the keys is good", async () => {
  for (const apiKey of [first, second]) {
    const sdk = startSdk(app, { apiKey });
    await sdk.verify(await sdk.create(), { checkDatabase: true });
  }
});

test("a wrong key, a part of one, both, and none", async () => {
  for (const apiKey of [`sdk-tests-${randomUUID()}`, first.slice(0, -1), `${first},${second}`, ""]) {
    const sdk = startSdk(app, { apiKey });
    await assert.rejects(sdk.create(), refused, `${apiKey}`);
    await assert.rejects(sdk.Session.revokeAllSessionsForUser("ada"), refused, `${apiKey}`);
  }
});

test("the keys are published to everybody", async () => {
  const sdk = startSdk(app, { apiKey: first });
  const session = await sdk.create();
  const stranger = startSdk(app, { apiKey: "wrong" });
  assert.equal((await stranger.verify(session)).getHandle(), session.getHandle());
});
