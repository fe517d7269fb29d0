//! Each revocation writes one record, and it says who, what, when and with what effect.

use serde_json::{Value, json};
use shared::ids::SessionHandle;
use tests::lines::TABLE;
use tests::world::faulty;
use tests::{Fault, Lines, World};

const NOW: &str = "2027-01-15T08:00:00Z";

fn hashed(handle: &str) -> String {
    SessionHandle::parse(handle).unwrap().salted_digest(TABLE)
}

fn ended(handle: &str, user: &str) -> Value {
    json!({"session": hashed(handle), "state": "ended", "userId": user})
}

/// The one record that was written, without what differs from call to call.
fn only(lines: &Lines) -> Value {
    let records = lines.take_records();
    let [record] = records.as_slice() else { panic!("one record: {records:?}") };
    let mut record = record.clone();
    let members = record.as_object_mut().unwrap();
    assert_eq!(members.remove("version"), Some(json!(1)));
    assert_eq!(members.remove("at"), Some(json!(NOW)));
    assert!(members.remove("requestId").is_some_and(|id| id.as_str().unwrap().len() == 36));
    record
}

fn iam() -> Value {
    json!({"type": "iam", "arn": "arn:aws:iam::000000000000:user/local"})
}

#[tokio::test]
async fn a_logout_is_the_users_own() {
    let world = World::new().await;
    let session = world.open_in("ada", "acme").await;
    let lines = Lines::of(&world);
    let mut expected = json!({
        "action": "logout", "outcome": "done", "appId": "public",
        "actor": {"type": "user", "userId": "ada"},
        "scope": {"kind": "session", "userId": "ada", "tenantId": "acme"},
        "count": 1, "sessions": [ended(&session.handle, "ada")], "omitted": 0,
    });
    assert_eq!(world.post("/logout").bearer(&session.access).send().await.status, 200);
    assert_eq!(only(&lines), expected);
    // Again: it has no effect any more, and that is recorded as well.
    assert_eq!(world.post("/logout").bearer(&session.access).send().await.status, 200);
    expected["count"] = json!(0);
    expected["sessions"] = json!([{"session": hashed(&session.handle), "state": "not-live"}]);
    assert_eq!(only(&lines), expected);
}

#[tokio::test]
async fn handles_are_recorded_by_their_salted_digests_with_whose_they_were() {
    let world = World::new().await;
    let (one, two) = (world.open("ada").await, world.open("bob").await);
    let lines = Lines::of(&world);
    let asked = json!({"sessionHandles": [one.handle, "guess", two.handle]});
    world.revoke("/revoke-handle", &asked).await;
    let text = lines.take_text();
    assert!(text.contains(&hashed(&one.handle)) && !text.contains(&one.handle));
    let again = json!({"sessionHandle": one.handle}).to_string();
    world.bundle.invoke("revoke-handle:direct", &again).await.expect("a revocation");
    let record = only(&lines);
    assert_eq!(record["actor"], json!({"type": "direct-invoke"}));
    let not_live = json!([{"session": hashed(&one.handle), "state": "not-live"}]);
    assert_eq!(record["sessions"], not_live);

    let (one, two) = (world.open("ada").await, world.open("bob").await);
    let asked = json!({"sessionHandles": [one.handle, "guess", two.handle]});
    lines.take_text();
    world.revoke("/revoke-handle", &asked).await;
    let guess = json!({"session": hashed("guess"), "state": "not-live"});
    let expected = json!({
        "action": "revoke-handles", "outcome": "done", "appId": "public", "actor": iam(),
        "scope": {"kind": "sessions"}, "count": 2, "omitted": 0,
        "sessions": [ended(&one.handle, "ada"), ended(&two.handle, "bob"), guess],
    });
    assert_eq!(only(&lines), expected);
}

#[tokio::test(start_paused = true)]
async fn what_was_done_before_a_failure_is_recorded_and_the_rest_is_unknown() {
    let (world, engine) = faulty().await;
    let (one, two) = (world.open("ada").await, world.open("ada").await);
    let lines = Lines::of(&world);
    engine.fail_after("DeleteItem", 1, usize::MAX, Fault::Unreachable);
    let asked = json!({"sessionHandles": [one.handle, two.handle]});
    assert_eq!(world.admin("/revoke-handle", &asked).await.status, 503);
    let unknown = |handle: &str| json!({"session": hashed(handle), "state": "unknown"});
    let record = only(&lines);
    assert_eq!((&record["outcome"], &record["count"]), (&json!("partial"), &json!(1)));
    assert_eq!(record["sessions"], json!([ended(&one.handle, "ada"), unknown(&two.handle)]));

    assert_eq!(world.post("/logout").bearer(&two.access).send().await.status, 503);
    let record = only(&lines);
    assert_eq!((&record["outcome"], &record["action"]), (&json!("unknown"), &json!("logout")));
    assert_eq!(record["sessions"], json!([unknown(&two.handle)]));

    engine.fail("UpdateItem", usize::MAX, Fault::AnswerLost);
    assert_eq!(world.admin("/revoke-user", &json!({"userId": "ada"})).await.status, 503);
    let record = only(&lines);
    assert_eq!((&record["outcome"], &record["count"]), (&json!("unknown"), &json!(0)));
    assert_eq!(record["scope"], json!({"kind": "user", "userId": "ada"}));
}

#[tokio::test]
async fn a_users_revocation_says_what_it_covers() {
    let world = World::new().await;
    let kept = world.open_in("ada", "acme").await;
    let gone = world.open_in("ada", "acme").await;
    let lines = Lines::of(&world);
    let body = json!({
        "userId": "ada", "tenantId": "acme", "exceptSessionHandle": kept.handle,
    });
    world.revoke("/revoke-user", &body).await;
    let except = hashed(&kept.handle);
    let expected = json!({
        "action": "revoke-user", "outcome": "done", "appId": "public", "actor": iam(),
        "scope": {"kind": "user", "userId": "ada", "tenantId": "acme", "exceptSession": except},
        "count": 1, "sessions": [ended(&gone.handle, "ada")], "omitted": 0, "sweepComplete": true,
    });
    assert_eq!(only(&lines), expected);
    let unknown = json!({"userId": "ada", "exceptSessionHandle": gone.handle});
    assert_eq!(world.admin("/revoke-user", &unknown).await.status, 409);
    assert_eq!(lines.take_records(), Vec::<Value>::new(), "nothing was revoked");
    let nobody = json!({"userId": "nobody"}).to_string();
    world.bundle.invoke("revoke-user:direct", &nobody).await.expect("a revocation");
    assert_eq!(only(&lines)["count"], 0);
}

#[tokio::test]
async fn a_reason_is_recorded_and_told() {
    let bus = tests::bus::Bus::default();
    let world =
        World::with(|builder| builder.parameter("EventBus", "sessions").aws(bus.aws())).await;
    let session = world.open("ada").await;
    let lines = Lines::of(&world);
    bus.take_calls();
    let reason = "ticket 4711: laptop stolen, « ada » called";
    for (path, body) in [
        ("/revoke-handle", json!({"sessionHandle": session.handle, "reason": reason})),
        ("/revoke-user", json!({"userId": "ada", "reason": reason})),
    ] {
        world.revoke(path, &body).await;
        let record = only(&lines);
        assert_eq!((&record["reason"], &record["actor"]), (&json!(reason), &iam()));
        assert_eq!(bus.take_calls()[0]["Entries"][0]["Detail"]["reason"], reason);
    }
    world.revoke("/revoke-user", &json!({"userId": "ada"})).await;
    assert_eq!(only(&lines).get("reason"), None);
}

#[tokio::test]
async fn theft_is_recorded_as_the_revocation_that_it_is() {
    let world = World::new().await;
    let session = world.open("ada").await;
    let (_, second) = world.refreshed(&session.refresh).await;
    world.refreshed(&second).await;
    let lines = Lines::of(&world);
    assert_eq!(world.refresh(&session.refresh).await.code(), "token theft detected");
    let expected = json!({
        "action": "theft", "outcome": "done", "appId": "public",
        "actor": {"type": "theft-detection"},
        "scope": {"kind": "session", "userId": "ada", "tenantId": "public"},
        "count": 1, "sessions": [ended(&session.handle, "ada")], "omitted": 0,
    });
    assert_eq!(only(&lines), expected);
}

#[tokio::test]
async fn what_revokes_nothing_writes_no_record() {
    let world = World::new().await;
    let session = world.open("ada").await;
    let lines = Lines::of(&world);
    world.refreshed(&session.refresh).await;
    world.listed("ada").await;
    assert_eq!(world.post("/logout").bearer("nonsense").send().await.status, 401);
    for (path, body) in [
        ("/revoke-handle", json!({})),
        ("/revoke-handle", json!({"sessionHandle": ""})),
        ("/revoke-user", json!({"userId": ""})),
    ] {
        assert_eq!(world.admin(path, &body).await.status, 400);
    }
    assert_eq!(lines.take_records(), Vec::<Value>::new());
}
