//! The edge of the API: routes, methods, guards and cross-origin answers.

use http::Method;
use serde_json::json;
use std::time::Duration;
use tests::World;

const ADMIN: [(&str, &str); 4] = [
    ("POST", "/create-session"),
    ("POST", "/revoke-handle"),
    ("POST", "/revoke-user"),
    ("GET", "/list-sessions?userId=u1"),
];

#[tokio::test]
async fn admin_routes_need_a_signature() {
    let world = World::new().await;
    let session = world.open("u1").await;
    for (method, path) in ADMIN {
        let call = || world.call(method.parse().unwrap(), path);
        let reply = call().send().await;
        let body = r#"{"message":"Missing Authentication Token"}"#;
        assert_eq!((reply.status, reply.body.as_str()), (403, body), "{method} {path}");
        let by_session = call().bearer(&session.access).send().await;
        assert_eq!(by_session.status, 403, "a user's session is no administrator");
    }
    // A signature covers the body it was made for.
    let forged = world.post("/revoke-user").json(&json!({"userId": "u1"})).header(
        "authorization",
        "AWS4-HMAC-SHA256 Credential=local/20270115/us-east-1/execute-api/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature=00",
    );
    assert_eq!(forged.header("x-amz-date", "20270115T080000Z").send().await.status, 403);
    assert_eq!(world.strict(&session.access).await, 200);
}

#[tokio::test]
async fn without_core_driver_the_api_has_no_core() {
    for (there, status) in [("true", 200), ("false", 404)] {
        let world = World::with(|builder| {
            builder.parameter("CoreDriver", there).parameter("CoreDriverOpen", "true")
        });
        let world = world.await;
        assert_eq!(world.get("/core/hello").send().await.status, status, "CoreDriver={there}");
        let session = world.open("u1").await;
        assert_eq!(world.strict(&session.access).await, 200, "CoreDriver={there}");
    }
}

#[tokio::test]
async fn by_supertokens_name_the_fast_authorizer_asks_the_table() {
    for (blacklisting, status) in [("true", 401), ("false", 200)] {
        let world =
            World::with(|builder| builder.parameter("AccessTokenBlacklisting", blacklisting));
        let world = world.await;
        let session = world.open("u1").await;
        world.revoke("/revoke-handle", &json!({"sessionHandle": session.handle})).await;
        assert_eq!(world.fast(&session.access).await, status, "{blacklisting}");
    }
}

#[tokio::test]
async fn an_unknown_path_is_404_and_a_wrong_method_405() {
    let world = World::new().await;
    for path in ["/nope", "/whoami//", "/whoami/fast/x", "/auth", "/../whoami"] {
        assert_eq!(world.get(path).send().await.status, 404, "{path}");
    }
    for (method, path, allow) in [
        (Method::GET, "/revoke-handle", "POST"),
        (Method::PUT, "/create-session", "POST"),
        (Method::POST, "/whoami", "GET"),
        (Method::DELETE, "/list-sessions", "GET"),
        (Method::GET, "/auth/session/refresh", "POST"),
        (Method::POST, "/auth/jwt/jwks.json", "GET"),
    ] {
        let reply = world.call(method, path).send().await;
        assert_eq!(reply.status, 405, "{path}");
        assert!(
            reply.header("allow").unwrap().contains(allow),
            "{path}: {:?}",
            reply.header("allow")
        );
    }
}

#[tokio::test]
async fn headers_that_name_no_origin_and_bodies_nobody_reads_do_no_harm() {
    let world = World::new().await;
    for (name, value) in [("x-forwarded-proto", "a b"), ("x-forwarded-proto", ":"), ("host", "[")] {
        let reply = world.post("/auth/session/refresh").header(name, value).send().await;
        assert_eq!((reply.status, reply.code().as_str()), (401, "unauthorised"), "{name}: {value}");
    }
    for path in ["/auth/session/refresh", "/logout"] {
        let reply = world.post(path).text("x".repeat(64 * 1024 + 1)).send().await;
        assert_eq!((reply.status, reply.code().as_str()), (400, "body-too-large"), "{path}");
    }
}

#[tokio::test]
async fn cross_origin_answers_name_the_one_website_and_never_the_asker() {
    let world = World::with(|builder| {
        builder
            .parameter("WebsiteDomain", "https://www.example.com")
            .parameter("ApiDomain", "https://api.example.com")
    })
    .await;
    let session = world.open("u1").await;
    for call in [
        world.call(Method::OPTIONS, "/auth/session/refresh"),
        world.post("/auth/session/refresh"),
        world.post("/logout").bearer(&session.access),
        world.get("/whoami"),
        world.get("/whoami").bearer(&session.access),
        world.get("/whoami/fast").bearer("x"),
        world.post("/create-session"),
    ] {
        let reply = call.header("origin", "https://evil.example").send().await;
        let origin = reply.header("access-control-allow-origin");
        assert_eq!(origin, Some("https://www.example.com"), "{}", reply.status);
        assert_eq!(reply.header("access-control-allow-credentials"), Some("true"));
    }
    let preflight = world.call(Method::OPTIONS, "/whoami").send().await;
    assert_eq!(preflight.status, 200, "a preflight carries no credentials");
    let allowed = preflight.header("access-control-allow-headers").unwrap();
    for name in ["rid", "fdi-version", "anti-csrf", "authorization", "st-auth-mode"] {
        assert!(allowed.contains(name), "{name}");
    }
}

#[tokio::test]
async fn every_answer_of_ours_is_neither_cached_nor_sniffed() {
    let world = World::new().await;
    let session = world.open("u1").await;
    for call in [
        world.post("/auth/session/refresh").bearer(&session.refresh),
        world.post("/auth/session/refresh"),
        world.post("/logout"),
        world.get("/whoami").bearer(&session.access),
        world.post("/revoke-user").text("{").signed(),
    ] {
        let reply = call.send().await;
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    }
}

#[tokio::test]
async fn the_key_set_and_its_discovery_are_for_everyone() {
    let world = World::new().await;
    let before = world.get("/auth/jwt/jwks.json").send().await;
    assert_eq!((before.status, before.json()), (200, json!({"keys": []})));
    assert_eq!(before.header("cache-control"), Some("max-age=1, must-revalidate"));

    world.open("u1").await;
    world.pass(Duration::from_secs(1));
    let reply = world.get("/auth/jwt/jwks.json").send().await;
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    // A dynamic key is replaced a minute before it is a week old.
    assert_eq!(reply.header("cache-control"), Some("max-age=300, must-revalidate"));
    let keys = reply.json()["keys"].as_array().unwrap().clone();
    assert_eq!(keys.len(), 2);
    for key in &keys {
        assert_eq!(
            (&key["kty"], &key["alg"], &key["use"]),
            (&json!("RSA"), &json!("RS256"), &json!("sig"))
        );
        assert_eq!(key["e"], "AQAB");
        assert_eq!(key["n"].as_str().unwrap().len(), 342, "2048 bits");
        assert_eq!(key.as_object().unwrap().len(), 6, "and nothing private");
    }

    let reply = world.get("/auth/.well-known/openid-configuration").send().await;
    let document = reply.json();
    assert_eq!(document["issuer"], "http://127.0.0.1:3000/auth");
    assert_eq!(document["jwks_uri"], "http://127.0.0.1:3000/auth/jwt/jwks.json");
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
}

#[tokio::test]
async fn a_slash_at_the_end_of_a_path_makes_no_difference() {
    let world = World::new().await;
    let session = world.open("u1").await;
    for route in &world.bundle.template().api.routes {
        let method = route.method.clone().unwrap_or(Method::GET);
        // Refusing to end anything, so that the session lives on.
        let body = json!({"scope": "nobody's"});
        for path in [route.path.replace("{proxy+}", "hello"), "/core/user/id".to_owned()] {
            let ask = async |path: &str| {
                let call = world.call(method.clone(), path).json(&body);
                let logs_out = ["/logout", "/auth/signout"].contains(&route.path.as_str());
                let call = if logs_out { call } else { call.bearer(&session.access) };
                let reply = call.send().await;
                (reply.status, reply.body)
            };
            let expected = ask(&path).await;
            assert_ne!(expected.0, 404, "{method} {path}");
            assert_eq!(ask(&format!("{path}/")).await, expected, "{method} {path}");
        }
    }
    let listed = world.get("/auth/sessions/").bearer(&session.access).send().await;
    assert_eq!((listed.status, &listed.json()["sessions"][0]["current"]), (200, &json!(true)));
    assert_eq!(world.get("/auth/jwt/jwks.json/").send().await.status, 200);
}
