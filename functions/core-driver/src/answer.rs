//! Answers: JSON when a call was understood, plain text when it was not, each with a newline at its
//! end (PROTOCOL 3.1).

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::json;
use shared::http::Reply;
use shared::http::error::{ApiError, Code};
use shared::ids::{AppId, TenantId};
use shared::session::SessionError;

/// An answer; `Err` holds one that ended the call early.
pub(crate) type Answer = Result<Reply, Reply>;

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

/// The call is not as it must be.
pub(crate) fn bad(reason: &str) -> Reply {
    text(StatusCode::BAD_REQUEST, reason)
}

pub(crate) fn not_found() -> Reply {
    text(StatusCode::NOT_FOUND, "Not found")
}

pub(crate) fn no_app(app: &AppId) -> Reply {
    bad(&format!(
        "AppId or tenantId not found => App with the following connectionURIDomain and appId \
         combination not found: (, {app})"
    ))
}

pub(crate) fn no_tenant(app: &AppId, tenant: &TenantId) -> Reply {
    bad(&format!(
        "AppId or tenantId not found => Tenant with the following connectionURIDomain, appId and \
         tenantId combination not found: (, {app}, {tenant})"
    ))
}

/// We could not find out, or could not write: the reason is for the log.
pub(crate) fn broken(error: SessionError) -> Reply {
    let error = ApiError::from(error);
    error.log();
    let mut reply = text(error.code().status(), error.code().as_str());
    if error.code() == Code::TableUnavailable {
        reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    reply
}

fn of(status: StatusCode, content_type: &'static str, body: &str) -> Reply {
    let mut reply = Reply::new(format!("{body}\n"));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}
