//! `own-sessions`: signed-in users see and end their own sessions, and nobody else's.

mod listing;
mod revoking;

use http::Method;
use serde_json::{Value, json};
use tests::world::faulty;
use tests::{Fault, Opened, Reply, World};

const LIST: &str = "/auth/sessions";
const REVOKE: &str = "/auth/sessions/revoke";

async fn list(world: &World, access: &str, query: &str) -> Value {
    let reply = world.get(&format!("{LIST}{query}")).bearer(access).send().await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.json()["status"], "OK");
    reply.json()
}

fn handles(page: &Value) -> Vec<String> {
    let sessions = page["sessions"].as_array().expect("a list").iter();
    sessions.map(|session| session["handle"].as_str().expect("a handle").to_owned()).collect()
}

async fn revoke(world: &World, access: &str, body: &Value) -> Reply {
    world.post(REVOKE).bearer(access).json(body).send().await
}

async fn alive(world: &World, sessions: &[&Opened]) -> Vec<bool> {
    let mut alive = Vec::new();
    for session in sessions {
        alive.push(world.strict(&session.access).await == 200);
    }
    alive
}

fn clears_nothing(reply: &Reply) -> bool {
    reply.cookies().is_empty() && reply.header("front-token").is_none()
}

/// What the function itself answers when the authorizer has let this session pass: the status and
/// the body.
async fn past_the_authorizer(
    world: &World,
    (method, path): (&str, &str),
    (user, handle): (&str, &str),
    body: &Value,
) -> (u64, Value) {
    let context = json!({
        "userId": user, "tenantId": "public", "sessionHandle": handle,
        "expiresAt": "1800003600000", "payload": "{}",
    });
    let event = json!({
        "resource": path, "path": path, "httpMethod": method, "multiValueHeaders": {},
        "requestContext": {
            "httpMethod": method, "resourcePath": path, "stage": "prod", "authorizer": context,
        },
        "body": body.to_string(), "isBase64Encoded": false,
    });
    let answer = world.bundle.invoke("own-sessions", &event.to_string()).await.expect("an answer");
    let answer: Value = serde_json::from_str(answer.get()).expect("JSON");
    let body = answer["body"].as_str().expect("a body");
    let status = answer["statusCode"].as_u64().expect("a status");
    let clears = answer["multiValueHeaders"].get("set-cookie").is_some();
    assert!(!clears || status == 200, "{answer}");
    (status, serde_json::from_str(body).expect("JSON"))
}

#[tokio::test]
async fn nothing_that_a_client_sends_names_the_user() {
    let world = World::new().await;
    let (own, victim) = (world.open("u1").await, world.open("victim").await);
    world.open("victim").await;
    let theirs = world.get("/list-sessions?userId=victim&limit=1").signed().send().await.json();
    let cursor = theirs["cursor"].as_str().expect("another page");
    for query in [
        "?userId=victim".to_owned(),
        "?tenantId=public&userId=victim".to_owned(),
        format!("?cursor={cursor}&userId=victim"),
    ] {
        let shown = list(&world, &own.access, &query).await;
        assert!(!shown.to_string().contains("victim"), "{query}: {shown}");
        assert!(!shown.to_string().contains(&victim.handle), "{query}: {shown}");
    }
    let others = json!({"scope": "others"});
    for (query, body) in [
        ("", json!({"scope": "others", "userId": "victim"})),
        ("", json!({"scope": "all", "sessionHandles": [victim.handle]})),
        ("?userId=victim", others.clone()),
    ] {
        let call = world.post(&format!("{REVOKE}{query}")).bearer(&own.access);
        let reply = call.json(&body).send().await;
        assert_eq!((reply.status, reply.code().as_str()), (400, "unknown-field"), "{body}");
    }
    let reply = world.post(REVOKE).bearer(&own.access).json(&others).send().await;
    assert_eq!(reply.json()["sessionHandlesRevoked"], json!([]));
    assert_eq!(alive(&world, &[&own, &victim]).await, [true, true]);
}

#[tokio::test]
async fn a_session_that_ended_meanwhile_shows_and_ends_no_more_than_it_should() {
    let world = World::new().await;
    let (own, other) = (world.open("u1").await, world.open("u1").await);
    world.revoke("/revoke-handle", &json!({"sessionHandle": own.handle})).await;
    let asker = ("u1", own.handle.as_str());
    let (status, shown) = past_the_authorizer(&world, ("GET", LIST), asker, &json!({})).await;
    assert_eq!((status, handles(&shown)), (200, vec![other.handle.clone()]));
    // Its own handle: signed out already, and so the client is cleared, as by logout.
    let body = json!({"sessionHandle": own.handle});
    let (status, told) = past_the_authorizer(&world, ("POST", REVOKE), asker, &body).await;
    assert_eq!((status, told), (200, json!({"status": "OK", "sessionHandlesRevoked": []})));
    // A session of another user is on no list, whatever the authorizer would have said.
    let stranger = ("u2", other.handle.as_str());
    let (_, shown) = past_the_authorizer(&world, ("GET", LIST), stranger, &json!({})).await;
    assert_eq!(handles(&shown), Vec::<String>::new());
    assert_eq!(alive(&world, &[&other]).await, [true]);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_by_a_stable_code_and_ends_nothing() {
    let world = World::new().await;
    let (own, other) = (world.open("u1").await, world.open("u1").await);
    let long = json!({"sessionHandle": "h".repeat(129)}).to_string();
    let huge = json!({"scope": "all", "more": "x".repeat(64 * 1024)}).to_string();
    for (body, code) in [
        ("", "invalid-json"),
        ("scope=all", "invalid-json"),
        ("[]", "invalid-json"),
        ("null", "invalid-json"),
        ("{}", "missing-field"),
        (r#"{"scope":null}"#, "invalid-field"),
        (r#"{"scope":"ALL"}"#, "invalid-field"),
        (r#"{"scope":""}"#, "invalid-field"),
        (r#"{"scope":{"all":null}}"#, "invalid-field"),
        (r#"{"scope":["all"]}"#, "invalid-field"),
        (r#"{"scope":"current","scope":"all"}"#, "invalid-field"),
        (r#"{"scope":"all","sessionHandle":"x"}"#, "invalid-field"),
        (r#"{"scope":"all","sessionHandle":null}"#, "invalid-field"),
        (r#"{"sessionHandle":7}"#, "invalid-field"),
        (r#"{"sessionHandle":["x"]}"#, "invalid-field"),
        (r#"{"sessionHandle":""}"#, "invalid-session-handle"),
        (r#"{"sessionHandle":"a\u0000b"}"#, "invalid-session-handle"),
        (long.as_str(), "invalid-session-handle"),
        (huge.as_str(), "body-too-large"),
    ] {
        let reply = world.post(REVOKE).bearer(&own.access).text(body).send().await;
        assert_eq!((reply.status, reply.code().as_str()), (400, code), "{body:.60}");
        assert!(clears_nothing(&reply));
    }
    for (query, code) in [
        ("?limit=0", "invalid-field"),
        ("?limit=101", "invalid-field"),
        ("?limit=-1", "invalid-field"),
        ("?limit=many", "invalid-field"),
        ("?limit=1&limit=2", "invalid-field"),
        ("?cursor=", "invalid-cursor"),
        ("?cursor=AAAA", "invalid-cursor"),
    ] {
        let reply = world.get(&format!("{LIST}{query}")).bearer(&own.access).send().await;
        assert_eq!((reply.status, reply.code().as_str()), (400, code), "{query}");
    }
    for (method, path, allow) in [(Method::POST, LIST, "GET"), (Method::GET, REVOKE, "POST")] {
        let reply = world.call(method, path).bearer(&own.access).send().await;
        let allowed = reply.header("allow").unwrap_or_default();
        assert!(reply.status == 405 && allowed.contains(allow), "{path}: {allowed}");
    }
    assert_eq!(alive(&world, &[&own, &other]).await, [true, true]);
}

#[tokio::test]
async fn without_an_authorizers_word_there_is_nobody() {
    let world = World::new().await;
    let session = world.open("u1").await;
    for call in [
        world.get(LIST),
        world.get(LIST).bearer("x"),
        world.get(LIST).signed(),
        world.post(REVOKE).json(&json!({"scope": "all"})),
        world.post(REVOKE).json(&json!({"scope": "all"})).bearer(&session.refresh),
    ] {
        assert_eq!(call.send().await.status, 401);
    }
    for (method, path) in [("GET", LIST), ("POST", REVOKE)] {
        for authorizer in [json!({}), json!({"principalId": "u1", "userId": "u1"})] {
            let event = json!({
                "resource": path, "path": path, "httpMethod": method,
                "multiValueHeaders": {"Authorization": [format!("Bearer {}", session.access)]},
                "requestContext": {
                    "httpMethod": method, "resourcePath": path, "authorizer": authorizer,
                },
                "body": r#"{"scope":"all"}"#, "isBase64Encoded": false,
            });
            let answer = world.bundle.invoke("own-sessions", &event.to_string()).await.unwrap();
            let answer: Value = serde_json::from_str(answer.get()).unwrap();
            assert_eq!(answer["statusCode"], 500, "{answer}");
            assert!(answer["body"].as_str().unwrap().contains("no-principal"), "{answer}");
        }
    }
    assert_eq!(world.strict(&session.access).await, 200);
}

#[tokio::test(start_paused = true)]
async fn when_the_table_fails_nothing_is_said_to_be_done() {
    for fault in [Fault::Unreachable, Fault::Throttled] {
        let (world, engine) = faulty().await;
        let (own, other) = (world.open("u1").await, world.open("u1").await);
        let asker = ("u1", own.handle.as_str());
        engine.fail("*", usize::MAX, fault);
        for (route, body) in [
            (("GET", LIST), json!({})),
            (("POST", REVOKE), json!({"scope": "current"})),
            (("POST", REVOKE), json!({"scope": "others"})),
            (("POST", REVOKE), json!({"scope": "all"})),
            (("POST", REVOKE), json!({"sessionHandle": own.handle})),
            (("POST", REVOKE), json!({"sessionHandle": other.handle})),
        ] {
            let (status, told) = past_the_authorizer(&world, route, asker, &body).await;
            assert_eq!((status, &told["code"]), (503, &json!("table-unavailable")), "{body}");
            for member in ["sessions", "sessionHandlesRevoked", "sweepComplete"] {
                assert!(told.get(member).is_none_or(|list| *list == json!([])), "{body}: {told}");
            }
        }
        engine.heal();
        assert_eq!(alive(&world, &[&own, &other]).await, [true, true]);
    }
}
