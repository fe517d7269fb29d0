use super::*;
use crate::config::check_database::CheckTarget;
use std::collections::HashMap;

mod domains;

const REQUIRED: [(&str, &str); 3] = [
    ("TABLE_NAME", "sessions"),
    ("API_DOMAIN", "https://api.example.com"),
    ("WEBSITE_DOMAIN", "https://www.example.com"),
];

fn read(vars: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let vars: HashMap<_, _> = REQUIRED.iter().chain(vars).copied().collect();
    Config::from_vars(|name| vars.get(name).map(|value| (*value).to_owned()))
}

fn faulty(vars: &[(&str, &str)]) -> Vec<&'static str> {
    let faults = read(vars).map_or_else(|error| error.faults, |_| Vec::new());
    faults.into_iter().map(|fault| fault.variable).collect()
}

fn get() -> CheckTarget {
    CheckTarget::http(http::Method::GET, Some("/"), None)
}

#[test]
fn three_variables_are_enough_and_the_defaults_are_those_of_the_protocol() {
    let config = read(&[]).unwrap();
    let policy = &config.policy;
    assert_eq!(policy.issuers.own, "https://api.example.com/auth");
    assert_eq!(policy.lifetimes.access_token_validity, Duration::from_hours(1));
    assert_eq!(policy.lifetimes.refresh_token_validity, Duration::from_hours(2400));
    assert_eq!(policy.lifetimes.rotation_grace_period, Duration::from_secs(30));
    assert_eq!(policy.lifetimes.key_update_interval, Duration::from_hours(168));
    assert_eq!(policy.anti_csrf, AntiCsrfMode::None);
    assert_eq!(config.web.website_origin, "https://www.example.com");
    assert_eq!(config.web.cookies.same_site, SameSite::Lax);
    assert!(config.web.cookies.secure);
    assert_eq!(config.web.cookies.refresh_path, "/auth/session/refresh");
    assert!(config.authorizer.check_policy.is_strict(&get()), "unknown means no");
    assert_eq!(config.authorizer.http_api_response, HttpApiResponse::Simple);
    assert!(!config.authorizer.websocket_token_in_query);
}

#[test]
fn an_empty_variable_counts_as_absent() {
    let empty: Vec<_> = VARIABLES.iter().skip(3).map(|variable| (variable.name, " ")).collect();
    assert_eq!(faulty(&empty), Vec::<&str>::new());
}

#[test]
fn the_gateway_path_is_part_of_the_issuer_and_of_the_cookie_path() {
    let config = read(&[("API_GATEWAY_PATH", "/prod/"), ("API_BASE_PATH", "/session")]).unwrap();
    assert_eq!(config.policy.issuers.own, "https://api.example.com/prod/session");
    assert_eq!(config.web.cookies.refresh_path, "/prod/session/session/refresh");
}

#[test]
fn same_site_follows_the_registrable_domain_and_the_scheme() {
    for (api, website, same_site, anti_csrf) in [
        ("https://api.example.com", "https://www.example.com", SameSite::Lax, AntiCsrfMode::None),
        (
            "https://a.github.io",
            "https://b.github.io",
            SameSite::None,
            AntiCsrfMode::ViaCustomHeader,
        ),
        ("https://a.co.uk", "https://b.co.uk", SameSite::None, AntiCsrfMode::ViaCustomHeader),
        (
            "https://api.example.com",
            "http://www.example.com",
            SameSite::None,
            AntiCsrfMode::ViaCustomHeader,
        ),
        ("http://127.0.0.1:3000", "http://localhost:5173", SameSite::Lax, AntiCsrfMode::None),
    ] {
        let config = read(&[("API_DOMAIN", api), ("WEBSITE_DOMAIN", website)]).unwrap();
        assert_eq!(config.web.cookies.same_site, same_site, "{api} {website}");
        assert_eq!(config.policy.anti_csrf, anti_csrf, "{api} {website}");
    }
}

#[test]
fn a_bus_is_a_name_or_the_arn_of_one() {
    let arn = "arn:aws:events:eu-west-1:123456789012:event-bus/sessions";
    for bus in ["sessions", "a/b.c_d-e", arn, &"b".repeat(256)] {
        assert_eq!(read(&[("EVENT_BUS", bus)]).unwrap().event_bus.as_deref(), Some(bus));
    }
    assert_eq!(read(&[]).unwrap().event_bus, None);
    let long = "b".repeat(257);
    for no_bus in [
        "two words",
        "bus:1",
        "arn:aws:sqs:eu-west-1:123456789012:event-bus/sessions",
        "arn:aws:events:eu-west-1:123456789012:rule/sessions",
        "arn:aws:events:eu-west-1:123456789012:event-bus/",
        "arn:aws:events",
        &long,
    ] {
        assert_eq!(faulty(&[("EVENT_BUS", no_bus)]), ["EVENT_BUS"], "{no_bus}");
    }
}

#[test]
fn every_fault_is_reported_at_once_by_name_and_rule() {
    let vars: HashMap<_, _> = [
        ("API_DOMAIN", "api.example.com"),
        ("WEBSITE_DOMAIN", "https://www.example.com/path"),
        ("ACCESS_TOKEN_VALIDITY", "1h"),
        ("CHECK_DATABASE", "sometimes"),
        ("CHECK_DATABASE_ROUTES", "GET /a=never,GET /whoami/fast=always;GET /feed=always"),
        ("API_KEYS", "short"),
    ]
    .into();
    let error =
        Config::from_vars(|name| vars.get(name).map(|value| (*value).to_owned())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the configuration is invalid: TABLE_NAME is missing: expected the name or the ARN of a DynamoDB table; \
         API_DOMAIN is invalid: expected scheme and host as browsers write an origin, such as \
         https://auth.example.com: in lower case and ASCII, without a default port, path or slash at the end, got \
         `api.example.com`; \
         WEBSITE_DOMAIN is invalid: expected scheme and host as browsers write an origin, such as \
         https://www.example.com: in lower case and ASCII, without a default port, path or slash at the end, got \
         `https://www.example.com/path`; \
         CHECK_DATABASE is invalid: expected always, unsafe-methods or never, got `sometimes`; \
         CHECK_DATABASE_ROUTES is invalid: expected comma-separated rules such as POST /payments=always,ANY \
         /feed/{id}=never; of this rule: a path as the API declares it: segments of A-Z, a-z, 0-9 and -._~:@, or \
         parameters such as {id}, without query, wildcard or percent-encoding, got `GET \
         /whoami/fast=always;GET /feed=always`; \
         ACCESS_TOKEN_VALIDITY is invalid: expected a whole number of seconds, 1 to 86400000, and at most 50 \
         signing key update intervals, got `1h`; \
         API_KEYS is invalid: expected comma-separated digests of keys (sha256: and 64 hex digits, from \
         `sever api-keys new`), or keys of at least 20 of A-Z, a-z, 0-9, = and -"
    );
}

#[test]
fn a_value_that_may_be_a_secret_is_not_repeated() {
    for (name, value, shown) in [
        ("ANTI_CSRF", "Via_Token", Some("`Via_Token`")),
        ("ANTI_CSRF", "a\nb`c", Some(r"`a\nb`c`")),
        ("ANTI_CSRF", "a-key-of-at-least-20-letters", None),
        ("ANTI_CSRF", "https://x.example/eyJhbGciOiJSUzI1NiIsI", None),
        ("CHECK_DATABASE_ROUTES", "a-key-of-at-least-20-letters", None),
        (
            "CHECK_DATABASE_ROUTES",
            "GET /a-path-of-more-than-20-letters/=always",
            Some("`GET /a-path-of-more-than-20-letters/=always`"),
        ),
    ] {
        let said = read(&[(name, value)]).unwrap_err().to_string();
        match shown {
            Some(shown) => assert!(said.ends_with(&format!("got {shown}")), "{said}"),
            None => assert!(!said.contains("got") && !said.contains(value), "{said}"),
        }
    }
    let long = "a ".repeat(300);
    assert!(read(&[("ANTI_CSRF", &long)]).unwrap_err().to_string().ends_with(" …`"));
}

#[test]
fn a_faulty_domain_hides_no_other_fault() {
    let vars = [
        ("API_DOMAIN", "x"),
        ("COOKIE_SECURE", "maybe"),
        ("COOKIE_SAME_SITE", "q"),
        ("COOKIE_DOMAIN", "a/b"),
        ("OLDER_COOKIE_DOMAIN", "a b"),
        ("ANTI_CSRF", "x"),
    ];
    let mut found = faulty(&vars);
    let mut expected = vars.map(|(name, _)| name);
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn a_token_does_not_outlive_too_many_signing_keys() {
    let vars = |seconds| {
        [
            ("ACCESS_TOKEN_VALIDITY", seconds),
            ("ACCESS_TOKEN_DYNAMIC_SIGNING_KEY_UPDATE_INTERVAL", "1"),
        ]
    };
    assert_eq!(faulty(&vars("180000")), Vec::<&str>::new());
    assert_eq!(faulty(&vars("180001")), ["ACCESS_TOKEN_VALIDITY"]);
}

#[test]
fn bounds_hold() {
    for (name, good, bad) in [
        ("ACCESS_TOKEN_VALIDITY", "1", "0"),
        ("ACCESS_TOKEN_VALIDITY_JITTER", "0.25", "0.26"),
        ("REFRESH_TOKEN_VALIDITY", "60.5", "60"),
        ("REFRESH_TOKEN_ROTATION_GRACE_PERIOD", "300", "301"),
        ("ACCESS_TOKEN_DYNAMIC_SIGNING_KEY_UPDATE_INTERVAL", "1.5", "0.5"),
        ("REFRESH_TOKEN_VALIDITY", "100", "NaN"),
        ("TABLE_NAME", "arn:aws:dynamodb:eu-west-1:123456789012:table/t_1.x-y", "two words"),
        ("TABLE_NAME", "abc", "ab"),
        ("TABLE_NAME", "a.b", "arn:aws:sqs:eu-west-1:123456789012:table/abc"),
        ("COOKIE_DOMAIN", ".Example.com", "example.com; Secure"),
        ("OLDER_COOKIE_DOMAIN", ".example.com", "a b"),
        ("API_BASE_PATH", "/", "auth"),
        ("API_BASE_PATH", "/a.b/c", "/a/../b"),
        ("API_GATEWAY_PATH", "/v1", "/."),
        ("COOKIE_SAME_SITE", "strict", "Strict"),
        ("COOKIE_SECURE", "true", "True"),
        ("CHECK_DATABASE", "never", "Never"),
        ("CORE_DRIVER_OPEN", "false", "0"),
        ("ACCESS_TOKEN_VALIDITY", "86400", "3600.0"),
        ("ACCESS_TOKEN_VALIDITY_JITTER", "0", "5%"),
        ("API_GATEWAY_PATH", "/prod", "/prod;"),
        ("ANTI_CSRF", "VIA_TOKEN", "via_token"),
        ("ACCESS_TOKEN_BLACKLISTING", "false", "no"),
        ("CHECK_DATABASE_ROUTES", "GET /a=never", "GET /a"),
        ("HTTP_API_RESPONSE", "iam", "policy"),
        ("WEBSOCKET_TOKEN_IN_QUERY", "true", "yes"),
    ] {
        assert_eq!(faulty(&[(name, good)]), Vec::<&str>::new(), "{name}={good}");
        assert_eq!(faulty(&[(name, bad)]), [name], "{name}={bad}");
    }
}

#[test]
fn a_cookie_that_browsers_would_drop_is_a_fault() {
    let vars = [("COOKIE_SAME_SITE", "none"), ("COOKIE_SECURE", "false")];
    assert_eq!(faulty(&vars), ["COOKIE_SECURE"]);
    let local =
        [vars[0], ("API_DOMAIN", "http://127.0.0.1:3000"), ("WEBSITE_DOMAIN", "http://localhost")];
    assert_eq!(faulty(&local), Vec::<&str>::new());
}

#[test]
fn the_old_name_of_the_switch_is_understood() {
    let strict =
        |vars: &[(&str, &str)]| read(vars).unwrap().authorizer.check_policy.is_strict(&get());
    assert!(strict(&[("ACCESS_TOKEN_BLACKLISTING", "true")]));
    assert!(!strict(&[("ACCESS_TOKEN_BLACKLISTING", "false")]));
    for (old, new, good) in [
        ("true", "always", true),
        ("false", "never", true),
        ("false", "always", false),
        ("true", "never", false),
        ("true", "unsafe-methods", false),
    ] {
        let found = faulty(&[("ACCESS_TOKEN_BLACKLISTING", old), ("CHECK_DATABASE", new)]);
        let expected = if good { vec![] } else { vec!["ACCESS_TOKEN_BLACKLISTING"] };
        assert_eq!(found, expected, "{old} {new}");
    }
}
