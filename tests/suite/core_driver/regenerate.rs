//! A new payload for a token that is at hand: PROTOCOL 3.4.9 and 4.5.

use super::row::{Row, digest};
use super::sdk::{
    Sdk, checked, claims, creation, creation_with, exchange, header, kid, new_access, opened,
    status,
};
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Opened, World};

async fn regenerate(sdk: &Sdk<'_>, access: &str, payload: Option<&Value>) -> Value {
    let mut body = json!({"accessToken": access});
    if let Some(payload) = payload {
        body["userDataInJWT"] = payload.clone();
    }
    sdk.ask("/recipe/session/regenerate", &body).await
}

fn told(session: &Opened, payload: &Value) -> Value {
    json!({
        "handle": session.handle, "userId": "u1", "recipeUserId": "u1",
        "userDataInJWT": payload, "tenantId": "public",
    })
}

#[tokio::test]
async fn a_new_payload_is_stored_and_signed_and_nothing_else_changes() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open_with(&creation_with("u1", &json!({"role": "old", "gone": 1}))).await;
    let before = sdk.session(&session.handle).await;
    world.pass(Duration::from_millis(600_500));
    let payload = json!({"role": "new", "null": null});
    let answer = regenerate(&sdk, &session.access, Some(&payload)).await;
    assert_eq!(status(&answer), "OK");
    assert_eq!(answer["session"], told(&session, &payload));
    assert_eq!(answer.as_object().unwrap().len(), 3, "{answer}");
    let old = claims(&session.access);
    assert_eq!(answer["accessToken"]["expiry"], old["exp"].as_i64().unwrap() * 1000);
    let access = new_access(&answer).unwrap();
    let mut said = claims(access);
    said["iat"] = old["iat"].clone();
    let mut expected = old;
    expected.as_object_mut().unwrap().remove("gone");
    expected["role"] = json!("new");
    expected["null"] = Value::Null;
    assert_eq!(said, expected, "the same expiry, hashes, everything");
    assert_eq!(header(access), header(&session.access));

    let mut after = before;
    after["userDataInJWT"] = payload;
    assert_eq!(sdk.session(&session.handle).await, after);
    assert_eq!(new_access(&sdk.verify(access, true).await), None);
    assert_eq!(status(&sdk.refresh(&session.refresh).await), "OK");
}

#[tokio::test]
async fn without_a_payload_the_stored_one_is_signed() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open("u1").await;
    let payload = json!({"by": "handle"});
    let put = json!({"sessionHandle": session.handle, "userDataInJWT": payload});
    sdk.change("/recipe/jwt/data", &put).await;
    let answer = regenerate(&sdk, &session.access, None).await;
    assert_eq!(answer["session"], told(&session, &payload));
    assert_eq!(claims(new_access(&answer).unwrap())["by"], "handle");
    assert_eq!(sdk.session(&session.handle).await["userDataInJWT"], payload);
    let answer = regenerate(&sdk, &session.access, Some(&json!({}))).await;
    assert_eq!(answer["session"]["userDataInJWT"], json!({}), "an empty one is one");
}

#[tokio::test]
async fn a_token_whose_time_is_over_changes_the_payload_and_is_not_replaced() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open("u1").await;
    world.pass(Duration::from_hours(24 * 30));
    let payload = json!({"a": 1});
    let answer = regenerate(&sdk, &session.access, Some(&payload)).await;
    assert_eq!(answer, json!({"status": "OK", "session": told(&session, &payload)}));
    let answer = regenerate(&sdk, &session.access, None).await;
    assert_eq!(answer, json!({"status": "OK", "session": told(&session, &payload)}));
    let child = sdk.refreshed(&session.refresh).await;
    assert_eq!(claims(&child.access)["a"], 1);
}

#[tokio::test]
async fn a_session_that_is_over_has_no_payload() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let (removed, over) = (sdk.open("u1").await, sdk.open("u1").await);
    sdk.end(&removed.handle).await;
    for (session, wait) in [(&removed, 0), (&over, 2_401)] {
        world.pass(Duration::from_hours(wait));
        for payload in [None, Some(&json!({"a": 1}))] {
            let answer = regenerate(&sdk, &session.access, payload).await;
            let message = answer["message"].as_str().unwrap();
            assert_eq!(answer, json!({"status": "UNAUTHORISED", "message": message}));
        }
        assert_eq!(status(&sdk.session(&session.handle).await), "UNAUTHORISED");
    }
    assert!(Row::find(&world, "public", &removed.handle).await.is_none());
}

#[tokio::test]
async fn a_child_that_was_never_used_stays_one() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open("u1").await;
    let child = sdk.refreshed(&session.refresh).await;
    let answer = regenerate(&sdk, &child.access, Some(&json!({"a": 1}))).await;
    let access = new_access(&answer).unwrap();
    let parent = &claims(&session.access)["refreshTokenHash1"];
    assert_eq!(&claims(access)["parentRefreshTokenHash1"], parent);
    let row = Row::find(&world, "public", &session.handle).await.unwrap();
    assert_eq!(row.current(), digest(&session.access), "nothing was promoted");
    assert_eq!(status(&sdk.refresh(&session.refresh).await), "OK");
    let promoted = sdk.verify(access, false).await;
    assert_eq!(claims(new_access(&promoted).unwrap())["parentRefreshTokenHash1"], Value::Null);
    assert_eq!(status(&sdk.refresh(&session.refresh).await), "TOKEN_THEFT_DETECTED");
}

#[tokio::test]
async fn the_row_says_which_kind_of_key_signs() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open("u1").await;
    let mut body = exchange(&session.refresh);
    body["useDynamicSigningKey"] = json!(false);
    let child = opened(&sdk.ask("/recipe/session/refresh", &body).await);
    for access in [&session.access, &child.access] {
        let answer = regenerate(&sdk, access, None).await;
        assert!(kid(new_access(&answer).unwrap()).starts_with("s-"));
    }
}

#[tokio::test]
async fn what_is_no_access_token_changes_nothing() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open("u1").await;
    let parts: Vec<_> = session.access.split('.').collect();
    for token in ["", "garbage", "a.b.c", &session.refresh, &parts[..2].join(".")] {
        let body = json!({"accessToken": token, "userDataInJWT": {"a": 1}});
        let call = sdk.call(Method::POST, "/recipe/session/regenerate").json(&body);
        let reply = checked(call.send().await);
        // The reference throws; saying that the caller is wrong is as good.
        assert!(matches!(reply.status, 400 | 500), "{token}: {} {}", reply.status, reply.body);
    }
    // A JWT that somebody else has made up must not change what is stored.
    let forged = format!("{}.{}.{}", parts[0], parts[1], "A".repeat(342));
    let body = json!({"accessToken": forged, "userDataInJWT": {"a": 1}});
    let reply = sdk.post("/recipe/session/regenerate", &body).await;
    assert_eq!(new_access(&reply.json()), None, "it is not replaced by a genuine one");
    let stored = sdk.session(&session.handle).await["userDataInJWT"].clone();
    assert_eq!(stored, creation("u1")["userDataInJWT"]);
}

#[tokio::test]
async fn a_jwt_that_names_no_session_has_none() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let body = json!({"payload": {}, "algorithm": "RS256", "jwksDomain": "x", "validity": 100});
    let jwt = sdk.ask("/recipe/jwt", &body).await["jwt"].as_str().unwrap().to_owned();
    // PROTOCOL 3.4.9: claims that are missing are no exception.
    let answer = regenerate(&sdk, &jwt, Some(&json!({"a": 1}))).await;
    assert_eq!(status(&answer), "UNAUTHORISED");
}
