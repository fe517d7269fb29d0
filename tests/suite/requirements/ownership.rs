//! Nobody reaches another's session by naming it.

use serde_json::{Value, json};
use tests::World;

#[tokio::test]
async fn a_logout_ends_no_session_but_the_callers_own() {
    for path in ["/auth/signout", "/logout"] {
        let world = World::new().await;
        let (mine, other) = (world.open("u1").await, world.open("u2").await);
        let (handle, user) = (&other.handle, "u2");
        let named = json!({
            "sessionHandle": handle, "sessionHandles": [handle], "userId": user, "tenantId": "acme",
        });
        let query = format!("{path}?sessionHandle={handle}&userId={user}");
        let reply = world.post(&query).bearer(&mine.access).json(&named).send().await;
        assert_eq!(reply.status, 200);
        assert_eq!(world.strict(&mine.access).await, 401);
        assert_eq!(world.strict(&other.access).await, 200);
        // Without a token of one's own there is nothing to name.
        let reply = world.post(&query).json(&named).send().await;
        assert_eq!(reply.status, 401);
        assert_eq!(world.strict(&other.access).await, 200);
    }
}

#[tokio::test]
async fn a_users_session_ends_and_shows_no_other_by_name() {
    let world = World::new().await;
    let (mine, other) = (world.open("u1").await, world.open("u2").await);
    for (path, body) in [
        ("/revoke-handle", json!({"sessionHandle": other.handle})),
        ("/revoke-user", json!({"userId": "u2"})),
        ("/create-session", json!({"userId": "u2"})),
    ] {
        for call in [
            world.post(path).bearer(&mine.access),
            world.post(path).cookie("sAccessToken", &mine.access).header("rid", "session"),
        ] {
            assert_eq!(call.json(&body).send().await.status, 403, "{path}");
        }
    }
    let list = world.get("/list-sessions?userId=u2").bearer(&mine.access).send().await;
    assert_eq!(list.status, 403);
    assert_eq!(world.strict(&other.access).await, 200);
}

#[tokio::test]
async fn a_cursor_of_another_users_listing_shows_nothing_of_theirs() {
    let world = World::new().await;
    let mut handles = Vec::new();
    for _ in 0..3 {
        handles.push(world.open("victim").await.handle);
    }
    let mine = world.open("u1").await.handle;
    let list = async |query: &str| {
        let reply = world.get(&format!("/list-sessions?{query}")).signed().send().await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.json()
    };
    let page = list("userId=victim&limit=1").await;
    let cursor = page["cursor"].as_str().expect("another page");
    let shown = list(&format!("userId=u1&cursor={cursor}")).await;
    for session in shown["sessions"].as_array().unwrap() {
        assert_eq!((&session["userId"], &session["handle"]), (&json!("u1"), &json!(mine)));
    }
    assert!(!shown.to_string().contains("victim"));
    assert!(handles.iter().all(|handle| !shown.to_string().contains(handle)));
}

#[tokio::test]
async fn an_administrator_who_ends_sessions_keeps_his_own_cookies() {
    let world = World::new().await;
    let body = json!({"userId": "admin", "transfer": "cookie"});
    let own = world.open_with(&body).await;
    let (one, _) = (world.open("u1").await, world.open("u1").await);
    for (path, body) in [
        ("/revoke-handle", json!({"sessionHandle": one.handle})),
        ("/revoke-handle", json!({"sessionHandles": ["unknown"]})),
        ("/revoke-user", json!({"userId": "u1"})),
        ("/revoke-user", json!({"userId": "u1", "exceptSessionHandle": "unknown"})),
        ("/revoke-user", json!({"userId": "nobody"})),
    ] {
        let call = world.post(path).json(&body).cookie("sAccessToken", &own.access);
        let reply = call.cookie("sRefreshToken", &own.refresh).signed().send().await;
        assert!(reply.cookies().is_empty(), "{path} {body}");
        for name in ["front-token", "st-access-token", "st-refresh-token"] {
            assert_eq!(reply.header(name), None, "{path} {body}");
        }
        assert_ne!(reply.json(), Value::Null, "{path} {body}");
    }
    assert_eq!(world.strict(&own.access).await, 200);
    world.refreshed(&own.refresh).await;
}
