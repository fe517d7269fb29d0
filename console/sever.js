// Sever's admin functions, by the Lambda Invoke API: the one endpoint that this page talks to. What it sends is a command
// and a signature; what comes back names sessions by handle. No token goes either way. Commands go to the alias `direct` of a
// function, because the function itself answers API Gateway alone.

const PREFIX = "/2015-03-31/functions/";
/** The longest of the functions may take 29 s. */
const PATIENCE = 35_000;
const MAX_HANDLES = 500;
const PAGE = 50;
const COUNT_PAGE = 100;
/** Beyond this a count says "at least". */
const COUNT_LIMIT = 1000;

/** Why there is no answer: a stable code of Sever's, AWS's exception, or one of ours. */
export class Refusal extends Error {
  constructor(code, message, ended = []) {
    super(message);
    this.code = code;
    /** The handles of which it is known that they were ended before this went wrong. */
    this.ended = ended;
  }
}

/** The functions of one stack, called by whoever `signer` stands for. */
export class Sever {
  /** Whether this page may say who it is; `null` until something was answered. */
  #claims = null;

  constructor({ signer, region, stack, endpoint }) {
    Object.assign(this, { signer, region, stack, endpoint });
  }

  /** A page of a user's live sessions, and the cursor of the next. */
  async list({ userId, tenantId, cursor, limit = PAGE }) {
    const { sessions, cursor: next } = await this.#command("list-sessions", { userId, tenantId, cursor, limit });
    // An answer without a list must not look like an empty list.
    if (!Array.isArray(sessions)) throw new Refusal("unreadable-answer", "The answer is not a listing.");
    return { sessions, next };
  }

  /** How many live sessions are listed: `{count, complete, has(handle)}`. */
  async count({ userId, tenantId }) {
    const handles = new Set();
    let cursor;
    do {
      const page = await this.list({ userId, tenantId, cursor, limit: COUNT_PAGE });
      page.sessions.forEach(({ handle }) => handles.add(handle));
      cursor = page.next ?? undefined;
    } while (cursor && handles.size < COUNT_LIMIT);
    return { count: handles.size, complete: !cursor, has: (handle) => handles.has(handle) };
  }

  /** Ends sessions by handle; answers those that this ended. `reason` is recorded. */
  async revokeHandles(handles, reason) {
    const ended = [];
    for (let from = 0; from < handles.length; from += MAX_HANDLES) {
      try {
        const sessionHandles = handles.slice(from, from + MAX_HANDLES);
        ended.push(...(await this.#command("revoke-handle", { sessionHandles, reason })).sessionHandlesRevoked);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        throw new Refusal(error.code, error.message, [...ended, ...error.ended]);
      }
    }
    return { ended };
  }

  /** Ends a user's sessions, those of one tenant, or all but one. `reason` is recorded. */
  async revokeUser({ userId, tenantId, exceptSessionHandle, reason }) {
    const answer = await this.#command("revoke-user", { userId, tenantId, exceptSessionHandle, reason });
    return { ended: answer.sessionHandlesRevoked, sweepComplete: answer.sweepComplete };
  }

  /**
   * The published keys, and for how many seconds they stay as they are: `Cache-Control` says so, up to five minutes. The
   * function answers API Gateway's events alone, so it is handed one.
   */
  async keys() {
    const answer = await this.#invoke("jwks", {
      httpMethod: "GET",
      resource: "/auth/jwt/jwks.json",
      path: "/auth/jwt/jwks.json",
      headers: {},
      multiValueHeaders: {},
      isBase64Encoded: false,
      requestContext: { stage: "prod", httpMethod: "GET", resourcePath: "/auth/jwt/jwks.json", identity: {} },
    });
    if (answer.statusCode !== 200) throw problem(answer);
    const headers = { ...answer.headers, ...answer.multiValueHeaders };
    const maxAge = /max-age=(\d+)/.exec(String(headers["cache-control"] ?? ""))?.[1];
    const { keys } = parsed(answer.body) ?? {};
    if (!Array.isArray(keys)) throw new Refusal("unreadable-answer", "The answer is not a key set.");
    return { keys, maxAge: maxAge === undefined ? null : Number(maxAge) };
  }

  async #command(name, command) {
    const answer = await this.#invoke(`${name}:direct`, command);
    if (answer.status !== "OK") throw new Refusal("unreadable-answer", "The answer is not one of this function's.");
    return answer;
  }

  /**
   * Says along with the command whose access key signs it, for the audit record. AWS may not let a page send that header: a
   * preflight that refuses it looks like silence. So the first call is repeated without it.
   */
  async #invoke(name, command) {
    if (this.#claims !== null) return this.#send(name, command, this.#claims);
    try {
      const answer = await this.#send(name, command, true);
      this.#claims = true;
      return answer;
    } catch (error) {
      if (error.code !== "no-answer") {
        this.#claims = true;
        throw error;
      }
      const answer = await this.#send(name, command, false);
      this.#claims = false;
      return answer;
    }
  }

  async #send(name, command, claims) {
    const url = new URL(`${PREFIX}${encodeURIComponent(`${this.stack}-${name}`)}/invocations`, this.endpoint);
    const body = JSON.stringify(command);
    const more = claims ? { "x-amz-client-context": claim(this.signer.accessKeyId) } : {};
    const scope = { service: "lambda", region: this.region };
    const headers = await this.signer.headers({ url, body, ...scope, now: Date.now(), more });
    let response, text;
    try {
      const signal = AbortSignal.timeout(PATIENCE);
      const options = {
        method: "POST",
        headers,
        body,
        signal,
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
      };
      response = await fetch(url, options);
      text = await response.text();
    } catch {
      throw new Refusal("no-answer", "No answer came back that this page may read.");
    }
    return read(response, text);
  }
}

/**
 * Lambda's own refusals have a status, a function's error is a 200 with `errorType`. Headers are read where there is
 * nothing else: a browser shows another origin's only when they are exposed.
 */
function read(response, text) {
  const answer = parsed(text);
  if (!response.ok) {
    const code = response.headers.get("x-amzn-errortype")?.split(":")[0] ?? `http-${response.status}`;
    throw new Refusal(code, String(answer?.message ?? answer?.Message ?? response.statusText));
  }
  if (answer === null) throw new Refusal("unreadable-answer", "The answer is not a JSON object.");
  if ("errorMessage" in answer) {
    const message = String(answer.errorMessage);
    throw new Refusal(String(answer.errorType ?? "function-error"), message, endedSoFar(message));
  }
  return answer;
}

/** What a function records of its invoker, by the invoker's own word. */
function claim(accessKeyId) {
  return btoa(JSON.stringify({ custom: { client: "sever-console", accessKeyId } }));
}

/** `revoke-handle` names those it has ended at the end of its message. */
function endedSoFar(message) {
  const start = message.indexOf('{"sessionHandlesRevoked":');
  return (start >= 0 && parsed(message.slice(start))?.sessionHandlesRevoked) || [];
}

function problem({ statusCode, body }) {
  const { code, detail, title } = parsed(body) ?? {};
  return new Refusal(code ?? `http-${statusCode}`, detail ?? title ?? "The key set was not answered.");
}

/** A JSON object, or `null` for anything else. */
function parsed(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}
