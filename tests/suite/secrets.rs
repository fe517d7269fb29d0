//! No token, cookie or key is ever shown. Every test of this suite searches the logs for the tokens
//! it has seen, and every answer for those it presented; here it is shown that such a search finds
//! something when there is something to find, and that the paths on which a leak would be likeliest
//! are walked.

use serde_json::json;
use tests::world::faulty;
use tests::{Fault, World, logs};

#[tokio::test]
async fn the_search_finds_what_is_logged() {
    logs::listen();
    let planted = format!("planted-{}", std::process::id());
    assert!(!logs::contain(&planted));
    tracing::info!(target: "shared", "a line with {planted} in it");
    assert!(logs::contain(&planted));
}

#[tokio::test]
async fn theft_is_logged_with_the_user_and_without_handle_or_token() {
    let world = World::new().await;
    let user = format!("robbed-{}", std::process::id());
    let session = world.open(&user).await;
    let (_, second) = world.refreshed(&session.refresh).await;
    world.refreshed(&second).await;
    assert_eq!(world.refresh(&session.refresh).await.code(), "token theft detected");
    assert!(logs::contain("token theft detected") && logs::contain(&user));
    assert!(!logs::contain(&session.handle), "a handle is logged only by its fingerprint");
    let handle = shared::ids::SessionHandle::parse(&session.handle).unwrap();
    assert!(logs::contain(&handle.fingerprint()));
}

#[tokio::test(start_paused = true)]
async fn failures_are_logged_once_with_their_reason_and_shown_to_nobody() {
    let (world, engine) = faulty().await;
    let session = world.open("u1").await;
    engine.fail("*", usize::MAX, Fault::Unreachable);
    for reply in [
        world.refresh(&session.refresh).await,
        world.post("/logout").bearer(&session.access).send().await,
        world.get("/whoami").bearer(&session.access).send().await,
        world.admin("/revoke-handle", &json!({"sessionHandle": session.handle})).await,
    ] {
        assert!(reply.status >= 500);
        for hidden in ["connection", "DynamoDB", "BatchGetItem", &session.handle] {
            assert!(!reply.body.contains(hidden), "{}", reply.body);
        }
    }
    assert!(logs::contain("the session table did not answer: checking a session"));
    assert!(logs::contain("connection refused"), "the operator learns why");
}

#[tokio::test]
async fn bad_input_is_not_repeated() {
    let world = World::new().await;
    let hush = "hush-hush-hush-hush-hush-hush-hush-hush";
    for body in [
        json!({"userId": [hush]}),
        json!({"userId": "u", "transfer": hush}),
        json!({"userId": "u", "tenantId": hush.to_uppercase()}),
        json!({"userId": "u", "accessTokenPayload": {"sub": hush}}),
        json!({"userId": format!("{hush}\u{0}")}),
    ] {
        let reply = world.admin("/create-session", &body).await;
        assert_eq!(reply.status, 400);
        assert!(!reply.body.to_lowercase().contains("hush"), "{}", reply.body);
        let error =
            world.bundle.invoke("create-session:direct", &body.to_string()).await.unwrap_err();
        assert!(!error.error_message.to_lowercase().contains("hush"), "{}", error.error_message);
    }
    for call in [
        world.post("/logout").bearer(hush),
        world.post("/auth/session/refresh").bearer(hush),
        world.get("/whoami").bearer(hush),
        world.post("/revoke-user").text(hush).signed(),
    ] {
        let reply = call.send().await;
        assert!(!reply.body.contains("hush"), "{}", reply.body);
    }
    assert!(!logs::contain("hush-hush"));
}
