//! The Invoke API over functions that stand in for the real ones.

use crate::bundle::Bundle;
use crate::signature::tests::{NOW, signed};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response};
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use shared::lambda::Function;
use shared::time::Clock;

async fn bundle() -> Bundle {
    let echo = Function::from_fn(|event: LambdaEvent<Box<RawValue>>| async move {
        let (_, name) = event.context.invoked_function_arn.split_once(":function:").unwrap();
        let answer = json!([name, event.payload]);
        Ok(RawValue::from_string(answer.to_string()).unwrap())
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
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:sever-revoke-user";
    for (name, query, invoked) in [
        ("revoke-user", "", "sever-revoke-user"),
        ("sever-revoke-user", "", "sever-revoke-user"),
        ("revoke-user:$LATEST", "", "sever-revoke-user:$LATEST"),
        ("revoke-user", "?Qualifier=$LATEST", "sever-revoke-user:$LATEST"),
        ("revoke-user:direct", "", "sever-revoke-user:direct"),
        ("revoke-user%3Adirect", "", "sever-revoke-user:direct"),
        ("revoke-user", "?Qualifier=direct", "sever-revoke-user:direct"),
        ("revoke-user:direct", "?Qualifier=direct", "sever-revoke-user:direct"),
        ("sever-revoke-user", "?Qualifier=direct", "sever-revoke-user:direct"),
        ("000000000000:function:sever-revoke-user:direct", "", "sever-revoke-user:direct"),
        (arn, "", "sever-revoke-user"),
        (arn, "?Qualifier=direct", "sever-revoke-user:direct"),
        (&format!("{arn}:direct"), "", "sever-revoke-user:direct"),
        (&arn.replace(':', "%3A"), "", "sever-revoke-user"),
    ] {
        let mut request = request(name, "{\"userId\":\"u1\"}");
        *request.uri_mut() = format!("{}{query}", request.uri()).parse().unwrap();
        let response = send(&bundle, request).await;
        assert_eq!(response.status(), 200, "{name}{query}: {:?}", response.body());
        assert_eq!(body(&response), json!([invoked, {"userId": "u1"}]), "{name}{query}");
        assert_eq!(response.headers()["x-amz-executed-version"], "$LATEST");
        assert!(!response.headers().contains_key("x-amz-function-error"));
    }
    let answer = bundle.invoke("revoke-user:direct", "[1]").await.unwrap();
    assert_eq!(answer.get(), r#"["sever-revoke-user:direct",[1]]"#);
    assert!(bundle.invoke("revoke-user:other", "[1]").await.is_err());
}

#[tokio::test]
async fn a_function_error_is_a_200_that_says_so() {
    let response = send(&bundle().await, request("revoke-handle", "{}")).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["x-amz-function-error"], "Unhandled");
    assert_eq!(body(&response), json!({"errorType": "invalid_user", "errorMessage": "no"}));
}

#[tokio::test]
async fn a_client_context_is_handed_on() {
    let says = Function::from_fn(|event: LambdaEvent<Box<RawValue>>| async move {
        let client =
            serde_json::to_string(&event.context.client_context.map(|client| client.custom));
        Ok(RawValue::from_string(client.unwrap()).unwrap())
    });
    let builder = Bundle::builder().clock(Clock::from_fn(|| NOW)).stand_in("revoke-user", says);
    let bundle = builder.build().await.unwrap();
    let ask = async |context: &str| {
        let mut request = request("revoke-user", "{}");
        if !context.is_empty() {
            let text = STANDARD.encode(context);
            request.headers_mut().insert("x-amz-client-context", text.parse().unwrap());
        }
        let response = send(&bundle, request).await;
        (response.status().as_u16(), body(&response))
    };
    assert_eq!(ask("").await, (200, Value::Null));
    assert_eq!(ask(r#"{"custom":{"actor":"jo"}}"#).await, (200, json!({"actor": "jo"})));
    for wrong in ["[]", "{", "jo"] {
        assert_eq!(ask(wrong).await.0, 400, "{wrong}");
    }
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
        let answer = r#"["sever-revoke-user",{}]"#;
        let expected = if kind == "RequestResponse" { answer } else { "" };
        if status != 400 {
            assert_eq!(response.body(), expected, "{kind}");
        }
    }
}

#[tokio::test]
async fn what_lambda_refuses_is_refused_in_its_words() {
    let bundle = bundle().await;
    let get = Request::get("/2015-03-31/functions/revoke-user/invocations");
    let path = "/2015-03-31/functions/revoke-user:direct/invocations?Qualifier=$LATEST";
    let qualified = Request::post(path);
    for (request, status, kind) in [
        (request("nobody", "{}"), 404, "ResourceNotFoundException"),
        (request("revoke-user:other", "{}"), 404, "ResourceNotFoundException"),
        (request("revoke-user:7", "{}"), 404, "ResourceNotFoundException"),
        (request("jwks:direct", "{}"), 404, "ResourceNotFoundException"),
        (qualified.body(Bytes::new()).unwrap(), 400, "InvalidParameterValueException"),
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
    for (name, text) in [
        ("nobody:direct", "Function not found: nobody:direct"),
        ("revoke-user:7", "Function not found: revoke-user:7"),
        (
            "revoke-user:other",
            "Cannot find alias arn: \
             arn:aws:lambda:us-east-1:000000000000:function:sever-revoke-user:other",
        ),
    ] {
        assert_eq!(body(&send(&bundle, request(name, "{}")).await)["Message"], text);
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
