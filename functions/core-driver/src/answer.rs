//! Answers: JSON when a call was understood, plain text when it was not, each with a newline at its
//! end (PROTOCOL 3.1).

use crate::error::CoreError;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::json;
use shared::http::Reply;

pub(crate) type CoreResult = Result<Reply, CoreError>;

pub(crate) fn json(body: &impl Serialize) -> Reply {
    // Bodies are made of strings, numbers and JSON in maps with string keys, which always
    // serialize.
    let body = serde_json::to_string(body).unwrap_or_default();
    of(StatusCode::OK, "application/json; charset=UTF-8", &body)
}

/// `{"status": …}`
pub(crate) fn status(status: &str) -> Reply {
    json(&json!({ "status": status }))
}

/// `{"status": "…", "message": …}`
pub(crate) fn refused(status: &str, message: &str) -> Reply {
    json(&json!({ "status": status, "message": message }))
}

pub(crate) fn text(status: StatusCode, text: &str) -> Reply {
    of(status, "text/html; charset=UTF-8", text)
}

fn of(status: StatusCode, content_type: &'static str, body: &str) -> Reply {
    let mut reply = Reply::new(format!("{body}\n"));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}
