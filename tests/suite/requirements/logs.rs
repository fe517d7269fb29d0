//! Handles in logs. Every test of this suite searches what was logged for the tokens it has seen;
//! a handle is no secret, and is left out all the same.

use serde_json::json;
use std::time::Duration;
use tests::{Fault, logs, world::faulty};

#[tokio::test(start_paused = true)]
async fn no_handle_of_a_whole_life_is_logged() {
    let (world, engine) = faulty().await;
    let user = format!("life-{}", std::process::id());
    let (one, two) = (world.open(&user).await, world.open_in(&user, "acme").await);
    let (robbed, ended) = (world.open(&user).await, world.open(&user).await);
    let handles = [&one, &two, &robbed, &ended].map(|session| session.handle.clone());
    for session in [&one, &two] {
        assert_eq!(world.strict(&session.access).await, 200);
        world.refreshed(&session.refresh).await;
    }
    // Theft, a forged token, a table that fails, a revocation that is only half done.
    world.refreshed(&robbed.refresh).await;
    world.pass(Duration::from_secs(31));
    assert_eq!(world.refresh(&robbed.refresh).await.code(), "token theft detected");
    let (prefix, _) = one.refresh.rsplit_once('.').unwrap();
    let invented = format!("{prefix}.{}", "A".repeat(64));
    assert_eq!(world.refresh(&invented).await.status, 401);
    let revoke = json!({"sessionHandles": [two.handle, ended.handle]});
    engine.fail_after("DeleteItem", 1, usize::MAX, Fault::Unreachable);
    assert_eq!(world.admin("/revoke-handle", &revoke).await.status, 503);
    engine.fail("*", usize::MAX, Fault::Throttled);
    assert_eq!(world.strict(&one.access).await, 500);
    assert_eq!(world.refresh(&one.refresh).await.status, 503);
    assert_eq!(world.post("/logout").bearer(&one.access).send().await.status, 503);
    engine.heal();
    world.revoke("/revoke-handle", &revoke).await;
    world.revoke("/revoke-user", &json!({"userId": user})).await;
    for session in [&one, &two, &robbed, &ended] {
        assert_eq!(world.strict(&session.access).await, 401);
        assert_eq!(world.refresh(&session.refresh).await.status, 401);
        let reply = world.post("/logout").bearer(&session.access).send().await;
        assert_eq!(reply.status, 200);
    }
    for handle in &handles {
        assert!(!logs::contain(handle), "a handle is logged");
    }
    let fingerprint = shared::ids::SessionHandle::parse(&robbed.handle).unwrap().fingerprint();
    assert!(logs::contain(&fingerprint), "what is logged in its place");
    assert!(robbed.handle.len() > fingerprint.len());
}
