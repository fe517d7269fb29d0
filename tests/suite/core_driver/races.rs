//! What holds when calls of SDKs race: nothing resurrects, and nothing is promoted twice.

use super::row::{Row, digest};
use super::sdk::{Sdk, claims, new_access, status};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tests::World;
use tests::world::faulty;

#[tokio::test]
async fn many_parallel_exchanges_of_one_token_all_succeed() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open("u1").await;
    let children = join_all((0..40).map(|_| sdk.refreshed(&session.refresh))).await;
    let distinct: BTreeSet<_> = children.iter().map(|child| &child.refresh).collect();
    assert_eq!(distinct.len(), 40, "each tab has a token of its own");
    let row = Row::find(&world, "public", &session.handle).await.unwrap();
    assert_eq!((row.current(), row.previous()), (digest(&session.access), None));
    // The first to be used goes on; the others' access tokens are good until they expire.
    assert!(new_access(&sdk.verify(&children[7].access, false).await).is_some());
    for (i, child) in children.iter().enumerate() {
        let answer = sdk.verify(&child.access, false).await;
        assert_eq!(status(&answer), "OK");
        assert_eq!(new_access(&answer).is_some(), i == 7);
    }
    assert_eq!(status(&sdk.refresh(&children[8].refresh).await), "TOKEN_THEFT_DETECTED");
}

#[tokio::test]
async fn many_parallel_first_uses_of_one_token_promote_it_once() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open("u1").await;
    world.pass(Duration::from_secs(5));
    let child = sdk.refreshed(&session.refresh).await;
    let answers = join_all((0..40).map(|i| sdk.verify(&child.access, i % 2 == 0))).await;
    for answer in &answers {
        assert_eq!(status(answer), "OK");
        let access = new_access(answer).expect("each is given a token without a parent");
        assert_eq!(claims(access)["parentRefreshTokenHash1"], Value::Null);
        assert_eq!(digest(access), digest(&child.access));
        assert_eq!(sdk.checked(access).await, "OK");
    }
    let row = Row::find(&world, "public", &session.handle).await.unwrap();
    assert_eq!(row.current(), digest(&child.access));
    assert_eq!(row.previous(), Some(digest(&session.access)), "promoted once");
    assert_eq!(status(&sdk.refresh(&child.refresh).await), "OK");
}

#[tokio::test]
async fn a_first_use_that_is_overtaken_by_another_promotes_nothing_again() {
    let (world, engine) = faulty().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open("u1").await;
    let child = sdk.refreshed(&session.refresh).await;
    let gate = engine.hold("UpdateItem");
    let (slow, expiry) = tokio::join!(sdk.verify(&child.access, false), async {
        gate.arrival().await;
        let fast = sdk.verify(&child.access, false).await;
        assert!(new_access(&fast).is_some());
        let expiry = sdk.session(&session.handle).await["expiry"].clone();
        world.pass(Duration::from_mins(1));
        gate.open();
        expiry
    });
    assert_eq!(status(&slow), "OK");
    assert!(new_access(&slow).is_some());
    assert_eq!(sdk.session(&session.handle).await["expiry"], expiry, "it was prolonged once");
    let row = Row::find(&world, "public", &session.handle).await.unwrap();
    assert_eq!(row.previous(), Some(digest(&session.access)));
}

#[tokio::test]
async fn of_two_siblings_one_is_promoted() {
    let (world, engine) = faulty().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open("u1").await;
    let (one, other) =
        (sdk.refreshed(&session.refresh).await, sdk.refreshed(&session.refresh).await);
    let gate = engine.hold("UpdateItem");
    let (slow, ()) = tokio::join!(sdk.verify(&one.access, false), async {
        gate.arrival().await;
        assert!(new_access(&sdk.verify(&other.access, false).await).is_some());
        gate.open();
    });
    assert_eq!((status(&slow).as_str(), new_access(&slow)), ("OK", None), "overtaken");
    let row = Row::find(&world, "public", &session.handle).await.unwrap();
    assert_eq!(row.current(), digest(&other.access));
    assert_eq!(status(&sdk.refresh(&one.refresh).await), "TOKEN_THEFT_DETECTED");
    assert_eq!(status(&sdk.refresh(&other.refresh).await), "OK");
}

#[tokio::test]
async fn of_two_siblings_that_are_exchanged_one_is_a_thief() {
    let (world, engine) = faulty().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open("u1").await;
    let (one, other) =
        (sdk.refreshed(&session.refresh).await, sdk.refreshed(&session.refresh).await);
    let gate = engine.hold("UpdateItem");
    let (slow, ()) = tokio::join!(sdk.refresh(&one.refresh), async {
        gate.arrival().await;
        assert_eq!(status(&sdk.refresh(&other.refresh).await), "OK");
        gate.open();
    });
    assert_eq!(status(&slow), "TOKEN_THEFT_DETECTED");
}

#[tokio::test]
async fn an_exchange_and_a_first_use_of_the_same_pair_do_not_quarrel() {
    let (world, engine) = faulty().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open("u1").await;
    let child = sdk.refreshed(&session.refresh).await;
    let gate = engine.hold("UpdateItem");
    let (exchanged, used) = tokio::join!(sdk.refresh(&child.refresh), async {
        gate.arrival().await;
        let used = sdk.verify(&child.access, false).await;
        gate.open();
        used
    });
    assert_eq!((status(&exchanged).as_str(), status(&used).as_str()), ("OK", "OK"));
    let row = Row::find(&world, "public", &session.handle).await.unwrap();
    assert_eq!(row.current(), digest(&child.access));
    assert_eq!(row.previous(), Some(digest(&session.access)));
}

#[tokio::test]
async fn no_write_in_flight_brings_an_ended_session_back() {
    for write in ["first use", "exchange", "convert", "data", "payload", "regenerate"] {
        for by_user in [false, true] {
            let (world, engine) = faulty().await;
            let sdk = Sdk::new(&world);
            let session = sdk.open("u1").await;
            let child = sdk.refreshed(&session.refresh).await;
            let (path, body) = match write {
                "first use" => (
                    "/recipe/session/verify",
                    json!({
                        "accessToken": child.access, "doAntiCsrfCheck": false,
                        "enableAntiCsrf": false, "checkDatabase": false,
                    }),
                ),
                "exchange" => ("/recipe/session/refresh", super::sdk::exchange(&child.refresh)),
                "convert" => {
                    let mut body = super::sdk::exchange(&session.refresh);
                    body["useDynamicSigningKey"] = json!(false);
                    ("/recipe/session/refresh", body)
                }
                "data" => (
                    "/recipe/session/data",
                    json!({"sessionHandle": session.handle, "userDataInDatabase": {"a": 1}}),
                ),
                "payload" => (
                    "/recipe/jwt/data",
                    json!({"sessionHandle": session.handle, "userDataInJWT": {"a": 1}}),
                ),
                _ => (
                    "/recipe/session/regenerate",
                    json!({"accessToken": session.access, "userDataInJWT": {"a": 1}}),
                ),
            };
            let ask = async || match write {
                "data" | "payload" => sdk.change(path, &body).await,
                _ => sdk.ask(path, &body).await,
            };
            // It has found the session alive and has not written yet.
            let gate = engine.hold("UpdateItem");
            let (answer, ()) = tokio::join!(ask(), async {
                gate.arrival().await;
                let removal = if by_user {
                    json!({"userId": "u1"})
                } else {
                    json!({"sessionHandles": [session.handle]})
                };
                assert_eq!(sdk.remove(&removal).await, [session.handle.as_str()]);
                gate.open();
            });
            assert_eq!(status(&answer), "UNAUTHORISED", "{write}");
            let row = Row::find(&world, "public", &session.handle).await;
            assert!(row.is_none(), "{write}: nothing resurrects");
            assert_eq!(world.strict(&child.access).await, 401, "{write}");
            assert!(sdk.list("u1").await.is_empty(), "{write}");
        }
    }
}

#[tokio::test]
async fn a_session_opened_by_an_sdk_while_its_user_is_revoked_is_dead_at_birth() {
    let (world, engine) = faulty().await;
    let sdk = Sdk::new(&world);
    sdk.open("warm").await;
    let gate = engine.hold("PutItem");
    let (late, ()) = tokio::join!(sdk.open("u1"), async {
        gate.arrival().await;
        assert!(sdk.remove(&json!({"userId": "u1"})).await.is_empty());
        gate.open();
    });
    assert_eq!(world.strict(&late.access).await, 401);
    assert_eq!(sdk.checked(&late.access).await, "UNAUTHORISED");
    assert_eq!(status(&sdk.refresh(&late.refresh).await), "UNAUTHORISED");
    assert!(sdk.list("u1").await.is_empty());
}

#[tokio::test]
async fn a_handle_is_reported_by_one_of_many_parallel_removals() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open("u1").await;
    let (by_handle, by_user) =
        (json!({"sessionHandles": [session.handle]}), json!({"userId": "u1"}));
    let calls = (0..10).flat_map(|_| [sdk.remove(&by_handle), sdk.remove(&by_user)]);
    let reported: Vec<_> = join_all(calls.map(Box::pin)).await.into_iter().flatten().collect();
    assert_eq!(reported, [session.handle.as_str()]);
}
