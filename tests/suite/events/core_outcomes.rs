//! What core-driver answers to more than one sample.

use super::outcome::Outcome::{self, Core, Text};

/// A session of these members and nothing more.
macro_rules! seen {
    ($session:literal) => {
        Core(concat!(r#"{"status":"OK","session":{"#, $session, "}}"))
    };
}

/// The same with a new access token.
macro_rules! anew {
    ($session:literal) => {
        Core(concat!(
            r#"{"status":"OK","session":{"#,
            $session,
            r#"},"accessToken":{"token":"…","expiry":${accessTokenExpiresAt},"createdTime":${openedAt}}}"#,
        ))
    };
}

/// The same with two new tokens, and what else there is.
macro_rules! pair {
    ($session:literal $(, $more:literal)?) => {
        Core(concat!(
            r#"{"status":"OK","session":{"#,
            $session,
            r#"},"accessToken":{"token":"…","expiry":${accessTokenExpiresAt},"createdTime":${openedAt}}"#,
            r#","refreshToken":{"token":"…","expiry":${refreshTokenExpiresAt},"createdTime":${openedAt}}"#,
            $($more,)?
            "}",
        ))
    };
}

pub(super) use {anew, pair, seen};

pub(super) const VERSIONS: &str =
    r#"{"versions":["2.21","3.0","3.1","4.0","5.0","5.1","5.2","5.3","5.4"]}"#;
/// The static key and the present dynamic one.
pub(super) const KEYS: &str = r#"{"keys":[{"kty":"RSA","kid":"…","n":"…","e":"AQAB","alg":"RS256","use":"sig"},{"kty":"RSA","kid":"…","n":"…","e":"AQAB","alg":"RS256","use":"sig"}]}"#;
pub(super) const KEYS_WITH_STATUS: &str = r#"{"status":"OK","keys":[{"kty":"RSA","kid":"…","n":"…","e":"AQAB","alg":"RS256","use":"sig"},{"kty":"RSA","kid":"…","n":"…","e":"AQAB","alg":"RS256","use":"sig"}]}"#;
pub(super) const UNKNOWN_USER: Outcome = Core(r#"{"status":"UNKNOWN_USER_ID_ERROR"}"#);
pub(super) const FROM_A_TENANT: Outcome =
    Text(403, "Only public tenantId can call this app specific API");
pub(super) const DONE: Outcome = Core(r#"{"status":"OK"}"#);

pub(super) const OPENED: Outcome = pair!(
    r#""handle":"…","userId":"ada","recipeUserId":"ada","userDataInJWT":{"role":"admin"},"tenantId":"public""#
);
/// Before CDI 3.0 nobody knew tenants.
pub(super) const OPENED_WITHOUT_TENANT: Outcome =
    pair!(r#""handle":"…","userId":"ada","userDataInJWT":{"role":"admin"}"#);
pub(super) const PROTECTED: Outcome = Text(400, "The user payload contains protected field");

pub(super) const SHOWN: Outcome = Core(
    r#"{"status":"OK","sessionHandle":"${sdkSessionHandle}","userId":"grace","recipeUserId":"grace","userDataInDatabase":{"plan":"pro"},"userDataInJWT":{"role":"admin"},"expiry":${refreshTokenExpiresAt},"timeCreated":${openedAt},"tenantId":"public"}"#,
);
pub(super) const GONE: Outcome =
    Core(r#"{"status":"UNAUTHORISED","message":"Session does not exist."}"#);
pub(super) const NO_TENANT: Outcome = Text(
    400,
    "AppId or tenantId not found => Tenant with the following connectionURIDomain, appId and tenantId combination not found: (, public, globex)",
);

pub(super) const ALLOWED: Outcome = seen!(
    r#""handle":"${sdkSessionHandle}","userId":"grace","recipeUserId":"grace","userDataInJWT":{"role":"admin"},"tenantId":"public""#
);
pub(super) const ALLOWED_ANEW: Outcome = anew!(
    r#""handle":"${sdkSessionHandle}","userId":"grace","recipeUserId":"grace","userDataInJWT":{"role":"admin"},"tenantId":"public""#
);
pub(super) const TRY_REFRESH: Outcome = Core(r#"{"status":"TRY_REFRESH_TOKEN","message":"…"}"#);
pub(super) const UNAUTHORISED: Outcome = Core(r#"{"status":"UNAUTHORISED","message":"…"}"#);

pub(super) const REFRESHED: Outcome = pair!(
    r#""handle":"${sdkSessionHandle}","userId":"grace","recipeUserId":"grace","userDataInJWT":{"role":"admin"},"tenantId":"public""#
);

pub(super) const NONE_REMOVED: Outcome = Core(r#"{"status":"OK","sessionHandlesRevoked":[]}"#);
pub(super) const ONE_REMOVED: Outcome =
    Core(r#"{"status":"OK","sessionHandlesRevoked":["${sdkSessionHandle}"]}"#);
pub(super) const TENANTS_REMOVED: Outcome =
    Core(r#"{"status":"OK","sessionHandlesRevoked":["${acmeSessionHandle}"]}"#);
pub(super) const BOTH_REMOVED: Outcome = Core(
    r#"{"status":"OK","sessionHandlesRevoked":["${acmeSessionHandle}","${sdkSessionHandle}"]}"#,
);
pub(super) const ONE_OF_BOTH: Outcome =
    Text(400, "Invalid JSON input - use one of userId or sessionHandles array");

pub(super) const BOTH_LISTED: Outcome =
    Core(r#"{"status":"OK","sessionHandles":["${acmeSessionHandle}","${sdkSessionHandle}"]}"#);

pub(super) const REGENERATED: Outcome = anew!(
    r#""handle":"${sdkSessionHandle}","userId":"grace","recipeUserId":"grace","userDataInJWT":{"role":"reader"},"tenantId":"public""#
);

pub(super) const SIGNED: Outcome = Core(r#"{"status":"OK","jwt":"…"}"#);

pub(super) const CREATED: Outcome = Core(r#"{"status":"OK","createdNew":true}"#);
pub(super) const WAS_THERE: Outcome = Core(r#"{"status":"OK","createdNew":false}"#);
pub(super) const REMOVED: Outcome = Core(r#"{"status":"OK","didExist":true}"#);
pub(super) const WAS_NOT_THERE: Outcome = Core(r#"{"status":"OK","didExist":false}"#);

pub(super) const NO_KEY: Outcome = Text(401, "Invalid API key");
pub(super) const NO_JSON: Outcome = Text(400, "Invalid Json Input");
