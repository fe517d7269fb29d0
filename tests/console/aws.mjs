// Lambda's front door as a browser meets it: another origin over TLS, which answers preflights with the headers that AWS
// allows, exposes none but AWS's, and hands the request with its Host on to the bundle, which checks the signature.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";

// https://github.com/aws/aws-sdk-js/issues/1080, and the token that every temporary credential sends along. Whether AWS also
// allows the client context is not known: see `allow`.
const CORS = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers":
    "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,x-amz-log-result,x-amz-function-error,Date",
};
const PREFLIGHT = {
  ...CORS,
  "access-control-allow-headers":
    "accept,x-amz-invocation-type,content-type,authorization,x-amz-date,x-amz-security-token",
  "access-control-allow-methods": "POST",
  // Each page asks anew.
  "access-control-max-age": "0",
};

/** `origin` is AWS's; `browser` are the options with which Chromium finds it here; `allow` takes one header more. */
export async function awsLambda(bundle, region) {
  const preflight = { ...PREFLIGHT };
  const host = `lambda.${region}.amazonaws.com`;
  const asked = [];
  const server = createServer(certificate(host), (incoming, outgoing) => {
    const { method, url, headers } = incoming;
    asked.push({ method, url, headers });
    if (method === "OPTIONS") return outgoing.writeHead(200, preflight).end();
    const passed = request(new URL(url, bundle), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, { ...answer.headers, ...CORS });
      answer.pipe(outgoing);
    });
    incoming.pipe(passed);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const rules = `MAP ${host}:443 127.0.0.1:${server.address().port}`;
  return {
    origin: `https://${host}`,
    asked,
    allow: (header) => (preflight["access-control-allow-headers"] += `,${header}`),
    browser: { args: [`--host-resolver-rules=${rules}`, "--ignore-certificate-errors"] },
    close: () => server.close(),
  };
}

function certificate(host) {
  const folder = mkdtempSync(join(tmpdir(), "sever-console-"));
  try {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert];
    execFileSync("openssl", ["req", "-x509", ...made, "-days", "1", "-subj", `/CN=${host}`], { stdio: "pipe" });
    return { key: readFileSync(key), cert: readFileSync(cert) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
