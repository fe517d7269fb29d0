//! The Lambda Invoke API, so that the AWS CLI and SDKs work as an admin console would.

use crate::functions::Deployed;
use crate::gateway::{Call, For, MAX_PAYLOAD};
use crate::signature::{self, Unsigned};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

type Functions = BTreeMap<String, Arc<Deployed>>;

/// Where the Invoke API begins; no route of the bundle does.
const PREFIX: &str = "/2015-03-31/functions/";
const INVOCATION_TYPE: &str = "x-amz-invocation-type";

/// Why Lambda itself answers: the status, the exception and what it says.
#[derive(Debug, PartialEq, Eq)]
struct Fault(StatusCode, &'static str, String);

/// Whether `request` is for the Invoke API.
pub(crate) fn is_for(request: &Request<Bytes>) -> bool {
    request.uri().path().starts_with(PREFIX)
}

/// Answers a request to invoke a function.
pub(crate) async fn answer(functions: &Functions, call: &Call) -> Response<Bytes> {
    let mut response = invoke(functions, call).await.unwrap_or_else(Fault::into_response);
    call.put_id(&mut response);
    response
}

/// The function that goes by `name`: its own name, with the stack's or without, or its ARN.
pub(crate) fn find<'f>(functions: &'f Functions, name: &str) -> Option<&'f Arc<Deployed>> {
    let name = name.rsplit_once("function:").map_or(name, |(_, name)| name);
    let name = name.strip_suffix(":$LATEST").unwrap_or(name);
    functions.values().find(|function| {
        let resource = &function.resource;
        resource.name == name || resource.full_name == name
    })
}

async fn invoke(functions: &Functions, call: &Call) -> Result<Response<Bytes>, Fault> {
    signature::verify(&call.request, "lambda", call.now).await?;
    let function = addressed(functions, &call.request)?;
    let mut response = match call.request.headers().get(INVOCATION_TYPE).map(HeaderValue::as_bytes)
    {
        None | Some(b"RequestResponse") => {
            let payload = payload(call.request.body())?;
            request_response(function.invoke(&call.id, call.now, payload).await)
        }
        Some(b"Event") => {
            let payload = payload(call.request.body())?;
            detach(Arc::clone(function), call, payload);
            empty(StatusCode::ACCEPTED)
        }
        Some(b"DryRun") => empty(StatusCode::NO_CONTENT),
        Some(_) => {
            let text = "The invocation type is not one of RequestResponse, Event and DryRun.";
            return Err(fault(StatusCode::BAD_REQUEST, "InvalidParameterValueException", text));
        }
    };
    response.extensions_mut().insert(For(function.resource.name.clone()));
    Ok(response)
}

fn addressed<'f>(
    functions: &'f Functions,
    request: &Request<Bytes>,
) -> Result<&'f Arc<Deployed>, Fault> {
    let path = request.uri().path().strip_prefix(PREFIX).unwrap_or_default();
    let Some(name) = path.trim_end_matches('/').strip_suffix("/invocations") else {
        let text = "Only the Invoke operation is served here.";
        return Err(fault(StatusCode::NOT_FOUND, "UnknownOperationException", text));
    };
    if request.method() != Method::POST {
        let text = "Invoke takes POST.";
        return Err(fault(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowedException", text));
    }
    let name = percent_decode_str(name).decode_utf8_lossy();
    let query = request.uri().query().unwrap_or_default();
    let latest = url::form_urlencoded::parse(query.as_bytes())
        .all(|(name, value)| name != "Qualifier" || value == "$LATEST");
    find(functions, &name).filter(|_| latest).ok_or_else(|| {
        let text = format!("Function not found: {name}");
        fault(StatusCode::NOT_FOUND, "ResourceNotFoundException", text)
    })
}

fn payload(body: &Bytes) -> Result<Box<RawValue>, Fault> {
    if body.len() > MAX_PAYLOAD {
        let text = format!("Request must be smaller than {MAX_PAYLOAD} bytes");
        return Err(fault(StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", text));
    }
    let body = if body.is_empty() { b"{}" } else { body.as_ref() };
    serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let text =
            format!("Could not parse request body into json at line {line}, column {column}");
        fault(StatusCode::BAD_REQUEST, "InvalidRequestContentException", text)
    })
}

fn request_response(answer: Result<Box<RawValue>, lambda_runtime::Diagnostic>) -> Response<Bytes> {
    let (body, failed) = match answer {
        Ok(answer) => (answer.get().to_owned(), false),
        Err(error) => {
            let error = json!({"errorType": error.error_type, "errorMessage": error.error_message});
            (error.to_string(), true)
        }
    };
    let mut response = Response::new(Bytes::from(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("x-amz-executed-version", HeaderValue::from_static("$LATEST"));
    if failed {
        headers.insert("x-amz-function-error", HeaderValue::from_static("Unhandled"));
    }
    response
}

/// An asynchronous invocation. Lambda tries twice more when it fails; here it is logged and over.
fn detach(function: Arc<Deployed>, call: &Call, payload: Box<RawValue>) {
    let (id, now) = (call.id.clone(), call.now);
    tokio::spawn(async move {
        if let Err(error) = function.invoke(&id, now, payload).await {
            let (name, kind) = (&function.resource.name, &error.error_type);
            tracing::warn!("{name} failed: {kind}: {}", error.error_message);
        }
    });
}

fn empty(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

fn fault(status: StatusCode, kind: &'static str, text: impl Into<String>) -> Fault {
    Fault(status, kind, text.into())
}

impl Fault {
    fn into_response(self) -> Response<Bytes> {
        let Self(status, kind, text) = self;
        // The front door's refusals and Lambda's own are spelt differently.
        let body: Value = if status == StatusCode::FORBIDDEN {
            json!({ "message": text })
        } else {
            json!({ "Type": "User", "Message": text, "message": text })
        };
        let mut response = Response::new(Bytes::from(body.to_string()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert("x-amzn-errortype", HeaderValue::from_static(kind));
        response
    }
}

impl From<Unsigned> for Fault {
    fn from(unsigned: Unsigned) -> Self {
        let status = match unsigned {
            Unsigned::Malformed => StatusCode::BAD_REQUEST,
            _ => StatusCode::FORBIDDEN,
        };
        let (kind, text) = unsigned.exception();
        Self(status, kind, text)
    }
}

#[cfg(test)]
mod tests;
