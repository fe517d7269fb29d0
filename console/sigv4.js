// AWS Signature Version 4, for one kind of request: a POST without a query, signed in its headers.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

const ALGORITHM = "AWS4-HMAC-SHA256";
const HMAC = { name: "HMAC", hash: "SHA-256" };
const encoder = new TextEncoder();

/** Signs with one set of credentials. The secret is kept as a key that no script can read back. */
export class Signer {
  #key;
  #sessionToken;

  constructor(accessKeyId, key, sessionToken) {
    this.accessKeyId = accessKeyId;
    this.#key = key;
    this.#sessionToken = sessionToken;
  }

  static async of({ accessKeyId, secretAccessKey, sessionToken = "" }) {
    const key = await crypto.subtle.importKey("raw", encoder.encode(`AWS4${secretAccessKey}`), HMAC, false, ["sign"]);
    return new Signer(accessKeyId, key, sessionToken);
  }

  /**
   * The headers to send with a POST of `body` (text) to `url` (a URL), `more` of them besides. Only headers that AWS answers
   * for in a preflight: the body's digest is in the signature, not in a header of its own.
   */
  async headers({ url, body, service, region, now, contentType = "application/json", more = {} }) {
    const time = new Date(now).toISOString().replace(/[:-]|\.\d{3}/g, "");
    const headers = {
      ...(contentType && { "content-type": contentType }),
      "x-amz-date": time,
      ...(this.#sessionToken && { "x-amz-security-token": this.#sessionToken }),
      ...more,
    };
    const signed = Object.entries({ ...headers, host: url.host }).sort(([a], [b]) => (a < b ? -1 : 1));
    const names = signed.map(([name]) => name).join(";");
    const lines = signed.map(([name, value]) => `${name}:${value.trim()}\n`).join("");
    const request = ["POST", path(url), "", lines, names, await digest(body)].join("\n");
    const scope = [time.slice(0, 8), region, service, "aws4_request"];
    const key = await this.#derive(scope);
    const signature = hex(await hmac(key, [ALGORITHM, time, scope.join("/"), await digest(request)].join("\n")));
    const credential = [this.accessKeyId, ...scope].join("/");
    return {
      ...headers,
      authorization: `${ALGORITHM} Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`,
    };
  }

  /** The key for one day, Region and service. */
  async #derive(scope) {
    let key = this.#key;
    for (const part of scope) key = await crypto.subtle.importKey("raw", await hmac(key, part), HMAC, false, ["sign"]);
    return key;
  }
}

/** Every service but S3 signs the path encoded once more than it is sent. */
function path(url) {
  const strictly = (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`;
  return url.pathname
    .split("/")
    .map((part) => encodeURIComponent(part).replace(/[!'()*]/g, strictly))
    .join("/");
}

const hmac = (key, text) => crypto.subtle.sign("HMAC", key, encoder.encode(text));
const digest = async (text) => hex(await crypto.subtle.digest("SHA-256", encoder.encode(text)));
const hex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
