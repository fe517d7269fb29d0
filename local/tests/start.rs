//! `cargo run -- --parameter …` as an operator sees it: a parameter with which a function would not
//! start, or would warn, does the same here.

#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

use local::template::{SEVER, Template};
use shared::config::Config;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

/// A domain of the operator's own, so that nothing is let through for development.
const PLACES: [(&str, &str); 4] = [
    ("ApiDomain", "https://api.example.com"),
    ("WebsiteDomain", "https://www.example.com"),
    ("CoreDriverOpen", "false"),
    ("TrustedIssuers", ""),
];

fn with_places<'a>(parameters: &[(&'a str, &'a str)]) -> BTreeMap<&'a str, &'a str> {
    PLACES.iter().chain(parameters).copied().collect()
}

fn start(parameters: &BTreeMap<&str, &str>) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.args(["--port", "0"]).env("RUST_LOG", "warn");
    for (name, value) in parameters {
        command.args(["--parameter", &format!("{name}={value}")]);
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// The first line of the walk-through, and what was logged before it: the server has warned by then.
fn first_words_of(mut server: Child) -> (String, String) {
    let (mut first, mut logged) = (String::new(), String::new());
    BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
    server.stderr.take().unwrap().read_to_string(&mut logged).unwrap();
    (first, logged)
}

/// What each function makes of its environment under these parameters: that it cannot start, or what
/// it warns of.
fn functions_say(parameters: &BTreeMap<&str, &str>) -> (BTreeSet<String>, BTreeSet<String>) {
    let owned = |(name, value): (&&str, &&str)| ((*name).to_owned(), (*value).to_owned());
    let template = Template::parse(SEVER, &parameters.iter().map(owned).collect()).unwrap();
    let (mut faults, mut warnings) = (BTreeSet::new(), BTreeSet::new());
    for function in template.functions.values() {
        match Config::from_vars(|name| function.environment.get(name).cloned()) {
            Ok(config) => warnings.extend(config.warnings),
            Err(error) => faults.extend(error.faults.iter().map(ToString::to_string)),
        }
    }
    (faults, warnings)
}

#[test]
fn what_a_function_would_not_start_with_is_refused_in_its_words() {
    for parameters in [
        &[("CookieDomain", ".example.org")][..],
        &[("CookieDomain", ".co.uk"), ("OlderCookieDomain", ".co.uk")],
        &[("OlderCookieDomain", "host-only")],
        &[("TrustedIssuers", "https://api.example.com/auth")],
        &[("CookieSecure", "false"), ("CookieSameSite", "none")],
        &[("RefreshTokenValidity", "1")],
    ] {
        let parameters = with_places(parameters);
        let (faults, _) = functions_say(&parameters);
        assert!(!faults.is_empty(), "{parameters:?}");
        let ended = start(&parameters).wait_with_output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!((ended.status.code(), ended.stdout.len()), (Some(1), 0), "{said}");
        assert!(said.contains("error: the functions cannot start: the configuration is invalid: "));
        for fault in faults {
            assert!(said.contains(&fault), "{fault}: {said}");
        }
    }
}

#[test]
fn what_cloudformation_would_refuse_is_refused() {
    for (name, value, expected) in [
        ("WebsiteDomain", "https://WWW.example.com", "as browsers write an origin"),
        ("WebsiteDomain", "https://*.example.com", "as browsers write an origin"),
        ("WebsiteDomain", "https://www.example.com:443", "as browsers write an origin"),
        ("WebsiteDomain", "https://www.example.com'", "as browsers write an origin"),
        ("ApiDomain", "https://bücher.example", "as browsers write an origin"),
        ("ApiDomain", "https://api.example.com/", "as browsers write an origin"),
        ("CookieDomain", "com", "must be a host name"),
        ("OlderCookieDomain", "none", "must be host-only"),
        ("CheckDatabaseRoutes", "POST /payments/=always", "comma-separated rules"),
        ("CheckDatabaseRoutes", "PURGE /payments=always", "comma-separated rules"),
        ("CheckDatabaseRoutes", "GET /a=always;GET /b=always", "comma-separated rules"),
        ("CheckDatabaseRoutes", "GET /a=always GET /b=always", "comma-separated rules"),
        ("CheckDatabaseRoutes", "GET /a=always\nGET /b=always", "comma-separated rules"),
        (
            "TrustedIssuers",
            "https://a.example/auth;https://b.example",
            "comma-separated http(s) URLs",
        ),
        ("CookieSameSite", "Lax", "not one of the allowed values"),
        ("CookieSecure", "True", "not one of the allowed values"),
        ("ApiGatewayPath", "/a/../b", "without the segments"),
        ("AccessTokenValidity", "1h", "a whole number of seconds"),
        ("AccessTokenValidity", "0", "a whole number of seconds"),
        ("AccessTokenValidityJitter", "5%", "must be a share"),
        ("RefreshTokenRotationGracePeriod", "301", "a whole number of seconds, 0 to 300"),
        ("Nothing", "x", "no such parameter"),
    ] {
        let ended = start(&with_places(&[(name, value)])).wait_with_output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!((ended.status.code(), ended.stdout.len()), (Some(1), 0), "{said}");
        let at = format!("error: template.yaml: Parameters.{name}: ");
        assert!(said.contains(&at) && said.contains(expected), "{name}={value}: {said}");
    }
}

#[test]
fn what_a_function_would_warn_of_is_warned_of_once() {
    for parameters in [
        &[("WebsiteDomain", "https://www.elsewhere.example"), ("CookieSameSite", "lax")][..],
        &[("CookieSameSite", "none"), ("AntiCsrf", "NONE"), ("TrustedIssuers", "any")],
        &[("CheckDatabaseRoutes", "GET /prod/a=always"), ("ApiGatewayPath", "/prod")],
        &[],
    ] {
        let parameters = with_places(parameters);
        let (faults, warnings) = functions_say(&parameters);
        assert_eq!((faults.len(), warnings.is_empty()), (0, parameters == with_places(&[])));
        let (first, said) = first_words_of(start(&parameters));
        assert_eq!(said.matches("check the configuration").count(), warnings.len(), "{said}");
        for warning in warnings {
            assert_eq!(said.matches(&format!("{warning:?}")).count(), 1, "{warning}: {said}");
        }
        assert!(!first.is_empty(), "{said}");
    }
}

#[cfg(unix)]
#[test]
fn a_data_file_that_others_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let file = std::env::temp_dir().join(format!("sever-start-{}.db", std::process::id()));
    for (mode, warned) in
        [(None, false), (Some(0o600), false), (Some(0o644), true), (Some(0o660), true)]
    {
        if let Some(mode) = mode {
            std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
        }
        let server = Command::new(env!("CARGO_BIN_EXE_local"))
            .args(["--port", "0", "--data"])
            .arg(&file)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (first, said) = first_words_of(server);
        let advice = format!("holds private signing keys. Run: chmod 600 {}", file.display());
        assert_eq!(said.contains(&advice), warned, "{mode:?}: {said}");
        assert!(!first.is_empty(), "it starts all the same: {said}");
    }
    std::fs::remove_file(&file).unwrap();
}

#[test]
fn a_port_that_is_none_is_refused_in_one_line() {
    for port in ["x", "-1", "65536"] {
        let ended =
            Command::new(env!("CARGO_BIN_EXE_local")).arg(format!("--port={port}")).output();
        let said = String::from_utf8(ended.unwrap().stderr).unwrap();
        assert!(said.contains("expected a whole number from 0 to 65535 (try --help)"), "{said}");
    }
}
