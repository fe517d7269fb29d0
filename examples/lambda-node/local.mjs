// API Gateway in front of the handler, on this machine: HTTP in, an event of a REST API to the handler, HTTP out.
import { createServer } from "node:http";
import { handler } from "./handler.mjs";

const port = Number(process.env.PORT ?? 3003);

createServer(async (request, response) => {
  try {
    const { statusCode, headers, multiValueHeaders, body } = await handler(await toEvent(request), {});
    response.writeHead(statusCode, { ...headers, ...multiValueHeaders }).end(body);
  } catch (error) {
    console.error(error.message);
    response.writeHead(502, { "content-type": "application/json" }).end('{"message":"Internal server error"}');
  }
}).listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port}`));

async function toEvent(request) {
  const { pathname, searchParams } = new URL(request.url, "http://127.0.0.1");
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return {
    httpMethod: request.method,
    path: pathname,
    headers: request.headers,
    queryStringParameters: Object.fromEntries(searchParams),
    requestContext: { httpMethod: request.method, path: pathname, stage: "local" },
    body: Buffer.concat(chunks).toString(),
    isBase64Encoded: false,
  };
}
