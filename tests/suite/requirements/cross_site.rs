//! What another website can make a browser do: nothing that changes anything, and nothing with a
//! cookie that was not meant.

use crate::verify::shapes::{Said, said};
use http::Method;
use serde_json::json;
use tests::world::faulty;
use tests::{Opened, World};

/// What the authorizer makes of a request with this session's cookie, and `more` headers, to a REST
/// API and to an HTTP API.
async fn passes(world: &World, method: &str, access: &str, more: &[(&str, &str)]) -> bool {
    let cookie = format!("sAccessToken={access}");
    let (mut one, mut all) = (json!({}), json!({"Cookie": [cookie]}));
    for (name, value) in more {
        one[name.to_ascii_lowercase()] = json!(value);
        all[*name] = json!([value]);
    }
    let arn = format!("arn:aws:execute-api:us-east-1:1:api/prod/{method}/orders");
    let rest = json!({
        "type": "REQUEST", "resource": "/orders", "path": "/orders", "httpMethod": method,
        "methodArn": arn, "multiValueHeaders": all,
    });
    let http_api = json!({
        "version": "2.0", "type": "REQUEST", "routeArn": arn, "routeKey": "ANY /orders",
        "cookies": [cookie], "headers": one, "requestContext": {"http": {"method": method}},
    });
    let mut passed = Vec::new();
    for event in [rest, http_api] {
        let answer = world.bundle.invoke("verify-session", &event.to_string()).await;
        match said(&answer) {
            Said::Allows(_) => passed.push(true),
            Said::Refuses => passed.push(false),
            Said::Fails(code) => panic!("{method}: {code}"),
        }
    }
    assert_eq!(passed[0], passed[1], "{method} {more:?}: both kinds of API alike");
    passed[0]
}

async fn opened_in_cookies(world: &World) -> (Opened, String) {
    let body = json!({"userId": "u1", "transfer": "cookie"});
    let answer = world.admin("/create-session", &body).await.json();
    let text = |path: &str| answer.pointer(path).unwrap().as_str().unwrap().to_owned();
    let session = Opened {
        handle: text("/session/handle"),
        access: text("/accessToken/token"),
        refresh: text("/refreshToken/token"),
    };
    (session, answer["antiCsrfToken"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_forged_request_with_cookies_passes_no_authorizer() {
    for mode in ["VIA_CUSTOM_HEADER", "VIA_TOKEN"] {
        let world = World::with_parameter("AntiCsrf", mode).await;
        let (session, anti_csrf) = opened_in_cookies(&world).await;
        let access = session.access.as_str();
        let meant: &[(&str, &str)] = match mode {
            "VIA_TOKEN" => &[("anti-csrf", &anti_csrf)],
            _ => &[("rid", "anything")],
        };
        // A form can send none of the two, and neither can a request that asks no preflight.
        let forms = [("Content-Type", "text/plain"), ("Origin", "https://evil.example")];
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            assert!(!passes(&world, method, access, &[]).await, "{mode} {method}");
            assert!(!passes(&world, method, access, &forms).await, "{mode} {method}");
            assert!(passes(&world, method, access, meant).await, "{mode} {method}");
        }
        assert!(passes(&world, "GET", access, &[]).await, "{mode}");
    }
    let world = World::with_parameter("AntiCsrf", "VIA_TOKEN").await;
    let (mine, _) = opened_in_cookies(&world).await;
    let (_, of_another) = opened_in_cookies(&world).await;
    let wrong = [("anti-csrf", of_another.as_str()), ("rid", "anything")];
    assert!(!passes(&world, "POST", &mine.access, &wrong).await, "a token of another session");
}

#[tokio::test]
async fn nothing_is_changed_by_a_safe_method() {
    let (world, engine) = faulty().await;
    let session = world.open("u1").await;
    world.strict(&session.access).await;
    engine.take_calls();
    let handle = &session.handle;
    for path in [
        "/create-session?userId=u1".to_owned(),
        format!("/revoke-handle?sessionHandle={handle}"),
        "/revoke-user?userId=u1".to_owned(),
        "/auth/session/refresh".to_owned(),
        "/auth/signout".to_owned(),
        "/logout".to_owned(),
        format!("/core/recipe/session/remove?sessionHandles={handle}"),
        "/core/recipe/session/refresh".to_owned(),
        "/core/recipe/multitenancy/app/remove?appId=public".to_owned(),
        "/core/recipe/multitenancy/tenant/remove?tenantId=acme".to_owned(),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let call = world.call(method.clone(), &path).bearer(&session.access);
            let reply = call.cookie("sRefreshToken", &session.refresh).send().await;
            assert!(!(200..300).contains(&reply.status), "{method} {path}: {}", reply.status);
        }
    }
    for operation in engine.take_operations() {
        assert!(operation.ends_with("GetItem"), "{operation} by a safe method");
    }
    assert_eq!(world.strict(&session.access).await, 200);
    world.refreshed(&session.refresh).await;
}
