//! Who gives way when several write the same items: a revocation by an operator goes on for some 10 s, one
//! by a user gives up early, so that no user keeps an operator from ending sessions.

use futures_util::future::join_all;
use serde_json::json;
use std::cell::{Cell, RefCell};
use std::time::Duration;
use tests::request::Call;
use tests::world::faulty;
use tests::{Fault, World};
use tokio::sync::Notify;
use tokio::time::Instant;

/// Everything that ends sessions and is tried for long.
fn patient<'a>(world: &'a World, handle: &str, access: &str) -> [Call<'a>; 5] {
    [
        world.post("/revoke-user").json(&json!({"userId": "u1"})).signed(),
        world.post("/revoke-handle").json(&json!({"sessionHandle": handle})).signed(),
        world.post("/logout").bearer(access),
        world.post("/core/recipe/session/remove").json(&json!({"userId": "u1"})),
        world.post("/core/recipe/session/remove").json(&json!({"sessionHandles": [handle]})),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_revocation_outlasts_conflicts_throttling_and_a_table_that_is_away() {
    for fault in [Fault::ItemConflict, Fault::Throttled, Fault::Unreachable] {
        for which in 0..5 {
            let (world, engine) = faulty().await;
            let session = world.open("u1").await;
            for operation in ["UpdateItem", "DeleteItem"] {
                engine.fail(operation, 12, fault.clone());
            }
            let call = patient(&world, &session.handle, &session.access).into_iter().nth(which);
            let reply = call.unwrap().send().await;
            assert_eq!(reply.status, 200, "{which}: {}", reply.body);
            engine.heal();
            assert_eq!(world.strict(&session.access).await, 401, "{which}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_revocation_that_cannot_be_written_says_so_after_some_ten_seconds() {
    for which in 0..5 {
        let (world, engine) = faulty().await;
        let session = world.open("u1").await;
        for operation in ["UpdateItem", "DeleteItem"] {
            engine.fail(operation, usize::MAX, Fault::ItemConflict);
        }
        let started = Instant::now();
        let call = patient(&world, &session.handle, &session.access).into_iter().nth(which);
        let reply = call.unwrap().send().await;
        assert_eq!(reply.status, 503, "{which}: {}", reply.body);
        let took = started.elapsed();
        // 21 pauses drawn at random: 8 s on average, less than 3 s once in a million runs.
        assert!((3..=12).contains(&took.as_secs()), "{which}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_earlier_failure_leaves_a_revocation_all_its_time() {
    let (world, engine) = faulty().await;
    let session = world.open("u1").await;
    let body = json!({"userId": "u1"});
    engine.fail("UpdateItem", usize::MAX, Fault::Throttled);
    for _ in 0..10 {
        assert_eq!(world.admin("/revoke-user", &body).await.status, 503);
    }
    engine.heal();
    engine.fail("UpdateItem", 12, Fault::Throttled);
    assert_eq!(world.admin("/revoke-user", &body).await.status, 200);
    assert_eq!(world.strict(&session.access).await, 401);
}

#[tokio::test(start_paused = true)]
async fn an_operator_who_keeps_one_session_goes_on_and_a_user_who_does_gives_up() {
    let (world, engine) = faulty().await;
    let (kept, other) = (world.open("u1").await, world.open("u1").await);
    let others = || {
        let call = world.post("/auth/sessions/revoke").bearer(&kept.access);
        call.json(&json!({"scope": "others"}))
    };
    engine.fail("TransactWriteItems", 3, Fault::Conflict);
    assert_eq!(others().send().await.status, 200, "three conflicts are no reason to give up");
    assert_eq!(world.strict(&other.access).await, 401);

    engine.fail("TransactWriteItems", usize::MAX, Fault::Conflict);
    engine.take_calls();
    let started = Instant::now();
    let reply = others().send().await;
    assert_eq!((reply.status, reply.code().as_str()), (503, "table-unavailable"));
    assert_eq!(reply.header("retry-after"), Some("1"));
    assert!(started.elapsed() < Duration::from_millis(400), "{:?}", started.elapsed());
    let tries =
        engine.take_operations().iter().filter(|name| *name == "TransactWriteItems").count();
    assert_eq!(tries, 4);
    assert_eq!(world.strict(&kept.access).await, 200, "nothing was revoked");
    engine.heal();

    engine.fail("TransactWriteItems", 8, Fault::Conflict);
    let body = json!({"userId": "u1", "exceptSessionHandle": kept.handle});
    assert_eq!(world.admin("/revoke-user", &body).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_user_who_revokes_in_a_loop_does_not_keep_an_operator_from_it() {
    let (world, engine) = faulty().await;
    let session = world.open("u1").await;
    let millis = Duration::from_millis;
    engine.fail("TransactWriteItems", usize::MAX, Fault::UnderWay(millis(20)));
    engine.fail("*", usize::MAX, Fault::Late(millis(4)));
    let statuses = RefCell::new(Vec::new());
    let (contended, done) = (Notify::new(), Cell::new(false));
    let in_a_loop = async || {
        while !done.get() {
            let call = world.post("/auth/sessions/revoke").bearer(&session.access);
            let status = call.json(&json!({"scope": "others"})).send().await.status;
            statuses.borrow_mut().push(status);
            // They stand in each other's way, and now and then one of them succeeds.
            if [200, 503].iter().all(|status| statuses.borrow().contains(status)) {
                contended.notify_one();
            }
        }
    };
    let operator = async {
        contended.notified().await;
        let started = Instant::now();
        let reply = world.admin("/revoke-user", &json!({"userId": "u1"})).await;
        done.set(true);
        (reply, started.elapsed())
    };
    let (_, (reply, took)) = tokio::join!(join_all((0..4).map(|_| in_a_loop())), operator);
    let statuses = statuses.into_inner();
    assert_eq!(reply.status, 200, "{} {statuses:?}", reply.body);
    assert!(took < Duration::from_secs(10), "{took:?}");
    for status in [200, 503] {
        assert!(statuses.contains(&status), "they did not contend: {statuses:?}");
    }
    assert_eq!(world.strict(&session.access).await, 401);
}
