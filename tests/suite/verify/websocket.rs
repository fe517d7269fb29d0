//! What a WebSocket can be opened with, and by whom.

use super::shapes::{Said, ada, ask, event};
use serde_json::{Value, json};
use tests::World;

const STRICT: &str = "verify-session";
/// Where the bundle of a test is reached, the website too.
const WEBSITE: &str = "http://127.0.0.1:3000";

fn with_header(mut event: Value, name: &str, values: &[&str]) -> Value {
    event["multiValueHeaders"][name] = json!(values);
    event
}

#[tokio::test]
async fn another_website_cannot_open_a_websocket_with_a_users_cookie() {
    for mode in ["NONE", "VIA_CUSTOM_HEADER", "VIA_TOKEN"] {
        let world = World::with_parameter("AntiCsrf", mode).await;
        let session = world.open_with(&json!({"userId": "ada", "transfer": "cookie"})).await;
        let hijacking = event("websocket-cookie", &session.access);
        let asked = async |event: Value| ask(&world, STRICT, &event).await;
        // A page of the website can send no proof but its origin, whatever the mode.
        assert_eq!(asked(hijacking.clone()).await, ada(), "{mode}");
        for origins in [
            &[][..],
            &[""],
            &["null"],
            &["https://evil.example"],
            &["https://127.0.0.1:3000"],
            &["http://127.0.0.1"],
            &["http://127.0.0.1:3001"],
            &["http://127.0.0.1:3000/"],
            &["http://127.0.0.1:3000.evil.example"],
            &["http://evil.example#http://127.0.0.1:3000"],
            &["http://127.0.0.1:3000 "],
            &["HTTP://127.0.0.1:3000"],
            &[WEBSITE, "https://evil.example"],
            &["https://evil.example", WEBSITE],
            &[WEBSITE, WEBSITE],
        ] {
            let event = with_header(hijacking.clone(), "Origin", origins);
            assert_eq!(asked(event.clone()).await, Said::Refuses, "{mode} {origins:?}");
            // What no browser lets a page add does not help, nor what is no token.
            let event = with_header(event, "rid", &["anti-csrf"]);
            let event = with_header(event, "Sec-WebSocket-Protocol", &["sever, access-token.x"]);
            assert_eq!(asked(event).await, Said::Refuses, "{mode} {origins:?}");
        }
    }
}

#[tokio::test]
async fn a_token_that_a_page_must_know_to_send_needs_no_origin() {
    let world = World::new().await;
    let session = world.open("ada").await;
    for case in ["websocket-header", "websocket-subprotocol"] {
        for origins in [&[][..], &["https://evil.example"], &["null"]] {
            let event = with_header(event(case, &session.access), "Origin", origins);
            assert_eq!(ask(&world, STRICT, &event).await, ada(), "{case} {origins:?}");
        }
    }
    // It is the token that lets the page in, not the cookie that the browser adds.
    let both = event("websocket-subprotocol-and-cookie-agree", &session.access);
    let event = with_header(both, "Origin", &["https://evil.example"]);
    assert_eq!(ask(&world, STRICT, &event).await, ada());
}

#[tokio::test]
async fn a_token_is_offered_as_a_protocol_in_whatever_lines_and_case_of_names() {
    let world = World::new().await;
    let session = world.open("ada").await;
    let offers = |name: &str, lines: &[&str]| {
        let lines: Vec<_> = lines.iter().map(|line| line.replace("{}", &session.access)).collect();
        let mut event = event("websocket-no-token", "");
        event["multiValueHeaders"]
            .as_object_mut()
            .expect("headers")
            .remove("Sec-WebSocket-Protocol");
        event["multiValueHeaders"][name] = json!(lines);
        event
    };
    let name = "Sec-WebSocket-Protocol";
    for (name, lines, expected) in [
        (name, &["sever, access-token.{}"][..], ada()),
        (name, &["access-token.{},sever"], ada()),
        (name, &["sever", "access-token.{}"], ada()),
        (name, &["access-token.{}, access-token.{}"], ada()),
        ("sec-websocket-protocol", &["sever,  access-token.{} "], ada()),
        (name, &["access-token {}"], Said::Refuses),
        (name, &["Access-Token.{}"], Said::Refuses),
        (name, &["{}"], Said::Refuses),
        (name, &["sever.access-token.{}"], Said::Refuses),
        (name, &["access-token.Bearer {}"], Said::Refuses),
    ] {
        assert_eq!(ask(&world, STRICT, &offers(name, lines)).await, expected, "{lines:?}");
    }
}

#[tokio::test]
async fn a_token_in_the_url_opens_a_websocket_only_where_the_operator_allows_it() {
    let allowing = World::with_parameter("WebSocketTokenInQuery", "true").await;
    let (ada_s, grace) = (allowing.open("ada").await, allowing.open("grace").await);
    let query = event("websocket-token-in-query", &ada_s.access);
    assert_eq!(ask(&allowing, STRICT, &query).await, ada());

    let mut single = query.clone();
    single["multiValueQueryStringParameters"] = Value::Null;
    assert_eq!(ask(&allowing, STRICT, &single).await, ada(), "the single-valued form");

    let mut other_name = query.clone();
    other_name["multiValueQueryStringParameters"] = json!({"token": [ada_s.access]});
    assert_eq!(ask(&allowing, STRICT, &other_name).await, Said::Refuses);

    let mut twice = query.clone();
    twice["multiValueQueryStringParameters"]["access_token"] = json!([ada_s.access, grace.access]);
    assert_eq!(ask(&allowing, STRICT, &twice).await, Said::Refuses);

    let offer = format!("sever, access-token.{}", grace.access);
    let disagreeing = with_header(query.clone(), "Sec-WebSocket-Protocol", &[&offer]);
    assert_eq!(ask(&allowing, STRICT, &disagreeing).await, Said::Refuses);

    let rest = json!({
        "type": "REQUEST", "methodArn": "arn:aws:execute-api:us-east-1:1:api/prod/GET/x",
        "resource": "/x", "httpMethod": "GET", "requestContext": {},
        "multiValueQueryStringParameters": {"access_token": [ada_s.access]},
    });
    assert_eq!(ask(&allowing, STRICT, &rest).await, Said::Refuses, "of a WebSocket alone");

    let refusing = World::new().await;
    let session = refusing.open("ada").await;
    let query = event("websocket-token-in-query", &session.access);
    assert_eq!(ask(&refusing, STRICT, &query).await, Said::Refuses);
    // Where it does not count it does not stand in the way either.
    let header = with_header(query, "Authorization", &[&format!("Bearer {}", session.access)]);
    assert_eq!(ask(&refusing, STRICT, &header).await, ada());
}
