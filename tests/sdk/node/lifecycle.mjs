// The life of a session through an application: the same for every framework, with cookies and with headers.
import assert from "node:assert/strict";
import express from "express";
import { after, before, describe, test } from "node:test";
import { Browser, createApp, startSdk } from "./support.mjs";

/** The routes that each application serves behind `verifySession(options)`. It answers `view(session)`. */
export const routes = [
  { method: "GET", path: "/session", options: {}, act: async () => {} },
  { method: "GET", path: "/session/strict", options: { checkDatabase: true }, act: async () => {} },
  { method: "POST", path: "/payload", options: {}, act: (s) => s.mergeIntoAccessTokenPayload({ colour: "green" }) },
  { method: "POST", path: "/revoke", options: { checkDatabase: true }, act: (s) => s.revokeSession() },
];

export const view = (session) => ({ handle: session.getHandle(), userId: session.getUserId() });

/** Besides, it serves `POST /create?userId=`, by this. */
export const create = (sdk, request, response, userId) =>
  sdk.Session.createNewSession(request, response, "public", sdk.userId(userId), { role: "editor" });

export function expressApp(sdk) {
  const app = express();
  app.use(sdk.framework.middleware());
  app.post("/create", async (req, res) => {
    res.json(view(await create(sdk, req, res, req.query.userId)));
  });
  for (const { method, path, options, act } of routes) {
    app[method.toLowerCase()](path, sdk.verifySession(options), async (req, res) => {
      await act(req.session);
      res.json(view(req.session));
    });
  }
  app.use(sdk.framework.errorHandler());
  return app;
}

/**
 * `serve(sdk)` starts the application and answers `{ send, close }`. `sdk` is the package of the SDK, and
 * `signOutOfNone` the status of its sign-out for a caller without a session.
 */
export function lifecycle(name, framework, serve, { sdk = "supertokens-node", signOutOfNone = 401 } = {}) {
  describe(name, () => {
    let app, server;
    before(async () => {
      app = await createApp(framework.toLowerCase());
      server = await serve(startSdk(app, { framework, sdk }));
    });
    after(async () => {
      await server?.close();
      await app?.remove();
    });

    for (const transfer of ["cookie", "header"]) {
      describe(transfer, () => {
        const signIn = async (userId) => {
          const browser = new Browser(server.send, transfer);
          const response = await browser.call("POST", `/create?userId=${userId}`);
          assert.equal(response.status, 200);
          assert.ok(browser.access && browser.refresh, "both tokens");
          assert.equal(browser.front.uid, userId);
          assert.equal(response.cookies.length, transfer === "cookie" ? 2 : 0);
          assert.equal(response.headers.has("st-access-token"), transfer === "header");
          return browser;
        };
        const expect = async (browser, method, path, status, body) => {
          const response = await browser.call(method, path);
          assert.equal(response.status, status, `${method} ${path}: ${JSON.stringify(response.body)}`);
          if (body) assert.deepEqual(response.body, body);
          return response;
        };
        const assertForgotten = (browser) => {
          assert.deepEqual([browser.access, browser.refresh, browser.front], [undefined, undefined, undefined]);
        };

        test("no session", async () => {
          const browser = new Browser(server.send, transfer);
          await expect(browser, "GET", "/session", 401, { message: "unauthorised" });
          await expect(browser, "POST", "/auth/session/refresh", 401, { message: "unauthorised" });
          await expect(browser, "POST", "/auth/signout", signOutOfNone);
        });

        test("create, verify, refresh", async () => {
          const browser = await signIn("ada");
          const first = browser.copy();
          const seen = await expect(browser, "GET", "/session", 200);
          assert.equal(seen.body.userId, "ada");
          assert.equal(seen.headers.has("front-token"), false);
          await expect(browser, "GET", "/session/strict", 200, seen.body);

          await expect(browser, "POST", "/auth/session/refresh", 200, {});
          assert.notEqual(browser.access, first.access);
          assert.notEqual(browser.refresh, first.refresh);
          const refreshed = browser.copy();
          await expect(browser, "GET", "/session", 200, seen.body);
          assert.notEqual(browser.access, refreshed.access, "the first use of a refreshed token yields another");
          assert.equal(browser.front.up.role, "editor");
        });

        test("sign out, and it is refused", async () => {
          const browser = await signIn("bea");
          const stolen = browser.copy();
          await expect(browser, "POST", "/auth/signout", 200, { status: "OK" });
          assertForgotten(browser);
          await expect(stolen, "GET", "/session", 200);
          await expect(stolen.copy(), "POST", "/auth/session/refresh", 401, { message: "unauthorised" });
          await expect(stolen, "GET", "/session/strict", 401, { message: "unauthorised" });
          assertForgotten(stolen);
        });

        test("revoked by the application, and it is refused", async () => {
          const browser = await signIn("cid");
          const stolen = browser.copy();
          await expect(browser, "POST", "/revoke", 200);
          assertForgotten(browser);
          await expect(stolen, "GET", "/session/strict", 401, { message: "unauthorised" });
          assertForgotten(stolen);
        });

        test("a stolen refresh token ends the session", async () => {
          const browser = await signIn("dan");
          const stolen = browser.copy();
          await expect(browser, "POST", "/auth/session/refresh", 200);
          await expect(stolen.copy(), "POST", "/auth/session/refresh", 200);
          await expect(browser, "GET", "/session", 200);
          await expect(stolen, "POST", "/auth/session/refresh", 401, { message: "token theft detected" });
          assertForgotten(stolen);
          await expect(browser.copy(), "POST", "/auth/session/refresh", 401, { message: "unauthorised" });
          await expect(browser, "GET", "/session/strict", 401, { message: "unauthorised" });
        });

        test("a changed payload reaches the browser", async () => {
          const browser = await signIn("eve");
          const { access } = browser;
          await expect(browser, "POST", "/payload", 200);
          assert.notEqual(browser.access, access);
          assert.equal(browser.front.up.colour, "green");
          assert.equal(browser.front.up.role, "editor");
          await expect(browser, "GET", "/session/strict", 200);
        });
      });
    }
  });
}
