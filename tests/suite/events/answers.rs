//! The table: for each folder its samples, and what each is answered.

use super::authorizer::AUTHORIZER;
use super::core_driver::CORE_DRIVER;
use super::outcome::Outcome::{self, Answers, Exactly, Fails, Http, Message, Problem};

/// A sample's name and its outcome.
pub(crate) type Row = (&'static str, Outcome);

/// Every folder.
pub(crate) const FUNCTIONS: &[(&str, &[Row])] = &[
    ("core-driver", CORE_DRIVER),
    ("create-session", CREATE_SESSION),
    ("jwks", JWKS),
    ("list-sessions", LIST_SESSIONS),
    ("logout", LOGOUT),
    ("own-sessions", OWN_SESSIONS),
    ("refresh-session", REFRESH_SESSION),
    ("revoke-handle", REVOKE_HANDLE),
    ("revoke-user", REVOKE_USER),
    ("verify-session", AUTHORIZER),
    ("whoami", WHOAMI),
];

const OPENED: &str = r#"{"status":"OK","session":{"userId":"ada","recipeUserId":"ada","tenantId":"public","createdAt":${openedAt}}}"#;

const CREATE_SESSION: &[Row] = &[
    ("http-header", Http(200, OPENED)),
    ("http-cookie", Http(200, OPENED)),
    ("http-base64-body", Http(200, r#"{"status":"OK","session":{"userId":"adá"}}"#)),
    ("http-api", Http(200, OPENED)),
    ("http-no-body", Problem(400, "invalid-json")),
    ("http-not-json", Problem(400, "invalid-json")),
    ("http-array-body", Problem(400, "invalid-json")),
    ("http-missing-user-id", Problem(400, "missing-field")),
    ("http-user-id-not-text", Problem(400, "invalid-field")),
    ("http-null-tenant", Problem(400, "invalid-field")),
    ("http-wrong-method", Problem(405, "method-not-allowed")),
    ("http-malformed", Fails("unknown-event")),
    ("direct-minimal", Answers(OPENED)),
    (
        "direct-full",
        Answers(
            r#"{"status":"OK","session":{"userId":"ada","recipeUserId":"ada-by-email","tenantId":"acme"}}"#,
        ),
    ),
    ("direct-unknown-member", Answers(OPENED)),
    ("direct-empty", Fails("missing-field")),
    ("direct-null", Fails("invalid-json")),
    ("direct-array", Fails("invalid-json")),
    ("direct-missing-user-id", Fails("missing-field")),
    ("direct-null-user-id", Fails("invalid-field")),
    ("direct-user-id-not-text", Fails("invalid-field")),
    ("direct-empty-user-id", Fails("invalid-user-id")),
    ("direct-long-user-id", Fails("invalid-user-id")),
    ("direct-control-character-in-user-id", Fails("invalid-user-id")),
    ("direct-long-recipe-user-id", Fails("invalid-user-id")),
    ("direct-null-recipe-user-id", Fails("invalid-field")),
    ("direct-invalid-tenant", Fails("invalid-tenant-id")),
    ("direct-long-tenant", Fails("invalid-tenant-id")),
    ("direct-null-payload", Fails("invalid-field")),
    ("direct-payload-not-object", Fails("invalid-field")),
    ("direct-protected-claim", Fails("protected-field")),
    ("direct-session-data-not-object", Fails("invalid-field")),
    ("direct-unknown-transfer", Fails("invalid-field")),
    ("direct-null-transfer", Fails("invalid-field")),
    ("direct-signing-key-not-flag", Fails("invalid-field")),
    ("direct-null-device", Fails("invalid-field")),
    ("direct-null-device-ip", Fails("invalid-field")),
    ("direct-long-user-agent", Answers(OPENED)),
];

/// The static key and the present dynamic one.
const KEYS: &str = r#"{"keys":[{"kty":"RSA","alg":"RS256","use":"sig","e":"AQAB"},{"kty":"RSA","alg":"RS256","use":"sig","e":"AQAB"}]}"#;

const JWKS: &[Row] = &[
    ("key-set", Http(200, KEYS)),
    (
        "openid-configuration",
        Http(
            200,
            r#"{"issuer":"http://127.0.0.1:3000/auth","jwks_uri":"http://127.0.0.1:3000/auth/jwt/jwks.json"}"#,
        ),
    ),
    ("http-api", Http(200, KEYS)),
    ("unknown-path", Problem(404, "not-found")),
    ("wrong-method", Problem(405, "method-not-allowed")),
    ("malformed", Fails("unknown-event")),
    ("direct", Fails("unknown-event")),
];

const NONE_LISTED: &str = r#"{"status":"OK","sessions":[],"cursor":null}"#;
const TWO_LISTED: &str = r#"{"status":"OK","sessions":[{"userId":"ada","tenantId":"public","createdAt":${openedAt}},{"userId":"ada"}],"cursor":null}"#;
const FIRST_PAGE: &str = r#"{"status":"OK","sessions":[{"userId":"ada"}],"cursor":"${cursor}"}"#;
const LAST_PAGE: &str = r#"{"status":"OK","sessions":[{"userId":"ada"}]}"#;

const LIST_SESSIONS: &[Row] = &[
    ("http-all", Http(200, TWO_LISTED)),
    ("http-tenant", Http(200, NONE_LISTED)),
    ("http-page", Http(200, FIRST_PAGE)),
    ("http-next-page", Http(200, LAST_PAGE)),
    ("http-api", Http(200, TWO_LISTED)),
    ("http-no-query", Problem(400, "missing-field")),
    ("http-limit-not-number", Problem(400, "invalid-field")),
    ("http-limit-zero", Problem(400, "invalid-field")),
    ("http-limit-too-large", Problem(400, "invalid-field")),
    ("http-invalid-cursor", Problem(400, "invalid-cursor")),
    ("http-parameter-twice", Problem(400, "invalid-field")),
    ("http-wrong-method", Problem(405, "method-not-allowed")),
    ("http-malformed", Fails("unknown-event")),
    ("direct-all", Answers(TWO_LISTED)),
    ("direct-tenant", Answers(TWO_LISTED)),
    ("direct-other-tenant", Exactly(NONE_LISTED)),
    ("direct-unknown-user", Exactly(NONE_LISTED)),
    ("direct-next-page", Answers(LAST_PAGE)),
    ("direct-empty", Fails("missing-field")),
    ("direct-null-user-id", Fails("invalid-field")),
    ("direct-null-cursor", Fails("invalid-field")),
    ("direct-null-limit", Fails("invalid-field")),
    ("direct-negative-limit", Fails("invalid-field")),
    ("direct-user-id-not-text", Fails("invalid-field")),
    ("direct-long-user-id", Fails("invalid-user-id")),
    ("direct-invalid-tenant", Fails("invalid-tenant-id")),
    ("direct-cursor-of-another-tenant", Fails("invalid-cursor")),
    (
        "direct-session-in-tenant",
        Answers(
            r#"{"status":"OK","sessions":[{"handle":"${acmeSessionHandle}","userId":"grace","tenantId":"acme"}]}"#,
        ),
    ),
];

const LOGGED_OUT: Outcome = Http(200, r#"{"status":"OK"}"#);

const LOGOUT: &[Row] = &[
    ("header", LOGGED_OUT),
    ("cookie", LOGGED_OUT),
    ("short-path", LOGGED_OUT),
    ("base64-body", LOGGED_OUT),
    ("http-api", LOGGED_OUT),
    ("http-api-cookie", LOGGED_OUT),
    ("ended-session", LOGGED_OUT),
    ("expired-token", Message(401, "try refresh token")),
    ("no-token", Message(401, "unauthorised")),
    ("malformed-token", Message(401, "unauthorised")),
    ("refresh-token", Message(401, "unauthorised")),
    ("two-cookies", Message(401, "try refresh token")),
    ("wrong-method", Problem(405, "method-not-allowed")),
    ("malformed", Fails("unknown-event")),
    ("direct", Fails("unknown-event")),
];

const OWN: &str = r#"{"status":"OK","cursor":null,"sessions":[
    {"handle":"${sessionHandle}","userId":"ada","tenantId":"public","createdAt":${openedAt},"current":true},
    {"handle":"${otherSessionHandle}","userId":"ada","tenantId":"public","current":false}
]}"#;
const OTHERS_ENDED: Outcome = Http(
    200,
    r#"{"status":"OK","sessionHandlesRevoked":["${otherSessionHandle}"],"sweepComplete":true}"#,
);
const NOT_FOUND: Outcome = Problem(404, "session-not-found");

const OWN_SESSIONS: &[Row] = &[
    ("list", Http(200, OWN)),
    (
        "list-in-tenant",
        Http(
            200,
            r#"{"status":"OK","sessions":[
                {"handle":"${acmeSessionHandle}","tenantId":"acme","current":true},
                {"handle":"${sdkSessionHandle}","tenantId":"public","current":false}
            ]}"#,
        ),
    ),
    ("list-page", Http(200, r#"{"status":"OK"}"#)),
    ("list-next-page", Http(200, r#"{"status":"OK"}"#)),
    ("http-api", Http(200, OWN)),
    ("list-limit-not-number", Problem(400, "invalid-field")),
    ("list-limit-zero", Problem(400, "invalid-field")),
    ("list-limit-too-large", Problem(400, "invalid-field")),
    ("list-invalid-cursor", Problem(400, "invalid-cursor")),
    ("list-parameter-twice", Problem(400, "invalid-field")),
    ("list-wrong-method", Problem(405, "method-not-allowed")),
    ("revoke-current", Http(200, ONE_REVOKED)),
    ("revoke-current-by-cookie", Http(200, ONE_REVOKED)),
    ("revoke-base64-body", Http(200, ONE_REVOKED)),
    ("revoke-own-handle", Http(200, ONE_REVOKED)),
    ("revoke-others", OTHERS_ENDED),
    (
        "revoke-others-in-tenant",
        Http(200, r#"{"sessionHandlesRevoked":["${sdkSessionHandle}"],"sweepComplete":true}"#),
    ),
    ("http-api-revoke", OTHERS_ENDED),
    ("revoke-all", Http(200, SWEPT)),
    ("revoke-reason", Http(200, SWEPT)),
    ("revoke-unknown-member", Problem(400, "unknown-field")),
    (
        "revoke-one",
        Http(200, r#"{"status":"OK","sessionHandlesRevoked":["${otherSessionHandle}"]}"#),
    ),
    ("revoke-one-of-another-user", NOT_FOUND),
    ("revoke-one-ended", NOT_FOUND),
    ("revoke-one-unknown", NOT_FOUND),
    ("revoke-others-of-ended-session", Problem(409, "kept-session-not-found")),
    ("revoke-nothing", Problem(400, "missing-field")),
    ("revoke-scope-and-handle", Problem(400, "invalid-field")),
    ("revoke-unknown-scope", Problem(400, "invalid-field")),
    ("revoke-null-scope", Problem(400, "invalid-field")),
    ("revoke-handle-not-text", Problem(400, "invalid-field")),
    ("revoke-empty-handle", Problem(400, "invalid-session-handle")),
    ("revoke-no-body", Problem(400, "invalid-json")),
    ("revoke-not-json", Problem(400, "invalid-json")),
    ("revoke-wrong-method", Problem(405, "method-not-allowed")),
    ("unknown-path", Problem(404, "not-found")),
    ("no-authorizer", Problem(500, "no-principal")),
    ("revoke-no-authorizer", Problem(500, "no-principal")),
    ("incomplete-context", Problem(500, "no-principal")),
    ("malformed", Fails("unknown-event")),
    ("direct", Fails("unknown-event")),
];

const REFRESHED: Outcome = Http(200, "{}");

const REFRESH_SESSION: &[Row] = &[
    ("header", REFRESHED),
    ("cookie", REFRESHED),
    ("header-before-cookie", REFRESHED),
    ("header-and-other-session", REFRESHED),
    ("header-and-two-cookies", REFRESHED),
    ("base64-body", REFRESHED),
    ("http-api", REFRESHED),
    ("http-api-cookie", REFRESHED),
    ("no-token", Message(401, "unauthorised")),
    ("empty-token", Message(401, "unauthorised")),
    ("malformed-token", Message(401, "unauthorised")),
    ("access-token", Message(401, "unauthorised")),
    ("ended-session", Message(401, "unauthorised")),
    ("used-token", Message(401, "token theft detected")),
    ("session-in-tenant", REFRESHED),
    (
        "two-cookies",
        Message(
            200,
            "The request contains multiple session cookies. The stray ones are cleared; the next refresh goes through.",
        ),
    ),
    ("wrong-method", Problem(405, "method-not-allowed")),
    ("malformed", Fails("unknown-event")),
    ("direct", Fails("unknown-event")),
];

const ONE_REVOKED: &str = r#"{"status":"OK","sessionHandlesRevoked":["${sessionHandle}"]}"#;
const NONE_REVOKED: &str = r#"{"status":"OK","sessionHandlesRevoked":[]}"#;

const REVOKE_HANDLE: &[Row] = &[
    ("http-one", Http(200, ONE_REVOKED)),
    ("http-many", Http(200, ONE_REVOKED)),
    ("http-base64-body", Http(200, NONE_REVOKED)),
    ("http-api", Http(200, ONE_REVOKED)),
    ("http-no-body", Problem(400, "invalid-json")),
    ("http-not-json", Problem(400, "invalid-json")),
    ("http-null-handle", Problem(400, "invalid-field")),
    ("http-wrong-method", Problem(405, "method-not-allowed")),
    ("http-malformed", Fails("unknown-event")),
    ("direct-one", Exactly(ONE_REVOKED)),
    (
        "direct-many",
        Exactly(
            r#"{"status":"OK","sessionHandlesRevoked":["${sessionHandle}","${otherSessionHandle}"]}"#,
        ),
    ),
    ("direct-reason", Exactly(ONE_REVOKED)),
    ("direct-unknown-member", Fails("unknown-field")),
    ("direct-ended", Exactly(NONE_REVOKED)),
    ("direct-unknown", Exactly(NONE_REVOKED)),
    ("direct-no-handles", Exactly(NONE_REVOKED)),
    ("direct-one-and-many", Fails("invalid-field")),
    ("direct-empty", Fails("missing-field")),
    ("direct-null-handles", Fails("invalid-field")),
    ("direct-handle-not-text", Fails("invalid-field")),
    ("direct-handles-not-list", Fails("invalid-field")),
    ("direct-null-among-handles", Fails("invalid-field")),
    ("direct-empty-handle", Fails("invalid-session-handle")),
    ("direct-long-handle", Fails("invalid-session-handle")),
    ("direct-500-handles", Exactly(NONE_REVOKED)),
    ("direct-501-handles", Fails("too-many-handles")),
];

const NONE_SWEPT: &str = r#"{"status":"OK","sessionHandlesRevoked":[],"sweepComplete":true}"#;
const OTHER_SWEPT: &str =
    r#"{"status":"OK","sessionHandlesRevoked":["${otherSessionHandle}"],"sweepComplete":true}"#;
const SWEPT: &str = r#"{"status":"OK","sweepComplete":true}"#;

const REVOKE_USER: &[Row] = &[
    ("http-all", Http(200, SWEPT)),
    ("http-tenant", Http(200, NONE_SWEPT)),
    ("http-base64-body", Http(200, NONE_SWEPT)),
    ("http-api", Http(200, SWEPT)),
    ("http-no-body", Problem(400, "invalid-json")),
    ("http-not-json", Problem(400, "invalid-json")),
    ("http-null-tenant", Problem(400, "invalid-field")),
    ("http-tenant-in-query", Problem(400, "unknown-field")),
    ("http-kept-session-unknown", Problem(409, "kept-session-not-found")),
    ("http-wrong-method", Problem(405, "method-not-allowed")),
    ("http-malformed", Fails("unknown-event")),
    ("direct-all", Answers(SWEPT)),
    ("direct-tenant", Answers(SWEPT)),
    ("direct-other-tenant", Exactly(NONE_SWEPT)),
    ("direct-reason", Answers(SWEPT)),
    ("direct-unknown-member", Fails("unknown-field")),
    ("direct-empty-reason", Fails("invalid-field")),
    ("direct-empty-kept-session", Fails("invalid-session-handle")),
    ("direct-but-one", Exactly(OTHER_SWEPT)),
    (
        "direct-but-one-in-tenant",
        Exactly(
            r#"{"status":"OK","sessionHandlesRevoked":["${sdkSessionHandle}"],"sweepComplete":true}"#,
        ),
    ),
    ("direct-unknown-user", Exactly(NONE_SWEPT)),
    ("direct-kept-session-unknown", Fails("kept-session-not-found")),
    ("direct-kept-session-of-another-user", Fails("kept-session-not-found")),
    ("direct-empty", Fails("missing-field")),
    ("direct-null-user-id", Fails("invalid-field")),
    ("direct-null-kept-session", Fails("invalid-field")),
    ("direct-user-id-not-text", Fails("invalid-field")),
    ("direct-long-user-id", Fails("invalid-user-id")),
    ("direct-invalid-tenant", Fails("invalid-tenant-id")),
    ("direct-long-kept-session", Fails("invalid-session-handle")),
];

const PRINCIPAL: Outcome = Http(
    200,
    r#"{
        "userId": "ada",
        "tenantId": "public",
        "sessionHandle": "00000000-0000-4000-8000-000000000001",
        "expiresAt": 1800003600000,
        "payload": {"role": "admin"}
    }"#,
);

const WHOAMI: &[Row] = &[
    ("strict", PRINCIPAL),
    ("fast", PRINCIPAL),
    ("http-api", PRINCIPAL),
    ("no-authorizer", Problem(500, "no-principal")),
    ("incomplete-context", Problem(500, "no-principal")),
    ("expiry-not-number", Problem(500, "no-principal")),
    ("payload-not-json", Problem(500, "no-principal")),
    ("wrong-method", Problem(405, "method-not-allowed")),
    ("malformed", Fails("unknown-event")),
    ("direct", Fails("unknown-event")),
];
