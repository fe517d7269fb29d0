//! Every kind of API that asks the authorizer: what holds for one holds for all.

use crate::events::sample;
use lambda_runtime::Diagnostic;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tests::world::faulty;
use tests::{Fault, World};

/// Samples of each, whose token is good, and how they show it.
pub(crate) const SHOWING: [&str; 19] = [
    "header",
    "cookie",
    "cookie-on-post",
    "header-before-cookie",
    "header-and-cookie-agree",
    "single-value-headers",
    "token",
    "token-bare",
    "http-api-header",
    "http-api-cookie",
    "http-api-cookie-on-post",
    "http-api-1-header",
    "http-api-1-cookie",
    "websocket-header",
    "websocket-cookie",
    "websocket-subprotocol",
    "websocket-subprotocol-and-cookie-agree",
    "appsync-query",
    "appsync-bearer",
];

/// What an authorizer said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// This user may pass.
    Allows(String),
    /// Nobody may.
    Refuses,
    /// It could not find out: an error of this type.
    Fails(String),
}

/// Reads an answer, which must be one of those that the APIs know.
pub(crate) fn said(answer: &Result<Box<RawValue>, Diagnostic>) -> Said {
    let answer: Value = match answer {
        Ok(answer) => serde_json::from_str(answer.get()).expect("answers are JSON"),
        Err(error) if error.error_message == "Unauthorized" => {
            assert_eq!(error.error_type, "Unauthorized");
            return Said::Refuses;
        }
        Err(error) => return Said::Fails(error.error_type.clone()),
    };
    assert!(has_no_null(&answer), "{answer}");
    let user = |context: &Value| context["userId"].as_str().expect("a user").to_owned();
    match &answer["isAuthorized"] {
        Value::Bool(true) => {
            let context =
                if answer.get("context").is_some() { "context" } else { "resolverContext" };
            Said::Allows(user(&answer[context]))
        }
        Value::Bool(false) => Said::Refuses,
        _ => {
            let statement = answer["policyDocument"]["Statement"].as_array().expect("a policy");
            assert_eq!(statement.len(), 1, "{answer}");
            match statement[0]["Effect"].as_str() {
                Some("Allow") => {
                    assert_eq!(answer["principalId"], answer["context"]["userId"]);
                    Said::Allows(user(&answer["context"]))
                }
                Some("Deny") => Said::Refuses,
                _ => panic!("{answer}"),
            }
        }
    }
}

/// The APIs take a `null` for a fault.
pub(super) fn has_no_null(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => items.iter().all(has_no_null),
        Value::Object(members) => members.values().all(has_no_null),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

/// A sample with this access token.
pub(super) fn event(case: &str, access: &str) -> Value {
    let event = sample("verify-session", case).replace("${accessToken}", access);
    serde_json::from_str(&event).expect("a sample is JSON")
}

/// A sample with these access tokens, in two places.
pub(super) fn event_of_two(case: &str, one: &str, other: &str) -> Value {
    let event = sample("verify-session", case).replace("${accessToken}", one);
    serde_json::from_str(&event.replace("${otherAccessToken}", other)).expect("a sample is JSON")
}

pub(super) async fn ask(world: &World, authorizer: &str, event: &Value) -> Said {
    said(&world.bundle.invoke(authorizer, &event.to_string()).await)
}

pub(super) fn ada() -> Said {
    Said::Allows("ada".to_owned())
}

#[tokio::test]
async fn a_revoked_session_is_refused_on_the_next_strict_check_whoever_asks() {
    for response in ["simple", "iam"] {
        let world = World::with_parameter("HttpApiResponse", response).await;
        for case in SHOWING {
            for (by, named) in [("/revoke-handle", "sessionHandle"), ("/revoke-user", "userId")] {
                let session = world.open("ada").await;
                let event = event(case, &session.access);
                assert_eq!(ask(&world, "verify-session", &event).await, ada(), "{case}");
                assert_eq!(ask(&world, "verify-session-fast", &event).await, ada(), "{case}");
                let name = if named == "userId" { "ada" } else { &session.handle };
                world.revoke(by, &json!({named: name})).await;
                assert_eq!(ask(&world, "verify-session", &event).await, Said::Refuses, "{case}");
                assert_eq!(ask(&world, "verify-session-fast", &event).await, ada(), "{case}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn not_finding_out_is_a_failure_and_neither_pass_nor_refusal_whoever_asks() {
    for fault in [Fault::Unreachable, Fault::Throttled, Fault::Unprocessed(0)] {
        let (world, engine) = faulty().await;
        let session = world.open("ada").await;
        let fails = Said::Fails("table-unavailable".to_owned());
        for case in SHOWING {
            let event = event(case, &session.access);
            engine.fail("*", usize::MAX, fault.clone());
            assert_eq!(ask(&world, "verify-session", &event).await, fails, "{case}, cold or warm");
            engine.heal();
            assert_eq!(ask(&world, "verify-session", &event).await, ada(), "{case}");
            engine.fail("*", usize::MAX, fault.clone());
            assert_eq!(ask(&world, "verify-session", &event).await, fails, "{case}, warm");
            engine.heal();
        }
    }
}

#[tokio::test]
async fn two_tokens_that_disagree_are_refused_whoever_asks() {
    let world = World::new().await;
    let (mine, other) = (world.open("ada").await, world.open("grace").await);
    for case in [
        "header-and-cookie-disagree",
        "two-headers",
        "token-two",
        "http-api-header-and-cookie-disagree",
        "http-api-two-headers",
        "http-api-1-header-and-cookie-disagree",
        "websocket-subprotocol-and-cookie-disagree",
        "websocket-header-and-cookie-disagree",
        "websocket-two-subprotocols",
        "appsync-two-tokens",
    ] {
        let event = event_of_two(case, &mine.access, &other.access);
        for authorizer in ["verify-session", "verify-session-fast"] {
            assert_eq!(ask(&world, authorizer, &event).await, Said::Refuses, "{case}");
        }
    }
}

/// Whether a session that has ended is noticed: which kinds of API ask the table under each
/// condition, and with which routes.
#[tokio::test]
async fn the_condition_holds_for_each_kind_of_api_as_strictly_as_it_can_be_meant() {
    const SAFE: [&str; 4] = ["header", "token", "http-api-header", "http-api-1-header"];
    const UNSAFE: [&str; 3] = ["cookie-on-post", "token-on-post", "http-api-cookie-on-post"];
    const OTHER: [&str; 3] = ["websocket-subprotocol", "appsync-query", "appsync-mutation"];
    let all = [&SAFE[..], &UNSAFE, &OTHER].concat();
    for (condition, routes, strict) in [
        ("never", "", vec![]),
        ("unsafe-methods", "", [&UNSAFE[..], &OTHER].concat()),
        ("always", "", all.clone()),
        // What names no route is as strict as the strictest rule for its method.
        ("never", "GET /elsewhere=always", vec!["token"]),
        ("never", "ANY /elsewhere=unsafe-methods", vec!["token-on-post"]),
        ("never", "GET /whoami=always", SAFE.to_vec()),
        // The stage is no part of a route; an operator who names it means the route all the same.
        ("never", "GET /prod/whoami=always", SAFE.to_vec()),
        ("never", "GET /other/whoami=always", vec!["token"]),
        ("never", "POST /orders/{id}=always", UNSAFE.to_vec()),
        ("always", "GET /whoami=never", [&["token"][..], &UNSAFE, &OTHER].concat()),
    ] {
        let world = World::with(|builder| {
            builder
                .parameter("FastSessionCheckDatabase", condition)
                .parameter("CheckDatabaseRoutes", routes)
        });
        let world = world.await;
        let session = world.open("ada").await;
        world.revoke("/revoke-handle", &json!({"sessionHandle": session.handle})).await;
        for case in &all {
            let expected = if strict.contains(case) { Said::Refuses } else { ada() };
            let event = event(case, &session.access);
            let found = ask(&world, "verify-session-fast", &event).await;
            assert_eq!(found, expected, "{condition} {routes} {case}");
        }
        // What is behind these routes is anything.
        let as_token = if strict.contains(&"token") { Said::Refuses } else { ada() };
        for key in ["$default", "ANY /{proxy+}", "GET /elsewhere/{proxy+}"] {
            let mut event = event("http-api-default-route", &session.access);
            event["routeKey"] = json!(key);
            let found = ask(&world, "verify-session-fast", &event).await;
            assert_eq!(found, as_token, "{condition} {routes}: {key}");
        }
        let mut event = event("header", &session.access);
        event["resource"] = json!("/{proxy+}");
        let found = ask(&world, "verify-session-fast", &event).await;
        assert_eq!(found, as_token, "{condition} {routes}: a greedy resource");
    }
}
