//! What the gateway answers by itself.

use super::{answers, body, builder, fails, header, send};
use crate::gateway::For;
use crate::signature::tests::signed;
use bytes::Bytes;
use http::{HeaderValue, Request};
use serde_json::json;
use shared::lambda::Function;

const EVERY_DENIAL: [(&str, &str); 3] = [
    ("access-control-allow-origin", "http://127.0.0.1:3000"),
    ("access-control-allow-credentials", "true"),
    ("cache-control", "no-store"),
];

#[tokio::test]
async fn a_refusal_has_awss_body_and_the_templates_headers() {
    let deny = {
        let statement = json!({"Effect": "Deny", "Action": "execute-api:Invoke", "Resource": "*"});
        let document = json!({"Version": "2012-10-17", "Statement": [statement]});
        answers(json!({"principalId": "u1", "policyDocument": document}))
    };
    let panics = Function::from_fn(|_| async { panic!("a panic on purpose") });
    let forbidden = "User is not authorized to access this resource with an explicit deny";
    for (authorizer, status, expected) in [
        (fails("Unauthorized"), 401, json!({"message": "Unauthorized"})),
        (fails("the table did not answer"), 500, json!({"message": null})),
        (panics, 500, json!({"message": null})),
        (deny, 403, json!({"Message": forbidden})),
        (answers(json!({"isAuthorized": true})), 500, json!({"message": null})),
    ] {
        let bundle = builder().stand_in("verify-session", authorizer).build().await.unwrap();
        let response = send(&bundle, "GET", "/whoami").await;
        assert_eq!((response.status().as_u16(), body(&response)), (status, expected));
        for (name, value) in EVERY_DENIAL {
            assert_eq!(header(&response, name), Some(value), "{status} {name}");
        }
        let challenge = (status == 401).then_some("Bearer error=\"invalid_token\"");
        assert_eq!(header(&response, "www-authenticate"), challenge, "{status}");
    }
}

#[tokio::test]
async fn a_function_that_fails_or_panics_is_a_502_and_the_next_call_is_answered() {
    let panics = Function::from_fn(|_| async { panic!("a panic on purpose") });
    for function in [panics, fails("x"), answers(json!({"status": "OK"}))] {
        let bundle = builder().stand_in("logout", function).build().await.unwrap();
        for _ in 0..2 {
            let response = send(&bundle, "POST", "/logout").await;
            assert_eq!(response.status(), 502);
            assert_eq!(body(&response), json!({"message": "Internal server error"}));
            assert_eq!(header(&response, "cache-control"), Some("no-store"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_that_hangs_is_ended_at_its_timeout() {
    let hangs = Function::from_fn(|_| std::future::pending());
    let bundle = builder().stand_in("logout", hangs).build().await.unwrap();
    assert_eq!(send(&bundle, "POST", "/logout").await.status(), 502);
}

#[tokio::test]
async fn an_unknown_path_is_404_and_a_wrong_method_405() {
    let bundle = builder().build().await.unwrap();
    for (method, uri, status, message, allow) in [
        ("GET", "/nowhere", 404, "Not Found", None),
        ("GET", "/whoami//", 404, "Not Found", None),
        ("GET", "/logout/", 405, "Method Not Allowed", Some("POST")),
        ("OPTIONS", "/nowhere", 404, "Not Found", None),
        ("GET", "/logout", 405, "Method Not Allowed", Some("POST")),
        ("HEAD", "/whoami", 405, "Method Not Allowed", Some("GET")),
        ("BREW", "/whoami", 405, "Method Not Allowed", Some("GET")),
    ] {
        let response = send(&bundle, method, uri).await;
        assert_eq!(response.status(), status, "{method} {uri}");
        assert_eq!(body(&response), json!({"message": message}), "{method} {uri}");
        assert_eq!(header(&response, "allow"), allow, "{method} {uri}");
        assert_eq!(header(&response, "cache-control"), Some("no-store"), "{method} {uri}");
    }
}

#[tokio::test]
async fn a_preflight_is_answered_as_sams_mock_does_without_asking_the_authorizer() {
    let bundle = builder().stand_in("verify-session", fails("x")).build().await.unwrap();
    for path in ["/whoami", "/auth/session/refresh", "/revoke-user"] {
        let response = send(&bundle, "OPTIONS", path).await;
        assert_eq!(response.status(), 200, "{path}");
        for (name, value) in [
            ("access-control-allow-origin", "http://127.0.0.1:3000"),
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-methods", "GET,POST,OPTIONS"),
            ("access-control-max-age", "600"),
        ] {
            assert_eq!(header(&response, name), Some(value), "{path} {name}");
        }
        let allowed = header(&response, "access-control-allow-headers").unwrap();
        assert!(allowed.split(',').any(|name| name == "authorization"), "{allowed}");
    }
}

#[tokio::test]
async fn a_route_guarded_by_iam_takes_only_signed_requests() {
    let bundle = builder().build().await.unwrap();
    let post = || Request::post("/revoke-user").body(Bytes::from_static(b"{}")).unwrap();
    let here = ("us-east-1", "execute-api");

    let response = bundle.request(signed(post(), ("local", "local"), here)).await;
    assert_eq!(response.status(), 200);
    let user = &body(&response)["requestContext"]["identity"]["userArn"];
    assert_eq!(user, "arn:aws:iam::000000000000:user/local");
    assert_eq!(response.extensions().get::<For>(), Some(&For("revoke-user".to_owned())));

    for (request, expected) in [
        (post(), "Missing Authentication Token"),
        (
            signed(post(), ("AKIAOTHER", "local"), here),
            "The security token included in the request is invalid.",
        ),
        (
            signed(post(), ("local", "guess"), here),
            "The request signature we calculated does not match the signature you provided.",
        ),
    ] {
        let response = bundle.request(request).await;
        assert_eq!(response.status(), 403, "{expected}");
        let message = body(&response)["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(expected), "{message}");
        assert_eq!(header(&response, "cache-control"), Some("no-store"), "{expected}");
    }
}

#[tokio::test]
async fn what_is_too_large_or_no_text_is_a_client_error() {
    let bundle = builder().build().await.unwrap();
    let post = || Request::post("/logout");
    let large = |len: usize| Bytes::from(vec![b'x'; len]);
    let binary = HeaderValue::from_bytes(&[0xff]).unwrap();
    for (request, status) in [
        (post().body(large(10 * 1024 * 1024 + 1)), 413),
        (post().body(large(6 * 1024 * 1024)), 413),
        (post().header("cookie", "x".repeat(10_240)).body(Bytes::new()), 431),
        (post().header("cookie", binary).body(Bytes::new()), 400),
    ] {
        let response = bundle.request(request.unwrap()).await;
        assert_eq!(response.status(), status);
        assert_eq!(header(&response, "content-type"), Some("application/json"));
    }
}

#[tokio::test]
async fn a_preflight_allows_the_headers_that_the_parameter_adds() {
    let asked = ["content-type", "authorization", "sentry-trace", "baggage"];
    for (added, expected) in [("sentry-trace,baggage", 4), ("", 2)] {
        let bundle = builder().parameter("CorsAllowHeaders", added).build().await.unwrap();
        let response = send(&bundle, "OPTIONS", "/whoami").await;
        let allowed = header(&response, "access-control-allow-headers").unwrap();
        let allowed: Vec<_> = allowed.split(',').collect();
        assert!(!allowed.contains(&""), "{allowed:?}");
        assert_eq!(asked.iter().filter(|name| allowed.contains(name)).count(), expected, "{added}");
    }
    for wrong in ["*", "sentry-trace,*", "a, b", "a,", ",a", "a;b", "a'b", "sentry trace"] {
        let built = builder().parameter("CorsAllowHeaders", wrong).build().await;
        let error = built.err().expect("it is refused").to_string();
        assert!(error.contains("Parameters.CorsAllowHeaders"), "{wrong}: {error}");
    }
}
