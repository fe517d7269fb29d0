//! `revoke-handle`, `revoke-user` and `list-sessions`, as an administrator's console uses them.

use serde_json::{Value, json};
use std::time::Duration;
use tests::World;

#[tokio::test]
async fn many_handles_are_answered_in_the_order_asked_each_once() {
    let world = World::new().await;
    let mut handles = Vec::new();
    for user in ["a", "b", "c"] {
        handles.push(world.open(user).await.handle);
    }
    let asked = json!({"sessionHandles": [handles[2], "nope", handles[0], handles[2]]});
    let reply = world.admin("/revoke-handle", &asked).await;
    assert_eq!(
        reply.json(),
        json!({"status": "OK", "sessionHandlesRevoked": [handles[2], handles[0]]})
    );
    assert!(reply.cookies().is_empty() && reply.header("front-token").is_none());
    let again = world.admin("/revoke-handle", &asked).await;
    assert_eq!(again.json(), json!({"status": "OK", "sessionHandlesRevoked": []}));
    assert_eq!(world.listed("b").await, [handles[1].as_str()]);
    let none = world.admin("/revoke-handle", &json!({"sessionHandles": []})).await;
    assert_eq!(none.json(), json!({"status": "OK", "sessionHandlesRevoked": []}));
}

#[tokio::test]
async fn five_hundred_handles_go_in_one_call_and_one_more_does_not() {
    let world = World::new().await;
    let session = world.open("u1").await;
    let mut handles: Vec<_> = (0..499).map(|i| format!("unknown-{i}")).collect();
    handles.push(session.handle.clone());
    let revoked = world.revoke("/revoke-handle", &json!({"sessionHandles": handles})).await;
    assert_eq!(revoked, [session.handle.as_str()]);
    handles.push("one-more".to_owned());
    let reply = world.admin("/revoke-handle", &json!({"sessionHandles": handles})).await;
    assert_eq!((reply.status, reply.code().as_str()), (400, "too-many-handles"));
}

#[tokio::test]
async fn bad_input_revokes_nothing() {
    let world = World::new().await;
    let session = world.open("u1").await;
    let handle = session.handle.as_str();
    let long = "h".repeat(129);
    for (path, body, status, code) in [
        ("/revoke-handle", json!({}), 400, "missing-field"),
        (
            "/revoke-handle",
            json!({"sessionHandle": handle, "sessionHandles": [handle]}),
            400,
            "invalid-field",
        ),
        ("/revoke-handle", json!({"sessionHandle": null}), 400, "invalid-field"),
        ("/revoke-handle", json!({"sessionHandles": null}), 400, "invalid-field"),
        ("/revoke-handle", json!({"sessionHandles": handle}), 400, "invalid-field"),
        ("/revoke-handle", json!({"sessionHandles": [handle, 7]}), 400, "invalid-field"),
        (
            "/revoke-handle",
            json!({"sessionHandles": [handle, long]}),
            400,
            "invalid-session-handle",
        ),
        ("/revoke-handle", json!({"sessionHandle": ""}), 400, "invalid-session-handle"),
        ("/revoke-user", json!({}), 400, "missing-field"),
        ("/revoke-user", json!({"userId": ["u1"]}), 400, "invalid-field"),
        ("/revoke-user", json!({"userId": "u1", "tenantId": null}), 400, "invalid-field"),
        ("/revoke-user", json!({"userId": "u1", "tenantId": "#"}), 400, "invalid-tenant-id"),
        (
            "/revoke-user",
            json!({"userId": "u1", "exceptSessionHandle": null}),
            400,
            "invalid-field",
        ),
        (
            "/revoke-user",
            json!({"userId": "u1", "exceptSessionHandle": ""}),
            400,
            "invalid-session-handle",
        ),
        (
            "/revoke-user",
            json!({"userId": "u1", "exceptSessionHandle": "nope"}),
            409,
            "kept-session-not-found",
        ),
    ] {
        let reply = world.admin(path, &body).await;
        assert_eq!((reply.status, reply.code().as_str()), (status, code), "{path} {body:.80}");
    }
    assert_eq!(world.strict(&session.access).await, 200);
}

/// Each body would end more than its caller meant, if what is misspelt in it were ignored.
fn widened(handle: &str) -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("revoke-user", json!({"userId": "u1", "tenantID": "acme"}), "`tenantID`"),
        ("revoke-user", json!({"userId": "u1", "tenantid": "acme"}), "`tenantid`"),
        ("revoke-user", json!({"userId": "u1", "tenant": "acme"}), "`tenant`"),
        ("revoke-user", json!({"userId": "u1", "exceptHandle": handle}), "`exceptHandle`"),
        ("revoke-user", json!({"userId": "u1", "sessionHandle": handle}), "`sessionHandle`"),
        ("revoke-user", json!({"userId": "u1", "dryRun": true}), "`dryRun`"),
        ("revoke-user", json!({"userId": "u1", "tenantID": null}), "`tenantID`"),
        ("revoke-user", json!({"userId": "u1", handle: "acme"}), "a name of 36 bytes"),
        ("revoke-handle", json!({"sessionHandle": handle, "userId": "u2"}), "`userId`"),
        ("revoke-handle", json!({"sessionHandles": [handle], "limit": 1}), "`limit`"),
    ]
}

#[tokio::test]
async fn a_member_that_is_unknown_is_named_and_nothing_is_revoked() {
    let world = World::new().await;
    let session = world.open("u1").await;
    for (function, body, named) in widened(&session.handle) {
        let reply = world.admin(&format!("/{function}"), &body).await;
        assert_eq!((reply.status, reply.code().as_str()), (400, "unknown-field"), "{body}");
        let detail = reply.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.starts_with(named) && detail.ends_with("Nothing was done"), "{detail}");
        assert!(!detail.contains(&session.handle), "{detail}");
        let direct = format!("{function}:direct");
        let error = world.bundle.invoke(&direct, &body.to_string()).await.unwrap_err();
        assert_eq!(error.error_type, "unknown-field", "{body}");
        assert!(error.error_message.contains(named), "{}", error.error_message);
    }
    assert_eq!(world.strict(&session.access).await, 200);
}

#[tokio::test]
async fn a_restriction_in_the_query_of_a_revocation_is_not_overlooked() {
    let world = World::new().await;
    let session = world.open("u1").await;
    let body = json!({"userId": "u1"});
    let reply = world.post("/revoke-user?tenantId=acme").json(&body).signed().send().await;
    assert_eq!((reply.status, reply.code().as_str()), (400, "unknown-field"));
    assert!(reply.body.contains("`tenantId` stands in the query"), "{}", reply.body);
    assert_eq!(world.strict(&session.access).await, 200);
}

#[tokio::test]
async fn a_read_ignores_what_it_does_not_know() {
    let world = World::new().await;
    let session = world.open("u1").await;
    let list = world.get("/list-sessions?tenantID=acme&userId=u1").signed().send().await;
    assert_eq!(list.json()["sessions"][0]["handle"], session.handle.as_str());
    let payload = json!({"userId": "u1", "note": 1}).to_string();
    let answer = world.bundle.invoke("list-sessions:direct", &payload).await.unwrap();
    assert!(answer.get().contains(&session.handle));
}

#[tokio::test]
async fn a_reason_that_is_no_line_of_text_revokes_nothing() {
    let world = World::new().await;
    let session = world.open("u1").await;
    let long = "r".repeat(257);
    for reason in [json!(""), json!(" "), json!("a\nb"), json!(long), json!(7), Value::Null] {
        for (path, mut body) in [
            ("/revoke-user", json!({"userId": "u1"})),
            ("/revoke-handle", json!({"sessionHandle": session.handle})),
        ] {
            body["reason"] = reason.clone();
            let reply = world.admin(path, &body).await;
            assert_eq!((reply.status, reply.code().as_str()), (400, "invalid-field"), "{body:.80}");
            assert!(reply.json()["detail"].as_str().unwrap().contains("reason"), "{}", reply.body);
        }
    }
    assert_eq!(world.strict(&session.access).await, 200);
}

#[tokio::test]
async fn a_session_that_cannot_be_kept_means_that_none_is_ended() {
    let world = World::new().await;
    let (mine, foreign, over) =
        (world.open("u1").await, world.open("u2").await, world.open("u1").await);
    world.revoke("/revoke-handle", &json!({"sessionHandle": over.handle})).await;
    for kept in [&foreign, &over] {
        let body = json!({"userId": "u1", "exceptSessionHandle": kept.handle});
        let reply = world.admin("/revoke-user", &body).await;
        assert_eq!((reply.status, reply.code().as_str()), (409, "kept-session-not-found"));
    }
    assert_eq!(world.strict(&mine.access).await, 200);
}

#[tokio::test]
async fn the_kept_session_goes_on_living_and_can_be_ended_later() {
    let world = World::new().await;
    let (kept, other) = (world.open_in("u1", "acme").await, world.open_in("u1", "acme").await);
    let elsewhere = world.open_in("u1", "globex").await;
    let keep = json!({"userId": "u1", "tenantId": "acme", "exceptSessionHandle": kept.handle});
    assert_eq!(world.revoke("/revoke-user", &keep).await, [other.handle.as_str()]);
    let (access, refresh) = world.refreshed(&kept.refresh).await;
    assert_eq!(world.strict(&access).await, 200);
    assert_eq!(world.strict(&elsewhere.access).await, 200);

    let keep = json!({"userId": "u1", "tenantId": "globex", "exceptSessionHandle": kept.handle});
    assert_eq!(world.revoke("/revoke-user", &keep).await, [elsewhere.handle.as_str()]);
    assert_eq!(world.strict(&access).await, 200, "it lives in a tenant that was not reached");

    let all = json!({"userId": "u1", "tenantId": "acme"});
    assert_eq!(world.revoke("/revoke-user", &all).await, [kept.handle.as_str()]);
    assert_eq!(world.strict(&access).await, 401);
    assert_eq!(world.refresh(&refresh).await.status, 401);
}

#[tokio::test]
async fn after_a_revocation_the_user_may_log_in_again_in_the_same_millisecond() {
    let world = World::new().await;
    for _ in 0..5 {
        let session = world.open("u1").await;
        assert_eq!(world.strict(&session.access).await, 200);
        let revoked = world.revoke("/revoke-user", &json!({"userId": "u1"})).await;
        assert_eq!(revoked, [session.handle.as_str()]);
        assert_eq!(world.strict(&session.access).await, 401);
    }
    // A clock that runs behind makes no generation smaller.
    world.clock.set(shared::time::Timestamp::from_millis(world.clock.now().millis() - 120_000));
    let session = world.open("u1").await;
    assert_eq!(world.strict(&session.access).await, 200);
    world.revoke("/revoke-user", &json!({"userId": "u1"})).await;
    assert_eq!(world.strict(&session.access).await, 401);
}

#[tokio::test]
async fn revoking_a_user_nobody_knows_is_no_error() {
    let world = World::new().await;
    let reply = world.admin("/revoke-user", &json!({"userId": "nobody"})).await;
    assert_eq!(
        reply.json(),
        json!({"status": "OK", "sessionHandlesRevoked": [], "sweepComplete": true})
    );
}

#[tokio::test]
async fn a_direct_invoker_gets_plain_json_and_plain_errors() {
    let world = World::new().await;
    let session = world.open("u1").await;
    let payload = json!({"sessionHandle": session.handle}).to_string();
    let answer = world.bundle.invoke("revoke-handle:direct", &payload).await.unwrap();
    let answer: Value = serde_json::from_str(answer.get()).unwrap();
    assert_eq!(answer, json!({"status": "OK", "sessionHandlesRevoked": [session.handle]}));
    for (function, payload, code) in [
        ("revoke-handle", "{}", "missing-field"),
        ("revoke-user", r#"{"userId":7}"#, "invalid-field"),
        ("revoke-user", "[]", "invalid-json"),
        ("list-sessions", r#"{"userId":"u","limit":0}"#, "invalid-field"),
        ("list-sessions", r#"{"userId":"u","cursor":"x"}"#, "invalid-cursor"),
    ] {
        let direct = format!("{function}:direct");
        let error = world.bundle.invoke(&direct, payload).await.unwrap_err();
        assert_eq!(error.error_type, code, "{function} {payload}");
    }
}

#[tokio::test]
async fn a_listing_shows_devices_and_no_secrets() {
    let world = World::new().await;
    let session = world
        .open_with(&json!({
            "userId": "u1", "tenantId": "acme", "sessionData": {"hush": 1},
            "device": {"ip": "203.0.113.7", "userAgent": "curl/8"},
        }))
        .await;
    let now = world.clock.now().millis();
    let list = world.get("/list-sessions?userId=u1").signed().send().await;
    assert_eq!(
        list.json(),
        json!({
            "status": "OK",
            "sessions": [{
                "handle": session.handle, "userId": "u1", "tenantId": "acme", "createdAt": now,
                "expiresAt": now + 144_000 * 60_000, "lastRefreshedAt": now,
                "device": {"ip": "203.0.113.7", "userAgent": "curl/8"},
            }],
            "cursor": null,
        })
    );
}

#[tokio::test]
async fn a_listing_is_paged_to_the_end_each_session_once() {
    let world = World::new().await;
    let mut opened = Vec::new();
    for i in 0..25 {
        opened.push(world.open_in("u1", ["acme", "globex"][i % 2]).await.handle);
    }
    world.open("u2").await;
    let ended = opened.swap_remove(7);
    world.revoke("/revoke-handle", &json!({"sessionHandle": ended})).await;
    let (mut seen, mut path) = (Vec::new(), "/list-sessions?limit=4&userId=u1".to_owned());
    for _ in 0..30 {
        let page = world.get(&path).signed().send().await.json();
        let sessions = page["sessions"].as_array().unwrap();
        assert!(sessions.len() <= 4);
        seen.extend(sessions.iter().map(|session| session["handle"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["cursor"].as_str() else { break };
        path = format!("/list-sessions?cursor={cursor}&limit=4&userId=u1");
    }
    seen.sort();
    opened.sort();
    assert_eq!(seen, opened);
    let page = world.get("/list-sessions?tenantId=acme&userId=u1").signed().send().await.json();
    let tenants = page["sessions"].as_array().unwrap().iter().map(|session| &session["tenantId"]);
    assert!(tenants.clone().count() >= 12 && tenants.clone().all(|tenant| tenant == "acme"));
}

#[tokio::test]
async fn a_page_shows_the_newest_sessions_first() {
    let world = World::new().await;
    let mut opened = Vec::new();
    for _ in 0..12 {
        opened.insert(0, world.open("u1").await.handle);
        world.pass(Duration::from_secs(1));
    }
    let shown = async |query: &str| {
        let page =
            world.get(&format!("/list-sessions?{query}userId=u1")).signed().send().await.json();
        let sessions = page["sessions"].as_array().unwrap().clone();
        let handle = |session: &Value| session["handle"].as_str().unwrap().to_owned();
        sessions.iter().map(handle).collect::<Vec<_>>()
    };
    assert_eq!(shown("").await, opened);
    // The index chooses what is on a page; within it, the order is the same.
    let page = shown("limit=5&").await;
    let mut sorted = page.clone();
    sorted.sort_by_key(|handle| opened.iter().position(|other| other == handle));
    assert_eq!((page.len(), &page), (5, &sorted));
}

#[tokio::test]
async fn a_listing_refuses_bad_input() {
    let world = World::new().await;
    for (query, code) in [
        ("", "missing-field"),
        ("?userId=", "invalid-user-id"),
        ("?userId=u&userId=v", "invalid-field"),
        ("?limit=0&userId=u", "invalid-field"),
        ("?limit=101&userId=u", "invalid-field"),
        ("?limit=x&userId=u", "invalid-field"),
        ("?tenantId=A&userId=u", "invalid-tenant-id"),
        ("?cursor=AAAA&userId=u", "invalid-cursor"),
        // ["h","other"]: a cursor of another tenant's listing.
        ("?cursor=WyJoIiwib3RoZXIiXQ&tenantId=acme&userId=u", "invalid-cursor"),
    ] {
        let reply = world.get(&format!("/list-sessions{query}")).signed().send().await;
        assert_eq!((reply.status, reply.code().as_str()), (400, code), "{query}");
    }
}

#[tokio::test]
async fn a_listing_shows_no_session_that_is_over() {
    let world = World::with_parameter("RefreshTokenValidity", "120").await;
    let early = world.open("u1").await;
    world.pass(Duration::from_mins(90));
    let late = world.open("u1").await;
    assert_eq!(world.listed("u1").await.len(), 2);
    world.pass(Duration::from_mins(30));
    assert_eq!(world.listed("u1").await, [late.handle.as_str()]);
    assert_eq!(world.refresh(&early.refresh).await.status, 401);
}
