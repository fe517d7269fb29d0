import { create, lifecycle, routes, view } from "./lifecycle.mjs";

// What API Gateway hands over, and where the answer's cookies are.
const payloads = {
  "1.0": {
    event: (method, path, query, headers) => ({
      httpMethod: method,
      path,
      headers,
      queryStringParameters: query,
      requestContext: { httpMethod: method, path, stage: "prod" },
      body: null,
      isBase64Encoded: false,
    }),
    cookies: (result) => result.multiValueHeaders["Set-Cookie"],
  },
  "2.0": {
    event: (method, path, query, { cookie, ...headers }) => ({
      version: "2.0",
      routeKey: "$default",
      rawPath: path,
      cookies: cookie?.split("; "),
      headers,
      queryStringParameters: query,
      requestContext: { http: { method, path }, stage: "$default" },
      isBase64Encoded: false,
    }),
    cookies: (result) => result.cookies,
  },
};

for (const [version, { event, cookies }] of Object.entries(payloads)) {
  lifecycle(`AWS Lambda, payload ${version}`, "awsLambda", async (sdk) => {
    const answer = (session) => ({
      statusCode: 200,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(view(session)),
    });
    const handlers = {
      "POST /create": sdk.framework.middleware(async (event) =>
        answer(await create(sdk, event, event, event.queryStringParameters.userId)),
      ),
    };
    for (const { method, path, options, act } of routes) {
      handlers[`${method} ${path}`] = sdk.verifySession(async ({ session }) => {
        await act(session);
        return answer(session);
      }, options);
    }
    const send = async (method, target, headers) => {
      const { pathname, searchParams } = new URL(target, "http://127.0.0.1");
      const handler = handlers[`${method} ${pathname}`] ?? sdk.framework.middleware();
      const result = await handler(event(method, pathname, Object.fromEntries(searchParams), headers), {});
      return {
        status: result.statusCode,
        headers: new Headers(result.headers),
        cookies: cookies(result) ?? [],
        body: JSON.parse(result.body),
      };
    };
    return { send, close: async () => {} };
  });
}
