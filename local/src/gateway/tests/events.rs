//! What functions and authorizers are given.

use super::{body, builder, echo, header, send};
use bytes::Bytes;
use http::Request;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use shared::lambda::Function;

#[tokio::test]
async fn the_proxy_event_is_what_api_gateway_sends() {
    let bundle = builder().build().await.unwrap();
    let request = Request::post("/logout?a=1&a=2%203&b=")
        .header("host", "127.0.0.1:3000")
        .header("user-agent", "test")
        .header("cookie", "a=1")
        .header("cookie", "b=2")
        .body(Bytes::from_static(b"hello"))
        .unwrap();
    let response = bundle.request(request).await;
    let expected = json!({
        "resource": "/logout",
        "path": "/logout",
        "httpMethod": "POST",
        "headers": {
            "host": "127.0.0.1:3000", "user-agent": "test", "cookie": "b=2",
            "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Port": "3000", "X-Forwarded-Proto": "http",
        },
        "multiValueHeaders": {
            "host": ["127.0.0.1:3000"], "user-agent": ["test"], "cookie": ["a=1", "b=2"],
            "X-Forwarded-For": ["127.0.0.1"], "X-Forwarded-Port": ["3000"],
            "X-Forwarded-Proto": ["http"],
        },
        "queryStringParameters": {"a": "2 3", "b": ""},
        "multiValueQueryStringParameters": {"a": ["1", "2 3"], "b": [""]},
        "pathParameters": null,
        "stageVariables": null,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "deploymentId": "local",
            "domainName": "127.0.0.1:3000",
            "domainPrefix": "127",
            "extendedRequestId": "00000000-0000-4000-8000-000000000000",
            "httpMethod": "POST",
            "identity": {
                "accessKey": null, "accountId": null, "caller": null,
                "cognitoAuthenticationProvider": null, "cognitoAuthenticationType": null,
                "cognitoIdentityId": null, "cognitoIdentityPoolId": null, "principalOrgId": null,
                "sourceIp": "127.0.0.1", "user": null, "userAgent": "test", "userArn": null,
            },
            "path": "/logout",
            "protocol": "HTTP/1.1",
            "requestId": "00000000-0000-4000-8000-000000000000",
            "requestTime": "21/Sep/2026:14:13:20 +0000",
            "requestTimeEpoch": 1_790_000_000_000_i64,
            "resourceId": "local",
            "resourcePath": "/logout",
            "stage": "prod",
        },
        "body": "hello",
        "isBase64Encoded": false,
    });
    assert_eq!(body(&response), expected);
}

#[tokio::test]
async fn absent_parts_of_an_event_are_null_and_bytes_are_base64() {
    let bundle = builder().build().await.unwrap();
    let empty = body(&send(&bundle, "POST", "/logout").await);
    for member in ["body", "queryStringParameters", "multiValueQueryStringParameters"] {
        assert_eq!(empty[member], Value::Null, "{member}");
    }
    let request = Request::post("/logout").body(Bytes::from_static(&[0xff])).unwrap();
    let bytes = body(&bundle.request(request).await);
    assert_eq!((&bytes["body"], &bytes["isBase64Encoded"]), (&json!("/w=="), &json!(true)));
}

#[tokio::test]
async fn the_authorizer_is_asked_with_its_event_and_its_context_is_passed_on_as_text() {
    let bundle = builder().build().await.unwrap();
    let event = body(&send(&bundle, "GET", "/whoami/fast").await);
    let mut context = event["requestContext"]["authorizer"].clone();
    assert!(context["integrationLatency"].is_u64(), "{context}");
    context.as_object_mut().unwrap().remove("integrationLatency");
    assert_eq!(context, json!({"principalId": "u1", "userId": "u1", "expiresAt": "7"}));

    // An authorizer that fails with its event shows what it was asked with.
    let shows = Function::from_fn(|event: LambdaEvent<Box<RawValue>>| async move {
        let event: Value = serde_json::from_str(event.payload.get()).unwrap();
        let arn = "arn:aws:execute-api:us-east-1:000000000000:local/prod/GET/whoami/fast";
        let expected = json!(["REQUEST", arn, {}, {}, {}]);
        let members =
            ["type", "methodArn", "queryStringParameters", "pathParameters", "stageVariables"];
        let found = Value::from_iter(members.map(|member| event[member].clone()));
        assert_eq!(found, expected);
        assert_eq!(event.get("body"), None);
        let message = "Unauthorized".to_owned();
        Err(Diagnostic { error_type: "x".to_owned(), error_message: message })
    });
    let bundle = builder().stand_in("verify-session", shows).build().await.unwrap();
    assert_eq!(send(&bundle, "GET", "/whoami/fast").await.status(), 401);
}

#[tokio::test]
async fn a_verb_that_does_not_match_falls_through_to_a_greedy_path() {
    let template = crate::template::SEVER
        .replace("Path: /logout\n", "Path: /auth/{proxy+}\n")
        .replace("Path: /auth/jwt/jwks.json\n", "Path: /users/{id}\n");
    let template = template.replace("            Method: post\n", "            Method: any\n");
    let template = template.replacen("Method: any", "Method: post", 2);
    let bundle = builder().template(&template).stand_in("jwks", echo()).build().await.unwrap();
    let event = body(&send(&bundle, "PUT", "/auth/session/refresh").await);
    assert_eq!(event["resource"], "/auth/{proxy+}");
    assert_eq!(event["pathParameters"], json!({"proxy": "session/refresh"}));
    let preflight = send(&bundle, "OPTIONS", "/auth/session/refresh").await;
    assert_eq!(header(&preflight, "access-control-max-age"), Some("600"));
    let event = body(&send(&bundle, "GET", "/users/a%20b").await);
    assert_eq!(event["pathParameters"], json!({"id": "a b"}));
}

#[tokio::test]
async fn a_slash_at_the_end_is_in_the_path_and_not_in_the_resource() {
    let bundle = builder().stand_in("core-driver", echo()).build().await.unwrap();
    let event = body(&send(&bundle, "POST", "/logout/?a=1").await);
    let context = &event["requestContext"];
    assert_eq!((&event["path"], &context["path"]), (&json!("/logout/"), &json!("/logout/")));
    assert_eq!(
        (&event["resource"], &context["resourcePath"]),
        (&json!("/logout"), &json!("/logout"))
    );
    let preflight = send(&bundle, "OPTIONS", "/logout/").await;
    assert_eq!(header(&preflight, "access-control-max-age"), Some("600"));

    let below = body(&send(&bundle, "GET", "/core/recipe/session/").await);
    assert_eq!(below["resource"], "/core/{proxy+}");
    assert_eq!(below["pathParameters"], json!({"proxy": "recipe/session"}));
    assert_eq!(body(&send(&bundle, "GET", "/core/").await)["resource"], "/core");
}
