//! Every variable there is. The table in `docs/reference/configuration.md` is checked against this list.

/// One environment variable.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What happens when it is absent.
    pub default: &'static str,
    /// Which values it takes: completes "expected …".
    pub allowed: &'static str,
}

const fn variable(name: &'static str, default: &'static str, allowed: &'static str) -> Variable {
    Variable { name, default, allowed }
}

/// Every variable that a function reads.
pub const VARIABLES: [Variable; 25] = [
    variable("TABLE_NAME", "required", "the name or the ARN of a DynamoDB table"),
    variable(
        "API_DOMAIN",
        "required",
        "scheme and host as browsers write an origin, such as https://auth.example.com: in lower case and ASCII, \
         without a default port, path or slash at the end",
    ),
    variable(
        "WEBSITE_DOMAIN",
        "required",
        "scheme and host as browsers write an origin, such as https://www.example.com: in lower case and ASCII, \
         without a default port, path or slash at the end",
    ),
    variable("API_BASE_PATH", "/auth", "a path that begins with /"),
    variable("API_GATEWAY_PATH", "none", "a path that begins with /, such as the stage /prod"),
    variable(
        "COOKIE_DOMAIN",
        "the API's host only",
        "a domain that the host of API_DOMAIN is in, such as .example.com, and no public suffix or address",
    ),
    variable(
        "OLDER_COOKIE_DOMAIN",
        "none",
        "host-only, or a domain as for COOKIE_DOMAIN, and another than COOKIE_DOMAIN now has",
    ),
    variable("COOKIE_SAME_SITE", "lax on one site, else none", "strict, lax or none"),
    variable(
        "COOKIE_SECURE",
        "true when API_DOMAIN is https",
        "true or false, and true when COOKIE_SAME_SITE is none",
    ),
    variable(
        "ANTI_CSRF",
        "VIA_CUSTOM_HEADER when COOKIE_SAME_SITE is none, else NONE",
        "NONE, VIA_CUSTOM_HEADER or VIA_TOKEN",
    ),
    variable(
        "ACCESS_TOKEN_VALIDITY",
        "3600",
        "a whole number of seconds, 1 to 86400000, and at most 50 signing key update intervals",
    ),
    variable("ACCESS_TOKEN_VALIDITY_JITTER", "0.05", "a share, 0 to 0.25"),
    variable(
        "REFRESH_TOKEN_VALIDITY",
        "144000",
        "a number of minutes, 1 to 52560000, longer than ACCESS_TOKEN_VALIDITY",
    ),
    variable("REFRESH_TOKEN_ROTATION_GRACE_PERIOD", "30", "a whole number of seconds, 0 to 300"),
    variable(
        "ACCESS_TOKEN_DYNAMIC_SIGNING_KEY_UPDATE_INTERVAL",
        "168",
        "a number of hours, 1 to 87600",
    ),
    variable("CHECK_DATABASE", "always", "always, unsafe-methods or never"),
    variable(
        "ACCESS_TOKEN_BLACKLISTING",
        "unset",
        "true or false, the old name for CHECK_DATABASE always and never, and not against it",
    ),
    variable(
        "CHECK_DATABASE_ROUTES",
        "none",
        "comma-separated rules such as POST /payments=always,ANY /feed/{id}=never",
    ),
    variable("HTTP_API_RESPONSE", "simple", "simple or iam"),
    variable("WEBSOCKET_TOKEN_IN_QUERY", "false", "true or false"),
    variable(
        "TRUSTED_ISSUERS",
        "none",
        "comma-separated URLs, each the apiDomain and apiBasePath of a SuperTokens SDK and none Sever's own, or any",
    ),
    variable(
        "API_KEYS",
        "none: core-driver refuses every call",
        "comma-separated digests of keys (sha256: and 64 hex digits, from `sever api-keys new`), or keys \
         of at least 20 of A-Z, a-z, 0-9, = and -",
    ),
    variable(
        "CORE_DRIVER_OPEN",
        "false",
        "true or false (true lets everybody call core-driver while API_KEYS is empty)",
    ),
    variable("EVENT_BUS", "none", "the name or the ARN of an EventBridge bus"),
    variable(
        "SIGNING_KMS_KEY_ARN",
        "none",
        "the ARN of a KMS key, such as arn:aws:kms:eu-west-1:123456789012:key/0f…",
    ),
];
