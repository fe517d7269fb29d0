// What an action would do, what it did, and what to do when it failed: in plain words.
//
// An action is `{userId, tenantId?, keep?, sessions?}`: the sessions picked by hand, or else all of the user in the tenant
// (without one: in every tenant) but for the session to keep.
import { shortName } from "./device.js";
import { isolated, legible } from "./legible.js";

const FAST =
  "Routes behind StrictSession refuse them as soon as this has succeeded. Routes behind FastSession go on answering until " +
  "each access token expires: at most an hour, unless AccessTokenValidity is set otherwise.";

/** "1 session", "12 sessions". */
export const sessionsOf = (count) => `${count} session${count === 1 ? "" : "s"}`;

const where = ({ tenantId }) => (tenantId === undefined ? "in every tenant" : `in tenant ${isolated(tenantId)}`);

/** What the button and the title of the dialog say. */
export function title(action) {
  const { sessions, keep, tenantId } = action;
  if (sessions) return sessions.length === 1 ? "End this session?" : `End ${sessions.length} sessions?`;
  if (keep) return tenantId === undefined ? "End all other sessions?" : `End all other sessions in ${legible(tenantId)}?`;
  return tenantId === undefined ? "End all sessions?" : `End all sessions in ${legible(tenantId)}?`;
}

/** The blast radius. `listed` is what {@link Sever.count} found, or `null` when it could not be found out. */
export function radius(action, listed) {
  const { userId, tenantId, keep, sessions } = action;
  if (sessions) {
    const tenants = [...new Set(sessions.map((session) => session.tenantId))];
    const places = `${tenants.length === 1 ? "tenant" : "tenants"} ${tenants.map(isolated).join(", ")}`;
    const others = "No other session is touched, not even one that the listing does not show yet.";
    return [`This ends ${sessionsOf(sessions.length)} of user ${isolated(userId)}, in ${places}.`, others, FAST];
  }
  const all = `This ends all sessions of user ${isolated(userId)}, ${where(action)}${keep ? ", but one" : ""}`;
  const count = listed && listed.count - (keep && listed.has(keep.handle) ? 1 : 0);
  const number = listed && `${listed.complete ? "the" : "at least"} ${count} listed now`;
  const first = listed
    ? `${all}: ${number}, and any that the listing does not show yet.`
    : `${all}. How many there are could not be found out; any that the listing does not show are among them.`;
  const lines = [first];
  if (keep) lines.push(`The session that is kept: ${session(keep)}.`);
  if (tenantId !== undefined) lines.push(`Sessions of ${isolated(userId)} in other tenants are not touched.`);
  return [...lines, FAST];
}

/** The longest that is told of what a device calls itself. */
const AGENT = 120;

/** One session: what it runs on, from where, and its handle. */
export function session({ handle, tenantId, device }) {
  const agent = device.userAgent && (shortName(device.userAgent) ?? device.userAgent.slice(0, AGENT));
  const named = agent ? isolated(agent) : "a device that told nothing of itself";
  const from = device.ip ? `, ${isolated(device.ip)}` : "";
  return `${named}${from}, tenant ${isolated(tenantId)}, handle ${isolated(handle)}`;
}

/** What the button that does it says. */
export function verb({ sessions, keep }) {
  if (sessions) return `End ${sessionsOf(sessions.length)}`;
  return keep ? "End all others" : "End all";
}

/** What was done: a heading and sentences. */
export function outcome(action, { ended, sweepComplete }) {
  const { userId, keep, sessions } = action;
  if (sessions) {
    const over = sessions.length - ended.length;
    const lines = [
      `${sessionsOf(ended.length)} of user ${isolated(userId)} ${ended.length === 1 ? "was" : "were"} ended by this.`,
    ];
    if (over > 0) lines.push(`${sessionsOf(over)} ${over === 1 ? "was" : "were"} over already.`);
    return { heading: "Ended", lines: [...lines, FAST] };
  }
  const sweep = sweepComplete
    ? "The clean-up is complete."
    : "The clean-up stopped early. What is left is refused already; asking again finishes it.";
  const removed = `${sessionsOf(ended.length)} ${ended.length === 1 ? "was" : "were"} removed. ${sweep}`;
  const scope = `All sessions of user ${isolated(userId)}, ${where(action)}, are ended${keep ? ", but for the one that was kept" : ""}.`;
  return { heading: "Ended", lines: [`${scope} ${removed}`, FAST] };
}

/** Codes with which nothing was changed. With any other the effect of a revocation is unknown. */
const BEFORE_ANY_EFFECT = [
  /^invalid-/,
  /^missing-field$/,
  /^unknown-field$/,
  /^too-many-handles$/,
  /^kept-session-not-found$/,
  /^unknown-event$/,
  /^UnrecognizedClient/,
  /^InvalidSignature/,
  /^InvalidClientTokenId/,
  /^IncompleteSignature/,
  /^MissingAuthentication/,
  /^ExpiredToken/,
  /^AccessDenied/,
  /^ResourceNotFound/,
  /^TooManyRequests/,
  /^http-4/,
];

/** What is known of the effect of a revocation that failed. */
export function failure(refusal) {
  if (refusal.ended.length > 0)
    return { heading: "Ended in part", effect: "The rest may live on. Asking again is harmless." };
  if (BEFORE_ANY_EFFECT.some((code) => code.test(refusal.code))) {
    return { heading: "Nothing was ended", effect: "The request was refused before it had any effect." };
  }
  return {
    heading: "It is not known whether they are ended",
    effect: "The effect is unknown. Ask again until it succeeds: asking twice is harmless.",
  };
}

const ADVICE = [
  [/^invalid-user-id$/, "A user id has 1 to 1024 bytes and no control characters."],
  [/^invalid-tenant-id$/, "A tenant id has 1 to 64 of a-z, 0-9 and the hyphen."],
  [/^invalid-session-handle$/, "A handle has 1 to 128 bytes and no control characters. Copy it from a listing."],
  [/^invalid-cursor$/, "Search again from the first page."],
  [/^unknown-field$/, "This page is of another release than the stack. Serve the console of the stack's release."],
  [/^kept-session-not-found$/, "The session to keep has ended meanwhile. Search again, and choose another or end all."],
  [
    /^table-unavailable$/,
    "The table did not answer: throttled, unreachable, or a policy or KMS key was changed. Ask again shortly.",
  ],
  [
    /^internal-error$/,
    "Something is broken that only the stack's operator can mend; the function's log has the reason.",
  ],
  [
    /^UnrecognizedClient|^InvalidClientTokenId/,
    "AWS does not know this access key. Temporary credentials also need their session token.",
  ],
  [
    /^InvalidSignature/,
    "The secret access key does not belong to the access key, or this machine's clock is more than five minutes off.",
  ],
  [/^ExpiredToken/, "The temporary credentials have expired. Forget them and enter new ones."],
  [
    /^AccessDenied|^http-403$/,
    "These credentials may not invoke the function: they need lambda:InvokeFunction on it (console/README.md has the policy).",
  ],
  [/^ResourceNotFound/, "There is no such function. Check Region and stack name."],
  [/^TooManyRequests/, "AWS throttles. Ask again shortly."],
  [
    /^no-answer$/,
    "Check the network and the Region, then ask again. A browser also says this when AWS answers without CORS headers, as it does at times.",
  ],
  [
    /^(function-error|Sandbox|Runtime|http-5)/,
    "The function did not finish. Ask again; if it stays so, its log has the reason.",
  ],
  [/^unreadable-answer$/, "What answered is not Sever, or another release of it. Check Region and stack name."],
];

/** What to do about an error. */
export function advice({ code }) {
  return (
    ADVICE.find(([pattern]) => pattern.test(code))?.[1] ??
    "Ask again; if it stays so, the function's log has the reason."
  );
}
