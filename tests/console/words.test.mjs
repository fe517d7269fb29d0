// The sentences that no healthy bundle brings about.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusal } from "../../console/sever.js";
import { shortName } from "../../console/device.js";
import { advice, failure, outcome, radius } from "../../console/words.js";

const listed = (count, complete = true) => ({ count, complete, has: () => false });
const FALLBACK = advice(new Refusal("never-heard-of", ""));

test("a sweep that stopped early is no failure: everything is refused already", () => {
  const { heading, lines } = outcome({ userId: "u" }, { ended: ["a", "b"], sweepComplete: false });
  assert.equal(heading, "Ended");
  assert.match(
    lines[0],
    /2 sessions were removed\. The clean-up stopped early\. What is left is refused already; asking again finishes it\./,
  );
});

test("a count that was cut short says at least", () => {
  assert.match(
    radius({ userId: "u" }, listed(1000, false))[0],
    /: at least 1000 listed now, and any that the listing does not show yet\.$/,
  );
});

test("the session to keep is counted out only where it was counted in", () => {
  const action = { userId: "u", keep: { handle: "h", tenantId: "t", device: {} } };
  assert.match(radius(action, { count: 3, complete: true, has: (handle) => handle === "h" })[0], /the 2 listed now/);
  assert.match(radius(action, listed(3))[0], /the 3 listed now/);
});

test("every refusal says what to do, and whether anything was ended", () => {
  const without = { nothing: [], unknown: [] };
  for (const code of [
    "invalid-user-id",
    "invalid-tenant-id",
    "invalid-session-handle",
    "invalid-cursor",
    "unknown-field",
    "kept-session-not-found",
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "ExpiredTokenException",
    "AccessDeniedException",
    "ResourceNotFoundException",
    "TooManyRequestsException",
    "http-403",
  ])
    without.nothing.push(code);
  without.unknown.push(
    "table-unavailable",
    "internal-error",
    "no-answer",
    "unreadable-answer",
    "function-error",
    "Sandbox.Timedout",
    "http-502",
  );
  for (const code of without.nothing) assert.equal(failure(new Refusal(code, "")).heading, "Nothing was ended", code);
  for (const code of [...without.unknown, "never-heard-of"]) {
    assert.equal(failure(new Refusal(code, "")).heading, "It is not known whether they are ended", code);
  }
  for (const code of [...without.nothing, ...without.unknown])
    assert.notEqual(advice(new Refusal(code, "")), FALLBACK, code);
});

test("what was ended before a failure is not passed over", () => {
  assert.equal(failure(new Refusal("table-unavailable", "", ["a"])).heading, "Ended in part");
});

test("devices go by the names that they are sold under", () => {
  for (const [agent, name] of [
    [
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0",
      "Edge on Windows",
    ],
    [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1",
      "Safari on iPhone",
    ],
    [
      "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Mobile Safari/537.36",
      "Chrome on Android",
    ],
    [
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
      "Safari on macOS",
    ],
    ["curl/8.5.0", null],
  ])
    assert.equal(shortName(agent), name);
});
