// What two answers mean together: the point of the whole page.
import { span } from "/console/time.js";

/**
 * What to say of the latest strict and fast answers (their statuses; `null` before the first) at `now`, when the access
 * token expires at `expiresAt`; `null` when there is nothing to explain.
 */
export function verdict({ strict, fast, now, expiresAt }) {
  if (strict === null && fast === null) return null;
  if (now >= expiresAt) {
    return {
      kind: "",
      text: "The access token has expired: both routes refuse it. Refresh, as a browser's SDK does when it sees a 401.",
    };
  }
  if (strict === 401) {
    const left = span(expiresAt - now);
    const fastly =
      fast === 200
        ? `The fast route still answers: it looks at the token alone, which is good for another ${left}.`
        : `The fast route looks at the token alone, and answers for another ${left}. Try it.`;
    return {
      kind: "revoked",
      text: `The session has ended. The strict route asked the table, and refuses from the very next request. ${fastly} Its refresh token is dead: refreshing is refused.`,
    };
  }
  if (strict === 200)
    return { kind: "", text: "The session lives: the table has its row. End it in the console, and call both again." };
  if (strict === null)
    return {
      kind: "",
      text: "The fast route answers for as long as the token is good, whatever became of the session. Compare the strict call.",
    };
  return { kind: "revoked", text: "Sever could not find out, and lets nothing through." };
}
