//! Who may ask: keys, and none (PROTOCOL 3.1).

use super::endpoints::{PATHS, endpoints};
use super::sdk::{Sdk, checked, creation};
use http::Method;
use local::dynamodb::Embedded;
use serde_json::json;
use shared::api_keys::NewApiKey;
use std::sync::Arc;
use tests::{Faulty, Opened, Reply, World};

const ONE: &str = "first-key-of-this-deployment=1";
const TWO: &str = "SecondKeyOfThisDeploymentWhichIsRatherLong";

async fn locked() -> World {
    World::with_parameter("ApiKeys", &format!("{ONE},{TWO}")).await
}

fn assert_refused(reply: &Reply, what: &str) {
    assert_eq!((reply.status, reply.body.as_str()), (401, "Invalid API key\n"), "{what}");
}

#[tokio::test]
async fn each_key_is_good_in_each_of_three_ways() {
    let world = locked().await;
    for key in [ONE, TWO] {
        for (name, value) in [
            ("api-key", key.to_owned()),
            ("api-key", format!("  {key} ")),
            ("authorization", key.to_owned()),
            ("authorization", format!(" {key}  ")),
            ("authorization", format!("Bearer {key}")),
            ("authorization", format!("Bearer  {key} ")),
            ("authorization", format!("bearer {key}")),
            ("authorization", format!("BEARER {key}")),
        ] {
            let call = Sdk::new(&world).call(Method::POST, "/recipe/session");
            let reply = call.header(name, &value).json(&creation("u1")).send().await;
            assert_eq!(checked(reply).status, 200, "{name}: {value}");
        }
    }
}

#[tokio::test]
async fn a_digest_accepts_its_key_and_is_none_itself() {
    let new = NewApiKey::of([7; 32]);
    let list = format!("{ONE}, {}", new.digest);
    let world = World::with_parameter("ApiKeys", &list).await;
    let asked = async |key: &str| {
        let call = Sdk::new(&world).call(Method::GET, "/apiversion").header("api-key", key);
        checked(call.send().await).status
    };
    for (key, status) in
        [(ONE, 200), (&*new.key, 200), (&*new.digest, 401), (&new.digest[7..], 401), (TWO, 401)]
    {
        assert_eq!(asked(key).await, status, "{key}");
    }
    // An app's own keys have the same forms.
    let administrator = Sdk::administrator(&world).with_key(ONE);
    let app = json!({"appId": "shop", "coreConfig": {"api_keys": new.digest}});
    assert_eq!(administrator.put("/recipe/multitenancy/app/v2", &app).await.status, 200);
    for (key, status) in [(&*new.key, 200), (&*new.digest, 401), (ONE, 401)] {
        let shop = Sdk::new(&world).under("/appid-shop").call(Method::GET, "/apiversion");
        assert_eq!(checked(shop.header("api-key", key).send().await).status, status, "{key}");
    }
}

#[tokio::test]
async fn any_other_key_is_wrong() {
    let world = locked().await;
    let both = format!("{ONE},{TWO}");
    let longer = format!("{ONE}x");
    let upper = ONE.to_uppercase();
    for key in ["", "x", &ONE[1..], &ONE[..ONE.len() - 1], &longer, &upper, &both, "public", "ü"] {
        for (name, value) in [
            ("api-key", key.to_owned()),
            ("authorization", key.to_owned()),
            ("authorization", format!("Bearer {key}")),
            ("authorization", format!("Basic {key}")),
        ] {
            let call = Sdk::new(&world).call(Method::GET, "/recipe/session?sessionHandle=h");
            assert_refused(&checked(call.header(name, &value).send().await), &value);
        }
    }
    let call = Sdk::new(&world).call(Method::GET, "/recipe/session?sessionHandle=h");
    let basic = call.header("authorization", &format!("Basic {ONE}")).send().await;
    assert_refused(&basic, "another scheme");
}

#[tokio::test]
async fn without_a_key_nothing_is_answered_but_hello_and_the_public_keys() {
    let world = locked().await;
    let nobody = Sdk::new(&world);
    for path in ["/hello", "/.well-known/jwks.json"] {
        let reply = nobody.call(Method::GET, path).send().await;
        assert_eq!(reply.status, 200, "{path}");
    }
    assert_everything_is_refused(&world).await;
    let administrator = Sdk::administrator(&world);
    assert_refused(&administrator.get("/apiversion").await, "negotiation");
    assert_eq!(administrator.with_key(TWO).get("/apiversion").await.status, 200);
    let app = json!({"appId": "x"});
    let reply = administrator.put("/recipe/multitenancy/app/v2", &app).await;
    assert_refused(&reply, "an app");
    let apps = administrator.with_key(ONE).read("/recipe/multitenancy/app/list/v2").await;
    assert_eq!(apps["apps"].as_array().unwrap().len(), 1, "{apps}");
}

#[tokio::test]
async fn when_no_key_is_configured_nobody_is_served() {
    let world = World::with_parameter("CoreDriverOpen", "false").await;
    assert_everything_is_refused(&world).await;
    for key in ["", ONE, "null", "undefined"] {
        let call = Sdk::new(&world).call(Method::GET, "/apiversion").header("api-key", key);
        assert_refused(&call.send().await, key);
    }
}

#[tokio::test]
async fn keys_are_asked_for_even_where_it_is_open() {
    let world = World::with(|builder| {
        builder.parameter("ApiKeys", ONE).parameter("CoreDriverOpen", "true")
    })
    .await;
    assert_everything_is_refused(&world).await;
    Sdk::new(&world).with_key(ONE).open("u1").await;
}

async fn assert_everything_is_refused(world: &World) {
    let nobody = Sdk::new(world);
    for (path, methods) in PATHS {
        for method in methods.iter().filter(|_| path != "/.well-known/jwks.json") {
            let reply = checked(nobody.call(method.clone(), path).send().await);
            assert_refused(&reply, path);
        }
    }
    let text = || "x".to_owned();
    let session = Opened { handle: text(), access: text(), refresh: text() };
    for endpoint in endpoints(&session) {
        let call = nobody.call(endpoint.method, endpoint.path).json(&endpoint.body);
        assert_refused(&checked(call.send().await), endpoint.path);
    }
}

#[tokio::test]
async fn who_shows_no_key_costs_no_read() {
    let engine = Arc::new(Faulty::new(Embedded::memory().unwrap()));
    let world =
        World::with(|builder| builder.engine(engine.clone()).parameter("CoreDriverOpen", "false"));
    let world = world.await;
    engine.take_calls();
    for path in ["/core/appid-other/apiversion", "/core/other/recipe/session/user?userId=u"] {
        assert_refused(&world.get(path).send().await, path);
    }
    assert!(engine.take_calls().is_empty());
}
