//! What a newcomer does with the bundle, step by step, as `docs/guide/get-started.md` shows it.

use local::dynamodb::{Embedded, client};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tests::{HandClock, World};

#[tokio::test]
async fn a_revoked_session_is_refused_on_its_very_next_request() {
    let world = World::new().await;
    let session = world.open("u1").await;
    assert_eq!(world.strict(&session.access).await, 200);
    assert_eq!(world.fast(&session.access).await, 200);

    let revoked = world.revoke("/revoke-handle", &json!({"sessionHandle": session.handle})).await;
    assert_eq!(revoked, [session.handle.as_str()]);

    let reply = world.get("/whoami").bearer(&session.access).send().await;
    assert_eq!((reply.status, reply.code().as_str()), (401, "Unauthorized"));
    assert_eq!(reply.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
    assert_eq!(world.fast(&session.access).await, 200, "the fast path does not ask the table");

    let reply = world.refresh(&session.refresh).await;
    assert_eq!((reply.status, reply.code().as_str()), (401, "unauthorised"));
    assert!(reply.clears_cookies() && reply.clears_headers());

    world.pass(Duration::from_hours(1));
    assert_eq!(world.fast(&session.access).await, 401, "at the latest when the token expires");
}

#[tokio::test]
async fn a_user_is_revoked_in_one_tenant_in_all_or_but_for_one_session() {
    let world = World::new().await;
    let acme = world.open_in("u1", "acme").await;
    let globex = world.open_in("u1", "globex").await;
    let other_user = world.open_in("u2", "acme").await;

    let body = json!({"userId": "u1", "tenantId": "acme"});
    assert_eq!(world.revoke("/revoke-user", &body).await, [acme.handle.as_str()]);
    assert_eq!(world.strict(&acme.access).await, 401);
    assert_eq!(world.strict(&globex.access).await, 200);
    assert_eq!(world.strict(&other_user.access).await, 200);

    let kept = world.open("u1").await;
    let body = json!({"userId": "u1", "exceptSessionHandle": kept.handle});
    assert_eq!(world.revoke("/revoke-user", &body).await, [globex.handle.as_str()]);
    assert_eq!(world.strict(&globex.access).await, 401);
    assert_eq!(world.strict(&kept.access).await, 200);

    let body = json!({"userId": "u1"});
    assert_eq!(world.revoke("/revoke-user", &body).await, [kept.handle.as_str()]);
    assert_eq!(world.strict(&kept.access).await, 401);
    assert_eq!(world.strict(&other_user.access).await, 200);
}

#[tokio::test]
async fn logout_clears_the_client_and_may_be_repeated() {
    let world = World::new().await;
    let session = world.open_with(&json!({"userId": "u1", "transfer": "cookie"})).await;
    for path in ["/auth/signout", "/logout"] {
        let reply = world.post(path).cookie("sAccessToken", &session.access).send().await;
        assert_eq!((reply.status, reply.body.as_str()), (200, r#"{"status":"OK"}"#));
        assert!(reply.clears_cookies());
        assert_eq!(reply.header("st-access-token"), None, "only its own way of transfer");
    }
    assert_eq!(
        world.get("/whoami").cookie("sAccessToken", &session.access).send().await.status,
        401
    );
}

#[tokio::test]
async fn a_refresh_token_used_after_its_successor_is_theft() {
    let world = World::new().await;
    let session = world.open("u1").await;
    let (access, refresh) = world.refreshed(&session.refresh).await;
    assert_eq!(world.strict(&access).await, 200);

    world.pass(Duration::from_secs(31));
    let reply = world.refresh(&session.refresh).await;
    assert_eq!((reply.status, reply.body.as_str()), (401, r#"{"message":"token theft detected"}"#));
    assert!(reply.clears_cookies() && reply.clears_headers());

    assert_eq!(world.strict(&access).await, 401, "the session has ended");
    let reply = world.refresh(&refresh).await;
    assert_eq!((reply.status, reply.code().as_str()), (401, "unauthorised"));
}

#[tokio::test]
async fn sessions_survive_a_restart_when_the_table_is_kept_in_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("sever.db");
    let clock = HandClock::new();
    let start = async || {
        let engine = Arc::new(Embedded::file(&file).unwrap());
        World::with_clock(clock.clone(), |builder| builder.dynamodb(client(engine))).await
    };
    let session = {
        let world = start().await;
        world.open("u1").await
    };
    let world = start().await;
    assert_eq!(world.strict(&session.access).await, 200);
    assert_eq!(world.listed("u1").await, [session.handle.as_str()]);
    let (access, _) = world.refreshed(&session.refresh).await;
    assert_eq!(world.strict(&access).await, 200);
}
