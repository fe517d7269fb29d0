//! The gateway of the real template, over functions that stand in for the real ones.

use crate::bundle::{Builder, Bundle};
use crate::signature::tests::NOW;
use bytes::Bytes;
use http::{Request, Response};
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use shared::lambda::Function;
use shared::time::Clock;

mod events;
mod refusals;

fn raw(value: &Value) -> Box<RawValue> {
    RawValue::from_string(value.to_string()).unwrap()
}

/// Answers 200 with the event it was given as its body.
fn echo() -> Function {
    Function::from_fn(|event: LambdaEvent<Box<RawValue>>| async move {
        Ok(raw(&json!({"statusCode": 200, "body": event.payload.get()})))
    })
}

fn answers(answer: Value) -> Function {
    Function::from_fn(move |_| {
        let answer = raw(&answer);
        async move { Ok(answer) }
    })
}

fn fails(message: &'static str) -> Function {
    Function::from_fn(move |_| async move {
        Err(Diagnostic { error_type: "x".to_owned(), error_message: message.to_owned() })
    })
}

fn allows() -> Function {
    let statement = json!({"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"});
    let document = json!({"Version": "2012-10-17", "Statement": statement});
    let context = json!({"userId": "u1", "expiresAt": 7});
    answers(json!({"principalId": "u1", "policyDocument": document, "context": context}))
}

fn builder() -> Builder {
    Bundle::builder()
        .clock(Clock::from_fn(|| NOW))
        .stand_in("verify-session", allows())
        .stand_in("whoami", echo())
        .stand_in("revoke-user", echo())
        .stand_in("logout", echo())
}

async fn send(bundle: &Bundle, method: &str, uri: &str) -> Response<Bytes> {
    let request = Request::builder().method(method).uri(uri).header("host", "127.0.0.1:3000");
    bundle.request(request.body(Bytes::new()).unwrap()).await
}

fn body(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

fn header<'r>(response: &'r Response<Bytes>, name: &str) -> Option<&'r str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}
