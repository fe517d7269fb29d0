//! The authorizers on their routes: who passes, who does not, and what the table is asked.

mod golden;
mod pairs;
pub(crate) mod shapes;
mod websocket;

use local::dynamodb::Embedded;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tests::{Faulty, World};

async fn watched(name: &str, value: &str) -> (World, Arc<Faulty<Embedded>>) {
    let engine = Arc::new(Faulty::new(Embedded::memory().unwrap()));
    let world = World::with(|builder| builder.engine(engine.clone()).parameter(name, value)).await;
    (world, engine)
}

#[tokio::test]
async fn whoami_tells_what_the_authorizer_found_and_nothing_else() {
    let world = World::new().await;
    let payload = json!({"role": "admin", "deep": {"n": [1, null, "ü"]}});
    let session = world
        .open_with(&json!({"userId": "u1", "tenantId": "acme", "accessTokenPayload": payload}))
        .await;
    for path in ["/whoami", "/whoami/fast"] {
        let reply =
            world.get(path).bearer(&session.access).header("x-user-id", "admin").send().await;
        assert_eq!(reply.status, 200);
        assert_eq!(
            reply.json(),
            json!({
                "userId": "u1", "tenantId": "acme", "sessionHandle": session.handle,
                "expiresAt": world.clock.now().millis() + 3_600_000, "payload": payload,
            })
        );
    }
}

#[tokio::test]
async fn without_a_good_token_the_answer_is_401_that_a_browser_may_read() {
    let world = World::new().await;
    let session = world.open("u1").await;
    let cut = &session.access[..session.access.len() - 1];
    for path in ["/whoami", "/whoami/fast"] {
        for call in [
            world.get(path),
            world.get(path).bearer("garbage"),
            world.get(path).bearer(cut),
            world.get(path).bearer(&session.refresh),
            world.get(path).cookie("sAccessToken", "a.b.c"),
            world.get(path).header("authorization", &session.access),
            world.get(path).header("authorization", &format!("Token {}", session.access)),
        ] {
            let reply = call.send().await;
            assert_eq!((reply.status, reply.body.as_str()), (401, r#"{"message":"Unauthorized"}"#));
            assert_eq!(reply.header("access-control-allow-origin"), Some("http://127.0.0.1:3000"));
            assert_eq!(reply.header("access-control-allow-credentials"), Some("true"));
            assert_eq!(reply.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
        }
    }
}

#[tokio::test]
async fn an_access_token_expires_to_the_second() {
    let world = World::with_parameter("AccessTokenValidity", "60").await;
    let session = world.open("u1").await;
    world.pass(Duration::from_millis(59_999));
    assert_eq!(
        (world.strict(&session.access).await, world.fast(&session.access).await),
        (200, 200)
    );
    world.pass(Duration::from_millis(1));
    assert_eq!(
        (world.strict(&session.access).await, world.fast(&session.access).await),
        (401, 401)
    );
}

#[tokio::test]
async fn a_strict_check_is_one_strong_batch_read_and_a_fast_one_is_none() {
    let (world, engine) = watched("FastSessionCheckDatabase", "never").await;
    let session = world.open("u1").await;
    engine.take_calls();

    assert_eq!(world.strict(&session.access).await, 200);
    let cold = engine.take_calls();
    assert_eq!(cold.len(), 1, "a cold check fetches the keys in the same round trip");
    assert_eq!(world.strict(&session.access).await, 200);
    let warm = engine.take_calls();
    assert_eq!(warm.len(), 1);
    for (call, keys) in [(&cold[0], 3), (&warm[0], 2)] {
        assert_eq!(call.operation, "BatchGetItem");
        let body = call.json();
        let request = body["RequestItems"].as_object().unwrap().values().next().unwrap();
        assert_eq!(request["ConsistentRead"], true);
        assert_eq!(request["Keys"].as_array().unwrap().len(), keys);
        assert!(request["ProjectionExpression"].is_string());
    }

    assert_eq!(world.fast(&session.access).await, 200);
    assert_eq!(engine.take_operations(), ["GetItem"], "the keys, once");
    assert_eq!(world.fast(&session.access).await, 200);
    assert_eq!(engine.take_operations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_forged_token_costs_no_read_once_the_keys_are_known() {
    let (world, engine) = watched("FastSessionCheckDatabase", "never").await;
    let session = world.open("u1").await;
    assert_eq!(world.strict(&session.access).await, 200);
    engine.take_calls();
    let (message, _) = session.access.rsplit_once('.').unwrap();
    let forged = format!("{message}.{}", "A".repeat(342));
    assert_eq!(world.strict(&forged).await, 401);
    assert_eq!(engine.take_operations(), Vec::<String>::new());
}

#[tokio::test]
async fn the_deployment_and_the_route_decide_whether_the_table_is_asked() {
    for (policy, routes, strict) in [
        ("always", "", true),
        ("unsafe-methods", "", false),
        ("never", "", false),
        ("never", "GET /whoami/fast=always", true),
        ("never", "ANY /whoami/fast=unsafe-methods", false),
        ("always", "GET /whoami/fast=never", false),
    ] {
        let world = World::with(|builder| {
            builder
                .parameter("FastSessionCheckDatabase", policy)
                .parameter("CheckDatabaseRoutes", routes)
        })
        .await;
        let session = world.open("u1").await;
        world.revoke("/revoke-handle", &json!({"sessionHandle": session.handle})).await;
        let expected = if strict { 401 } else { 200 };
        assert_eq!(world.fast(&session.access).await, expected, "{policy} {routes}");
        assert_eq!(world.strict(&session.access).await, 401, "StrictSession is always strict");
    }
}

#[tokio::test]
async fn a_cookie_passes_a_get_without_and_two_cookies_do_not_pass() {
    let world = World::with_parameter("AntiCsrf", "VIA_CUSTOM_HEADER").await;
    let session = world.open_with(&json!({"userId": "u1", "transfer": "cookie"})).await;
    let call = || world.get("/whoami").cookie("sAccessToken", &session.access);
    assert_eq!(call().send().await.status, 200);
    assert_eq!(call().cookie("sAccessToken", &session.access).send().await.status, 401);
    assert_eq!(call().cookie("other", "1").send().await.status, 200);
}

#[tokio::test]
async fn a_token_of_another_deployment_is_refused() {
    let (here, there) = (World::new().await, World::new().await);
    let session = there.open("u1").await;
    assert_eq!((here.strict(&session.access).await, here.fast(&session.access).await), (401, 401));
    // Even with the same keys: the issuer differs.
    let engine = Arc::new(Embedded::memory().unwrap());
    let one = World::with(|builder| builder.engine(engine.clone())).await;
    let two = World::with(|builder| {
        let elsewhere = builder.engine(engine.clone());
        elsewhere
            .parameter("ApiDomain", "https://elsewhere.example")
            .parameter("TrustedIssuers", "")
    })
    .await;
    let session = one.open("u1").await;
    assert_eq!((one.strict(&session.access).await, two.strict(&session.access).await), (200, 401));
    // Unless the operator trusts it.
    let issuer =
        one.bundle.template().functions["LogoutFunction"].environment["API_DOMAIN"].clone();
    let three = World::with(|builder| {
        let elsewhere = builder.engine(engine);
        elsewhere
            .parameter("ApiDomain", "https://elsewhere.example")
            .parameter("TrustedIssuers", &format!("https://other.example/auth,{issuer}/auth"))
    })
    .await;
    assert_eq!(three.strict(&session.access).await, 200);
}

#[tokio::test]
async fn a_path_too_long_for_a_policy_is_allowed_by_its_method() {
    let world = World::new().await;
    let session = world.open("u1").await;
    let api = "arn:aws:execute-api:us-east-1:000000000000:local/prod";
    for (path, resource) in [
        ("files/short".to_owned(), format!("{api}/GET/files/short")),
        (format!("files/{}", "x".repeat(500)), format!("{api}/GET/*")),
    ] {
        let event = json!({
            "type": "REQUEST", "methodArn": format!("{api}/GET/{path}"), "resource": "/files/{proxy+}",
            "path": format!("/{path}"), "httpMethod": "GET",
            "multiValueHeaders": {"Authorization": [format!("Bearer {}", session.access)]},
        });
        let answer = world.bundle.invoke("verify-session", &event.to_string()).await.unwrap();
        let answer: serde_json::Value = serde_json::from_str(answer.get()).unwrap();
        assert_eq!(answer["policyDocument"]["Statement"][0]["Resource"], json!(resource));
    }
}

#[tokio::test]
async fn a_protected_route_without_an_authorizer_serves_nobody() {
    let world = World::new().await;
    let event = json!({
        "resource": "/whoami", "path": "/whoami", "httpMethod": "GET", "headers": {},
        "multiValueHeaders": {}, "requestContext": {"httpMethod": "GET", "authorizer": {}},
        "isBase64Encoded": false,
    });
    let answer = world.bundle.invoke("whoami", &event.to_string()).await.unwrap();
    let answer: serde_json::Value = serde_json::from_str(answer.get()).unwrap();
    assert_eq!(answer["statusCode"], 500, "{answer}");
}
