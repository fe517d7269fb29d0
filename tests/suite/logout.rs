//! `logout`: always leaves, never half (PROTOCOL 1.10).

use serde_json::json;
use std::time::Duration;
use tests::World;

#[tokio::test]
async fn a_client_that_keeps_its_tokens_itself_is_cleared_in_its_own_way() {
    let world = World::new().await;
    let session = world.open("u1").await;
    let reply = world.post("/auth/signout").bearer(&session.access).send().await;
    assert_eq!((reply.status, reply.body.as_str()), (200, r#"{"status":"OK"}"#));
    assert!(reply.clears_headers());
    assert!(reply.cookies().is_empty());
    assert_eq!(world.strict(&session.access).await, 401);
    assert_eq!(world.refresh(&session.refresh).await.status, 401);
}

#[tokio::test]
async fn without_a_token_there_is_nobody_to_log_out() {
    let world = World::new().await;
    for call in [
        world.post("/logout"),
        world.post("/logout").bearer("garbage"),
        world.post("/logout").cookie("sAccessToken", "a.b.c"),
        world.post("/logout").header("authorization", "Bearer"),
    ] {
        let reply = call.send().await;
        assert_eq!((reply.status, reply.body.as_str()), (401, r#"{"message":"unauthorised"}"#));
        assert!(reply.cookies().is_empty(), "the refresh cookie must survive for a refresh");
        assert_eq!(reply.header("front-token"), None);
    }
}

#[tokio::test]
async fn an_expired_token_asks_for_a_refresh_and_ends_nothing() {
    let world = World::new().await;
    let session = world.open_with(&json!({"userId": "u1", "transfer": "cookie"})).await;
    world.pass(Duration::from_hours(1));
    let reply = world.post("/logout").cookie("sAccessToken", &session.access).send().await;
    assert_eq!((reply.status, reply.body.as_str()), (401, r#"{"message":"try refresh token"}"#));
    assert!(reply.cookies().is_empty());
    assert_eq!(world.listed("u1").await, [session.handle.as_str()]);

    let (access, _) = world.refreshed(&session.refresh).await;
    assert_eq!(world.post("/logout").bearer(&access).send().await.status, 200);
    assert!(world.listed("u1").await.is_empty());
}

#[tokio::test]
async fn a_session_that_is_already_over_logs_out_all_the_same() {
    let world = World::new().await;
    let session = world.open("u1").await;
    world.revoke("/revoke-user", &json!({"userId": "u1"})).await;
    let reply = world.post("/logout").bearer(&session.access).send().await;
    assert_eq!(reply.status, 200);
    assert!(reply.clears_headers());
}

#[tokio::test]
async fn the_header_wins_over_the_cookie_and_two_cookies_are_no_proof() {
    let world = World::new().await;
    let (mine, other) = (world.open("u1").await, world.open("u2").await);
    let reply = world
        .post("/logout")
        .bearer(&mine.access)
        .cookie("sAccessToken", &other.access)
        .send()
        .await;
    assert_eq!(reply.status, 200);
    assert_eq!(world.strict(&mine.access).await, 401);
    assert_eq!(world.strict(&other.access).await, 200);
    let both = format!("sAccessToken={}; sAccessToken={}", mine.access, other.access);
    let reply = world.post("/logout").header("cookie", &both).send().await;
    assert_eq!((reply.status, reply.code().as_str()), (401, "try refresh token"));
    assert_eq!(world.strict(&other.access).await, 200);
}

#[tokio::test]
async fn a_forged_request_with_cookies_logs_nobody_out() {
    let world = World::with_parameter("AntiCsrf", "VIA_CUSTOM_HEADER").await;
    let session = world.open_with(&json!({"userId": "u1", "transfer": "cookie"})).await;
    let call = || world.post("/auth/signout").cookie("sAccessToken", &session.access);
    let reply = call().send().await;
    assert_eq!((reply.status, reply.code().as_str()), (401, "try refresh token"));
    assert_eq!(world.listed("u1").await.len(), 1);
    assert_eq!(call().header("rid", "session").send().await.status, 200);
}

#[tokio::test]
async fn only_post_logs_out() {
    let world = World::new().await;
    let session = world.open("u1").await;
    for path in ["/auth/signout", "/logout"] {
        let reply = world.get(path).bearer(&session.access).send().await;
        assert_eq!((reply.status, reply.header("allow")), (405, Some("POST")), "{path}");
    }
    assert_eq!(world.strict(&session.access).await, 200);
}
