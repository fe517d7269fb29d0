import supertokens from "supertokens-node";
import { middleware } from "supertokens-node/framework/awsLambda";
import Session from "supertokens-node/recipe/session";
import { verifySession } from "supertokens-node/recipe/session/framework/awsLambda";

supertokens.init({
  framework: "awsLambda",
  isInServerlessEnv: true,
  supertokens: {
    connectionURI: process.env.SEVER_CORE ?? "http://127.0.0.1:3000/core",
    apiKey: process.env.SEVER_API_KEY,
  },
  appInfo: {
    appName: "Lambda on Sever",
    apiDomain: process.env.API_DOMAIN ?? `http://127.0.0.1:${process.env.PORT ?? 3003}`,
    websiteDomain: "http://127.0.0.1:8080",
  },
  recipeList: [Session.init()],
});

// A demonstration: it believes whoever asks. Check a password here.
const login = middleware(async (event) => {
  const userId = readJson(event)?.userId;
  if (typeof userId !== "string" || !userId) return json(400, { message: "userId is missing" });
  const session = await Session.createNewSession(event, event, "public", supertokens.convertToRecipeUserId(userId));
  return json(200, { userId, sessionHandle: session.getHandle() });
});

// Refuses a revoked session on its very next request.
const me = verifySession(
  async ({ session }) => json(200, { userId: session.getUserId(), sessionHandle: session.getHandle() }),
  { checkDatabase: true },
);

const logout = verifySession(
  async ({ session }) => {
    await session.revokeSession();
    return json(200, { status: "OK" });
  },
  { checkDatabase: true },
);

const logoutEverywhere = verifySession(
  async ({ session }) => {
    const revoked = await Session.revokeAllSessionsForUser(session.getUserId());
    return json(200, { status: "OK", revoked });
  },
  { checkDatabase: true },
);

const routes = {
  "POST /login": login,
  "GET /me": me,
  "POST /logout": logout,
  "POST /logout-everywhere": logoutEverywhere,
};
const authOrNotFound = middleware(); // POST /auth/session/refresh and POST /auth/signout

/** For a REST API (payload 1.0) and for the default stage of an HTTP API (payload 2.0). */
export const handler = (event, context) => {
  const method = event.httpMethod ?? event.requestContext.http.method;
  const path = event.path ?? event.rawPath;
  const route = routes[`${method} ${path}`] ?? authOrNotFound;
  return route(event, context);
};

function readJson({ body, isBase64Encoded }) {
  try {
    return JSON.parse(isBase64Encoded ? Buffer.from(body, "base64").toString() : body);
  } catch {
    return undefined;
  }
}

function json(statusCode, body) {
  return { statusCode, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}
