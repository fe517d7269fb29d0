//! What the authorizer answers to its samples: those of REST APIs have no name before the case.

use super::answers::Row;
use super::outcome::Outcome::{self, Allows, Answers, Denies, Exactly, Fails, Unauthorized};
use super::outcome::context;

const ALLOWED: Outcome = Allows("GET/whoami");
const DENIED: Outcome = Denies("GET/whoami");
const CONNECTED: Outcome = Allows("$connect");

/// An HTTP API's simple response, as it is unless the deployment says otherwise.
const PASSES: Outcome = Exactly(concat!(r#"{"isAuthorized": true, "context": "#, context!(), "}"));
const STOPS: Outcome = Exactly(r#"{"isAuthorized": false}"#);

const RESOLVES: Outcome = Exactly(concat!(
    r#"{"isAuthorized": true, "resolverContext": "#,
    context!(),
    r#", "deniedFields": [], "ttlOverride": 0}"#,
));
const RESOLVES_NOT: Outcome = Exactly(
    r#"{"isAuthorized": false, "resolverContext": {}, "deniedFields": [], "ttlOverride": 0}"#,
);

pub(crate) const AUTHORIZER: &[Row] = &[
    ("header", ALLOWED),
    ("cookie", ALLOWED),
    ("cookie-on-post", Allows("POST/orders/7")),
    ("header-before-cookie", ALLOWED),
    ("header-and-cookie-agree", ALLOWED),
    ("header-and-cookie-disagree", Unauthorized),
    ("header-and-expired-cookie", ALLOWED),
    ("two-headers", Unauthorized),
    ("single-value-headers", ALLOWED),
    ("no-token", Unauthorized),
    ("null-headers", Unauthorized),
    ("empty-token", Unauthorized),
    ("malformed-token", Unauthorized),
    ("other-scheme", Unauthorized),
    ("token-in-query", Unauthorized),
    ("refresh-token", Unauthorized),
    ("two-cookies", Unauthorized),
    ("expired-token", Unauthorized),
    ("ended-session", Unauthorized),
    (
        "session-in-tenant",
        Answers(
            r#"{"principalId":"grace","context":{"userId":"grace","tenantId":"acme","sessionHandle":"${acmeSessionHandle}"}}"#,
        ),
    ),
    ("no-method-arn", Fails("unknown-event")),
    ("malformed-method", Fails("unknown-event")),
    ("direct", Fails("unknown-event")),
    ("token", ALLOWED),
    ("token-bare", ALLOWED),
    ("token-on-post", Allows("POST/orders/7")),
    ("token-two", Unauthorized),
    ("token-missing", Unauthorized),
    ("token-empty", Unauthorized),
    ("token-malformed", Unauthorized),
    ("token-refresh-token", Unauthorized),
    ("token-expired", Unauthorized),
    ("token-ended-session", Unauthorized),
    ("token-no-method-arn", Fails("unknown-event")),
    ("token-no-method", Fails("unknown-event")),
    ("http-api-header", PASSES),
    ("http-api-cookie", PASSES),
    ("http-api-cookie-on-post", PASSES),
    ("http-api-default-route", PASSES),
    ("http-api-header-and-cookie-disagree", STOPS),
    ("http-api-two-cookies", STOPS),
    ("http-api-two-headers", STOPS),
    ("http-api-no-token", STOPS),
    ("http-api-null-headers-and-cookies", STOPS),
    ("http-api-malformed-token", STOPS),
    ("http-api-token-in-query", STOPS),
    ("http-api-expired-token", STOPS),
    ("http-api-ended-session", STOPS),
    ("http-api-no-method", Fails("unknown-event")),
    ("http-api-no-route-arn", Fails("unknown-event")),
    ("http-api-unknown-version", Fails("unknown-event")),
    ("http-api-proxy", Fails("unknown-event")),
    ("http-api-1-header", ALLOWED),
    ("http-api-1-cookie", ALLOWED),
    ("http-api-1-header-and-cookie-disagree", DENIED),
    ("http-api-1-no-token", DENIED),
    ("http-api-1-token-in-other-source", DENIED),
    ("http-api-1-malformed-token", DENIED),
    ("http-api-1-expired-token", DENIED),
    ("http-api-1-ended-session", DENIED),
    ("http-api-1-no-method-arn", Fails("unknown-event")),
    ("websocket-header", CONNECTED),
    ("websocket-cookie", CONNECTED),
    ("websocket-subprotocol", CONNECTED),
    ("websocket-subprotocol-and-cookie-agree", CONNECTED),
    ("websocket-subprotocol-and-cookie-disagree", Unauthorized),
    ("websocket-header-and-cookie-disagree", Unauthorized),
    ("websocket-two-subprotocols", Unauthorized),
    ("websocket-cookie-of-another-origin", Unauthorized),
    ("websocket-cookie-of-null-origin", Unauthorized),
    ("websocket-cookie-without-origin", Unauthorized),
    ("websocket-token-in-query", Unauthorized),
    ("websocket-no-token", Unauthorized),
    ("websocket-null-headers", Unauthorized),
    ("websocket-malformed-token", Unauthorized),
    ("websocket-expired-token", Unauthorized),
    ("websocket-ended-session", Unauthorized),
    ("websocket-message", Fails("unknown-event")),
    ("websocket-no-method-arn", Fails("unknown-event")),
    ("appsync-query", RESOLVES),
    ("appsync-mutation", RESOLVES),
    ("appsync-bearer", RESOLVES),
    ("appsync-two-tokens", RESOLVES_NOT),
    ("appsync-null-token", RESOLVES_NOT),
    ("appsync-empty-token", RESOLVES_NOT),
    ("appsync-malformed-token", RESOLVES_NOT),
    ("appsync-token-in-other-header", RESOLVES_NOT),
    ("appsync-expired-token", RESOLVES_NOT),
    ("appsync-ended-session", RESOLVES_NOT),
    ("appsync-no-query", Fails("unknown-event")),
    ("appsync-event-api", Fails("unknown-event")),
];

const GOES_ON: Outcome = Answers(r#"{"principalId":"ada"}"#);
const IS_AUTHORIZED: Outcome = Answers(r#"{"isAuthorized":true}"#);

/// All in which the fast authorizer, which asks no table, differs.
pub(crate) const ENDED_BUT_FAST: &[Row] = &[
    ("ended-session", GOES_ON),
    ("token-ended-session", GOES_ON),
    ("http-api-ended-session", IS_AUTHORIZED),
    ("http-api-1-ended-session", GOES_ON),
    ("websocket-ended-session", GOES_ON),
    ("appsync-ended-session", IS_AUTHORIZED),
];
