//! What holds when calls race, when the index lags, and when the table fails: revocation is final,
//! a retry is harmless, and unknown means no.

use futures_util::future::join_all;
use local::dynamodb::Embedded;
use serde_json::json;
use shared::time::Clock;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tests::{Fault, Faulty, HandClock, Lagging, World};

type Watched = (World, Arc<Faulty<Embedded>>);

async fn faulty() -> Watched {
    let engine = Arc::new(Faulty::new(Embedded::memory().unwrap()));
    (World::with(|builder| builder.engine(engine.clone())).await, engine)
}

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
    world.revoke("/revoke-user", &json!({"userId": "u1"})).await;
    let kept = world.open("u1").await;
    // The clock has not moved, so the first write is refused. Before the second, another keeps one.
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
    let held = || {
        let gate = Arc::new(tests::faults::Gate::default());
        engine.fail_after("GetItem", 1, 1, Fault::Held(gate.clone()));
        gate
    };
    let first = held();
    let (reply, ()) = tokio::join!(world.refresh(&kept.refresh), async {
        first.arrival().await;
        world.revoke("/revoke-user", &keep).await;
        let second = held();
        first.open();
        second.arrival().await;
        world.revoke("/revoke-user", &keep).await;
        second.open();
    });
    assert_eq!(reply.status, 200);
    // And for another that keeps the same session, in its second round.
    engine.fail("TransactWriteItems", 1, Fault::Conflict);
    let gate = held();
    let (reply, ()) = tokio::join!(world.admin("/revoke-user", &keep), async {
        gate.arrival().await;
        world.revoke("/revoke-user", &keep).await;
        gate.open();
    });
    assert_eq!(reply.status, 200, "{}", reply.body);
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
        for call in [
            world.post("/auth/session/refresh").bearer(&session.refresh),
            world.post("/logout").bearer(&session.access),
            world.post("/revoke-handle").json(&json!({"sessionHandle": session.handle})).signed(),
            world.post("/revoke-user").json(&json!({"userId": "u1"})).signed(),
            world.get("/list-sessions?userId=u1").signed(),
            world.post("/create-session").json(&json!({"userId": "u1"})).signed(),
            world.get("/auth/jwt/jwks.json"),
        ] {
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
