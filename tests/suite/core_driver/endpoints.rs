//! Every endpoint that takes a body, and every path, as tables.

use super::sdk::ISSUER;
use http::Method;
use serde_json::{Value, json};
use tests::Opened;

/// An endpoint that takes a body.
pub(super) struct Endpoint {
    pub(super) method: Method,
    pub(super) path: &'static str,
    /// A body that is answered 200.
    pub(super) body: Value,
    /// What it cannot do without.
    pub(super) required: &'static [&'static str],
    /// What it can do without.
    pub(super) optional: &'static [&'static str],
}

/// All of them; the bodies speak of `session`.
pub(super) fn endpoints(session: &Opened) -> Vec<Endpoint> {
    let mut all = of_sessions(session);
    all.extend(of_changes(session));
    all.extend(of_administration());
    all
}

fn endpoint(
    method: Method,
    path: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
    body: Value,
) -> Endpoint {
    Endpoint { method, path, body, required, optional }
}

fn of_sessions(session: &Opened) -> Vec<Endpoint> {
    let payload = json!({"iss": ISSUER});
    vec![
        endpoint(
            Method::POST,
            "/recipe/session",
            &["userId", "userDataInJWT", "userDataInDatabase", "enableAntiCsrf"],
            &["useDynamicSigningKey"],
            json!({
                "userId": "u", "userDataInJWT": payload, "userDataInDatabase": {},
                "enableAntiCsrf": false, "useDynamicSigningKey": true,
            }),
        ),
        endpoint(
            Method::POST,
            "/recipe/session/verify",
            &["accessToken", "doAntiCsrfCheck", "enableAntiCsrf", "checkDatabase"],
            &["antiCsrfToken"],
            json!({
                "accessToken": session.access, "doAntiCsrfCheck": false, "enableAntiCsrf": false,
                "checkDatabase": true, "antiCsrfToken": "x",
            }),
        ),
        endpoint(
            Method::POST,
            "/recipe/session/refresh",
            &["refreshToken", "enableAntiCsrf", "useDynamicSigningKey"],
            &["antiCsrfToken"],
            json!({
                "refreshToken": session.refresh, "enableAntiCsrf": false, "antiCsrfToken": "x",
                "useDynamicSigningKey": true,
            }),
        ),
        endpoint(
            Method::POST,
            "/recipe/session/remove",
            &[],
            &["sessionHandles"],
            json!({"sessionHandles": ["nope"]}),
        ),
        endpoint(
            Method::POST,
            "/recipe/session/remove",
            &[],
            &["userId", "revokeAcrossAllTenants", "revokeSessionsForLinkedAccounts"],
            json!({
                "userId": "nobody", "revokeAcrossAllTenants": true,
                "revokeSessionsForLinkedAccounts": true,
            }),
        ),
    ]
}

fn of_changes(session: &Opened) -> Vec<Endpoint> {
    let payload = json!({"iss": ISSUER});
    vec![
        endpoint(
            Method::POST,
            "/recipe/session/regenerate",
            &["accessToken"],
            &["userDataInJWT"],
            json!({"accessToken": session.access, "userDataInJWT": payload}),
        ),
        endpoint(
            Method::PUT,
            "/recipe/session/data",
            &["sessionHandle", "userDataInDatabase"],
            &[],
            json!({"sessionHandle": session.handle, "userDataInDatabase": {}}),
        ),
        endpoint(
            Method::PUT,
            "/recipe/jwt/data",
            &["sessionHandle", "userDataInJWT"],
            &[],
            json!({"sessionHandle": session.handle, "userDataInJWT": payload}),
        ),
        endpoint(
            Method::POST,
            "/recipe/jwt",
            &["payload", "algorithm", "jwksDomain", "validity"],
            &["useStaticSigningKey"],
            json!({
                "payload": {}, "algorithm": "RS256", "jwksDomain": ISSUER, "validity": 100,
                "useStaticSigningKey": true,
            }),
        ),
    ]
}

fn of_administration() -> Vec<Endpoint> {
    vec![
        endpoint(
            Method::PUT,
            "/recipe/multitenancy/app/v2",
            &["appId"],
            &[],
            json!({"appId": "spare", "coreConfig": {}}),
        ),
        endpoint(
            Method::POST,
            "/recipe/multitenancy/app/remove",
            &["appId"],
            &[],
            json!({"appId": "spare"}),
        ),
        endpoint(
            Method::PUT,
            "/recipe/multitenancy/tenant/v2",
            &["tenantId"],
            &[],
            json!({"tenantId": "spare", "coreConfig": {}}),
        ),
        endpoint(
            Method::PUT,
            "/recipe/multitenancy/app",
            &["appId"],
            &["emailPasswordEnabled", "thirdPartyEnabled", "passwordlessEnabled"],
            json!({
                "appId": "spare", "emailPasswordEnabled": true, "thirdPartyEnabled": false,
                "passwordlessEnabled": true,
            }),
        ),
        endpoint(
            Method::PUT,
            "/recipe/multitenancy/tenant",
            &["tenantId"],
            &["emailPasswordEnabled", "thirdPartyEnabled", "passwordlessEnabled"],
            json!({
                "tenantId": "spare", "emailPasswordEnabled": true, "thirdPartyEnabled": false,
                "passwordlessEnabled": true,
            }),
        ),
        endpoint(
            Method::POST,
            "/recipe/multitenancy/tenant/user",
            &["recipeUserId"],
            &[],
            json!({"recipeUserId": "nobody"}),
        ),
        endpoint(
            Method::POST,
            "/recipe/multitenancy/tenant/user/remove",
            &["recipeUserId"],
            &[],
            json!({"recipeUserId": "nobody"}),
        ),
        endpoint(
            Method::POST,
            "/recipe/multitenancy/tenant/remove",
            &["tenantId"],
            &[],
            json!({"tenantId": "spare"}),
        ),
    ]
}

/// Every path, and the methods it knows.
pub(super) const PATHS: [(&str, &[Method]); 26] = [
    ("/apiversion", &[Method::GET]),
    ("/.well-known/jwks.json", &[Method::GET]),
    ("/user/id", &[Method::GET]),
    ("/recipe/session", &[Method::GET, Method::POST]),
    ("/recipe/session/verify", &[Method::POST]),
    ("/recipe/session/refresh", &[Method::POST]),
    ("/recipe/session/remove", &[Method::POST]),
    ("/recipe/session/user", &[Method::GET]),
    ("/recipe/session/regenerate", &[Method::POST]),
    ("/recipe/session/data", &[Method::GET, Method::PUT]),
    ("/recipe/jwt/data", &[Method::GET, Method::PUT]),
    ("/recipe/jwt", &[Method::POST]),
    ("/recipe/jwt/jwks", &[Method::GET]),
    ("/recipe/multitenancy/app", &[Method::PUT]),
    ("/recipe/multitenancy/app/v2", &[Method::PUT]),
    ("/recipe/multitenancy/app/remove", &[Method::POST]),
    ("/recipe/multitenancy/app/list", &[Method::GET]),
    ("/recipe/multitenancy/app/list/v2", &[Method::GET]),
    ("/recipe/multitenancy/tenant", &[Method::GET, Method::PUT]),
    ("/recipe/multitenancy/tenant/v2", &[Method::GET, Method::PUT]),
    ("/recipe/multitenancy/tenant/remove", &[Method::POST]),
    ("/recipe/multitenancy/tenant/list", &[Method::GET]),
    ("/recipe/multitenancy/tenant/list/v2", &[Method::GET]),
    ("/recipe/multitenancy/tenant/user", &[Method::POST]),
    ("/recipe/multitenancy/tenant/user/remove", &[Method::POST]),
    ("/ee/license", &[Method::PUT]),
];

/// What is asked with a query, and the parameter it cannot do without.
pub(super) const QUERIES: [(&str, &str); 5] = [
    ("/recipe/session", "sessionHandle"),
    ("/recipe/session/data", "sessionHandle"),
    ("/recipe/jwt/data", "sessionHandle"),
    ("/recipe/session/user", "userId"),
    ("/user/id", "userId"),
];
