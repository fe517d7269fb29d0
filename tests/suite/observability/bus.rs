//! The event bus: told after the effect, exactly, and never in the way.

use serde_json::{Value, json};
use shared::ids::SessionHandle;
use std::time::Duration;
use tests::bus::{Bus, Turn};
use tests::lines::TABLE;
use tests::{Lines, World};

async fn with_bus() -> (World, Bus) {
    let bus = Bus::default();
    let world =
        World::with(|builder| builder.parameter("EventBus", "sessions").aws(bus.aws())).await;
    (world, bus)
}

/// The one event that the bus was told: its type and its detail.
fn only(bus: &Bus) -> (String, Value) {
    let calls = bus.take_calls();
    let [call] = calls.as_slice() else { panic!("one call: {calls:?}") };
    let entries = call["Entries"].as_array().expect("entries");
    let [entry] = entries.as_slice() else { panic!("one entry: {call}") };
    let mut entry = entry.clone();
    let detail = entry["Detail"].take();
    let kind = entry["DetailType"].as_str().expect("a type").to_owned();
    let expected = json!({
        "Time": 1_800_000_000, "Source": "sever", "DetailType": kind, "Detail": null,
        "EventBusName": "sessions",
    });
    assert_eq!(entry, expected);
    (kind, detail)
}

#[tokio::test]
async fn a_revocation_has_taken_effect_before_the_bus_is_told() {
    let (world, bus) = with_bus().await;
    let (one, two) = (world.open("ada").await, world.open("bob").await);
    bus.take_calls();
    let by_handle = json!({"sessionHandle": one.handle});
    let by_user = json!({"userId": "bob"});
    let three = world.open("eve").await;
    for (call, access) in [
        (world.post("/revoke-handle").json(&by_handle).signed(), &one.access),
        (world.post("/revoke-user").json(&by_user).signed(), &two.access),
        (world.post("/logout").bearer(&three.access), &three.access),
    ] {
        let gate = bus.hold();
        let check = async {
            gate.arrival().await;
            let refused = world.strict(access).await;
            gate.open();
            refused
        };
        let (reply, refused) = futures_util::future::join(call.send(), check).await;
        assert_eq!((reply.status, refused), (200, 401), "{}", reply.body);
    }
}

#[tokio::test]
async fn the_event_of_a_revocation_is_its_audit_record() {
    let (world, bus) = with_bus().await;
    let (one, two, three) =
        (world.open("ada").await, world.open("ada").await, world.open("bob").await);
    let (_, second) = world.refreshed(&three.refresh).await;
    world.refreshed(&second).await;
    bus.take_calls();
    let lines = Lines::of(&world);
    let record = || {
        let records = lines.take_records();
        let [record] = records.as_slice() else { panic!("one record: {records:?}") };
        record.clone()
    };
    world.revoke("/revoke-handle", &json!({"sessionHandles": [one.handle, "guess"]})).await;
    assert_eq!(only(&bus), ("session.revoked".to_owned(), record()));
    world.revoke("/revoke-user", &json!({"userId": "ada"})).await;
    assert_eq!(only(&bus), ("user.revoked".to_owned(), record()));
    assert_eq!(world.post("/logout").bearer(&two.access).send().await.status, 200);
    assert_eq!(only(&bus), ("session.revoked".to_owned(), record()));
    assert_eq!(world.refresh(&three.refresh).await.code(), "token theft detected");
    assert_eq!(only(&bus), ("session.theft-detected".to_owned(), record()));
}

#[tokio::test]
async fn a_session_that_is_opened_is_told_without_handle_and_tokens() {
    let (world, bus) = with_bus().await;
    let session = world.open_in("ada", "acme").await;
    let (kind, mut detail) = only(&bus);
    assert_eq!(kind, "session.created");
    assert!(detail["requestId"].take().is_string());
    let expected = json!({
        "version": 1, "at": "2027-01-15T08:00:00Z", "requestId": null, "appId": "public",
        "actor": {"type": "iam", "arn": "arn:aws:iam::000000000000:user/local"},
        "session": SessionHandle::parse(&session.handle).unwrap().salted_digest(TABLE),
        "userId": "ada", "tenantId": "acme", "expiresAt": "2027-04-25T08:00:00Z",
    });
    assert_eq!(detail, expected);
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_fails_changes_no_answer_and_is_counted() {
    let (world, bus) = with_bus().await;
    let lines = Lines::of(&world);
    for (turns, calls) in [
        (vec![Turn::Status(500), Turn::Status(500)], 2),
        (vec![Turn::Silence, Turn::Silence], 2),
        (vec![Turn::Refused], 1),
        (vec![Turn::Status(400)], 1),
    ] {
        let session = world.open("ada").await;
        bus.take_calls();
        lines.take_text();
        for turn in turns {
            bus.next(turn);
        }
        let before = tokio::time::Instant::now();
        let revoked =
            world.revoke("/revoke-handle", &json!({"sessionHandle": session.handle})).await;
        assert!(before.elapsed() <= Duration::from_millis(2100), "{:?}", before.elapsed());
        assert_eq!(revoked, [session.handle.as_str()]);
        assert_eq!(world.strict(&session.access).await, 401);
        assert_eq!(bus.take_calls().len(), calls);
        let lines = lines.take();
        let failures: u64 = lines.iter().filter_map(|line| line["AuditFailures"].as_u64()).sum();
        assert_eq!(failures, 1);
        let error = lines.iter().find(|line| line["level"] == "ERROR").expect("an error");
        assert_eq!(error["event"], "session.revoked");
        assert_eq!(lines.iter().filter(|line| line.get("audit").is_some()).count(), 1);
    }
    // A second attempt is enough.
    let session = world.open("ada").await;
    lines.take_text();
    bus.next(Turn::Status(500));
    world.revoke("/revoke-handle", &json!({"sessionHandle": session.handle})).await;
    assert!(lines.take().iter().all(|line| line.get("AuditFailures").is_none()));
}

#[tokio::test(start_paused = true)]
async fn a_bus_that_fails_keeps_nobody_from_logging_in() {
    let (world, bus) = with_bus().await;
    let lines = Lines::of(&world);
    bus.next(Turn::Refused);
    let session = world.open("ada").await;
    assert_eq!(world.strict(&session.access).await, 200);
    let failures = ("AuditFailures".to_owned(), 1);
    assert!(lines.take_metrics().contains(&failures));
}

#[tokio::test(start_paused = true)]
async fn what_may_have_had_no_effect_is_not_told() {
    let engine = std::sync::Arc::new(tests::Faulty::new(
        local::dynamodb::Embedded::memory().expect("a database in memory"),
    ));
    let bus = Bus::default();
    let world = World::with(|builder| {
        builder.engine(engine.clone()).parameter("EventBus", "sessions").aws(bus.aws())
    });
    let world = world.await;
    world.open("ada").await;
    bus.take_calls();
    engine.fail("UpdateItem", usize::MAX, tests::Fault::AnswerLost);
    assert_eq!(world.admin("/revoke-user", &json!({"userId": "ada"})).await.status, 503);
    assert_eq!(bus.take_calls(), Vec::<Value>::new());
    engine.heal();
    world.revoke("/revoke-user", &json!({"userId": "ada"})).await;
    assert_eq!(only(&bus).0, "user.revoked", "asked again, it is told");
}

#[tokio::test]
async fn a_bus_to_which_there_is_no_way_is_a_bus_that_fails() {
    let world = World::with_parameter("EventBus", "sessions").await;
    let lines = Lines::of(&world);
    let session = world.open("ada").await;
    world.revoke("/revoke-handle", &json!({"sessionHandle": session.handle})).await;
    let failures = lines.take_metrics().into_iter().filter(|(name, _)| name == "AuditFailures");
    assert_eq!(failures.count(), 2);
}

#[tokio::test]
async fn without_a_bus_nothing_is_sent() {
    let bus = Bus::default();
    let world = World::with(|builder| builder.aws(bus.aws())).await;
    let session = world.open("ada").await;
    world.revoke("/revoke-handle", &json!({"sessionHandle": session.handle})).await;
    assert_eq!(bus.take_calls(), Vec::<Value>::new());
}
