// What the tests share: an app of their own in the core, the SDK started against it, a browser, a clock to wait by.
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
export const core = process.env.SEVER_CORE ?? "http://127.0.0.1:3000/core";

/** An app is an isolation boundary: each test file makes its own, and shares sessions, tenants and keys with nobody. */
export async function createApp(name, coreConfig = {}) {
  const appId = `sdk-${name}-${randomUUID().slice(0, 8)}`;
  const owner = { uri: core, apiKey: process.env.SEVER_API_KEY };
  const app = {
    uri: `${core}/appid-${appId}`,
    apiKey: coreConfig.api_keys?.split(",")[0] ?? owner.apiKey,
    tenants: [],
    async createTenant(tenantId) {
      await admin(app, "PUT", "tenant/v2", { tenantId });
      app.tenants.push(tenantId);
    },
    async remove() {
      for (const tenantId of app.tenants) await admin(app, "POST", "tenant/remove", { tenantId });
      await admin(owner, "POST", "app/remove", { appId });
    },
  };
  await admin(owner, "PUT", "app/v2", { appId, coreConfig });
  return app;
}

async function admin({ uri, apiKey }, method, what, body) {
  const response = await fetch(`${uri}/recipe/multitenancy/${what}`, {
    method,
    headers: { "content-type": "application/json", ...(apiKey && { "api-key": apiKey }) },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (response.status !== 200 || JSON.parse(text).status !== "OK") {
    throw new Error(`${method} ${what} ${JSON.stringify(body)}: ${response.status} ${text}`);
  }
}

/**
 * The SDK keeps its configuration in its modules. A second call loads them anew: two SDKs in one process, as if on two
 * machines.
 */
export function startSdk(app, { framework = "express", apiKey = app.apiKey, session = {}, sdk = "supertokens-node" } = {}) {
  for (const path of Object.keys(require.cache)) {
    if (path.includes("supertokens-node")) delete require.cache[path];
  }
  const load = (module) => require(sdk + module);
  const supertokens = load("");
  const Session = load("/recipe/session");
  supertokens.init({
    framework,
    telemetry: false,
    supertokens: { connectionURI: app.uri, ...(apiKey && { apiKey }) },
    appInfo: { appName: "sdk tests", apiDomain: "http://127.0.0.1", websiteDomain: "http://127.0.0.1" },
    recipeList: [Session.init(session)],
  });
  // Before CDI 4.0 an id is a text.
  const userId = (id) => supertokens.convertToRecipeUserId?.(id) ?? id;
  return {
    load,
    Session,
    claims: load("/recipe/session/claims"),
    framework: load(`/framework/${framework}`),
    verifySession: load(`/recipe/session/framework/${framework}`).verifySession,
    userId,
    create: ({ tenant = "public", user = "ada", payload = {}, data = {} } = {}) =>
      Session.createNewSessionWithoutRequestResponse(tenant, userId(user), payload, data),
    verify: (session, options) =>
      Session.getSessionWithoutRequestResponse(tokens(session).accessToken, undefined, options),
    refresh: (session) => Session.refreshSessionWithoutRequestResponse(tokens(session).refreshToken),
  };
}

export const tokens = (session) => session.getAllSessionTokensDangerously();
export const frontToken = (session) => decode(tokens(session).frontToken, "base64");
export const jwtHeader = (jwt) => decode(jwt.split(".")[0], "base64url");
export const jwtPayload = (jwt) => decode(jwt.split(".")[1], "base64url");
const decode = (text, encoding) => JSON.parse(Buffer.from(text, encoding).toString());

/** For `assert.rejects`: the SDK's errors are told apart by their type. */
export const errorOfType = (type) => (error) => error.type === type || Promise.reject(error);

/** Asks again until the answer is good. */
export async function eventually(ask, seconds = 15) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`not within ${seconds} seconds: ${ask}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const REFRESH = "/auth/session/refresh";

/** What a browser keeps of a session, and how it sends it. `send(method, path, headers)` reaches the application. */
export class Browser {
  constructor(send, transfer) {
    this.send = send;
    this.transfer = transfer;
    this.forget();
  }

  forget() {
    this.access = this.refresh = this.front = undefined;
  }

  copy() {
    return Object.assign(new Browser(this.send, this.transfer), this);
  }

  async call(method, path) {
    const response = await this.send(method, path, { "st-auth-mode": this.transfer, ...this.#credentials(path) });
    this.#keep(response);
    return response;
  }

  #credentials(path) {
    if (this.transfer === "header") {
      const token = path === REFRESH ? this.refresh : this.access;
      return token ? { authorization: `Bearer ${token}` } : {};
    }
    const cookies = [];
    if (this.access) cookies.push(`sAccessToken=${this.access}`);
    if (this.refresh && path === REFRESH) cookies.push(`sRefreshToken=${this.refresh}`);
    return cookies.length ? { cookie: cookies.join("; ") } : {};
  }

  #keep({ headers, cookies }) {
    const front = headers.get("front-token");
    if (front) this.front = front === "remove" ? undefined : decode(front, "base64");
    if (this.transfer === "header") {
      if (headers.has("st-access-token")) this.access = headers.get("st-access-token") || undefined;
      if (headers.has("st-refresh-token")) this.refresh = headers.get("st-refresh-token") || undefined;
      return;
    }
    for (const cookie of cookies) {
      const [, name, value] = cookie.match(/^([^=]+)=([^;]*)/);
      if (name === "sAccessToken") this.access = value || undefined;
      if (name === "sRefreshToken") this.refresh = value || undefined;
    }
  }
}

/** What the tests look at of a `Response`. */
export async function answered(response) {
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    cookies: response.headers.getSetCookie(),
    body: text && JSON.parse(text),
  };
}

/** `send` for an application that listens at `origin`. */
export const sendTo = (origin) => async (method, path, headers) =>
  answered(await fetch(origin + path, { method, headers }));

/** Lets an application of Express or Koa listen. */
export async function serve(app) {
  const server = await new Promise((resolve) => {
    const server = app.listen(0, "127.0.0.1", () => resolve(server));
  });
  const origin = `http://127.0.0.1:${server.address().port}`;
  return {
    origin,
    send: sendTo(origin),
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
