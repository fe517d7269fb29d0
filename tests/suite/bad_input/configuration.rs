//! The environment, as odd as an operator's template can make it: every fault is found by name, and
//! what is accepted can be worked with.

use super::cases::every;
use super::texts::{TextChange, text};
use http::HeaderValue;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use shared::config::{Config, CoreAccess, VARIABLES};
use shared::time::Timestamp;
use std::collections::BTreeMap;

/// A good value of each variable, or more than one.
const GOOD: [(&str, &str); 44] = [
    ("TABLE_NAME", "sessions"),
    ("API_DOMAIN", "https://api.example.com"),
    ("API_DOMAIN", "http://127.0.0.1:3000"),
    ("API_DOMAIN", "http://[::1]:3000"),
    ("WEBSITE_DOMAIN", "https://www.example.com"),
    ("WEBSITE_DOMAIN", "https://xn--bcher-kva.example"),
    ("API_BASE_PATH", "/auth"),
    ("API_BASE_PATH", "/"),
    ("API_GATEWAY_PATH", "/prod"),
    ("COOKIE_DOMAIN", ".example.com"),
    ("COOKIE_DOMAIN", "api.example.com"),
    ("OLDER_COOKIE_DOMAIN", "API.example.com"),
    ("OLDER_COOKIE_DOMAIN", "example.com"),
    ("COOKIE_SAME_SITE", "none"),
    ("COOKIE_SAME_SITE", "strict"),
    ("COOKIE_SECURE", "true"),
    ("COOKIE_SECURE", "false"),
    ("ANTI_CSRF", "VIA_TOKEN"),
    ("ANTI_CSRF", "NONE"),
    ("ACCESS_TOKEN_VALIDITY", "3600"),
    ("ACCESS_TOKEN_VALIDITY", "86400000"),
    ("ACCESS_TOKEN_VALIDITY_JITTER", "0.25"),
    ("ACCESS_TOKEN_VALIDITY_JITTER", "1e-300"),
    ("REFRESH_TOKEN_VALIDITY", "144000"),
    ("REFRESH_TOKEN_VALIDITY", "52560000"),
    ("REFRESH_TOKEN_VALIDITY", "60.000001"),
    ("REFRESH_TOKEN_ROTATION_GRACE_PERIOD", "0"),
    ("ACCESS_TOKEN_DYNAMIC_SIGNING_KEY_UPDATE_INTERVAL", "1"),
    ("ACCESS_TOKEN_DYNAMIC_SIGNING_KEY_UPDATE_INTERVAL", "87600"),
    ("CHECK_DATABASE", "unsafe-methods"),
    ("ACCESS_TOKEN_BLACKLISTING", "false"),
    ("CHECK_DATABASE_ROUTES", "POST /payments=always,ANY /feed/{id}=never"),
    ("HTTP_API_RESPONSE", "iam"),
    ("WEBSOCKET_TOKEN_IN_QUERY", "true"),
    ("TRUSTED_ISSUERS", "any"),
    ("TRUSTED_ISSUERS", "https://a.example/auth, http://localhost:3001/auth"),
    ("API_KEYS", "a-key-of-at-least-20-letters"),
    ("API_KEYS", "sha256:0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"),
    ("API_KEYS", "a-key-of-at-least-20-letters, another=key=of=20=letters"),
    ("CORE_DRIVER_OPEN", "true"),
    ("CORE_DRIVER_OPEN", "false"),
    ("EVENT_BUS", "sessions"),
    (
        "SIGNING_KMS_KEY_ARN",
        "arn:aws:kms:eu-west-1:123456789012:key/0f0f0f0f-0000-4000-8000-0f0f0f0f0f0f",
    ),
    ("EVENT_BUS", "arn:aws:events:eu-west-1:123456789012:event-bus/sessions"),
];

/// A variable and its value.
fn setting() -> BoxedStrategy<(&'static str, String)> {
    let changed =
        (select(&GOOD[..]), vec(TextChange::any(), 0..3)).prop_map(|((name, good), by)| {
            (name, by.iter().fold(good.to_owned(), |text, change| change.apply(&text)))
        });
    let name = select(&VARIABLES[..]).prop_map(|variable| variable.name);
    let swapped = (name.clone(), select(&GOOD[..]));
    let swapped = swapped.prop_map(|(name, (_, value))| (name, value.to_owned()));
    prop_oneof![4 => changed, 1 => swapped, 1 => (name, text())].boxed()
}

fn read(settings: &[(&'static str, String)]) -> Result<Config, shared::config::ConfigError> {
    let required = [GOOD[0], GOOD[1], GOOD[4]].map(|(name, value)| (name, value.to_owned()));
    let settings: BTreeMap<_, _> = required.iter().chain(settings).cloned().collect();
    Config::from_vars(|name| settings.get(name).cloned())
}

#[test]
fn whatever_the_environment_is_it_is_understood_or_its_faults_are_named() {
    every(5_000, &vec(setting(), 0..8), |settings| match read(&settings) {
        Ok(config) => usable(&config),
        Err(error) => {
            assert!(!error.faults.is_empty());
            let known = |name| VARIABLES.iter().any(|variable| variable.name == name);
            assert!(error.faults.iter().all(|fault| known(fault.variable)), "{error:?}");
            let said = format!("{error} {error:?}");
            let public = |text: &str| VARIABLES.iter().any(|known| known.allowed.contains(text));
            for (name, value) in settings.iter().filter(|(_, value)| may_be_secret(value)) {
                assert!(public(value) || !said.contains(value.as_str()), "{name}: {said}");
            }
        }
    });
}

/// Whether an API key or a token could look like this. A rule, with a blank and a slash, does not.
fn may_be_secret(value: &str) -> bool {
    let parts = value.split(|c: char| !(c.is_ascii_alphanumeric() || "-_=".contains(c)));
    !value.contains(" /") && parts.map(str::len).max() > Some(19)
}

#[test]
fn a_good_value_is_good_whatever_stands_around_it() {
    let space = select(&["", " ", "\t", "\n", "  \r\n"][..]);
    every(300, &(select(&GOOD[..]), space.clone(), space), |((name, good), before, after)| {
        let understood = |value: String| {
            read(&[(name, value)]).map(|config| {
                let Config {
                    table_name, policy, web, authorizer, core_access, event_bus, warnings, ..
                } =
                    config;
                let authorizer =
                    (authorizer.http_api_response, authorizer.websocket_token_in_query);
                format!(
                    "{table_name} {policy:?} {web:?} {authorizer:?} {core_access:?} {event_bus:?} {warnings:?}"
                )
            })
        };
        let spaced = understood(format!("{before}{good}{after}"));
        assert_eq!(spaced, understood(good.to_owned()), "{name}={good}");
    });
}

#[test]
fn a_cookie_domain_is_a_host_name_and_ends_no_attribute() {
    let around =
        [(";", ""), ("", ";"), ("a;b.", ""), ("", ";secure"), (".;", ""), ("", ",x"), ("a=", "")];
    for (before, after) in around {
        let domain = format!("{before}example.com{after}");
        for name in ["COOKIE_DOMAIN", "OLDER_COOKIE_DOMAIN"] {
            assert!(read(&[(name, domain.clone())]).is_err(), "{name}={domain}");
        }
    }
}

/// What the functions do with a configuration without asking whether they can.
fn usable(config: &Config) {
    let (policy, web) = (&config.policy, &config.web);
    assert_eq!(policy.lifetimes.conflict(), None);
    assert!((0.0..=0.25).contains(&policy.lifetimes.access_token_validity_jitter));
    assert!(policy.lifetimes.access_token_validity.as_secs() >= 1);
    let now = Timestamp::from_seconds(1_800_000_000);
    let cookies = &web.cookies;
    let until = now.plus(policy.lifetimes.refresh_token_validity);
    let [first, second] = cookies.clear();
    for line in [cookies.set_access("t", now), cookies.set_refresh("t", until), first, second] {
        // One attribute more, and it would be the operator's domain that says something else.
        assert!(HeaderValue::try_from(&line).is_ok(), "{line}");
        let secure = usize::from(cookies.secure);
        let domain = usize::from(cookies.domain.is_some());
        assert_eq!(line.split(';').count(), 5 + secure + domain, "{line}");
    }
    assert!(HeaderValue::try_from(&web.website_origin).is_ok(), "{}", web.website_origin);
    assert!(policy.issuers.own.starts_with("http"), "{}", policy.issuers.own);
    assert!(!config.table_name.trim().is_empty());
    assert!(config.warnings.iter().all(|warning| !warning.contains('\n')));
    if let CoreAccess::Keys(keys) = &config.core_access {
        assert!(!keys.accept("") && !keys.accept("x"), "a short key is none");
    }
}
