//! Headers and bodies of answers, route by route and code by code.

use http::Method;
use serde_json::json;
use shared::http::error::{ApiError, Code};
use tests::{Reply, World};

const ONE_YEAR: u64 = 365 * 24 * 60 * 60;

fn assert_hardened(reply: &Reply, what: &str) {
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{what}");
    let transport = reply.header("strict-transport-security").unwrap_or_default();
    let age = transport.strip_prefix("max-age=").and_then(|rest| rest.split(';').next());
    let age: u64 = age.and_then(|age| age.parse().ok()).unwrap_or_default();
    assert!(age >= ONE_YEAR, "{what}: {transport}");
}

#[tokio::test]
async fn no_answer_is_stored_and_those_of_functions_are_not_sniffed_and_keep_to_https() {
    let world = World::with_parameter("ApiDomain", "https://api.example.com").await;
    let (session, spare) = (world.open("u1").await, world.open("u1").await);
    let call = |method: Method, path: &str| world.call(method, path);
    let body = json!({"sessionHandle": "unknown", "userId": "u1"});
    for (what, reply) in [
        ("create", world.admin("/create-session", &json!({"userId": "u2"})).await),
        ("create refused", world.admin("/create-session", &json!({})).await),
        ("revoke-handle", world.admin("/revoke-handle", &json!({"sessionHandle": "x"})).await),
        ("revoke-handle refused", world.admin("/revoke-handle", &json!({})).await),
        ("list", world.get("/list-sessions?userId=u1").signed().send().await),
        ("list refused", world.get("/list-sessions").signed().send().await),
        ("strict", world.get("/whoami").bearer(&session.access).send().await),
        ("fast", world.get("/whoami/fast").bearer(&session.access).send().await),
        ("refresh", world.refresh(&session.refresh).await),
        ("refresh refused", world.refresh("x").await),
        ("logout", world.post("/logout").bearer(&spare.access).send().await),
        ("sign-out refused", world.post("/auth/signout").send().await),
        ("core", world.post("/core/recipe/session").json(&json!({})).send().await),
        ("core's sessions", world.get("/core/recipe/session/user?userId=u1").send().await),
        ("core's nothing", call(Method::GET, "/core/nothing").send().await),
        ("revoke-user", world.admin("/revoke-user", &json!({"userId": "u1"})).await),
        ("revoke-user refused", world.admin("/revoke-user", &json!({"userId": ""})).await),
    ] {
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{what}");
        assert_hardened(&reply, what);
    }
    // Public keys are for caches too.
    for path in ["/auth/jwt/jwks.json", "/auth/.well-known/openid-configuration"] {
        let reply = world.get(path).send().await;
        assert!(reply.header("cache-control").unwrap().starts_with("max-age="), "{path}");
        assert_hardened(&reply, path);
    }
    // What the gateway says by itself.
    for reply in [
        world.get("/whoami").send().await,
        world.get("/whoami/fast").bearer("x").send().await,
        world.post("/revoke-handle").json(&body).send().await,
        world.post("/revoke-user").json(&body).send().await,
    ] {
        assert!([401, 403].contains(&reply.status));
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{}", reply.body);
        assert_hardened(&reply, &reply.body);
    }
}

#[test]
fn every_code_is_a_problem_of_the_status_that_the_answer_has() {
    for code in Code::ALL {
        let reply = ApiError::new(code, "what the caller may read").to_reply();
        assert_eq!(reply.status(), code.status(), "{code:?}");
        assert!(reply.status().is_client_error() || reply.status().is_server_error(), "{code:?}");
        assert_eq!(reply.headers()["content-type"], "application/problem+json", "{code:?}");
        let problem: serde_json::Value = serde_json::from_str(reply.body()).unwrap();
        assert_eq!(problem["status"], code.status().as_u16(), "{code:?}");
        assert_eq!(problem["code"], code.as_str(), "{code:?}");
        assert_eq!(problem["type"], format!("urn:sever:problem:{}", code.as_str()), "{code:?}");
        assert_eq!(problem["detail"], "what the caller may read", "{code:?}");
        assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()), "{code:?}");
        // Nothing else is told but what an error adds on purpose.
        assert_eq!(problem.as_object().unwrap().len(), 5, "{code:?}");
    }
}
