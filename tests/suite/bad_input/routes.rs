//! Rules for routes, as odd as an operator can write them: each that is accepted holds for a request
//! that a gateway could send, and each that is refused is named.

use super::cases::every;
use super::texts::TextChange;
use http::Method;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use shared::config::check_database::{CheckDatabase, CheckPolicy, CheckTarget};

const METHODS: [&str; 10] =
    ["ANY", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "PURGE", "post"];
const SEGMENTS: [&str; 24] = [
    "payments",
    "a",
    "v1.2",
    "x:y",
    "~me",
    "@me",
    "{id}",
    "{order-id}",
    "{proxy+}",
    "",
    ".",
    "..",
    "*",
    ":id",
    "{",
    "}",
    "{}",
    "{+}",
    "a{b}",
    "$default",
    "a?b",
    "a#b",
    "a%20b",
    "ä",
];
const CONDITIONS: [&str; 5] = ["always", "unsafe-methods", "never", "Always", ""];
const SEPARATORS: [&str; 6] = [",", " , ", ";", "\n", " ", ",,"];

fn rule() -> BoxedStrategy<String> {
    // More often good than not, so that lists of several are accepted too.
    let method = prop_oneof![6 => select(&METHODS[..8]), 1 => select(&METHODS[..])];
    let good = prop_oneof![4 => select(&SEGMENTS[..6]), 2 => select(&SEGMENTS[6..8])];
    let segment = prop_oneof![12 => good, 1 => select(&SEGMENTS[..])];
    let condition = prop_oneof![8 => select(&CONDITIONS[..3]), 1 => select(&CONDITIONS[..])];
    let change = proptest::option::weighted(0.1, TextChange::short());
    (method, vec(segment, 0..4), condition, change)
        .prop_map(|(method, path, condition, change)| {
            let rule = format!("{method} /{}={condition}", path.join("/"));
            change.map_or(rule.clone(), |change| change.apply(&rule))
        })
        .boxed()
}

fn rules() -> BoxedStrategy<String> {
    let separator = prop_oneof![8 => Just(","), 1 => select(&SEPARATORS[..])];
    (vec(rule(), 1..4), separator).prop_map(|(rules, between)| rules.join(between)).boxed()
}

/// Whether API Gateway takes this for the path of a route.
fn can_be_declared(path: &str) -> bool {
    let name = |name: &str| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-._~:@".contains(c))
    };
    let Some(rest) = path.strip_prefix('/') else { return false };
    let segments: Vec<_> = rest.split('/').collect();
    path == "/"
        || segments.iter().enumerate().all(|(at, segment)| {
            match segment.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')) {
                Some(inner) => match inner.strip_suffix('+') {
                    Some(inner) => name(inner) && at + 1 == segments.len(),
                    None => name(inner),
                },
                None => name(segment) && ![".", ".."].contains(segment),
            }
        })
}

#[test]
fn an_accepted_rule_holds_for_a_request_that_a_gateway_could_send() {
    let accepted = std::cell::Cell::new(0_u32);
    every(6_000, &rules(), |text| {
        let never = CheckPolicy::everywhere(CheckDatabase::Never);
        let policy = match never.with_routes(&text) {
            Ok(policy) => policy,
            Err(bad) => return assert!(text.contains(&bad.rule), "{bad:?}"),
        };
        accepted.set(accepted.get() + 1);
        for rule in text.split(',') {
            let (route, condition) = rule.rsplit_once('=').expect("a condition");
            let (method, path) = route.trim().split_once(' ').expect("a method");
            let path = path.trim();
            assert!(can_be_declared(path), "{rule:?}");
            // Unless another rule names the method itself, this one decides.
            let methods = [Method::GET, Method::HEAD, Method::PUT, Method::PATCH, Method::POST];
            let sent = Method::from_bytes(method.as_bytes()).expect("a method");
            let sent: Vec<_> = if method == "ANY" { methods.to_vec() } else { vec![sent] };
            let decided = sent.into_iter().any(|method| {
                let asked = CheckTarget::http(method.clone(), Some(path), Some("prod"));
                let strict = match CheckDatabase::parse(condition.trim()).expect("a condition") {
                    CheckDatabase::Always => true,
                    CheckDatabase::UnsafeMethods => !method.is_safe(),
                    CheckDatabase::Never => false,
                };
                policy.is_strict(&asked) == strict
            });
            assert!(decided, "{rule:?} of {text:?}");
        }
    });
    assert!(accepted.get() > 1_000, "{}", accepted.get());
}
