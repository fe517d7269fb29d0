//! What samples of core-driver find: apps and tenants, and a session that an SDK has opened.

use http::Method;
use serde_json::{Value, json};
use tests::World;

/// The samples of core-driver know the tenants `public` and `acme`, and beside `public` the apps
/// `demo` and `locked`, which has a key of its own. What a sample has made is gone.
pub(super) async fn put_apps_and_tenants(world: &World) {
    const KEY: &str = "sample-key-of-the-app-locked";
    let locked = json!({"appId": "locked", "coreConfig": {"api_keys": KEY}});
    for (method, path, body) in [
        (Method::PUT, "/app/v2", json!({"appId": "demo"})),
        (Method::PUT, "/app/v2", locked),
        (Method::PUT, "/tenant/v2", json!({"tenantId": "acme"})),
        (Method::POST, "/app/remove", json!({"appId": "fresh"})),
        (Method::POST, "/tenant/remove", json!({"tenantId": "fresh"})),
    ] {
        call(world, method, &format!("/recipe/multitenancy{path}"), &body).await;
    }
    let of_app = "/appid-demo/recipe/multitenancy/tenant/remove";
    call(world, Method::POST, of_app, &json!({"tenantId": "fresh"})).await;
}

/// Placeholders of a session of `grace` that an SDK has opened, and of what its refresh token was
/// exchanged for. The child has not been used, so the refresh token is still good.
pub(super) async fn opened(world: &World) -> Vec<(&'static str, String)> {
    let session = json!({
        "userId": "grace",
        "userDataInJWT": {"role": "admin"},
        "userDataInDatabase": {"plan": "pro"},
        "enableAntiCsrf": true,
    });
    let opened = call(world, Method::POST, "/recipe/session", &session).await;
    let text = |answer: &Value, path: &str| {
        answer.pointer(path).and_then(Value::as_str).expect(path).to_owned()
    };
    let exchange = json!({
        "refreshToken": text(&opened, "/refreshToken/token"),
        "antiCsrfToken": text(&opened, "/antiCsrfToken"),
        "enableAntiCsrf": true,
        "useDynamicSigningKey": true,
    });
    let child = call(world, Method::POST, "/recipe/session/refresh", &exchange).await;
    vec![
        ("sdkSessionHandle", text(&opened, "/session/handle")),
        ("sdkAccessToken", text(&opened, "/accessToken/token")),
        ("sdkRefreshToken", text(&opened, "/refreshToken/token")),
        ("sdkAntiCsrfToken", text(&opened, "/antiCsrfToken")),
        ("childAccessToken", text(&child, "/accessToken/token")),
        ("childRefreshToken", text(&child, "/refreshToken/token")),
    ]
}

async fn call(world: &World, method: Method, path: &str, body: &Value) -> Value {
    let reply = world.call(method, &format!("/core{path}")).json(body).send().await;
    assert_eq!((reply.status, reply.json()["status"].as_str()), (200, Some("OK")), "{path}");
    reply.json()
}
