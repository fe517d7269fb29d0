// Signatures: AWS's own test vectors, another implementation, and the local bundle's checker (bundle.mjs signs by it).
import assert from "node:assert/strict";
import { test } from "node:test";
import { AwsV4Signer } from "aws4fetch";
import { Signer } from "../../console/sigv4.js";

const EXAMPLE = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
const NOON = Date.UTC(2015, 7, 30, 12, 36, 0);
const SESSION_TOKEN =
  "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI" +
  "/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT" +
  "38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

const vectors = {
  "post-vanilla": {
    contentType: "",
    body: "",
    names: "host;x-amz-date",
    signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
  },
  "post-x-www-form-urlencoded": {
    contentType: "application/x-www-form-urlencoded",
    body: "Param1=value1",
    names: "content-type;host;x-amz-date",
    signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
  },
  "post-sts-header-before": {
    contentType: "",
    body: "",
    sessionToken: SESSION_TOKEN,
    names: "host;x-amz-date;x-amz-security-token",
    signature: "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
  },
};

for (const [name, { contentType, body, sessionToken, names, signature }] of Object.entries(vectors)) {
  test(`AWS's test suite: ${name}`, async () => {
    const signer = await Signer.of({ ...EXAMPLE, sessionToken });
    const url = new URL("https://example.amazonaws.com/");
    const headers = await signer.headers({
      url,
      body,
      service: "service",
      region: "us-east-1",
      now: NOON,
      contentType,
    });
    assert.equal(
      headers.authorization,
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, " +
        `SignedHeaders=${names}, Signature=${signature}`,
    );
    assert.equal(headers["x-amz-date"], "20150830T123600Z");
    assert.equal(headers["x-amz-security-token"], sessionToken);
  });
}

test("another implementation signs the same", async () => {
  const bodies = ["", "{}", JSON.stringify({ userId: "Zoë's id (1) ! *" }), "é".repeat(3000)];
  const paths = ["/2015-03-31/functions/sever-list-sessions/invocations", "/a%20b/c!'()*", "/%2525/~-._/é"];
  for (const path of paths) {
    for (const body of bodies) {
      for (const sessionToken of [undefined, SESSION_TOKEN]) {
        const url = new URL(path, "https://lambda.eu-central-1.amazonaws.com");
        const scope = { service: "lambda", region: "eu-central-1" };
        const ours = await (await Signer.of({ ...EXAMPLE, sessionToken })).headers({ url, body, now: NOON, ...scope });
        const theirs = await new AwsV4Signer({
          ...EXAMPLE,
          ...scope,
          sessionToken,
          url: url.href,
          method: "POST",
          body,
          headers: { "content-type": "application/json" },
          allHeaders: true,
          datetime: "20150830T123600Z",
        }).sign();
        assert.equal(ours.authorization, theirs.headers.get("authorization"), path);
      }
    }
  }
});

test("what is kept of the secret cannot be read back", async () => {
  const signer = await Signer.of({ ...EXAMPLE, sessionToken: SESSION_TOKEN });
  const seen =
    JSON.stringify(signer) + String(signer) + JSON.stringify(Object.entries(Object.getOwnPropertyDescriptors(signer)));
  assert.ok(!seen.includes(EXAMPLE.secretAccessKey) && !seen.includes(SESSION_TOKEN));
});
