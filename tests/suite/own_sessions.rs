//! `own-sessions`: signed-in users see and end their own sessions, and nobody else's.

use http::{HeaderMap, Method};
use serde_json::{Value, json};
use shared::ids::SessionHandle;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tests::lines::TABLE;
use tests::world::{faulty, sorted};
use tests::{Fault, Lagging, Lines, Opened, Reply, World};

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

/// All but the name of the request.
fn headers_of(reply: &Reply) -> HeaderMap {
    let mut headers = reply.headers.clone();
    headers.remove("x-amzn-requestid");
    headers
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
        "requestContext": {"httpMethod": method, "stage": "prod", "authorizer": context},
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
async fn a_user_sees_their_sessions_in_every_tenant_and_which_one_is_this() {
    let world = World::new().await;
    let phone = world
        .open_with(&json!({
            "userId": "u1", "device": {"ip": "203.0.113.7", "userAgent": "phone"},
            "accessTokenPayload": {"role": "hush"}, "sessionData": {"note": "hush"},
        }))
        .await;
    let acme = world.open_in("u1", "acme").await;
    let globex = world.open_in("u1", "globex").await;
    world.open_in("u2", "acme").await;
    for (own, tenant) in [(&phone, "public"), (&acme, "acme"), (&globex, "globex")] {
        let page = list(&world, &own.access, "").await;
        let shown: BTreeSet<_> = handles(&page).into_iter().collect();
        let expected = [&phone, &acme, &globex].map(|session| session.handle.clone());
        assert_eq!(shown, expected.into());
        assert_eq!(page["cursor"], Value::Null);
        let sessions = page["sessions"].as_array().unwrap();
        let current: Vec<_> =
            sessions.iter().filter(|session| session["current"] == true).collect();
        let [current] = current.as_slice() else { panic!("one is this one: {page}") };
        assert_eq!(
            (&current["handle"], &current["tenantId"]),
            (&json!(own.handle), &json!(tenant))
        );
        assert!(sessions.iter().all(|session| session["userId"] == "u1"), "{page}");
        assert!(!page.to_string().contains("hush"));
    }
    let page = list(&world, &phone.access, "").await;
    let mut shown = page["sessions"][0].clone();
    assert_eq!(shown.as_object_mut().unwrap().remove("current"), Some(json!(true)));
    let by_admin = world.get("/list-sessions?userId=u1&tenantId=public").signed().send().await;
    assert_eq!(shown, by_admin.json()["sessions"][0], "as `list-sessions` shows it");
}

#[tokio::test]
async fn the_session_of_the_request_is_on_the_first_page_and_on_no_other() {
    let world = World::new().await;
    let mut opened = Vec::new();
    for tenant in ["public", "acme", "acme", "globex", "public", "globex"] {
        opened.push(world.open_in("u1", tenant).await);
    }
    let all: BTreeSet<_> = opened.iter().map(|session| session.handle.clone()).collect();
    for own in &opened {
        for limit in 1..=6 {
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let query = format!("?limit={limit}{cursor}");
                let page = list(&world, &own.access, &query).await;
                let shown = handles(&page);
                let more = usize::from(seen.is_empty());
                assert!(shown.len() <= limit + more, "{query}: {page}");
                for session in page["sessions"].as_array().unwrap() {
                    assert_eq!(session["current"], session["handle"] == own.handle.as_str());
                }
                seen.extend(shown);
                let Some(next) = page["cursor"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            assert_eq!(seen[0], own.handle);
            assert_eq!(seen.len(), all.len(), "each once");
            assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), all);
        }
    }
}

#[tokio::test]
async fn the_session_of_the_request_is_shown_before_the_index_knows_it() {
    let engine = Arc::new(Lagging::new().expect("two databases"));
    let world = World::with(|builder| builder.engine(engine.clone())).await;
    let old = world.open("u1").await;
    engine.hold();
    let own = world.open("u1").await;
    let shown = list(&world, &own.access, "").await;
    assert_eq!(handles(&shown), [own.handle.as_str(), old.handle.as_str()]);
    engine.release();
    assert_eq!(handles(&list(&world, &own.access, "").await).len(), 2);
}

#[tokio::test]
async fn what_is_over_is_not_shown() {
    let world = World::with_parameter("RefreshTokenValidity", "120").await;
    world.open("u1").await;
    world.pass(Duration::from_mins(90));
    let (own, ended) = (world.open("u1").await, world.open("u1").await);
    world.open_in("u1", "acme").await;
    world.revoke("/revoke-handle", &json!({"sessionHandle": ended.handle})).await;
    world.revoke("/revoke-user", &json!({"userId": "u1", "tenantId": "acme"})).await;
    world.pass(Duration::from_mins(40));
    assert_eq!(handles(&list(&world, &own.access, "").await), [own.handle.as_str()]);
}

#[tokio::test]
async fn one_is_ended_by_its_handle_in_whatever_tenant() {
    let world = World::new().await;
    let (own, kept) = (world.open("u1").await, world.open_in("u1", "acme").await);
    for tenant in ["public", "acme", "globex"] {
        let one = world.open_in("u1", tenant).await;
        let body = json!({"sessionHandle": one.handle});
        let reply = revoke(&world, &own.access, &body).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert_eq!(reply.json(), json!({"status": "OK", "sessionHandlesRevoked": [one.handle]}));
        assert!(clears_nothing(&reply), "who ends another session stays signed in");
        assert_eq!(alive(&world, &[&one, &own, &kept]).await, [false, true, true]);
        assert_eq!(world.refresh(&one.refresh).await.status, 401);
        let again = revoke(&world, &own.access, &body).await;
        assert_eq!((again.status, again.code().as_str()), (404, "session-not-found"));
    }
}

#[tokio::test(start_paused = true)]
async fn of_anothers_session_it_is_answered_as_of_none_and_it_lives_on() {
    let (world, engine) = faulty().await;
    let own = world.open("u1").await;
    let (ended, swept_late) = (world.open("u1").await, world.open_in("u1", "globex").await);
    world.revoke("/revoke-handle", &json!({"sessionHandle": ended.handle})).await;
    // Revoked, and its row is still there.
    engine.fail("DeleteItem", usize::MAX, Fault::Unreachable);
    world.revoke("/revoke-user", &json!({"userId": "u1", "tenantId": "globex"})).await;
    engine.heal();
    let (other, in_acme) = (world.open("u2").await, world.open_in("u2", "acme").await);
    let asked = ["nobody", &other.handle, &in_acme.handle, &ended.handle, &swept_late.handle];
    let mut told = Vec::new();
    for handle in asked {
        engine.take_calls();
        let reply = revoke(&world, &own.access, &json!({"sessionHandle": handle})).await;
        let calls = engine.take_calls();
        assert!(calls.iter().all(|call| call.operation != "DeleteItem"), "{handle}");
        assert_eq!((reply.status, reply.code().as_str()), (404, "session-not-found"), "{handle}");
        assert!(clears_nothing(&reply));
        let calls: Vec<_> = calls.into_iter().map(|call| call.operation).collect();
        told.push((reply.body.clone(), headers_of(&reply), calls));
    }
    assert!(told[1..3].iter().all(|reply| *reply == told[0]), "another's is as unknown: {told:?}");
    assert!(told.iter().all(|reply| (&reply.0, &reply.1) == (&told[0].0, &told[0].1)), "{told:?}");
    assert_eq!(alive(&world, &[&own, &other, &in_acme]).await, [true, true, true]);
}

#[tokio::test]
async fn the_delete_names_the_owner() {
    let (world, engine) = faulty().await;
    let (own, one) = (world.open("u1").await, world.open("u1").await);
    engine.take_calls();
    revoke(&world, &own.access, &json!({"sessionHandle": one.handle})).await;
    let calls = engine.take_calls();
    let deletes: Vec<_> = calls.iter().filter(|call| call.operation == "DeleteItem").collect();
    let [delete] = deletes.as_slice() else { panic!("one delete: {calls:?}") };
    let delete = delete.json();
    assert_eq!(delete["ConditionExpression"], "attribute_exists(pk) AND userId = :user");
    assert_eq!(delete["ExpressionAttributeValues"], json!({":user": {"S": "u1"}}));
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
    let body = json!({
        "scope": "others", "userId": "victim", "tenantId": "public",
        "sessionHandles": [victim.handle], "exceptSessionHandle": own.handle,
    });
    let path = format!("{REVOKE}?userId=victim&sessionHandle={}", victim.handle);
    let reply = world.post(&path).bearer(&own.access).json(&body).send().await;
    assert_eq!(reply.json()["sessionHandlesRevoked"], json!([]));
    assert_eq!(alive(&world, &[&own, &victim]).await, [true, true]);
}

#[tokio::test]
async fn the_others_end_in_every_tenant_and_the_one_of_the_request_goes_on() {
    for tenant in ["public", "acme", "globex"] {
        let world = World::new().await;
        let own = world.open_in("u1", tenant).await;
        let public = world.open("u1").await;
        let acme = world.open_in("u1", "acme").await;
        let globex = world.open_in("u1", "globex").await;
        let stranger = world.open_in("u2", tenant).await;
        for expected in [vec![&public, &acme, &globex], vec![]] {
            let reply = revoke(&world, &own.access, &json!({"scope": "others"})).await;
            assert_eq!(reply.status, 200, "{}", reply.body);
            let expected: Vec<_> = expected.iter().map(|session| &session.handle).collect();
            let expected = sorted(&json!(expected));
            assert_eq!(sorted(&reply.json()["sessionHandlesRevoked"]), expected);
            assert_eq!(reply.json()["sweepComplete"], true);
            assert!(clears_nothing(&reply));
        }
        let sessions = [&own, &public, &acme, &globex, &stranger];
        assert_eq!(alive(&world, &sessions).await, [true, false, false, false, true]);
        world.refreshed(&own.refresh).await;
    }
}

#[tokio::test]
async fn who_ends_their_own_session_is_signed_out_as_by_logout() {
    for by_handle in [false, true] {
        for transfer in ["header", "cookie"] {
            let world = World::new().await;
            let body = json!({"userId": "u1", "transfer": transfer});
            let (own, model) = (world.open_with(&body).await, world.open_with(&body).await);
            let other = world.open_in("u1", "acme").await;
            let send = async |path: &str, access: &str, body: &Value| {
                let call = world.post(path).json(body);
                let call = match transfer {
                    "cookie" => call.cookie("sAccessToken", access),
                    _ => call.bearer(access),
                };
                call.send().await
            };
            let by_name = json!({"sessionHandle": own.handle});
            let body = if by_handle { by_name } else { json!({"scope": "current"}) };
            let reply = send(REVOKE, &own.access, &body).await;
            assert_eq!(
                reply.json(),
                json!({"status": "OK", "sessionHandlesRevoked": [own.handle]})
            );
            let logout = send("/auth/signout", &model.access, &json!({})).await;
            assert_eq!(headers_of(&reply), headers_of(&logout), "{transfer}");
            assert!(if transfer == "cookie" {
                reply.clears_cookies()
            } else {
                reply.clears_headers()
            });
            assert_eq!(alive(&world, &[&own, &other]).await, [false, true]);
            // Again: the session is over, and the authorizer says so.
            assert_eq!(send(REVOKE, &own.access, &body).await.status, 401);
        }
    }
}

#[tokio::test]
async fn all_end_in_every_tenant_and_the_client_is_cleared() {
    let world = World::new().await;
    let own = world.open_with(&json!({"userId": "u1", "transfer": "cookie"})).await;
    let (acme, globex) = (world.open_in("u1", "acme").await, world.open_in("u1", "globex").await);
    let stranger = world.open("u2").await;
    let call = world.post(REVOKE).cookie("sAccessToken", &own.access);
    let reply = call.json(&json!({"scope": "all"})).send().await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(reply.clears_cookies());
    assert_eq!(reply.json()["sweepComplete"], true);
    let revoked = sorted(&reply.json()["sessionHandlesRevoked"]);
    let mut expected = [own.handle.clone(), acme.handle.clone(), globex.handle.clone()];
    expected.sort();
    assert_eq!(revoked, expected);
    let sessions = [&own, &acme, &globex, &stranger];
    assert_eq!(alive(&world, &sessions).await, [false, false, false, true]);
    assert_eq!(world.refresh(&own.refresh).await.status, 401);
}

#[tokio::test]
async fn others_of_a_session_that_has_ended_never_become_all() {
    let (world, engine) = faulty().await;
    let (own, other) = (world.open("u1").await, world.open("u1").await);
    let body = json!({"scope": "others"});
    // It ends after the authorizer has let it pass, and before anything is written.
    let gate = engine.hold("TransactWriteItems");
    let (reply, ()) = tokio::join!(revoke(&world, &own.access, &body), async {
        gate.arrival().await;
        world.revoke("/revoke-handle", &json!({"sessionHandle": own.handle})).await;
        gate.open();
    });
    assert_eq!((reply.status, reply.code().as_str()), (409, "kept-session-not-found"));
    assert!(clears_nothing(&reply));
    // And before it is even looked for; another's session is no better.
    let stranger = world.open("u2").await;
    for handle in [&own.handle, &stranger.handle, "nobody"] {
        let asker = ("u1", handle);
        let (status, told) = past_the_authorizer(&world, ("POST", REVOKE), asker, &body).await;
        assert_eq!((status, &told["code"]), (409, &json!("kept-session-not-found")), "{told}");
    }
    assert_eq!(revoke(&world, &own.access, &body).await.status, 401);
    assert_eq!(alive(&world, &[&other, &stranger]).await, [true, true]);
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
async fn a_forged_request_with_cookies_ends_nothing() {
    let world = World::with_parameter("CookieSameSite", "none").await;
    let own = world.open_with(&json!({"userId": "u1", "transfer": "cookie"})).await;
    let other = world.open("u1").await;
    for body in [
        json!({"scope": "current"}),
        json!({"scope": "others"}),
        json!({"scope": "all"}),
        json!({"sessionHandle": other.handle}),
    ] {
        let call = || world.post(REVOKE).cookie("sAccessToken", &own.access).json(&body);
        assert_eq!(call().send().await.status, 401, "{body}");
        let as_form = call().header("content-type", "text/plain");
        assert_eq!(as_form.header("origin", "https://evil.example").send().await.status, 401);
        assert_eq!(alive(&world, &[&own, &other]).await, [true, true], "{body}");
    }
    let meant = world.post(REVOKE).cookie("sAccessToken", &own.access).header("rid", "session");
    assert_eq!(meant.json(&json!({"scope": "others"})).send().await.status, 200);
    assert_eq!(alive(&world, &[&own, &other]).await, [true, false]);
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
                "requestContext": {"httpMethod": method, "authorizer": authorizer},
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

#[tokio::test(start_paused = true)]
async fn a_write_that_fails_leaves_the_client_its_tokens_and_may_be_asked_again() {
    let (world, engine) = faulty().await;
    let (own, other) = (world.open("u1").await, world.open("u1").await);
    let (one, current) = (json!({"sessionHandle": other.handle}), json!({"scope": "current"}));
    engine.fail("DeleteItem", usize::MAX, Fault::Unreachable);
    for body in [&one, &current] {
        let reply = revoke(&world, &own.access, body).await;
        assert_eq!((reply.status, reply.code().as_str()), (503, "table-unavailable"));
        assert!(clears_nothing(&reply));
    }
    // What takes effect by another write needs no delete.
    let reply = revoke(&world, &own.access, &json!({"scope": "others"})).await;
    let held = json!({"status": "OK", "sessionHandlesRevoked": [], "sweepComplete": false});
    assert_eq!((reply.status, reply.json()), (200, held));
    assert_eq!(alive(&world, &[&own, &other]).await, [true, false]);
    engine.heal();
    // The answer of the delete is lost: nobody can say any more who ended it, but it is gone.
    let other = world.open("u1").await;
    engine.fail("DeleteItem", 1, Fault::AnswerLost);
    let reply = revoke(&world, &own.access, &json!({"sessionHandle": other.handle})).await;
    assert_eq!((reply.status, reply.code().as_str()), (404, "session-not-found"));
    assert_eq!(alive(&world, &[&own, &other]).await, [true, false]);
    engine.fail("DeleteItem", 1, Fault::AnswerLost);
    let reply = revoke(&world, &own.access, &current).await;
    assert_eq!(reply.status, 200);
    assert!(reply.clears_headers());
    assert_eq!(alive(&world, &[&own]).await, [false]);
}

#[tokio::test]
async fn each_call_writes_one_record_in_which_the_user_is_the_actor() {
    let world = World::new().await;
    let (own, one) = (world.open("u1").await, world.open("u1").await);
    let (two, stranger) = (world.open_in("u1", "acme").await, world.open("u2").await);
    let lines = Lines::of(&world);
    let hashed = |handle: &str| SessionHandle::parse(handle).unwrap().salted_digest(TABLE);
    let ended = |handle| json!({"session": hashed(handle), "state": "ended", "userId": "u1"});
    let not_live = |handle| json!({"session": hashed(handle), "state": "not-live"});
    list(&world, &own.access, "").await;
    assert_eq!(lines.take_records(), Vec::<Value>::new());
    let user = json!({"kind": "user", "userId": "u1"});
    let but_this = json!({"kind": "user", "userId": "u1", "exceptSession": hashed(&own.handle)});
    for (body, action, scope, sessions) in [
        (
            json!({"sessionHandle": one.handle}),
            "revoke-handles",
            json!({"kind": "sessions"}),
            json!([ended(&one.handle)]),
        ),
        (
            json!({"sessionHandle": stranger.handle}),
            "revoke-handles",
            json!({"kind": "sessions"}),
            json!([not_live(&stranger.handle)]),
        ),
        (json!({"scope": "others"}), "revoke-user", but_this, json!([ended(&two.handle)])),
        (json!({"scope": "all"}), "revoke-user", user, json!([ended(&own.handle)])),
    ] {
        revoke(&world, &own.access, &body).await;
        let records = lines.take_records();
        let [record] = records.as_slice() else { panic!("one record: {records:?}") };
        assert_eq!(record["actor"], json!({"type": "user", "userId": "u1"}));
        assert_eq!((&record["action"], &record["scope"]), (&json!(action), &scope), "{record}");
        assert_eq!((&record["outcome"], &record["sessions"]), (&json!("done"), &sessions));
    }
    let last = world.open_in("u1", "acme").await;
    revoke(&world, &last.access, &json!({"scope": "current"})).await;
    let records = lines.take_records();
    assert_eq!((records.len(), &records[0]["action"]), (1, &json!("logout")));
}
