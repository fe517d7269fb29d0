// What your own backend does with Sever: it opens a session after its own login, and ends a user's other sessions. Here it
// is a handler in Vite's server. Its calls are signed by SigV4, since IAM guards Sever's admin routes.
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { AwsClient } from "aws4fetch";

const sever = process.env.SEVER ?? process.env.VITE_API_DOMAIN ?? "http://127.0.0.1:3000";
const website = process.env.WEBSITE_DOMAIN ?? "http://127.0.0.1:5173";

// On this machine the credentials are local/local; on AWS they are those of your backend's role.
const iam = new AwsClient({
  accessKeyId: "local",
  secretAccessKey: "local",
  region: "us-east-1",
  service: "execute-api",
});

async function admin(path: string, command: object) {
  const response = await iam.fetch(sever + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(command),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

// A demonstration: it believes whoever asks. Check a password here.
async function login(request: IncomingMessage, response: ServerResponse) {
  const { userId } = JSON.parse(await text(request));
  if (typeof userId !== "string" || !userId) return answer(response, 400, { message: "userId is missing" });
  const opened = await admin("/create-session", {
    userId,
    accessTokenPayload: { role: "editor" },
    // The SDK says on every call how it wants its tokens: in cookies, or in headers.
    transfer: request.headers["st-auth-mode"] === "cookie" ? "cookie" : "header",
    device: { ip: request.socket.remoteAddress, userAgent: request.headers["user-agent"] },
  });
  // Handed on as they are, they sign the browser in.
  for (const [name, value] of Object.entries<string>(opened.headers)) response.setHeader(name, value);
  response.setHeader("set-cookie", opened.cookies);
  answer(response, 200, { userId });
}

async function signOutElsewhere(request: IncomingMessage, response: ServerResponse) {
  // Who is asking? Sever says so, strictly, from the token the browser has sent along.
  const { authorization, cookie } = request.headers;
  const who = await fetch(`${sever}/whoami`, {
    headers: { ...(authorization && { authorization }), ...(cookie && { cookie }) },
  });
  // A 401 is passed on: the SDK refreshes, and comes again.
  if (!who.ok) return answer(response, who.status, await who.json());
  const { userId, sessionHandle } = await who.json();
  const ended = await admin("/revoke-user", { userId, exceptSessionHandle: sessionHandle });
  answer(response, 200, { ended: ended.sessionHandlesRevoked.length });
}

const routes = new Map([
  ["/login", login],
  ["/sign-out-elsewhere", signOutElsewhere],
]);

export function backend(request: IncomingMessage, response: ServerResponse, next: () => void) {
  const route = routes.get(request.url ?? "");
  if (!route) return next();
  // The website may live on another origin than the backend.
  response.setHeader("access-control-allow-origin", website);
  response.setHeader("access-control-allow-credentials", "true");
  if (request.method === "OPTIONS") {
    response.setHeader("access-control-allow-headers", "content-type,authorization,rid,fdi-version,anti-csrf,st-auth-mode");
    return response.writeHead(204).end();
  }
  // The SDK always sends `rid`, and a form on somebody else's site cannot.
  if (request.method !== "POST" || !request.headers.rid) return answer(response, 400, { message: "POST it by the SDK" });
  route(request, response).catch((error) => {
    console.error(error);
    answer(response, 500, { message: "the backend failed" });
  });
}

function answer(response: ServerResponse, status: number, body: object) {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
