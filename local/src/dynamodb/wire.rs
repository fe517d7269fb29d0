//! The `DynamoDB` JSON 1.0 wire shape, which the engine and every fault layer over it speak.

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use std::fmt;

/// One call of the SDK: an operation's name, such as `PutItem`, and its JSON body.
#[derive(Clone)]
pub struct WireRequest {
    /// The operation's name, without the service's prefix.
    pub operation: String,
    /// The request as the SDK wrote it.
    pub body: Vec<u8>,
}

impl WireRequest {
    /// Makes the call `operation` with `body`.
    #[must_use]
    pub fn new(operation: &str, body: &Value) -> Self {
        Self { operation: operation.to_owned(), body: body.to_string().into_bytes() }
    }

    /// The body as JSON; `null` when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// `None` when the request is no `DynamoDB` call, or when its body streams (which it never does
    /// here).
    pub(super) fn from_http(request: &HttpRequest) -> Option<Self> {
        let operation = request.headers().get("x-amz-target")?.rsplit('.').next()?.to_owned();
        Some(Self { operation, body: request.body().bytes()?.to_vec() })
    }
}

/// What `DynamoDB` answers: a status and a JSON body.
#[derive(Clone)]
pub struct WireResponse {
    /// The HTTP status.
    pub status: u16,
    /// The answer, or an error with its `__type`.
    pub body: String,
}

impl WireResponse {
    /// A success.
    #[must_use]
    pub fn ok(body: &Value) -> Self {
        Self { status: 200, body: body.to_string() }
    }

    /// The error `kind`, such as `ConditionalCheckFailedException`, namespaced as the service does
    /// it.
    #[must_use]
    pub fn error(status: u16, kind: &str, message: &str) -> Self {
        let kind = format!("com.amazonaws.dynamodb.v20120810#{kind}");
        Self { status, body: json!({"__type": kind, "message": message}).to_string() }
    }

    pub(super) fn into_http(self) -> Result<HttpResponse, ConnectorError> {
        let status = StatusCode::try_from(self.status)
            .map_err(|error| ConnectorError::other(error.into(), None))?;
        let mut response = HttpResponse::new(status, SdkBody::from(self.body));
        response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
        Ok(response)
    }
}

// Bodies hold digests and private keys, so `Debug` shows none of them.
impl fmt::Debug for WireRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WireRequest").field("operation", &self.operation).finish_non_exhaustive()
    }
}

impl fmt::Debug for WireResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WireResponse").field("status", &self.status).finish_non_exhaustive()
    }
}
