//! What SDKs do is counted, recorded and told as what everybody else does.

use super::sdk::{Sdk, status};
use serde_json::{Value, json};
use std::time::Duration;
use tests::bus::Bus;
use tests::{Lines, World};

async fn with_bus() -> (World, Bus) {
    let bus = Bus::default();
    let world =
        World::with(|builder| builder.parameter("EventBus", "sessions").aws(bus.aws())).await;
    (world, bus)
}

/// The `detail-type` and the `action` of what the bus was told.
fn told(bus: &Bus) -> Vec<(String, String)> {
    let entries = bus.take_calls().into_iter().map(|mut call| call["Entries"][0].take());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    entries.map(|entry| (text(&entry["DetailType"]), text(&entry["Detail"]["action"]))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(one, two)| ((*one).to_owned(), (*two).to_owned())).collect()
}

#[tokio::test]
async fn every_way_of_an_sdk_to_revoke_writes_one_record_and_tells_the_bus() {
    let (world, bus) = with_bus().await;
    let (sdk, administrator) = (Sdk::new(&world), Sdk::administrator(&world));
    let (one, _) = (sdk.open("ada").await, sdk.open("ada").await);
    assert_eq!(told(&bus), pairs(&[("session.created", ""); 2]));
    let lines = Lines::of(&world);
    let assert_one = |event: &str, action: &str, scope: Value, count: i32| {
        let records = lines.take_records();
        let [record] = records.as_slice() else { panic!("one record: {records:?}") };
        assert_eq!(record["action"], action);
        assert_eq!(record["actor"], json!({"type": "sdk", "appId": "public"}));
        assert_eq!((&record["scope"], &record["count"]), (&scope, &json!(count)));
        assert_eq!(told(&bus), pairs(&[(event, action)]));
        record["appId"].as_str().unwrap_or_default().to_owned()
    };
    sdk.end(&one.handle).await;
    assert_one("session.revoked", "revoke-handles", json!({"kind": "sessions"}), 1);
    sdk.remove(&json!({"userId": "ada"})).await;
    assert_one("user.revoked", "revoke-user", json!({"kind": "user", "userId": "ada"}), 1);
    let path = "/recipe/multitenancy/tenant/user/remove";
    sdk.ask(path, &json!({"recipeUserId": "ada"})).await;
    let scope = json!({"kind": "user", "userId": "ada", "tenantId": "public"});
    assert_one("user.revoked", "revoke-user", scope, 0);

    administrator.change("/recipe/multitenancy/tenant/v2", &json!({"tenantId": "acme"})).await;
    let removal = json!({"tenantId": "acme"});
    administrator.ask("/recipe/multitenancy/tenant/remove", &removal).await;
    let tenant = json!({"kind": "tenant", "tenantId": "acme"});
    assert_one("tenant.removed", "remove-tenant", tenant.clone(), 0);
    // Nobody has made it again, and sessions may have been opened in it all the same.
    administrator.ask("/recipe/multitenancy/tenant/remove", &removal).await;
    assert_one("tenant.removed", "remove-tenant", tenant, 0);
    let app = json!({"appId": "demo", "coreConfig": {}});
    administrator.change("/recipe/multitenancy/app/v2", &app).await;
    administrator.ask("/recipe/multitenancy/app/remove", &json!({"appId": "demo"})).await;
    let removed = assert_one("app.removed", "remove-app", json!({"kind": "app"}), 0);
    assert_eq!(removed, "demo");
    administrator.ask("/recipe/multitenancy/app/remove", &json!({"appId": "demo"})).await;
    assert_eq!(lines.take_records(), Vec::<Value>::new(), "there was nothing to remove");
    assert_eq!(told(&bus), []);
}

#[tokio::test]
async fn a_theft_that_an_sdk_is_told_of_is_counted_and_told_and_ends_nothing_yet() {
    let (world, bus) = with_bus().await;
    let sdk = Sdk::new(&world);
    let first = sdk.open("ada").await;
    let second = sdk.refreshed(&first.refresh).await;
    sdk.refreshed(&second.refresh).await;
    world.pass(Duration::from_secs(31));
    bus.take_calls();
    let lines = Lines::of(&world);
    assert_eq!(status(&sdk.refresh(&first.refresh).await), "TOKEN_THEFT_DETECTED");
    let lines = lines.take();
    assert_eq!(lines.iter().filter(|line| line["TheftDetected"] == 1).count(), 1);
    assert!(lines.iter().all(|line| line.get("audit").is_none()), "nothing was revoked");
    let calls = bus.take_calls();
    let detail = &calls[0]["Entries"][0]["Detail"];
    assert_eq!(calls[0]["Entries"][0]["DetailType"], "session.theft-detected");
    assert_eq!((&detail["outcome"], &detail["count"]), (&json!("told"), &json!(0)));
    assert_eq!(detail["scope"]["userId"], "ada");
}

#[tokio::test]
async fn guesses_at_handles_and_keys_are_counted() {
    let world = World::with_parameter("ApiKeys", "a-key-that-is-long-enough").await;
    let lines = Lines::of(&world);
    let sdk = Sdk::new(&world);
    let body = json!({"sessionHandles": ["guess", "another"]});
    assert_eq!(sdk.post("/recipe/session/remove", &body).await.status, 401);
    let refused = lines.take();
    assert!(refused.iter().any(|line| line["Reason"] == "api-key"), "{refused:?}");
    sdk.with_key("a-key-that-is-long-enough").remove(&body).await;
    let unknown = ("UnknownHandles".to_owned(), 2);
    assert!(lines.take_metrics().contains(&unknown));
}
