//! What is reachable, and what stands before it.

use super::template;
use http::Method;
use local::template::Guard;
use std::collections::BTreeSet;

/// Method, path, binary and guard of each route there is.
const ROUTES: [[&str; 4]; 15] = [
    ["POST", "/create-session", "create-session", "IAM"],
    ["POST", "/revoke-handle", "revoke-handle", "IAM"],
    ["POST", "/revoke-user", "revoke-user", "IAM"],
    ["GET", "/list-sessions", "list-sessions", "IAM"],
    ["POST", "/auth/session/refresh", "refresh-session", "none"],
    ["POST", "/auth/signout", "logout", "none"],
    ["POST", "/logout", "logout", "none"],
    ["GET", "/auth/sessions", "own-sessions", "StrictSession"],
    ["POST", "/auth/sessions/revoke", "own-sessions", "StrictSession"],
    ["GET", "/auth/jwt/jwks.json", "jwks", "none"],
    ["GET", "/auth/.well-known/openid-configuration", "jwks", "none"],
    ["ANY", "/core", "core-driver", "none"],
    ["ANY", "/core/{proxy+}", "core-driver", "none"],
    ["GET", "/whoami", "whoami", "StrictSession"],
    ["GET", "/whoami/fast", "whoami", "FastSession"],
];

#[test]
fn these_are_the_routes_and_their_guards() {
    let template = template();
    let routes = template.api.routes.iter().map(|route| {
        let guard = match &route.guard {
            Guard::None => "none",
            Guard::Iam => "IAM",
            Guard::Authorizer(name) => name,
        };
        let method = route.method.as_ref().map_or("ANY", Method::as_str);
        let binary = &template.functions[&route.function].binary;
        [method, &route.path, binary, guard].map(ToOwned::to_owned)
    });
    let routes: Vec<_> = routes.collect();
    assert_eq!(routes.len(), ROUTES.len(), "a route stands twice");
    let expected = ROUTES.map(|route| route.map(ToOwned::to_owned));
    assert_eq!(BTreeSet::from_iter(routes), BTreeSet::from(expected));
}

#[test]
fn no_authorizer_result_is_ever_kept() {
    let template = template();
    let names: Vec<_> = template.api.authorizers.keys().map(String::as_str).collect();
    assert_eq!(names, ["FastSession", "StrictSession"]);
    for (name, authorizer) in &template.api.authorizers {
        assert_eq!(authorizer.result_ttl, 0, "{name}");
        assert_eq!(authorizer.payload_type, "REQUEST", "{name}");
        let function = &template.functions[&authorizer.function];
        assert_eq!(function.binary, "verify-session", "{name}");
    }
}

#[test]
fn the_strict_authorizer_always_asks_the_table_and_no_route_is_an_exception() {
    let template = template();
    let strict = &template.functions[&template.api.authorizers["StrictSession"].function];
    assert_eq!(strict.environment["CHECK_DATABASE"], "always");
    assert_eq!(strict.environment["CHECK_DATABASE_ROUTES"], "");
    assert!(!strict.environment.contains_key("ACCESS_TOKEN_BLACKLISTING"));
    let fast = &template.functions[&template.api.authorizers["FastSession"].function];
    assert_eq!(fast.environment["CHECK_DATABASE"], "never");
}
