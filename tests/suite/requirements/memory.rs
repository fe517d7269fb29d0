//! A revocation is remembered for as long as a session could still need refusing: nothing forgets
//! it, and no number of later ones crowds it out.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tests::{Lagging, Opened, World};

/// How long a session lives, in seconds.
const LIFE: u64 = 144_000 * 60;

/// A session that was revoked with its user, and whose row no sweep has found: the index does not
/// show it. Its access token lives almost as long as itself.
async fn revoked_and_not_swept() -> (World, Arc<Lagging>, Opened) {
    let engine = Arc::new(Lagging::new().unwrap());
    let world = World::with(|builder| {
        let life = (LIFE - 1).to_string();
        builder.engine(engine.clone()).parameter("AccessTokenValidity", &life)
    })
    .await;
    engine.hold();
    let session = world.open_in("u1", "acme").await;
    assert!(world.revoke("/revoke-user", &json!({"userId": "u1"})).await.is_empty());
    (world, engine, session)
}

async fn item(
    world: &World,
    pk: &str,
) -> Option<std::collections::HashMap<String, AttributeValue>> {
    let get = world.bundle.dynamodb().get_item().table_name(&world.bundle.template().table.name);
    get.key("pk", AttributeValue::S(pk.to_owned())).send().await.unwrap().item
}

#[tokio::test]
async fn a_revocation_outlives_every_session_that_it_must_refuse() {
    let (world, _engine, session) = revoked_and_not_swept().await;
    let user = item(&world, "user#public#u1").await.expect("what refuses it");
    let expires = world.bundle.template().table.ttl_attribute.clone().expect("a time to live");
    assert!(!user.contains_key(&expires), "it goes by no time to live: {user:?}");
    world.pass(Duration::from_secs(LIFE - 2));
    let row = item(&world, &format!("session#public#{}", session.handle)).await;
    assert!(row.is_some(), "the row is still there");
    assert_eq!(world.fast(&session.access).await, 200, "the token itself is still good");
    assert_eq!(world.strict(&session.access).await, 401);
    assert_eq!(world.refresh(&session.refresh).await.code(), "unauthorised");
    assert!(world.listed("u1").await.is_empty());
}

#[tokio::test]
async fn no_number_of_later_revocations_makes_an_earlier_one_forgotten() {
    let (world, _engine, session) = revoked_and_not_swept().await;
    for i in 0..300 {
        world.revoke("/revoke-user", &json!({"userId": format!("other-{i}")})).await;
    }
    for i in 0..100 {
        let body = json!({"userId": "u1", "tenantId": format!("tenant-{i}")});
        world.revoke("/revoke-user", &body).await;
    }
    let unknown: Vec<_> = (0..500).map(|i| format!("unknown-{i}")).collect();
    world.revoke("/revoke-handle", &json!({"sessionHandles": unknown})).await;
    assert_eq!(world.strict(&session.access).await, 401);
    assert_eq!(world.refresh(&session.refresh).await.code(), "unauthorised");
}
