//! The engine over HTTP, for whoever stands outside the process: the AWS CLI, `sever`, a function
//! binary that runs by itself. The one thing both ends agree on is the header `x-amz-target`.

use super::engine::Engine;
use super::wire::{WireRequest, WireResponse};
use crate::gateway::Call;
use crate::signature::{self, Unsigned};
use aws_smithy_runtime_api::client::result::ConnectorError;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use std::pin::Pin;
use std::sync::Arc;

/// What every operation's name begins with in `x-amz-target`.
const TARGET: &str = "DynamoDB_20120810.";

type Answer = Pin<Box<dyn Future<Output = Result<WireResponse, ConnectorError>> + Send>>;

/// `DynamoDB`'s own HTTP interface to an [`Engine`].
pub(crate) struct Endpoint(Box<dyn Fn(WireRequest) -> Answer + Send + Sync>);

impl Endpoint {
    pub(crate) fn new<E: Engine>(engine: Arc<E>) -> Self {
        Self(Box::new(move |request| {
            let engine = Arc::clone(&engine);
            Box::pin(async move { engine.call(request).await })
        }))
    }

    /// Whether `request` is for `DynamoDB` rather than for the API, where `/` is no route.
    pub(crate) fn is_for(request: &Request<Bytes>) -> bool {
        request.method() == Method::POST
            && request.uri().path() == "/"
            && operation(request).is_some()
    }

    /// Answers one call that is signed with the local credential.
    pub(crate) async fn answer(&self, call: &Call) -> Response<Bytes> {
        let answer = match signature::verify(&call.request, "dynamodb", call.now).await {
            Ok(()) => self.call(&call.request).await,
            Err(unsigned) => refusal(unsigned),
        };
        let mut response = Response::new(Bytes::from(answer.body));
        *response.status_mut() =
            StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let json = HeaderValue::from_static("application/x-amz-json-1.0");
        response.headers_mut().insert(CONTENT_TYPE, json);
        call.put_id(&mut response);
        response
    }

    async fn call(&self, request: &Request<Bytes>) -> WireResponse {
        let operation = operation(request).unwrap_or_default().to_owned();
        let body = request.body().to_vec();
        let answer = self.0(WireRequest { operation, body }).await;
        answer.unwrap_or_else(|error| {
            tracing::warn!(%error, "the engine did not answer");
            WireResponse::error(500, "InternalServerError", "The engine did not answer.")
        })
    }
}

fn operation(request: &Request<Bytes>) -> Option<&str> {
    request.headers().get("x-amz-target")?.to_str().ok()?.strip_prefix(TARGET)
}

fn refusal(unsigned: Unsigned) -> WireResponse {
    let (kind, text) = unsigned.exception();
    WireResponse::error(400, kind, &text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamodb::Embedded;
    use crate::signature::tests::{NOW, signed};
    use serde_json::Value;

    fn list_tables() -> Request<Bytes> {
        Request::post("/")
            .header("x-amz-target", "DynamoDB_20120810.ListTables")
            .header("content-type", "application/x-amz-json-1.0")
            .body(Bytes::from_static(b"{}"))
            .unwrap()
    }

    async fn answer(request: Request<Bytes>) -> (StatusCode, Value) {
        let endpoint = Endpoint::new(Arc::new(Embedded::memory().unwrap()));
        let response = endpoint.answer(&Call { id: "1".to_owned(), now: NOW, request }).await;
        (response.status(), serde_json::from_slice(response.body()).unwrap())
    }

    #[tokio::test]
    async fn a_signed_call_is_answered_and_no_other() {
        let here = ("us-east-1", "dynamodb");
        let (status, body) = answer(signed(list_tables(), ("local", "local"), here)).await;
        assert_eq!((status, &body["TableNames"]), (StatusCode::OK, &serde_json::json!([])));
        let unknown = signed(list_tables(), ("other", "local"), here);
        for (request, kind) in
            [(list_tables(), "MissingAuthenticationToken"), (unknown, "UnrecognizedClient")]
        {
            let (status, body) = answer(request).await;
            assert_eq!(status, StatusCode::BAD_REQUEST);
            assert!(body["__type"].as_str().unwrap().contains(kind), "{body}");
        }
    }

    #[test]
    fn what_names_no_operation_is_for_the_api() {
        assert!(Endpoint::is_for(&list_tables()));
        let plain = Request::post("/").body(Bytes::new()).unwrap();
        assert!(!Endpoint::is_for(&plain));
        let mut elsewhere = list_tables();
        *elsewhere.uri_mut() = http::Uri::from_static("/logout");
        assert!(!Endpoint::is_for(&elsewhere));
    }
}
