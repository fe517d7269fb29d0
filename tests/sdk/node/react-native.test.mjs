// The SDK for React Native, on its real storage. It asks Sever's own routes to refresh and to sign out; the
// application that signs a user in is an Express with Sever as its core.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, beforeEach, test } from "node:test";
import express from "express";
import { addHook } from "sucrase/dist/register.js";
import { core, serve, startSdk } from "./support.mjs";

const require = createRequire(import.meta.url);
const sever = core.replace(/\/core$/, "");

/** Metro compiles the SDK's modules for a phone; this does so for Node. */
const compile = () =>
  addHook(".js", { transforms: ["imports"] }, { ignoreNodeModules: false, matcher: (path) => path.includes("supertokens-react-native") });

const kept = new Map();
let application, phone, sdk, events;

before(async () => {
  // The storage of a phone is, outside of one, that of a window.
  globalThis.window = {
    localStorage: {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => void kept.set(key, String(value)),
      removeItem: (key) => void kept.delete(key),
    },
  };
  sdk = startSdk({ uri: core, apiKey: process.env.SEVER_API_KEY });
  const app = express();
  app.use(sdk.framework.middleware());
  app.post("/sign-in", async (req, res) => {
    const session = await sdk.Session.createNewSession(req, res, "public", sdk.userId("phone"), { role: "editor" });
    res.json({ handle: session.getHandle() });
  });
  app.use(sdk.framework.errorHandler());
  application = await serve(app);
  const revert = compile();
  phone = require("supertokens-react-native").default;
  revert();
  phone.init({ apiDomain: sever, apiBasePath: "/auth", onHandleEvent: ({ action }) => events.push(action) });
});
after(() => application?.close());

beforeEach(() => {
  kept.clear();
  events = [];
});

const signIn = async () => (await (await fetch(`${application.origin}/sign-in`, { method: "POST" })).json()).handle;
const whoami = (path = "") => fetch(`${sever}/whoami${path}`);

test("signed in, its calls carry the session, and signed out they do not", async () => {
  assert.equal(await phone.doesSessionExist(), false);
  const handle = await signIn();
  assert.equal(await phone.getUserId(), "phone");
  assert.equal((await phone.getAccessTokenPayloadSecurely()).role, "editor");
  for (const path of ["", "/fast"]) {
    const response = await whoami(path);
    assert.equal(response.status, 200);
    assert.equal((await response.json()).sessionHandle, handle);
  }
  await phone.signOut();
  assert.equal(await phone.doesSessionExist(), false);
  assert.equal(await sdk.Session.getSessionInformation(handle), undefined);
  assert.deepEqual(events, ["SESSION_CREATED", "SIGN_OUT"]);
});

test("a refresh exchanges its tokens", async () => {
  const handle = await signIn();
  const token = await phone.getAccessToken();
  assert.equal(await phone.attemptRefreshingSession(), true);
  assert.notEqual(await phone.getAccessToken(), token);
  assert.equal((await (await whoami()).json()).sessionHandle, handle);
  assert.deepEqual(events, ["SESSION_CREATED", "REFRESH_SESSION"]);
  await phone.signOut();
});

test("revoked elsewhere, its next call says so", async () => {
  await sdk.Session.revokeSession(await signIn());
  assert.equal((await whoami()).status, 401);
  assert.equal(await phone.doesSessionExist(), false);
  assert.deepEqual(events, ["SESSION_CREATED", "UNAUTHORISED"]);
});
