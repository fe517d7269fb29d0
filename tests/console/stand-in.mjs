// Serves the pages before a bundle that does not, and passes everything else on to it.
import { createReadStream, existsSync } from "node:fs";
import { createServer, request } from "node:http";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const TYPES = { html: "text/html", js: "text/javascript", css: "text/css", svg: "image/svg+xml", md: "text/plain" };
const POLICY = (connect) =>
  `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src ${connect}; base-uri 'none'; ` +
  "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
const HEADERS = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

export async function standIn(origin) {
  const server = createServer((incoming, outgoing) => {
    const path = incoming.method === "GET" && new URL(incoming.url, origin).pathname;
    if (path === "/console") return outgoing.writeHead(308, { location: "/console/" }).end();
    const file = path && fileOf(path);
    if (!file || !existsSync(root + file)) return pass(origin, incoming, outgoing);
    const csp = POLICY(
      path.startsWith("/console") ? "'self' https://*.amazonaws.com https://*.amazonaws.com.cn" : "'self'",
    );
    const type = `${TYPES[file.split(".").pop()]}; charset=utf-8`;
    outgoing.writeHead(200, { ...HEADERS, "content-type": type, "content-security-policy": csp });
    createReadStream(root + file).pipe(outgoing);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

function fileOf(path) {
  if (path === "/") return "local/demo/index.html";
  if (path === "/README.md") return "README.md";
  if (path === "/console/") return "console/index.html";
  const [, folder, name] = /^\/(console|demo)\/([a-z0-9]+\.(?:js|css|svg))$/.exec(path) ?? [];
  return folder && `${folder === "demo" ? "local/demo" : folder}/${name}`;
}

function pass(origin, incoming, outgoing) {
  const { method, url, headers } = incoming;
  const passed = request(new URL(url, origin), { method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode, answer.headers);
    answer.pipe(outgoing);
  });
  passed.on("error", () => outgoing.destroy());
  incoming.pipe(passed);
}
