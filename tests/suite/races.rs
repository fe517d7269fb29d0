//! What holds when calls race, when the index lags and when clocks differ: revocation is final, and
//! nothing resurrects.

use futures_util::future::join_all;
use local::dynamodb::Embedded;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tests::world::faulty;
use tests::{Fault, HandClock, Lagging, World};

#[tokio::test]
async fn fifty_parallel_refreshes_of_one_token_get_one_successor() {
    let world = World::new().await;
    let session = world.open("u1").await;
    let replies = join_all((0..50).map(|_| world.refresh(&session.refresh))).await;
    let mut successors = BTreeSet::new();
    for reply in &replies {
        assert_eq!(reply.status, 200, "{}", reply.body);
        successors.insert(reply.header("st-refresh-token").unwrap());
        assert_eq!(world.strict(reply.header("st-access-token").unwrap()).await, 200);
    }
    assert_eq!(successors.len(), 1);
    world.refreshed(successors.first().unwrap()).await;
}

#[tokio::test]
async fn a_session_opened_while_its_user_is_revoked_is_dead_at_birth() {
    let (world, engine) = faulty().await;
    world.open("warm").await;
    // It has read the user's generations and has not written its row.
    let gate = engine.hold("PutItem");
    let (born_late, ()) = tokio::join!(world.open("u1"), async {
        gate.arrival().await;
        assert!(world.revoke("/revoke-user", &json!({"userId": "u1"})).await.is_empty());
        gate.open();
    });
    assert_eq!(world.strict(&born_late.access).await, 401);
    assert_eq!(world.refresh(&born_late.refresh).await.code(), "unauthorised");
    assert!(world.listed("u1").await.is_empty());
}

#[tokio::test]
async fn a_refresh_in_flight_brings_no_ended_session_back() {
    for (path, by_user) in [("/revoke-handle", false), ("/revoke-user", true)] {
        let (world, engine) = faulty().await;
        let session = world.open("u1").await;
        let body = if by_user {
            json!({"userId": "u1"})
        } else {
            json!({"sessionHandle": session.handle})
        };
        // It has judged the session live and has not rotated it.
        let gate = engine.hold("UpdateItem");
        let (reply, ()) = tokio::join!(world.refresh(&session.refresh), async {
            gate.arrival().await;
            assert_eq!(world.revoke(path, &body).await, [session.handle.as_str()]);
            gate.open();
        });
        assert_eq!((reply.status, reply.code().as_str()), (401, "unauthorised"), "{path}");
        assert_eq!(world.strict(&session.access).await, 401);
        assert!(world.listed("u1").await.is_empty());
    }
}

#[tokio::test]
async fn a_handle_is_reported_by_one_of_many_parallel_revocations() {
    let world = World::new().await;
    let session = world.open("u1").await;
    let (by_handle, by_user) = (json!({"sessionHandle": session.handle}), json!({"userId": "u1"}));
    let calls = (0..10).flat_map(|_| {
        [world.revoke("/revoke-handle", &by_handle), world.revoke("/revoke-user", &by_user)]
    });
    let reported: Vec<_> = join_all(calls.map(Box::pin)).await.into_iter().flatten().collect();
    assert_eq!(reported, [session.handle.as_str()]);
}

#[tokio::test]
async fn a_revocation_does_not_rest_on_the_index() {
    let engine = Arc::new(Lagging::new().unwrap());
    let world = World::with(|builder| builder.engine(engine.clone())).await;
    let old = world.open("u1").await;
    engine.hold();
    let unseen = world.open("u1").await;

    let revoked = world.revoke("/revoke-user", &json!({"userId": "u1"})).await;
    assert_eq!(revoked, [old.handle.as_str()], "the index does not show the other one yet");
    assert_eq!(world.strict(&unseen.access).await, 401, "and it is refused all the same");
    assert_eq!(world.refresh(&unseen.refresh).await.status, 401);

    let fresh = world.open("u1").await;
    assert!(world.listed("u1").await.is_empty(), "the index still shows the one that is gone");
    engine.release();
    assert_eq!(world.listed("u1").await, [fresh.handle.as_str()]);
    let revoked = world.revoke("/revoke-user", &json!({"userId": "u1"})).await;
    assert!(revoked.contains(&fresh.handle), "{revoked:?}");
    assert_eq!(world.strict(&fresh.access).await, 401);
}

#[tokio::test]
async fn the_sweep_spares_a_session_opened_after_the_revocation() {
    let (world, engine) = faulty().await;
    let old = world.open("u1").await;
    let gate = engine.hold("Query");
    let body = json!({"userId": "u1"});
    let (revoked, fresh) = tokio::join!(world.admin("/revoke-user", &body), async {
        gate.arrival().await;
        let fresh = world.open("u1").await;
        gate.open();
        fresh
    });
    assert_eq!(revoked.json()["sessionHandlesRevoked"], json!([old.handle]));
    assert_eq!(world.strict(&fresh.access).await, 200);
}

#[tokio::test]
async fn of_two_who_keep_their_own_session_the_later_one_wins() {
    let (world, engine) = faulty().await;
    let (one, two) = (world.open("u1").await, world.open("u1").await);
    let keep = |handle: &str| json!({"userId": "u1", "exceptSessionHandle": handle});
    // The first has seen both sessions alive when the second goes ahead and ends it.
    let gate = engine.hold("TransactWriteItems");
    let (keep_one, keep_two) = (keep(&one.handle), keep(&two.handle));
    let (first, second) = tokio::join!(world.admin("/revoke-user", &keep_one), async {
        gate.arrival().await;
        let second = world.admin("/revoke-user", &keep_two).await;
        gate.open();
        second
    });
    assert_eq!(second.status, 200);
    assert_eq!((first.status, first.code().as_str()), (409, "kept-session-not-found"));
    assert_eq!(world.strict(&one.access).await, 401, "nothing resurrects");
    assert_eq!(world.strict(&two.access).await, 200);
}

#[tokio::test]
async fn who_revokes_all_is_not_outdone_by_who_keeps_one() {
    let (world, engine) = faulty().await;
    let millis = Duration::from_millis;
    world.pass(millis(10));
    world.revoke("/revoke-user", &json!({"userId": "u1"})).await;
    let kept = world.open("u1").await;
    // The clock is behind, so the first write is refused. Before the second, another keeps one.
    world.clock.set(world.clock.now().minus(millis(5)));
    let gate = Arc::new(tests::faults::Gate::default());
    engine.fail_after("UpdateItem", 1, 1, Fault::Held(gate.clone()));
    let (all, but_one) =
        (json!({"userId": "u1"}), json!({"userId": "u1", "exceptSessionHandle": kept.handle}));
    let (revoked, ()) = tokio::join!(world.admin("/revoke-user", &all), async {
        gate.arrival().await;
        world.revoke("/revoke-user", &but_one).await;
        gate.open();
    });
    assert_eq!(revoked.json()["sessionHandlesRevoked"], json!([kept.handle]));
    assert_eq!(world.strict(&kept.access).await, 401);
}

#[tokio::test(start_paused = true)]
async fn a_torn_read_does_not_refuse_the_session_that_is_kept() {
    let (world, engine) = faulty().await;
    let (kept, other) = (world.open("u1").await, world.open("u1").await);
    assert_eq!(world.strict(&kept.access).await, 200);
    // The check reads the session as it was, and the user as it is after.
    engine.fail("BatchGetItem", 1, Fault::Unprocessed(1));
    let gate = engine.hold("BatchGetItem");
    let keep = json!({"userId": "u1", "exceptSessionHandle": kept.handle});
    let (status, ()) = tokio::join!(world.strict(&kept.access), async {
        gate.arrival().await;
        assert_eq!(world.revoke("/revoke-user", &keep).await, [other.handle.as_str()]);
        gate.open();
    });
    assert_eq!(status, 200);
    // Likewise for a refresh, which reads the one after the other; here it is torn twice.
    let held = |operation, skip| {
        let gate = Arc::new(tests::faults::Gate::default());
        engine.fail_after(operation, skip, 1, Fault::Held(gate.clone()));
        gate
    };
    let first = held("GetItem", 1);
    let (reply, ()) = tokio::join!(world.refresh(&kept.refresh), async {
        first.arrival().await;
        world.revoke("/revoke-user", &keep).await;
        let second = held("GetItem", 1);
        first.open();
        second.arrival().await;
        world.revoke("/revoke-user", &keep).await;
        second.open();
    });
    assert_eq!(reply.status, 200);
    // And for another that keeps the same session, in its second round: a round reads the session,
    // and then its generations.
    engine.fail("TransactWriteItems", 1, Fault::Conflict);
    let gate = held("BatchGetItem", 3);
    let (reply, ()) = tokio::join!(world.admin("/revoke-user", &keep), async {
        gate.arrival().await;
        world.revoke("/revoke-user", &keep).await;
        gate.open();
    });
    assert_eq!(reply.status, 200, "{}", reply.body);
}

#[tokio::test]
async fn a_refresh_too_slow_for_its_sessions_life_does_not_prolong_it() {
    let (world, engine) = faulty().await;
    let session = world.open("u1").await;
    world.pass(Duration::from_secs(144_000 * 60 - 1));
    let gate = engine.hold("UpdateItem");
    let (reply, ()) = tokio::join!(world.refresh(&session.refresh), async {
        gate.arrival().await;
        world.pass(Duration::from_secs(2));
        assert!(world.listed("u1").await.is_empty());
        gate.open();
    });
    assert_eq!((reply.status, reply.code().as_str()), (401, "unauthorised"));
    assert!(world.listed("u1").await.is_empty());
}

#[tokio::test]
async fn many_who_keep_the_same_session_all_keep_it() {
    let world = World::new().await;
    let (kept, other) = (world.open("u1").await, world.open("u1").await);
    let keep = json!({"userId": "u1", "exceptSessionHandle": kept.handle});
    let calls = (0..6).map(|_| world.revoke("/revoke-user", &keep));
    let reported: Vec<_> = join_all(calls).await.into_iter().flatten().collect();
    assert_eq!(reported, [other.handle.as_str()]);
    assert_eq!(world.strict(&kept.access).await, 200);
}

#[tokio::test]
async fn clocks_that_differ_by_minutes_bring_nothing_back() {
    let engine = Arc::new(Embedded::memory().unwrap());
    let (ahead, behind) = (HandClock::new(), HandClock::new());
    ahead.pass(Duration::from_mins(5));
    let start = async |clock: &HandClock| {
        World::with_clock(clock.clone(), |builder| builder.engine(engine.clone())).await
    };
    let (fast, slow) = (start(&ahead).await, start(&behind).await);
    let session = slow.open("u1").await;
    fast.revoke("/revoke-user", &json!({"userId": "u1"})).await;
    assert_eq!(slow.strict(&session.access).await, 401);
    let second = slow.open("u1").await;
    assert_eq!(slow.strict(&second.access).await, 200, "a login after a revocation lives");
    // The revoker's clock is behind the last raise: its generation is greater all the same.
    slow.revoke("/revoke-user", &json!({"userId": "u1"})).await;
    assert_eq!(slow.strict(&second.access).await, 401);
    assert_eq!(fast.refresh(&second.refresh).await.status, 401);
}
