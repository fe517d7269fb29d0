//! The Invoke API over functions that stand in for the real ones.

use crate::bundle::Bundle;
use crate::signature::tests::{NOW, signed};
use bytes::Bytes;
use http::{Request, Response};
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use shared::lambda::Function;
use shared::time::Clock;

async fn bundle() -> Bundle {
    let echo = Function::from_fn(|event: LambdaEvent<Box<RawValue>>| async move {
        assert!(event.context.invoked_function_arn.ends_with(":function:sever-revoke-user"));
        Ok(event.payload)
    });
    let fails = Function::from_fn(|_| async {
        Err(Diagnostic { error_type: "invalid_user".to_owned(), error_message: "no".to_owned() })
    });
    Bundle::builder()
        .clock(Clock::from_fn(|| NOW))
        .stand_in("revoke-user", echo)
        .stand_in("revoke-handle", fails)
        .build()
        .await
        .unwrap()
}

fn request(name: &str, payload: &'static str) -> Request<Bytes> {
    Request::post(format!("/2015-03-31/functions/{name}/invocations"))
        .body(Bytes::from_static(payload.as_bytes()))
        .unwrap()
}

async fn send(bundle: &Bundle, request: Request<Bytes>) -> Response<Bytes> {
    bundle.request(signed(request, ("local", "local"), ("us-east-1", "lambda"))).await
}

fn body(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

#[tokio::test]
async fn a_function_goes_by_its_name_its_full_name_and_its_arn() {
    let bundle = bundle().await;
    for name in [
        "revoke-user",
        "sever-revoke-user",
        "revoke-user:$LATEST",
        "arn:aws:lambda:us-east-1:000000000000:function:sever-revoke-user",
        "arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Asever-revoke-user",
    ] {
        let response = send(&bundle, request(name, "{\"userId\":\"u1\"}")).await;
        assert_eq!(
            (response.status().as_u16(), response.body().as_ref()),
            (200, &b"{\"userId\":\"u1\"}"[..]),
            "{name}"
        );
        assert_eq!(response.headers()["x-amz-executed-version"], "$LATEST");
        assert!(!response.headers().contains_key("x-amz-function-error"));
    }
    assert_eq!(bundle.invoke("revoke-user", "[1]").await.unwrap().get(), "[1]");
}

#[tokio::test]
async fn a_function_error_is_a_200_that_says_so() {
    let response = send(&bundle().await, request("revoke-handle", "{}")).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["x-amz-function-error"], "Unhandled");
    assert_eq!(body(&response), json!({"errorType": "invalid_user", "errorMessage": "no"}));
}

#[tokio::test]
async fn the_invocation_type_decides_who_waits() {
    let bundle = bundle().await;
    for (kind, status) in
        [("RequestResponse", 200), ("Event", 202), ("DryRun", 204), ("Never", 400)]
    {
        let mut request = request("revoke-user", "");
        request.headers_mut().insert("x-amz-invocation-type", kind.parse().unwrap());
        let response = send(&bundle, request).await;
        assert_eq!(response.status(), status, "{kind}");
        let expected = if kind == "RequestResponse" { "{}" } else { "" };
        if status != 400 {
            assert_eq!(response.body(), expected, "{kind}");
        }
    }
}

#[tokio::test]
async fn what_lambda_refuses_is_refused_in_its_words() {
    let bundle = bundle().await;
    let get = Request::get("/2015-03-31/functions/revoke-user/invocations");
    for (request, status, kind) in [
        (request("nobody", "{}"), 404, "ResourceNotFoundException"),
        (request("revoke-user", "{"), 400, "InvalidRequestContentException"),
        (request("revoke-user", "{} {}"), 400, "InvalidRequestContentException"),
        (get.body(Bytes::new()).unwrap(), 405, "MethodNotAllowedException"),
        (
            Request::post("/2015-03-31/functions/revoke-user/code").body(Bytes::new()).unwrap(),
            404,
            "UnknownOperationException",
        ),
    ] {
        let response = send(&bundle, request).await;
        assert_eq!(response.status(), status, "{kind}");
        assert_eq!(response.headers()["x-amzn-errortype"], kind);
    }
    let large = Bytes::from(vec![b' '; 6 * 1024 * 1024 + 1]);
    let request = Request::post("/2015-03-31/functions/revoke-user/invocations").body(large);
    assert_eq!(send(&bundle, request.unwrap()).await.status(), 413);
}

#[tokio::test]
async fn an_unsigned_call_is_refused_before_anything_is_looked_up() {
    let bundle = bundle().await;
    for name in ["revoke-user", "nobody"] {
        let response = bundle.request(request(name, "{}")).await;
        assert_eq!(response.status(), 403, "{name}");
        let kind = "MissingAuthenticationTokenException";
        assert_eq!(response.headers()["x-amzn-errortype"], kind, "{name}");
    }
    let gateway = ("us-east-1", "execute-api");
    let other = signed(request("revoke-user", "{}"), ("local", "local"), gateway);
    assert_eq!(bundle.request(other).await.status(), 403);
}
