//! The Lambda Invoke API, so that the AWS CLI and SDKs work as an admin console would.

use crate::functions::Deployed;
use crate::gateway::{Call, For, MAX_PAYLOAD};
use crate::signature::{self, Unsigned};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use lambda_runtime::Diagnostic;
use percent_encoding::percent_decode_str;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use shared::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

type Functions = BTreeMap<String, Arc<Deployed>>;

/// Where the Invoke API begins; no route of the bundle does.
const PREFIX: &str = "/2015-03-31/functions/";
const INVOCATION_TYPE: &str = "x-amz-invocation-type";
const CLIENT_CONTEXT: &str = "x-amz-client-context";

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

/// A function, and the alias or version of it that is invoked.
pub(crate) struct Addressed<'f> {
    function: &'f Arc<Deployed>,
    qualifier: Option<String>,
}

/// The function that goes by `name`: its own name, with the stack's or without, or its ARN, each with
/// a qualifier or without. `None` when there is no such function, alias or version.
pub(crate) fn find<'f>(functions: &'f Functions, name: &str) -> Option<Addressed<'f>> {
    let name = name.rsplit_once("function:").map_or(name, |(_, name)| name);
    let (name, qualifier) = match name.split_once(':') {
        Some((name, qualifier)) => (name, Some(qualifier)),
        None => (name, None),
    };
    let function = functions.values().find(|function| {
        let resource = &function.resource;
        resource.name == name || resource.full_name == name
    })?;
    let exists =
        |qualifier: &str| qualifier == "$LATEST" || function.resource.aliases.contains(qualifier);
    let qualifier = qualifier.map(ToOwned::to_owned);
    qualifier.as_deref().is_none_or(exists).then_some(Addressed { function, qualifier })
}

impl Addressed<'_> {
    /// Invokes it, in the name of the request `id`, with what the invoker says of itself.
    pub(crate) async fn invoke(
        &self,
        client: Option<Value>,
        id: &str,
        now: Timestamp,
        payload: Box<RawValue>,
    ) -> Result<Box<RawValue>, Diagnostic> {
        let how = (self.qualifier.as_deref(), client);
        self.function.invoke_qualified(how, id, now, payload).await
    }
}

async fn invoke(functions: &Functions, call: &Call) -> Result<Response<Bytes>, Fault> {
    signature::verify(&call.request, "lambda", call.now).await?;
    let addressed = addressed(functions, &call.request)?;
    let mut response = match call.request.headers().get(INVOCATION_TYPE).map(HeaderValue::as_bytes)
    {
        None | Some(b"RequestResponse") => {
            let payload = payload(call.request.body())?;
            let client = client_context(&call.request)?;
            request_response(addressed.invoke(client, &call.id, call.now, payload).await)
        }
        Some(b"Event") => {
            let payload = payload(call.request.body())?;
            detach(&addressed, call, client_context(&call.request)?, payload);
            empty(StatusCode::ACCEPTED)
        }
        Some(b"DryRun") => empty(StatusCode::NO_CONTENT),
        Some(_) => {
            let text = "The invocation type is not one of RequestResponse, Event and DryRun.";
            return Err(fault(StatusCode::BAD_REQUEST, "InvalidParameterValueException", text));
        }
    };
    response.extensions_mut().insert(For(addressed.function.resource.name.clone()));
    Ok(response)
}

fn addressed<'f>(
    functions: &'f Functions,
    request: &Request<Bytes>,
) -> Result<Addressed<'f>, Fault> {
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
    let mut parameters = url::form_urlencoded::parse(query.as_bytes());
    let qualifier = parameters.find(|(name, _)| name == "Qualifier").map(|(_, value)| value);
    let (_, unqualified) = name.rsplit_once("function:").unwrap_or(("", &name));
    let name = match (qualifier, unqualified.split_once(':')) {
        (Some(asked), Some((_, named))) if asked != named => {
            let text = "The derived qualifier from the function name does not match the specified qualifier.";
            return Err(fault(StatusCode::BAD_REQUEST, "InvalidParameterValueException", text));
        }
        (Some(asked), None) => format!("{name}:{asked}"),
        _ => name.into_owned(),
    };
    find(functions, &name).ok_or_else(|| {
        let text = not_found(functions, &name);
        fault(StatusCode::NOT_FOUND, "ResourceNotFoundException", text)
    })
}

/// What Lambda says of a function, version or alias that is not there.
fn not_found(functions: &Functions, name: &str) -> String {
    let unqualified = name.rsplit_once(':').and_then(|(function, qualifier)| {
        let is_version = qualifier.chars().all(|letter| letter.is_ascii_digit());
        find(functions, function).filter(|_| !is_version).map(|found| (found, qualifier))
    });
    match unqualified {
        Some((found, alias)) => {
            let arn = found.function.resource.qualified_arn(Some(alias));
            format!("Cannot find alias arn: {arn}")
        }
        None => format!("Function not found: {name}"),
    }
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

/// What the invoker says of itself: an object, by Base64 in a header.
fn client_context(request: &Request<Bytes>) -> Result<Option<Value>, Fault> {
    let Some(header) = request.headers().get(CLIENT_CONTEXT) else { return Ok(None) };
    let json = STANDARD.decode(header.as_bytes()).ok();
    let client = json.and_then(|json| serde_json::from_slice(&json).ok());
    client.filter(Value::is_object).map(Some).ok_or_else(|| {
        let text = "Client context must be a valid Base64-encoded JSON object.";
        fault(StatusCode::BAD_REQUEST, "InvalidRequestContentException", text)
    })
}

fn request_response(answer: Result<Box<RawValue>, Diagnostic>) -> Response<Bytes> {
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
fn detach(addressed: &Addressed<'_>, call: &Call, client: Option<Value>, payload: Box<RawValue>) {
    let (function, qualifier) = (Arc::clone(addressed.function), addressed.qualifier.clone());
    let (id, now) = (call.id.clone(), call.now);
    tokio::spawn(async move {
        let how = (qualifier.as_deref(), client);
        let answer = function.invoke_qualified(how, &id, now, payload).await;
        if let Err(error) = answer {
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
