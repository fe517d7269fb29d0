//! What another website can make a browser do: nothing that changes anything, and nothing with a
//! cookie that was not meant.

use http::Method;
use serde_json::json;
use tests::world::faulty;
use tests::{Opened, World};

/// What the authorizer makes of a request with this session's cookie, and `more` headers.
async fn passes(world: &World, method: &str, access: &str, more: &[(&str, &str)]) -> bool {
    let mut headers = json!({"Cookie": [format!("sAccessToken={access}")]});
    for (name, value) in more {
        headers[*name] = json!([value]);
    }
    let event = json!({
        "type": "REQUEST", "resource": "/orders", "path": "/orders", "httpMethod": method,
        "methodArn": format!("arn:aws:execute-api:us-east-1:1:api/prod/{method}/orders"),
        "multiValueHeaders": headers,
    });
    match world.bundle.invoke("verify-session", &event.to_string()).await {
        Ok(_) => true,
        Err(refusal) => {
            assert_eq!(refusal.error_message, "Unauthorized", "{method}");
            false
        }
    }
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
