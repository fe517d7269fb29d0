//! What holds when the table fails, loses answers or holds what we did not write: a retry is
//! harmless, and unknown means no.

use local::dynamodb::Embedded;
use serde_json::json;
use shared::time::Clock;
use std::sync::Arc;
use std::time::Duration;
use tests::request::Call;
use tests::world::faulty;
use tests::{Fault, Faulty, HandClock, Opened, World};

/// One call of each function that reads or writes sessions.
fn calls_of_the_table<'a>(world: &'a World, session: &Opened) -> [Call<'a>; 6] {
    [
        world.post("/auth/session/refresh").bearer(&session.refresh),
        world.post("/logout").bearer(&session.access),
        world.post("/revoke-handle").json(&json!({"sessionHandle": session.handle})).signed(),
        world.post("/revoke-user").json(&json!({"userId": "u1"})).signed(),
        world.get("/list-sessions?userId=u1").signed(),
        world.post("/create-session").json(&json!({"userId": "u1"})).signed(),
    ]
}

#[tokio::test(start_paused = true)]
async fn an_own_exchange_that_was_overtaken_is_no_theft() {
    let (world, engine) = faulty().await;
    let session = world.open("u1").await;
    // Written, and the answer lost. Before it is tried again, another tab goes two tokens further.
    engine.fail("UpdateItem", 1, Fault::AnswerLost);
    let gate = engine.hold("UpdateItem");
    let (reply, access) = tokio::join!(world.refresh(&session.refresh), async {
        gate.arrival().await;
        let (_, second) = world.refreshed(&session.refresh).await;
        let (access, _) = world.refreshed(&second).await;
        gate.open();
        access
    });
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(world.strict(&access).await, 200);
}

#[tokio::test(start_paused = true)]
async fn when_the_table_cannot_be_reached_nobody_passes_and_nothing_is_claimed() {
    for fault in [Fault::Unreachable, Fault::Throttled] {
        let (world, engine) = faulty().await;
        let session = world.open("u1").await;
        assert_eq!(
            (world.strict(&session.access).await, world.fast(&session.access).await),
            (200, 200)
        );
        engine.fail("*", usize::MAX, fault);
        let reply = world.get("/whoami").bearer(&session.access).send().await;
        assert_eq!(reply.status, 500, "the authorizer failed: not a refusal, and not a pass");
        assert_eq!(world.fast(&session.access).await, 200, "the keys are known");
        let keys = world.get("/auth/jwt/jwks.json");
        for call in calls_of_the_table(&world, &session).into_iter().chain([keys]) {
            let reply = call.send().await;
            assert_eq!((reply.status, reply.code().as_str()), (503, "table-unavailable"));
            assert_eq!(reply.header("retry-after"), Some("1"));
            assert!(reply.cookies().is_empty(), "the client keeps what it needs to try again");
        }
        engine.heal();
        assert_eq!(world.strict(&session.access).await, 200);
        world.refreshed(&session.refresh).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_table_would_refuse_again_is_no_reason_to_try_again() {
    for kind in ["ValidationException", "AccessDeniedException", "ResourceNotFoundException"] {
        let (world, engine) = faulty().await;
        let session = world.open("u1").await;
        engine.fail("*", usize::MAX, Fault::Refused(kind));
        assert_eq!(world.strict(&session.access).await, 500, "unknown means no");
        for call in calls_of_the_table(&world, &session) {
            let reply = call.send().await;
            assert_eq!((reply.status, reply.code().as_str()), (500, "internal-error"), "{kind}");
            assert_eq!(reply.header("retry-after"), None, "{kind}");
        }
        engine.heal();
        assert_eq!(world.strict(&session.access).await, 200);
    }
}

#[tokio::test(start_paused = true)]
async fn keys_that_a_throttled_batch_leaves_out_are_asked_for_again_and_never_taken_for_absent() {
    let (world, engine) = faulty().await;
    let session = world.open("u1").await;
    for served in 0..2 {
        engine.fail("BatchGetItem", 3, Fault::Unprocessed(served));
        assert_eq!(world.strict(&session.access).await, 200, "{served} of 2 served, thrice");
        engine.heal();
    }
    engine.fail("BatchGetItem", usize::MAX, Fault::Unprocessed(0));
    assert_eq!(world.strict(&session.access).await, 500, "unknown means no");
    engine.heal();
    world.revoke("/revoke-user", &json!({"userId": "u1"})).await;
    engine.fail("BatchGetItem", 3, Fault::Unprocessed(1));
    assert_eq!(world.strict(&session.access).await, 401);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_made_good_by_the_retry_without_a_second_effect() {
    let (world, engine) = faulty().await;
    world.open("warm").await;

    engine.fail("PutItem", 1, Fault::AnswerLost);
    let session = world.open("u1").await;
    assert!(world.listed("u1").await.contains(&session.handle));
    assert_eq!(world.strict(&session.access).await, 200);

    engine.fail("UpdateItem", 1, Fault::AnswerLost);
    let (access, refresh) = world.refreshed(&session.refresh).await;
    assert_eq!(world.strict(&access).await, 200);
    world.refreshed(&refresh).await;

    engine.fail("UpdateItem", 1, Fault::AnswerLost);
    let revoked = world.revoke("/revoke-user", &json!({"userId": "u1"})).await;
    assert!(revoked.contains(&session.handle));
    assert_eq!(world.strict(&access).await, 401);

    let session = world.open("u1").await;
    engine.fail("DeleteItem", 1, Fault::AnswerLost);
    let revoked = world.revoke("/revoke-handle", &json!({"sessionHandle": session.handle})).await;
    assert!(revoked.is_empty(), "nobody can say any more who removed it");
    assert_eq!(world.strict(&session.access).await, 401, "but it is gone");

    let kept = world.open("u1").await;
    engine.fail("TransactWriteItems", 1, Fault::AnswerLost);
    world
        .revoke("/revoke-user", &json!({"userId": "u1", "exceptSessionHandle": kept.handle}))
        .await;
    assert_eq!(world.strict(&kept.access).await, 200);
}

#[tokio::test(start_paused = true)]
async fn a_session_is_never_written_twice_under_one_handle() {
    let (world, engine) = faulty().await;
    world.open("warm").await;
    // The row is written, its answer lost; before anything is tried again, it is seen and revoked.
    engine.fail("PutItem", 1, Fault::AnswerLost);
    let gate = engine.hold("PutItem");
    let (opened, revoked) = tokio::join!(world.open("u1"), async {
        gate.arrival().await;
        let listed = world.listed("u1").await;
        let body = json!({"sessionHandle": listed[0]});
        assert_eq!(world.revoke("/revoke-handle", &body).await, listed);
        gate.open();
        listed[0].clone()
    });
    assert_ne!(opened.handle, revoked, "what was revoked does not come back");
    assert_eq!(world.strict(&opened.access).await, 200);
    assert_eq!(world.listed("u1").await, [opened.handle.as_str()]);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_cannot_sign_spends_no_token() {
    let engine = Arc::new(Faulty::new(Embedded::memory().unwrap()));
    let clock = HandClock::new();
    let start =
        async || World::with_clock(clock.clone(), |builder| builder.engine(engine.clone())).await;
    let session = start().await.open("u1").await;
    // A cold sandbox reads session and generations, and not the signing keys.
    let cold = start().await;
    engine.fail_after("GetItem", 2, usize::MAX, Fault::Unreachable);
    assert_eq!(cold.refresh(&session.refresh).await.status, 503);
    engine.heal();
    clock.pass(Duration::from_secs(31));
    cold.refreshed(&session.refresh).await;
}

#[tokio::test(start_paused = true)]
async fn revoking_many_handles_ends_in_time_and_says_how_far_it_came() {
    let engine = Arc::new(Faulty::new(Embedded::memory().unwrap()));
    let (hand, started) = (HandClock::new(), tokio::time::Instant::now());
    let base = hand.now();
    let ticking = Clock::from_fn(move || base.plus(started.elapsed()));
    let world =
        World::with_clock(hand, |builder| builder.engine(engine.clone()).clock(ticking)).await;
    let session = world.open("u1").await;
    let mut handles = vec![session.handle.clone()];
    handles.extend((1..500).map(|i| format!("unknown-{i}")));
    engine.fail_after("DeleteItem", 1, usize::MAX, Fault::Held(Arc::default()));
    let reply = world.admin("/revoke-handle", &json!({"sessionHandles": handles})).await;
    assert_eq!((reply.status, reply.code().as_str()), (503, "table-unavailable"));
    assert_eq!(reply.json()["sessionHandlesRevoked"], json!([session.handle]));
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_write_that_meets_a_transaction_is_tried_again() {
    let (world, engine) = faulty().await;
    let session = world.open("u1").await;
    engine.fail("UpdateItem", 2, Fault::ItemConflict);
    let (access, _) = world.refreshed(&session.refresh).await;
    engine.fail("DeleteItem", 2, Fault::ItemConflict);
    let revoked = world.revoke("/revoke-handle", &json!({"sessionHandle": session.handle})).await;
    assert_eq!(revoked, [session.handle.as_str()]);
    assert_eq!(world.strict(&access).await, 401);
    let kept = world.open("u1").await;
    engine.fail("TransactWriteItems", 2, Fault::Conflict);
    let keep = json!({"userId": "u1", "exceptSessionHandle": kept.handle});
    world.revoke("/revoke-user", &keep).await;
    assert_eq!(world.strict(&kept.access).await, 200);
}

#[tokio::test(start_paused = true)]
async fn what_could_be_revoked_is_said_even_when_the_rest_could_not() {
    let (world, engine) = faulty().await;
    let (one, two, three) = (world.open("a").await, world.open("b").await, world.open("c").await);
    engine.fail_after("DeleteItem", 1, usize::MAX, Fault::Unreachable);
    let asked = json!({"sessionHandles": [one.handle, two.handle, three.handle]});
    let reply = world.admin("/revoke-handle", &asked).await;
    assert_eq!((reply.status, reply.code().as_str()), (503, "table-unavailable"));
    let revoked = reply.json()["sessionHandlesRevoked"].as_array().unwrap().len();
    let mut refused = 0;
    for session in [&one, &two, &three] {
        refused += usize::from(world.strict(&session.access).await == 401);
    }
    assert_eq!((revoked, refused), (1, 1));
    engine.heal();
    assert_eq!(world.admin("/revoke-handle", &asked).await.status, 200);
    for session in [&one, &two, &three] {
        assert_eq!(world.strict(&session.access).await, 401);
    }
}

#[tokio::test(start_paused = true)]
async fn a_revocation_holds_even_when_its_sweep_fails() {
    let (world, engine) = faulty().await;
    let (one, two) = (world.open("u1").await, world.open("u1").await);
    for operation in ["Query", "DeleteItem"] {
        engine.fail(operation, usize::MAX, Fault::Throttled);
        let reply = world.admin("/revoke-user", &json!({"userId": "u1"})).await;
        assert_eq!(reply.status, 200);
        assert_eq!(
            reply.json(),
            json!({"status": "OK", "sessionHandlesRevoked": [], "sweepComplete": false})
        );
        engine.heal();
        for session in [&one, &two] {
            assert_eq!(world.strict(&session.access).await, 401);
            assert_eq!(world.refresh(&session.refresh).await.status, 401);
        }
        assert!(world.listed("u1").await.is_empty());
    }
    let swept = world.revoke("/revoke-user", &json!({"userId": "u1"})).await;
    assert_eq!(swept.len(), 2, "a later sweep finds the rows");
}

#[tokio::test]
async fn a_row_that_we_did_not_write_like_this_is_no_pass() {
    use aws_sdk_dynamodb::types::AttributeValue;
    for attribute in ["expiresAt", "userGeneration", "refreshDigest", "userId", "tenantId"] {
        let world = World::new().await;
        let session = world.open("u1").await;
        let pk = AttributeValue::S(format!("session#public#{}", session.handle));
        let table = world.bundle.template().table.name.clone();
        let update = world.bundle.dynamodb().update_item().table_name(table).key("pk", pk);
        let update = update.update_expression(format!("SET {attribute} = :odd"));
        let odd = AttributeValue::Bool(true);
        match update.expression_attribute_values(":odd", odd).send().await {
            Ok(_) => {}
            // An attribute of the index must keep its type: DynamoDB itself refuses.
            Err(_) if attribute == "tenantId" => continue,
            Err(error) => panic!("{error:?}"),
        }
        assert_eq!(world.strict(&session.access).await, 500, "{attribute}");
        let reply = world.refresh(&session.refresh).await;
        assert_eq!((reply.status, reply.code().as_str()), (500, "internal-error"), "{attribute}");
    }
}
