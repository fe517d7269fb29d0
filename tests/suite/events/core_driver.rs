//! The rows of core-driver, in the order of PROTOCOL 3.4.

use super::answers::Row;
use super::core_outcomes::{
    ALLOWED, ALLOWED_ANEW, BOTH_LISTED, BOTH_REMOVED, CREATED, DONE, FROM_A_TENANT, GONE, KEYS,
    KEYS_WITH_STATUS, NO_JSON, NO_KEY, NO_TENANT, NONE_REMOVED, ONE_OF_BOTH, ONE_REMOVED, OPENED,
    OPENED_WITHOUT_TENANT, PROTECTED, REFRESHED, REGENERATED, REMOVED, SHOWN, SIGNED,
    TENANTS_REMOVED, TRY_REFRESH, UNAUTHORISED, UNKNOWN_USER, VERSIONS, WAS_NOT_THERE, WAS_THERE,
    anew, pair, seen,
};
use super::outcome::Outcome::{Core, Fails, Text};

pub(super) const CORE_DRIVER: &[Row] = &[
    ("hello", Text(200, "Hello")),
    ("hello-at-the-root", Text(200, "Hello")),
    ("hello-of-app", Text(200, "Hello")),
    ("api-versions", Core(VERSIONS)),
    ("api-versions-of-app", Core(VERSIONS)),
    ("key-set", Core(KEYS)),
    ("key-set-of-app", Core(KEYS)),
    ("key-set-without-key", Core(KEYS)),
    ("key-set-with-status", Core(KEYS_WITH_STATUS)),
    ("user-id", UNKNOWN_USER),
    ("user-id-empty", UNKNOWN_USER),
    ("user-id-missing", Text(400, "Field name 'userId' is missing in GET request")),
    ("user-id-in-tenant", FROM_A_TENANT),
    ("license", DONE),
    ("create", OPENED),
    (
        "create-anti-csrf",
        pair!(
            r#""handle":"…","userId":"ada","recipeUserId":"ada","userDataInJWT":{"role":"admin"},"tenantId":"public""#,
            r#","antiCsrfToken":"…""#
        ),
    ),
    ("create-static-key", OPENED),
    ("create-without-key-kind", OPENED),
    (
        "create-empty-user-id",
        pair!(
            r#""handle":"…","userId":"","recipeUserId":"","userDataInJWT":{"role":"admin"},"tenantId":"public""#
        ),
    ),
    (
        "create-issuer",
        pair!(
            r#""handle":"…","userId":"ada","recipeUserId":"ada","userDataInJWT":{"iss":"https://api.example.com/auth","role":null},"tenantId":"public""#
        ),
    ),
    ("create-unknown-member", OPENED),
    (
        "create-cdi-3-1",
        pair!(
            r#""handle":"…","userId":"ada","userDataInJWT":{"role":"admin"},"tenantId":"public""#
        ),
    ),
    ("create-cdi-2-21", OPENED_WITHOUT_TENANT),
    ("create-cdi-2-18", OPENED_WITHOUT_TENANT),
    ("create-no-cdi", OPENED),
    (
        "create-in-tenant",
        pair!(
            r#""handle":"…","userId":"ada","recipeUserId":"ada","userDataInJWT":{"role":"admin"},"tenantId":"acme""#
        ),
    ),
    ("create-in-app", OPENED),
    ("create-any-case", OPENED),
    (
        "create-base64-body",
        pair!(
            r#""handle":"…","userId":"adá","recipeUserId":"adá","userDataInJWT":{"role":"admin"},"tenantId":"public""#
        ),
    ),
    ("create-protected-claim", PROTECTED),
    ("create-null-field", Text(400, "Field name 'userId' is invalid in JSON input")),
    (
        "create-null-optional-field",
        Text(400, "Field name 'useDynamicSigningKey' is invalid in JSON input"),
    ),
    ("create-missing-field", Text(400, "Field name 'userDataInDatabase' is invalid in JSON input")),
    (
        "create-field-of-another-type",
        Text(400, "Field name 'userDataInJWT' is invalid in JSON input"),
    ),
    ("get", SHOWN),
    (
        "get-cdi-3-1",
        Core(
            r#"{"status":"OK","sessionHandle":"${sdkSessionHandle}","userId":"grace","userDataInDatabase":{"plan":"pro"},"userDataInJWT":{"role":"admin"},"expiry":${refreshTokenExpiresAt},"timeCreated":${openedAt},"tenantId":"public"}"#,
        ),
    ),
    (
        "get-cdi-2-21",
        Core(
            r#"{"status":"OK","sessionHandle":"${sdkSessionHandle}","userId":"grace","userDataInDatabase":{"plan":"pro"},"userDataInJWT":{"role":"admin"},"expiry":${refreshTokenExpiresAt},"timeCreated":${openedAt}}"#,
        ),
    ),
    (
        "get-in-tenant",
        Core(
            r#"{"status":"OK","sessionHandle":"${acmeSessionHandle}","userId":"grace","recipeUserId":"grace","userDataInDatabase":{},"userDataInJWT":{"role":"admin"},"expiry":${refreshTokenExpiresAt},"timeCreated":${openedAt},"tenantId":"acme"}"#,
        ),
    ),
    ("get-by-another-tenant", SHOWN),
    ("get-of-another-app", GONE),
    ("get-ended", GONE),
    ("get-unknown-handle", GONE),
    ("get-unknown-tenant-in-handle", NO_TENANT),
    ("get-no-handle", Text(400, "Field name 'sessionHandle' is missing in GET request")),
    ("verify", ALLOWED),
    ("verify-database", ALLOWED),
    ("verify-child", ALLOWED_ANEW),
    ("verify-child-database", ALLOWED_ANEW),
    (
        "verify-cdi-3-1",
        seen!(
            r#""handle":"${sdkSessionHandle}","userId":"grace","userDataInJWT":{"role":"admin"},"tenantId":"public""#
        ),
    ),
    (
        "verify-cdi-2-21",
        seen!(
            r#""handle":"${sdkSessionHandle}","userId":"grace","userDataInJWT":{"role":"admin"}"#
        ),
    ),
    (
        "verify-in-tenant",
        seen!(
            r#""handle":"${acmeSessionHandle}","userId":"grace","recipeUserId":"grace","userDataInJWT":{"role":"admin","iss":"http://127.0.0.1:3000/auth"},"tenantId":"acme""#
        ),
    ),
    ("verify-by-another-tenant", ALLOWED),
    ("verify-of-another-app", TRY_REFRESH),
    ("verify-anti-csrf", ALLOWED),
    ("verify-wrong-anti-csrf", TRY_REFRESH),
    ("verify-no-anti-csrf", TRY_REFRESH),
    (
        "verify-ended",
        seen!(
            r#""handle":"${endedSessionHandle}","userId":"ada","recipeUserId":"ada","userDataInJWT":{"role":"admin","iss":"http://127.0.0.1:3000/auth"},"tenantId":"public""#
        ),
    ),
    ("verify-ended-database", UNAUTHORISED),
    ("verify-expired", TRY_REFRESH),
    ("verify-malformed", TRY_REFRESH),
    ("verify-missing-flag", Text(400, "Field name 'checkDatabase' is invalid in JSON input")),
    ("verify-null-anti-csrf", Text(400, "Field name 'antiCsrfToken' is invalid in JSON input")),
    ("refresh-dynamic", REFRESHED),
    ("refresh-static", REFRESHED),
    ("refresh-child", REFRESHED),
    (
        "refresh-anti-csrf",
        pair!(
            r#""handle":"${sdkSessionHandle}","userId":"grace","recipeUserId":"grace","userDataInJWT":{"role":"admin"},"tenantId":"public""#,
            r#","antiCsrfToken":"…""#
        ),
    ),
    ("refresh-wrong-anti-csrf", UNAUTHORISED),
    (
        "refresh-in-tenant",
        pair!(
            r#""handle":"${acmeSessionHandle}","userId":"grace","recipeUserId":"grace","userDataInJWT":{"role":"admin"},"tenantId":"acme""#
        ),
    ),
    ("refresh-of-another-app", UNAUTHORISED),
    (
        "refresh-cdi-3-1",
        pair!(
            r#""handle":"${sdkSessionHandle}","userId":"grace","userDataInJWT":{"role":"admin"},"tenantId":"public""#
        ),
    ),
    (
        "refresh-cdi-2-21",
        pair!(
            r#""handle":"${sdkSessionHandle}","userId":"grace","userDataInJWT":{"role":"admin"}"#
        ),
    ),
    (
        "refresh-without-key-kind",
        Text(400, "Field name 'useDynamicSigningKey' is invalid in JSON input"),
    ),
    (
        "refresh-used",
        Core(
            r#"{"status":"TOKEN_THEFT_DETECTED","session":{"handle":"…","userId":"used","recipeUserId":"used"}}"#,
        ),
    ),
    ("refresh-ended", UNAUTHORISED),
    ("refresh-malformed", UNAUTHORISED),
    ("remove-handles", ONE_REMOVED),
    ("remove-handle-in-tenant", TENANTS_REMOVED),
    ("remove-ended", NONE_REMOVED),
    ("remove-no-handles", NONE_REMOVED),
    ("remove-unknown-tenant-in-handle", NO_TENANT),
    ("remove-user", BOTH_REMOVED),
    ("remove-user-in-tenant", TENANTS_REMOVED),
    ("remove-user-in-public-tenant", ONE_REMOVED),
    ("remove-user-cdi-3-1", BOTH_REMOVED),
    ("remove-user-across-from-tenant", FROM_A_TENANT),
    ("remove-unknown-user", NONE_REMOVED),
    ("remove-both", ONE_OF_BOTH),
    ("remove-neither", ONE_OF_BOTH),
    (
        "remove-flag-without-user",
        Text(400, "Invalid JSON input - revokeAcrossAllTenants can only be set if userId is set"),
    ),
    ("list", BOTH_LISTED),
    ("list-in-tenant", Core(r#"{"status":"OK","sessionHandles":["${acmeSessionHandle}"]}"#)),
    ("list-cdi-3-1", BOTH_LISTED),
    ("list-across-from-tenant", FROM_A_TENANT),
    ("list-unknown-user", Core(r#"{"status":"OK","sessionHandles":[]}"#)),
    ("list-no-user", Text(400, "Field name 'userId' is missing in GET request")),
    ("regenerate", REGENERATED),
    ("regenerate-child", REGENERATED),
    (
        "regenerate-in-tenant",
        anew!(
            r#""handle":"${acmeSessionHandle}","userId":"grace","recipeUserId":"grace","userDataInJWT":{"role":"reader"},"tenantId":"acme""#
        ),
    ),
    (
        "regenerate-expired",
        seen!(
            r#""handle":"…","userId":"expired","recipeUserId":"expired","userDataInJWT":{},"tenantId":"public""#
        ),
    ),
    ("regenerate-ended", GONE),
    ("regenerate-protected-claim", PROTECTED),
    ("regenerate-malformed", Text(400, "Field name 'accessToken' is invalid in JSON input")),
    ("regenerate-null-payload", Text(400, "Field name 'userDataInJWT' is invalid in JSON input")),
    ("get-data", Core(r#"{"status":"OK","userDataInDatabase":{"plan":"pro"}}"#)),
    ("get-data-unknown-handle", GONE),
    ("put-data", DONE),
    ("put-data-in-tenant", DONE),
    ("put-data-unknown-handle", GONE),
    ("put-data-null", Text(400, "Field name 'userDataInDatabase' is invalid in JSON input")),
    ("get-jwt-data", Core(r#"{"status":"OK","userDataInJWT":{"role":"admin"}}"#)),
    ("get-jwt-data-ended", GONE),
    ("put-jwt-data", DONE),
    ("put-jwt-data-ended", GONE),
    ("put-jwt-data-protected-claim", PROTECTED),
    ("put-jwt-data-cdi-2-21", DONE),
    ("create-jwt", SIGNED),
    ("create-jwt-dynamic", SIGNED),
    ("create-jwt-without-key-kind", SIGNED),
    ("create-jwt-unsupported-algorithm", Core(r#"{"status":"UNSUPPORTED_ALGORITHM_ERROR"}"#)),
    ("create-jwt-no-validity", Text(400, "validity must be greater than or equal to 0")),
    ("create-jwt-missing-payload", Text(400, "Field name 'payload' is invalid in JSON input")),
    ("create-jwt-in-tenant", FROM_A_TENANT),
    ("app-create", CREATED),
    ("app-create-again", WAS_THERE),
    ("app-create-prefixed", Text(400, "appId must not start with 'appid-'")),
    (
        "app-create-invalid-setting",
        Text(
            400,
            "Invalid core config: `access_token_validity` must be a number of seconds, 1 to 86400000",
        ),
    ),
    ("app-create-from-another-app", Text(403, "Only the public app can call this API")),
    (
        "app-list",
        Core(
            r#"{"status":"OK","apps":[{"appId":"public","tenants":[{"tenantId":"public","thirdParty":{"providers":[]},"coreConfig":{}},{"tenantId":"acme","thirdParty":{"providers":[]},"coreConfig":{}}]},{"appId":"demo","tenants":[{"tenantId":"public","thirdParty":{"providers":[]},"coreConfig":{}}]},{"appId":"locked","tenants":[{"tenantId":"public","thirdParty":{"providers":[]},"coreConfig":{}}]}]}"#,
        ),
    ),
    ("app-create-cdi-3-1", CREATED),
    (
        "app-list-cdi-3-1",
        Core(
            r#"{"status":"OK","apps":[{"appId":"public","tenants":[{"tenantId":"public","emailPassword":{"enabled":true},"thirdParty":{"enabled":true,"providers":[]},"passwordless":{"enabled":true},"coreConfig":{}},{"tenantId":"acme","emailPassword":{"enabled":true},"thirdParty":{"enabled":true,"providers":[]},"passwordless":{"enabled":true},"coreConfig":{}}]},{"appId":"demo","tenants":[{"tenantId":"public","emailPassword":{"enabled":true},"thirdParty":{"enabled":true,"providers":[]},"passwordless":{"enabled":true},"coreConfig":{}}]},{"appId":"locked","tenants":[{"tenantId":"public","emailPassword":{"enabled":true},"thirdParty":{"enabled":true,"providers":[]},"passwordless":{"enabled":true},"coreConfig":{}}]}]}"#,
        ),
    ),
    ("app-remove", REMOVED),
    ("app-remove-unknown", WAS_NOT_THERE),
    ("app-remove-public", Text(403, "Cannot delete public app")),
    ("tenant-create", CREATED),
    ("tenant-create-again", WAS_THERE),
    ("tenant-create-in-app", CREATED),
    ("tenant-create-reserved-word", Text(400, "Field name 'tenantId' is invalid in JSON input")),
    (
        "tenant-list",
        Core(
            r#"{"status":"OK","tenants":[{"tenantId":"public","thirdParty":{"providers":[]},"coreConfig":{}},{"tenantId":"acme","thirdParty":{"providers":[]},"coreConfig":{}}]}"#,
        ),
    ),
    (
        "tenant-list-of-app",
        Core(
            r#"{"status":"OK","tenants":[{"tenantId":"public","thirdParty":{"providers":[]},"coreConfig":{}}]}"#,
        ),
    ),
    ("tenant-create-cdi-3-1", CREATED),
    ("tenant-create-cdi-5-0", CREATED),
    ("tenant-create-from-a-tenant", FROM_A_TENANT),
    (
        "tenant-create-login-of-first-form",
        Text(400, "emailPasswordEnabled is not allowed in this API version"),
    ),
    (
        "tenant-create-factor-twice",
        Text(400, "firstFactors input should not contain duplicate values"),
    ),
    (
        "tenant-get",
        Core(r#"{"tenantId":"acme","thirdParty":{"providers":[]},"coreConfig":{},"status":"OK"}"#),
    ),
    (
        "tenant-get-cdi-3-1",
        Core(
            r#"{"tenantId":"acme","emailPassword":{"enabled":true},"thirdParty":{"enabled":true,"providers":[]},"passwordless":{"enabled":true},"coreConfig":{},"status":"OK"}"#,
        ),
    ),
    (
        "tenant-get-public",
        Core(
            r#"{"tenantId":"public","thirdParty":{"providers":[]},"coreConfig":{},"status":"OK"}"#,
        ),
    ),
    ("tenant-get-unknown", Core(r#"{"status":"TENANT_NOT_FOUND_ERROR"}"#)),
    ("tenant-get-unknown-cdi-3-1", Core(r#"{"status":"TENANT_NOT_FOUND_ERROR"}"#)),
    (
        "tenant-list-cdi-3-1",
        Core(
            r#"{"status":"OK","tenants":[{"tenantId":"public","emailPassword":{"enabled":true},"thirdParty":{"enabled":true,"providers":[]},"passwordless":{"enabled":true},"coreConfig":{}},{"tenantId":"acme","emailPassword":{"enabled":true},"thirdParty":{"enabled":true,"providers":[]},"passwordless":{"enabled":true},"coreConfig":{}}]}"#,
        ),
    ),
    ("tenant-list-from-a-tenant", FROM_A_TENANT),
    ("tenant-remove-cdi-3-1", REMOVED),
    ("tenant-add-user", UNKNOWN_USER),
    ("tenant-add-user-cdi-3-1", UNKNOWN_USER),
    ("tenant-remove-user", Core(r#"{"status":"OK","wasAssociated":true}"#)),
    ("tenant-remove-user-cdi-3-1", Core(r#"{"status":"OK","wasAssociated":true}"#)),
    ("tenant-remove-user-without-sessions", Core(r#"{"status":"OK","wasAssociated":false}"#)),
    ("tenant-remove-user-empty", Text(400, "Field name 'userId' cannot be an empty String")),
    ("tenant-remove", REMOVED),
    ("tenant-remove-unknown", WAS_NOT_THERE),
    ("tenant-remove-public", Text(403, "Cannot delete public tenant, use remove app API instead")),
    ("api-key", Core(r#"{"status":"OK","sessionHandles":[]}"#)),
    ("api-key-bearer", Core(r#"{"status":"OK","sessionHandles":[]}"#)),
    ("api-key-wrong", NO_KEY),
    ("api-key-missing", NO_KEY),
    ("unknown-path", Text(404, "Not found")),
    (
        "unknown-app",
        Text(
            400,
            "AppId or tenantId not found => App with the following connectionURIDomain and appId combination not found: (, nowhere)",
        ),
    ),
    ("unknown-tenant", NO_TENANT),
    ("wrong-method", Text(405, "Method not supported")),
    ("no-json", NO_JSON),
    ("member-twice", NO_JSON),
    ("array-body", NO_JSON),
    ("no-body", NO_JSON),
    ("unsupported-version", Text(400, "cdi-version 9.9 not supported")),
    ("invalid-version", Text(400, "cdi-version header is invalid")),
    ("old-version-in-tenant", Text(404, "Not found")),
    ("http-api", OPENED),
    ("malformed", Fails("unknown-event")),
    ("direct", Fails("unknown-event")),
];
