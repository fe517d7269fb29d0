//! `CloudFormation` refuses a value of a parameter that the functions would refuse at start.

use super::iam::plain;
use local::template::{Parameters, SEVER};
use shared::config::Config;
use std::collections::BTreeMap;

/// Values that are tried for every parameter, good and bad ones, apart by blanks.
const TRIED: &str = "\
    0 -0 1 -1 +1 00 01 1.5 1e3 0x1 30 300 301 3600 87600 87601 52560000 52560001 79999999 86399999 86400000 86400001 \
    99999999 18446744073709551616 inf NaN 0. .2 . 0.05 0.19 0.2 0.249 0.2499999 0.25 0.250 0.2500001 0.251 0.26 0.3 0.9 \
    1.0 2e-1 true false True host-only none NONE simple always a A * a,b / /a /a/ //a /a//b /prod/v1 /. /.. /a/.. /... \
    /..a /.a a/b /a?b /a%20b example.com .example.com ..example.com EXAMPLE.com localhost 1.2.3.4 [::1] example.com. \
    example.com;x http://a http://a:443 https://a.example https://A.example https://a.example/ https://a.example:443 \
    http://a.example:80 https://a.example:80 https://a.example:4430 https://[::1]:3000 https://u@a.example \
    ftp://a.example https://a.example:0 https://*.example any sessions arn:aws:kms:us-east-1:123456789012:key/0f-1 \
    arn:aws:kms:us-east-1:123456789012:alias/a arn:aws:kms:us-east-1:12:key/0f arn:aws:kms:us-east-1:123456789012:key/ \
    arn:aws:events:us-east-1:123456789012:event-bus/sessions arn:aws:events:us-east-1:123456789012:event-bus/ \
    arn:aws:sns:us-east-1:123456789012:event-bus/a sha256:00 0123456789012345678 0123456789012345678_ \
    0123456789012345678=,abcdefghijklmnopqrst https://a.example/auth?x any,any https://a.example/auth,http://B.example:3000";

/// And those with blanks in them.
const TRIED_WITH_BLANKS: [&str; 12] = [
    " 1",
    "a b",
    "exam ple.com",
    "GET /=always",
    "POST /a/{id}/{p+} = never, ANY /b=unsafe-methods",
    "get /a=always",
    "TRACE /a=always",
    "ANY a=always",
    "GET /a=sometimes",
    "GET /a=always,",
    "GET /a//b=always",
    "GET /a/=always",
];

/// What no readable pattern tells. The functions refuse it at start, by name.
const BEYOND_A_PATTERN: [(&str, &str); 10] = [
    ("API_DOMAIN", "https://a.example:65536"),
    ("API_DOMAIN", "https://1.2.3"),
    ("WEBSITE_DOMAIN", "https://[::1.]"),
    ("COOKIE_DOMAIN", "xn--a.example"),
    ("CHECK_DATABASE_ROUTES", "GET /a/../b=always"),
    ("CHECK_DATABASE_ROUTES", "GET /:id=always"),
    ("CHECK_DATABASE_ROUTES", "GET /{p+}/a=always"),
    ("CHECK_DATABASE_ROUTES", "GET /a=always,GET /a=never"),
    ("TRUSTED_ISSUERS", "https://a.example/../b"),
    ("TRUSTED_ISSUERS", "https://sever.example/auth"),
];

/// What a pattern must not shut out.
const GOOD: [(&str, &str); 16] = [
    ("API_DOMAIN", "https://auth.example.com:8443"),
    ("WEBSITE_DOMAIN", "http://localhost:3000"),
    ("WEBSITE_DOMAIN", "http://[::1]:443"),
    ("API_GATEWAY_PATH", "/prod/v1.2/.well-known"),
    ("COOKIE_DOMAIN", ".example.co.uk"),
    ("OLDER_COOKIE_DOMAIN", "host-only"),
    ("ACCESS_TOKEN_VALIDITY", "86400000"),
    ("ACCESS_TOKEN_VALIDITY", "900"),
    ("ACCESS_TOKEN_VALIDITY_JITTER", "0"),
    ("ACCESS_TOKEN_VALIDITY_JITTER", "0.25"),
    ("REFRESH_TOKEN_ROTATION_GRACE_PERIOD", "300"),
    ("REFRESH_TOKEN_VALIDITY", "1.5"),
    ("CHECK_DATABASE_ROUTES", "POST /payments=always,GET /a/{id}/{proxy+}=never"),
    ("TRUSTED_ISSUERS", "https://api.example.com:443/auth"),
    ("API_KEYS", "sha256:0000000000000000000000000000000000000000000000000000000000000000"),
    ("EVENT_BUS", "arn:aws:events:us-east-1:123456789012:event-bus/sessions"),
];

/// The parameter that a variable is a reference to, and nothing else.
fn parameters_of_variables() -> BTreeMap<String, String> {
    let template = plain(serde_norway::from_str(SEVER).expect("YAML"));
    let resources = template["Resources"].as_object().expect("resources").values();
    let properties = resources.map(|resource| &resource["Properties"]);
    let all = properties.chain([&template["Globals"]["Function"]]);
    let variables = all.filter_map(|one| one["Environment"]["Variables"].as_object()).flatten();
    let named = variables.filter_map(|(variable, value)| {
        let value = value.as_str()?;
        template["Parameters"].get(value)?;
        Some((variable.clone(), value.to_owned()))
    });
    named.collect()
}

/// Whether a function starts in which `variable` has this value, and nothing beside it contradicts it.
fn starts(variable: &str, value: &str) -> bool {
    let host = value.trim_start_matches('.').to_ascii_lowercase();
    let domain = match variable {
        "API_DOMAIN" | "WEBSITE_DOMAIN" => value.to_owned(),
        "COOKIE_DOMAIN" | "OLDER_COOKIE_DOMAIN" if value != "host-only" => {
            format!("https://{host}")
        }
        _ => "https://sever.example".to_owned(),
    };
    // "host-only" is where cookies are set now, unless there is a domain.
    let cookies = if value == "host-only" { "sever.example" } else { "" };
    let access = if variable == "REFRESH_TOKEN_VALIDITY" { "1" } else { "" };
    let environment = BTreeMap::from([
        ("TABLE_NAME", "sessions"),
        ("API_DOMAIN", &domain),
        ("WEBSITE_DOMAIN", &domain),
        ("COOKIE_DOMAIN", cookies),
        ("ACCESS_TOKEN_VALIDITY", access),
        ("REFRESH_TOKEN_VALIDITY", "52560000"),
        ("ACCESS_TOKEN_DYNAMIC_SIGNING_KEY_UPDATE_INTERVAL", "87600"),
    ]);
    let read = |name: &str| {
        let other = environment.get(name).map(|value| (*value).to_owned());
        if name == variable { Some(value.to_owned()) } else { other }
    };
    Config::from_vars(read).is_ok()
}

#[test]
fn a_function_starts_with_whatever_cloudformation_takes() {
    let parameters = Parameters::of(SEVER).expect("parameters");
    let tried: Vec<_> = TRIED.split(' ').chain(TRIED_WITH_BLANKS).collect();
    let mut faults = Vec::new();
    for (variable, parameter) in parameters_of_variables() {
        let tried = tried.iter().filter(|value| parameters.check(&parameter, value).is_ok());
        let taken: Vec<_> = tried.collect();
        assert!(!taken.is_empty(), "{parameter} takes nothing that is tried");
        let refused = taken.into_iter().filter(|value| !starts(&variable, value));
        faults.extend(refused.map(|value| format!("{parameter}={value}")));
    }
    assert!(faults.is_empty(), "CloudFormation takes, and a function refuses: {faults:#?}");
}

#[test]
fn a_pattern_shuts_out_nothing_good_and_what_it_cannot_tell_is_known() {
    let parameters = Parameters::of(SEVER).expect("parameters");
    let named = parameters_of_variables();
    let rows = GOOD.iter().map(|row| (row, true));
    for ((variable, value), good) in rows.chain(BEYOND_A_PATTERN.iter().map(|row| (row, false))) {
        assert_eq!(parameters.check(&named[*variable], value), Ok(()), "{variable}={value}");
        assert_eq!(starts(variable, value), good, "{variable}={value}");
    }
}
