//! What an app may set for itself: PROTOCOL 3.4.13 and 2.4.

use super::sdk::{Sdk, checked, claims, creation, kid, status};
use http::Method;
use local::bundle::Builder;
use local::dynamodb::Embedded;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tests::{Reply, World};

const MINE: &str = "asckjsbdalvkjbasdlvjbalskdjvbaldkj";
const YOURS: &str = "another-key-of-this-app=";
const BASE: &str = "base-key-of-this-deployment";

async fn configure(world: &World, config: Value) -> Reply {
    let body = json!({"appId": "demo", "coreConfig": config});
    Sdk::administrator(world).put("/recipe/multitenancy/app/v2", &body).await
}

async fn configured(world: &World, config: Value) {
    let reply = configure(world, config).await;
    assert_eq!((reply.status, &reply.json()["status"]), (200, &json!("OK")), "{}", reply.body);
}

/// How long, in milliseconds, a new access token and a new refresh token live.
async fn lifetimes(sdk: &Sdk<'_>) -> (i64, i64) {
    let answer = sdk.ask("/recipe/session", &creation("u1")).await;
    let said = claims(answer["accessToken"]["token"].as_str().unwrap());
    let life =
        |token: &Value| token["expiry"].as_i64().unwrap() - token["createdTime"].as_i64().unwrap();
    let seconds = said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap();
    assert_eq!(life(&answer["accessToken"]), seconds * 1000);
    (life(&answer["accessToken"]), life(&answer["refreshToken"]))
}

#[tokio::test]
async fn lifetimes_are_numbers_or_texts_and_take_effect_at_once() {
    let world = World::new().await;
    let (hour, days) = (3_600_000, 144_000 * 60_000);
    let demo = Sdk::new(&world).under("/appid-demo");
    for (config, expected) in [
        (json!({}), (hour, days)),
        (json!({"access_token_validity": 60}), (60_000, days)),
        (json!({"refresh_token_validity": 120}), (60_000, 120 * 60_000)),
        (json!({}), (60_000, 120 * 60_000)),
        (json!({"access_token_validity": "90"}), (90_000, 120 * 60_000)),
        (json!({"access_token_validity": null}), (hour, 120 * 60_000)),
        (json!({"access_token_validity": 1, "refresh_token_validity": "2.5"}), (1_000, 150_000)),
        (json!({"refresh_token_validity": 3.5}), (1_000, 210_000)),
        (json!({"access_token_validity": null, "refresh_token_validity": null}), (hour, days)),
    ] {
        configured(&world, config.clone()).await;
        assert_eq!(lifetimes(&demo).await, expected, "{config}");
    }
    assert_eq!(lifetimes(&Sdk::new(&world)).await, (hour, days), "of this app alone");
}

#[tokio::test]
async fn a_session_ends_when_its_app_says_so() {
    let world = World::new().await;
    let config = json!({"access_token_validity": 2, "refresh_token_validity": "1"});
    configured(&world, config).await;
    let demo = Sdk::new(&world).under("/appid-demo");
    let session = demo.open("u1").await;
    world.pass(Duration::from_millis(1_999));
    assert_eq!(demo.checked(&session.access).await, "OK");
    world.pass(Duration::from_millis(2));
    assert_eq!(demo.checked(&session.access).await, "TRY_REFRESH_TOKEN");
    world.pass(Duration::from_secs(50));
    let child = demo.refreshed(&session.refresh).await;
    assert_eq!(demo.checked(&child.access).await, "OK");
    world.pass(Duration::from_millis(59_999));
    assert_eq!(demo.list("u1").await.len(), 1, "the promotion prolonged it");
    world.pass(Duration::from_millis(2));
    assert!(demo.list("u1").await.is_empty());
    assert_eq!(status(&demo.refresh(&child.refresh).await), "UNAUTHORISED");
    assert_eq!(status(&demo.session(&session.handle).await), "UNAUTHORISED");
}

#[tokio::test]
async fn keys_change_as_often_as_an_app_says() {
    for interval in [json!(2), json!("2"), json!(2.0)] {
        let world = World::new().await;
        let config = json!({"access_token_dynamic_signing_key_update_interval": interval});
        configured(&world, config).await;
        let demo = Sdk::new(&world).under("/appid-demo");
        let (first, base) = (demo.open("u1").await, Sdk::new(&world).open("u1").await);
        world.pass(Duration::from_secs(2 * 3600 + 1));
        let (second, same) = (demo.open("u1").await, Sdk::new(&world).open("u1").await);
        assert_ne!(kid(&first.access), kid(&second.access), "{interval}");
        assert_eq!(kid(&base.access), kid(&same.access), "of this app alone");
        assert_eq!(demo.checked(&second.access).await, "OK");
        let published = demo.kids().await;
        for access in [&first.access, &second.access] {
            assert!(published.contains(&kid(access)), "what may still be shown is published");
        }
        let reset = json!({"access_token_dynamic_signing_key_update_interval": null});
        configured(&world, reset).await;
        world.pass(Duration::from_secs(2 * 3600 + 1));
        assert_eq!(kid(&demo.open("u1").await.access), kid(&second.access), "{interval}");
    }
}

/// What the suites of the SDKs set: a key for less than two seconds, tokens for an hour.
#[tokio::test]
async fn lifetimes_that_do_not_go_together_are_for_one_machine_alone() {
    let name = "access_token_dynamic_signing_key_update_interval";
    let config = json!({name: "0.0004"});
    let strict = World::new().await;
    let reply = configure(&strict, config.clone()).await;
    assert_eq!(reply.status, 400);
    assert!(reply.body.contains(name), "{}", reply.body);

    let world = World::with(Builder::taking_odd_lifetimes).await;
    configured(&world, config).await;
    let demo = Sdk::new(&world).under("/appid-demo");
    let first = demo.open("u1").await;
    world.pass(Duration::from_secs(2));
    let second = demo.open("u1").await;
    assert_ne!(kid(&first.access), kid(&second.access));
    assert_eq!(demo.checked(&first.access).await, "OK");
    assert_eq!(lifetimes(&demo).await.0, 72_000, "fifty keys are as many as one item holds");
    configured(&world, json!({name: null, "refresh_token_validity": 1})).await;
    assert_eq!(lifetimes(&demo).await, (60_000, 60_000));
}

#[tokio::test]
async fn the_older_name_of_the_interval_is_known() {
    let world = World::new().await;
    configured(&world, json!({"access_token_signing_key_update_interval": 2})).await;
    let demo = Sdk::new(&world).under("/appid-demo");
    let first = demo.open("u1").await;
    world.pass(Duration::from_secs(2 * 3600 + 1));
    assert_ne!(kid(&first.access), kid(&demo.open("u1").await.access));
}

#[tokio::test]
async fn an_app_has_keys_of_its_own() {
    let world = World::new().await;
    configured(&world, json!({"api_keys": format!("{MINE},{YOURS}")})).await;
    let demo = Sdk::new(&world).under("/appid-demo");
    let ask = async |sdk: &Sdk<'_>| {
        let reply = checked(sdk.call(Method::GET, "/recipe/session?sessionHandle=h").send().await);
        (reply.status, reply.body)
    };
    let refused = (401, "Invalid API key\n".to_owned());
    assert_eq!(ask(&demo).await, refused);
    assert_eq!(ask(&demo.with_key(BASE)).await, refused);
    for key in [MINE, YOURS] {
        assert_eq!(ask(&demo.with_key(key)).await.0, 200);
    }
    let public = Sdk::new(&world);
    assert_eq!(ask(&public).await.0, 200, "of this app alone");
    let jwks = demo.call(Method::GET, "/.well-known/jwks.json").send().await;
    assert_eq!(jwks.status, 200, "its public keys are public");
    configured(&world, json!({"api_keys": null})).await;
    assert_eq!(ask(&demo).await.0, 200, "as the deployment has it again");
}

#[tokio::test]
async fn an_apps_keys_stand_in_place_of_the_deployments() {
    let world = World::with_parameter("ApiKeys", BASE).await;
    let administrator = Sdk::administrator(&world).with_key(BASE);
    let path = "/recipe/multitenancy/app/v2";
    let make = |app: &str, config: Value| json!({"appId": app, "coreConfig": config});
    administrator.change(path, &make("plain", json!({}))).await;
    administrator.change(path, &make("keyed", json!({"api_keys": MINE}))).await;
    let status = async |prefix: &str, key: &'static str| {
        let sdk = Sdk::new(&world).under(prefix).with_key(key);
        sdk.get("/recipe/session?sessionHandle=h").await.status
    };
    for (prefix, base, mine) in
        [("", 200, 401), ("/appid-plain", 200, 401), ("/appid-keyed", 401, 200)]
    {
        let both = (status(prefix, BASE).await, status(prefix, MINE).await);
        assert_eq!(both, (base, mine), "{prefix}");
    }
}

#[tokio::test]
async fn a_value_that_makes_no_sense_is_refused_and_changes_nothing() {
    let world = World::new().await;
    configured(&world, json!({"access_token_validity": 60})).await;
    let demo = Sdk::new(&world).under("/appid-demo");
    for (name, values) in [
        ("access_token_validity", vec![json!(0), json!(-1), json!("soon"), json!(""), json!(true)]),
        ("access_token_validity", vec![json!([60]), json!({}), json!(86_400_001), json!("NaN")]),
        ("refresh_token_validity", vec![json!(0), json!(-5), json!("x"), json!([]), json!("inf")]),
        (
            "access_token_dynamic_signing_key_update_interval",
            vec![json!(0), json!(-1), json!("x"), json!("NaN"), json!({})],
        ),
        (
            "api_keys",
            vec![json!("short"), json!("a_key_with_underscores_in_it"), json!(7), json!([MINE])],
        ),
        ("api_keys", vec![json!(format!("{MINE},short")), json!("with space in the key itself")]),
    ] {
        for value in values {
            let reply = configure(&world, json!({name: value})).await;
            assert_eq!(reply.status, 400, "{name} {value}: {}", reply.body);
        }
    }
    let reply = configure(&world, json!({"access_token_validity": 90, "api_keys": "short"})).await;
    assert_eq!(reply.status, 400);
    for config in [json!(7), json!("x"), json!([])] {
        assert_eq!(configure(&world, config).await.status, 400);
    }
    assert_eq!(lifetimes(&demo).await.0, 60_000);
}

#[tokio::test]
async fn an_app_that_is_made_anew_has_nothing_of_its_old_configuration() {
    let world = World::new().await;
    configured(&world, json!({"access_token_validity": 60})).await;
    let remove = json!({"appId": "demo"});
    Sdk::administrator(&world).ask("/recipe/multitenancy/app/remove", &remove).await;
    configured(&world, json!({})).await;
    let demo = Sdk::new(&world).under("/appid-demo");
    assert_eq!(lifetimes(&demo).await.0, 3_600_000);
}

#[tokio::test]
async fn an_app_goes_on_when_the_operator_changes_what_it_builds_on() {
    let engine = Arc::new(Embedded::memory().unwrap());
    let before = World::with(|builder| builder.engine(engine.clone())).await;
    configured(&before, json!({"access_token_validity": 86_400})).await;
    let after = World::with_clock(before.clock.clone(), |builder| {
        builder.engine(engine).parameter("RefreshTokenValidity", "1440")
    });
    let after = after.await;
    let demo = Sdk::new(&after).under("/appid-demo");
    let (access, refresh) = lifetimes(&demo).await;
    assert_eq!((access <= refresh, refresh), (true, 86_400_000));
}
