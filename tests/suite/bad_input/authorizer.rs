//! The authorizer, asked by events of every shape that API Gateway and `AppSync` know: it lets a
//! request pass when it shows a token that is genuine to the letter, and at no other time.

use super::cases::{Stage, every};
use super::credentials::line;
use super::events::{ClientChange, InvokerChange, after_bearer, header_values, with_text};
use super::json::{JsonChange, Odd, Tree, odd};
use super::jwt::TokenChange;
use super::texts::{TextChange, short_text};
use crate::events::{Placeholders, sample};
use crate::verify::shapes::{SHOWING, Said, said};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};
use tests::logs;

/// Samples of a REST API's `REQUEST` whose token is genuine. Those of all APIs are [`SHOWING`].
const ALLOWED: [&str; 6] = [
    "header",
    "cookie",
    "cookie-on-post",
    "header-before-cookie",
    "single-value-headers",
    "session-in-tenant",
];
/// The authorizers that ask the table, and that do not.
const AUTHORIZERS: [&str; 2] = ["verify-session", "verify-session-fast"];

/// With all headers of a request, which are 10,240 bytes at most, in both forms.
const LONGEST_EVENT: usize = 20_000;

/// The authorizer and the tokens it knows.
struct Gate {
    stage: Stage,
    /// Of `ada`, and of `grace` in a tenant.
    genuine: [String; 2],
    filled: Placeholders,
}

impl Gate {
    fn new() -> Self {
        let stage = Stage::new();
        let filled = stage.run(Placeholders::prepare(&stage.world));
        let genuine = ["${accessToken}", "${acmeAccessToken}"].map(|name| filled.fill(name));
        Self { stage, genuine, filled }
    }

    /// Whether `event` passes. Who does not is told so in the form of the API that asks, or, when
    /// the event is none of an authorizer, by a stable code: only a `known` one never is.
    fn asks(&self, authorizer: &str, event: &str, known: bool) -> bool {
        let answer = self.stage.run(self.stage.world.bundle.invoke(authorizer, event));
        let told = answer.as_ref().map_or_else(|error| &*error.error_message, |json| json.get());
        assert!(!self.filled.any_secret_in(told), "{told}");
        match said(&answer) {
            Said::Allows(user) => {
                assert!(["ada", "grace"].contains(&&*user), "{user}");
                true
            }
            Said::Refuses => false,
            Said::Fails(code) => {
                assert_eq!((code.as_str(), known), ("unknown-event", false));
                false
            }
        }
    }

    /// Whether an event shows a genuine token where one may stand.
    fn shows_genuine(&self, event: &str) -> bool {
        let Ok(event) = serde_json::from_str::<Value>(event) else { return true };
        // Letters of a token may be percent-encoded in a cookie.
        shown(&event).iter().any(|token| token.contains('%') || self.genuine.contains(token))
    }
}

/// What an event shows where a token may stand.
fn shown(event: &Value) -> Vec<String> {
    let mut shown = Vec::new();
    for line in header_values(event, "authorization") {
        shown.extend(after_bearer(&line).map(str::to_owned));
    }
    let listed = event["cookies"].as_array().into_iter().flatten();
    let listed = listed.filter_map(|cookie| Some(cookie.as_str()?.to_owned()));
    for line in header_values(event, "cookie").into_iter().chain(listed) {
        let pairs = line.split(';').filter_map(|pair| pair.split_once('='));
        let ours = pairs.filter(|(name, _)| name.trim() == "sAccessToken");
        shown.extend(ours.map(|(_, value)| value.trim().to_owned()));
    }
    if event["requestContext"]["eventType"] == "CONNECT" {
        for line in header_values(event, "sec-websocket-protocol") {
            let offers =
                line.split(',').filter_map(|offer| offer.trim().strip_prefix("access-token."));
            shown.extend(offers.map(|token| token.trim().to_owned()));
        }
    }
    if event["type"] == "TOKEN" || event["type"].is_null() {
        let text = event["authorizationToken"].as_str().unwrap_or_default();
        shown.push(after_bearer(text).unwrap_or(text.trim()).to_owned());
    }
    shown
}

impl Drop for Gate {
    fn drop(&mut self) {
        for token in self.genuine.iter().filter(|_| !std::thread::panicking()) {
            assert!(!logs::contain(token), "a token was logged");
        }
    }
}

fn authorizer() -> impl Strategy<Value = &'static str> {
    select(&AUTHORIZERS[..])
}

#[test]
fn a_client_passes_with_a_genuine_token_and_is_told_401_without() {
    let gate = Gate::new();
    let inputs = (authorizer(), select(&ALLOWED[..]), vec(ClientChange::any(), 0..5));
    every(800, &inputs, |(authorizer, case, changes)| {
        let event = gate.filled.fill(&sample("verify-session", case));
        let mut event = Tree::read(&event).expect("JSON");
        for change in &changes {
            change.apply(&mut event);
        }
        let event = event.write();
        let passes = gate.asks(authorizer, &event, true);
        assert!(!passes || gate.shows_genuine(&event), "{event}");
        assert!(passes || !changes.is_empty(), "{case}: it was good before it was changed");
    });
}

#[test]
fn a_token_passes_where_a_token_belongs_and_nowhere_else() {
    let gate = Gate::new();
    let [ada, _] = gate.genuine.clone();
    let token = (vec(TokenChange::any(), 0..2), Just(ada));
    let token = token.prop_map(|(changes, ada)| {
        changes.iter().fold(ada.clone(), |token, change| change.apply(&token, &ada))
    });
    let token = token.prop_filter("longer than a header", |token| token.len() < 3_000).boxed();
    let changes = vec(TextChange::short(), 0..2);
    every(700, &(authorizer(), vec((line(token), changes), 1..4)), |(authorizer, lines)| {
        let event = gate.filled.fill(&sample("verify-session", "no-token"));
        let mut event = Tree::read(&event).expect("JSON");
        for ((name, value), changes) in lines {
            let value = String::from_utf8_lossy(&value).into_owned();
            let value = changes.iter().fold(value, |value, change| change.apply(&value));
            ClientChange::Header(name, value).apply(&mut event);
        }
        let event = event.write();
        let passes = gate.asks(authorizer, &event, true);
        assert!(!passes || gate.shows_genuine(&event), "{event}");
    });
}

#[test]
fn a_changed_token_does_not_pass() {
    let gate = Gate::new();
    let changes = vec(TokenChange::any(), 1..4);
    let case = prop_oneof![select(&ALLOWED[..]), select(&SHOWING[..])];
    every(1_200, &(authorizer(), case, changes), |(authorizer, case, changes)| {
        let [ada, grace] = &gate.genuine;
        let event = gate.filled.fill(&sample("verify-session", case));
        let event = gate.genuine.iter().fold(event, |event, genuine| {
            let other = if genuine == ada { grace } else { ada };
            let token = genuine.clone();
            let token = changes.iter().fold(token, |token, change| change.apply(&token, other));
            with_text(&event, genuine, &token)
        });
        let passes = gate.asks(authorizer, &event, event.len() < LONGEST_EVENT);
        assert!(!passes || gate.shows_genuine(&event), "{event}");
    });
}

#[test]
fn whatever_an_event_looks_like_nobody_passes_without_a_genuine_token() {
    let gate = Gate::new();
    let inputs = (authorizer(), select(&SHOWING[..]), vec(InvokerChange::any(), 1..5));
    every(2_000, &inputs, |(authorizer, case, changes)| {
        let event = gate.filled.fill(&sample("verify-session", case));
        let mut event = Tree::read(&event).expect("JSON");
        for change in &changes {
            change.apply(&mut event);
        }
        let event = event.write();
        let passes = gate.asks(authorizer, &event, false);
        assert!(!passes || gate.shows_genuine(&event), "{event}");
    });
}

#[test]
fn every_kind_of_api_passes_with_a_genuine_token_and_with_no_other() {
    let gate = Gate::new();
    let [ada, _] = gate.genuine.clone();
    let token = (vec(TokenChange::any(), 0..3), Just(ada.clone()));
    let token = token.prop_map(|(changes, ada)| {
        changes.iter().fold(ada.clone(), |token, change| change.apply(&token, &ada))
    });
    let token = prop_oneof![6 => token, 1 => short_text()];
    let changes = vec(TextChange::short(), 0..2);
    let inputs = (authorizer(), select(&SHOWING[..]), token, changes);
    every(2_000, &inputs, |(authorizer, case, token, changes)| {
        let token = changes.iter().fold(token, |token, change| change.apply(&token));
        let event = with_text(&gate.filled.fill(&sample("verify-session", case)), &ada, &token);
        let passes = gate.asks(authorizer, &event, event.len() < LONGEST_EVENT);
        assert!(!passes || gate.shows_genuine(&event), "{event}");
        assert!(passes || token != ada, "{case}: the token is genuine");
    });
}

/// Events that are no authorizer's, each showing `token` in every place it has.
fn other_shapes(token: &str) -> Vec<(&'static str, Value)> {
    let bearer = format!("Bearer {token}");
    let cookie = format!("sAccessToken={token}");
    let headers = json!({"Authorization": bearer, "cookie": cookie, "Host": "api.example.com"});
    let arn = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod/$default";
    let http = json!({"http": {"method": "GET", "path": "/whoami"}, "stage": "$default"});
    vec![
        (
            "WebSocket message",
            json!({
                "type": "REQUEST", "methodArn": arn, "headers": headers,
                "multiValueHeaders": {"Authorization": [bearer]}, "stageVariables": {},
                "requestContext": {"routeKey": "send", "eventType": "MESSAGE", "connectionId": "c"},
            }),
        ),
        (
            "AppSync Events",
            json!({
                "authorizationToken": bearer, "requestHeaders": headers,
                "requestContext": {"apiId": "a", "operation": "EVENT_CONNECT", "channel": null},
            }),
        ),
        (
            "function URL",
            json!({
                "version": "2.0", "routeKey": "$default", "rawPath": "/", "rawQueryString": "",
                "cookies": [cookie], "headers": headers, "requestContext": http,
                "isBase64Encoded": false,
            }),
        ),
        (
            "proxy",
            json!({
                "resource": "/whoami", "path": "/whoami", "httpMethod": "GET", "headers": headers,
                "multiValueHeaders": null, "requestContext": {}, "isBase64Encoded": false,
            }),
        ),
    ]
}

#[test]
fn other_shapes_of_events_let_nobody_pass_not_even_with_a_genuine_token() {
    let gate = Gate::new();
    let shapes = other_shapes(&gate.genuine[0]);
    let inputs = (authorizer(), any::<Index>(), vec(JsonChange::any(), 0..3));
    every(800, &inputs, |(authorizer, which, changes)| {
        let (name, event) = which.get(&shapes);
        let mut event = Tree::of(event);
        for change in &changes {
            change.apply(&mut event);
        }
        assert!(!gate.asks(authorizer, &event.write(), false), "{name}");
    });
}

#[test]
fn an_http_api_of_format_1_takes_no_token_but_from_its_headers() {
    let gate = Gate::new();
    let event = gate.filled.fill(&sample("verify-session", "http-api-1-no-token"));
    let mut format_1 = Tree::read(&event).expect("JSON");
    *format_1.member_or_new("identitySource") = Tree::text(&gate.genuine[0]);
    *format_1.member_or_new("authorizationToken") = Tree::text(&gate.genuine[0]);
    every(300, &(authorizer(), vec(ClientChange::any(), 0..4)), |(authorizer, changes)| {
        let mut event = format_1.clone();
        for change in &changes {
            change.apply(&mut event);
        }
        let event = event.write();
        assert!(!gate.asks(authorizer, &event, true), "{event}");
    });
}

#[test]
fn what_is_no_event_at_all_lets_nobody_pass() {
    let gate = Gate::new();
    every(300, &(authorizer(), odd()), |(authorizer, Odd(json))| {
        assert!(!gate.asks(authorizer, &json, false), "{json:.100}");
    });
}
