use super::*;
use serde_json::{Value, json};
use shared::config::HttpApiResponse;
use shared::config::check_database::{CheckDatabase, CheckPolicy};

fn read(json: &Value) -> Result<Event, UnknownEvent> {
    read_text(&json.to_string())
}

fn read_text(json: &str) -> Result<Event, UnknownEvent> {
    let settings = AuthorizerSettings {
        check_policy: CheckPolicy::everywhere(CheckDatabase::Always),
        http_api_response: HttpApiResponse::Simple,
        websocket_token_in_query: true,
    };
    Event::read(json, &settings)
}

const ARN: &str = "arn:aws:execute-api:us-east-1:123456789012:api/prod/GET/whoami";

fn rest() -> Value {
    json!({
        "type": "REQUEST",
        "methodArn": ARN,
        "resource": "/whoami",
        "path": "/whoami",
        "httpMethod": "GET",
        "headers": {"Cookie": "b=2"},
        "multiValueHeaders": {"Cookie": ["a=1", "b=2"], "bad name": ["x"], "null": null},
        "requestContext": {"stage": "prod"},
    })
}

fn http_api() -> Value {
    json!({
        "version": "2.0", "type": "REQUEST", "routeArn": ARN, "routeKey": "ANY /orders/{id}",
        "cookies": ["a=1", "b=2"], "headers": {"cookie": "c=3"},
        "requestContext": {"http": {"method": "PUT"}, "stage": "v1"},
    })
}

fn websocket() -> Value {
    json!({
        "type": "REQUEST", "methodArn": "arn:aws:execute-api:us-east-1:123456789012:api/prod/$connect",
        "headers": {}, "multiValueHeaders": {},
        "requestContext": {"connectionId": "c", "eventType": "CONNECT"},
    })
}

fn appsync() -> Value {
    json!({"authorizationToken": "t", "requestContext": {"apiId": "a", "queryString": "{ q }"}})
}

fn values_of(event: &Event, name: &str) -> Vec<String> {
    let values = event.headers.get_all(name).iter();
    values.map(|value| value.to_str().unwrap().to_owned()).collect()
}

#[test]
fn all_values_of_a_header_are_seen() {
    let event = read(&rest()).unwrap();
    assert_eq!(event.headers.get_all("cookie").iter().count(), 2);
    assert_eq!(event.target, CheckTarget::http(Method::GET, Some("/whoami"), Some("prod")));
}

#[test]
fn null_and_missing_headers_are_no_headers() {
    for headers in [json!(null), json!({"cookie": null})] {
        for mut event in [rest(), http_api(), websocket()] {
            event["multiValueHeaders"] = Value::Null;
            event["queryStringParameters"] = Value::Null;
            event["cookies"] = Value::Null;
            event["headers"] = headers.clone();
            assert!(read(&event).unwrap().headers.is_empty(), "{event}");
        }
    }
}

#[test]
fn the_single_valued_form_is_a_fallback() {
    let mut event = rest();
    event.as_object_mut().unwrap().remove("multiValueHeaders");
    assert_eq!(read(&event).unwrap().headers["cookie"], "b=2");
}

#[test]
fn cookies_of_an_http_api_stand_beside_those_of_its_headers() {
    let event = read(&http_api()).unwrap();
    assert_eq!(values_of(&event, "cookie"), ["c=3", "a=1", "b=2"]);
}

#[test]
fn a_route_is_what_the_api_declares_and_nothing_else() {
    let routed = |method, path, stage| CheckTarget::http(method, Some(path), stage);
    assert_eq!(read(&http_api()).unwrap().target, routed(Method::PUT, "/orders/{id}", Some("v1")));
    for key in [json!("$default"), json!("PUT"), json!(null)] {
        let mut event = http_api();
        event["routeKey"] = key;
        assert_eq!(read(&event).unwrap().target, CheckTarget::Unrouted(Method::PUT));
    }
    let mut event = rest();
    event["version"] = "1.0".into();
    assert_eq!(read(&event).unwrap().target, routed(Method::GET, "/whoami", Some("prod")));
    for route in ["$default", "/$default"] {
        event["resource"] = route.into();
        assert_eq!(read(&event).unwrap().target, CheckTarget::Unrouted(Method::GET));
    }
    let token = json!({"type": "TOKEN", "methodArn": ARN, "authorizationToken": "t"});
    assert_eq!(read(&token).unwrap().target, CheckTarget::Unrouted(Method::GET));
    assert_eq!(read(&websocket()).unwrap().target, CheckTarget::WebSocket);
    assert_eq!(read(&appsync()).unwrap().target, CheckTarget::GraphQl);
}

#[test]
fn a_token_that_stands_alone_may_have_its_scheme_or_not() {
    for (text, found) in [
        (json!("t"), vec!["Bearer t"]),
        (json!("Bearer t"), vec!["Bearer t"]),
        (json!("bearer  t "), vec!["Bearer t"]),
        (json!("Token t"), vec!["Bearer Token t"]),
        (json!("t\n"), vec![]),
        (json!(null), vec![]),
    ] {
        let token = json!({"type": "TOKEN", "methodArn": ARN});
        for mut event in [token, appsync()] {
            event["authorizationToken"] = text.clone();
            assert_eq!(values_of(&read(&event).unwrap(), "authorization"), found);
        }
    }
}

#[test]
fn a_websocket_offers_tokens_as_protocols_and_in_its_url() {
    let mut event = websocket();
    event["multiValueHeaders"] = json!({
        "Sec-WebSocket-Protocol": ["sever, access-token.one", " access-token.two ,access-token"],
    });
    event["multiValueQueryStringParameters"] = json!({"access_token": ["three"], "token": ["x"]});
    let found = values_of(&read(&event).unwrap(), "authorization");
    assert_eq!(found, ["Bearer one", "Bearer two", "Bearer three"]);
}

#[test]
fn other_events_are_refused() {
    use UnknownEvent::{Arn, Method, NotConnect, Shape};
    for event in ["{}", "null", "[]", r#"{"type":"TOKEN"}"#, ""] {
        assert!(read_text(event).is_err(), "{event}");
    }
    let check = |mut event: Value, pointer: &str, value: Value| {
        *event.pointer_mut(pointer).expect(pointer) = value;
        read(&event).map(|_| ()).unwrap_err()
    };
    assert!(matches!(check(rest(), "/httpMethod", json!("GE T")), Method));
    assert!(matches!(check(rest(), "/httpMethod", Value::Null), Method));
    assert!(matches!(check(rest(), "/methodArn", Value::Null), Arn));
    assert!(matches!(check(rest(), "/type", json!("JWT")), Shape));
    assert!(matches!(check(http_api(), "/version", json!("3.0")), Shape));
    assert!(matches!(check(http_api(), "/type", Value::Null), Shape));
    assert!(matches!(check(http_api(), "/routeArn", Value::Null), Arn));
    assert!(matches!(check(http_api(), "/requestContext/http", Value::Null), Method));
    let message = check(websocket(), "/requestContext/eventType", json!("MESSAGE"));
    assert!(matches!(message, NotConnect));
    assert!(matches!(check(appsync(), "/requestContext/queryString", Value::Null), Shape));
    let token = json!({"type": "TOKEN", "methodArn": "arn", "authorizationToken": "t"});
    assert!(matches!(read(&token).map(|_| ()), Err(Method)));
}
