// The sentence that explains an answer to the reader of the page.
import { span } from "/console/time.js";

const ENDED = {
  strict: "The session has ended. The strict route asked the table, and refuses from the very next request.",
  refresh: "The session has ended: its refresh token is refused. The strict route refuses too.",
  revoke: "The session is revoked. The strict route refuses from the very next request: call it.",
};
const ALIVE = {
  strict: "The session lives: the strict route has just read it in the table.",
  refresh: "The session lives: its refresh token was exchanged for new tokens.",
};

/**
 * What to say at `now` of the latest answer, `last` (`{asked, status}`; a `status` of `null` is no answer at all), when
 * the access token expires at `expiresAt`. `ended` is the request whose answer told that the session is over, or `null`;
 * `fast` is the fast route's latest status. `null` when there is nothing to explain.
 */
export function verdict({ last, ended, fast, now, expiresAt }) {
  if (last === null) return null;
  const { asked, status } = last;
  const expired = now >= expiresAt;
  if (status === null || status >= 500) {
    const session = ended ? "The session has ended." : "This does not tell whether the session lives.";
    const what =
      status === null
        ? "No answer came."
        : `The answer was ${status}: Sever could not find out, and lets nothing through.`;
    return { kind: "warning", text: `${what} ${session} Ask again.` };
  }
  if (ended) {
    const dead = ended === "refresh" ? "" : " Its refresh token is dead: refreshing is refused.";
    return { kind: "revoked", text: `${ENDED[ended]} ${fastly(fast, expired, expiresAt - now)}${dead}` };
  }
  if (expired) {
    return {
      kind: "",
      text: "The access token has expired: both routes refuse it. Refresh, as a browser's SDK does when it sees a 401.",
    };
  }
  if (status === 200 && ALIVE[asked]) return { kind: "", text: `${ALIVE[asked]} Revoke it, and call both routes again.` };
  if (status === 200 && asked === "fast") {
    return {
      kind: "",
      text: "The fast route looks at the token alone: its answer does not tell whether the session lives. Compare the strict call.",
    };
  }
  return { kind: "warning", text: `The answer was ${status}. It does not tell whether the session lives.` };
}

function fastly(fast, expired, left) {
  if (expired) return "The access token has expired, so the fast route refuses too.";
  if (fast === 200)
    return `The fast route still answers: it looks at the token alone, which is good for another ${span(left)}.`;
  return `The fast route looks at the token alone, and answers for another ${span(left)}. Try it.`;
}
