//! Why a call is not answered as asked: the one table of statuses and texts (PROTOCOL 3.1).

use crate::answer::text;
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use shared::http::Reply;
use shared::http::error::ApiError;
use shared::ids::{AppId, TenantId};
use shared::session::SessionError;

#[derive(Debug)]
pub(crate) enum CoreError {
    /// The call is not as it must be; the text repeats nothing that a caller sent but names.
    Bad(String),
    /// No key, or a wrong one.
    WrongKey,
    /// It may not be asked from this path.
    Forbidden(&'static str),
    NotFound,
    WrongMethod,
    NoApp(AppId),
    NoTenant(AppId, TenantId),
    /// We could not find out, or could not write: the reason is for the log.
    Broken(SessionError),
}

impl CoreError {
    pub(crate) fn bad(reason: impl Into<String>) -> Self {
        Self::Bad(reason.into())
    }

    /// A member is missing, or has the wrong type or value.
    pub(crate) fn field(name: &str) -> Self {
        Self::Bad(format!("Field name '{name}' is invalid in JSON input"))
    }

    pub(crate) fn into_reply(self) -> Reply {
        const BAD: StatusCode = StatusCode::BAD_REQUEST;
        match self {
            Self::Bad(reason) => text(BAD, &reason),
            Self::WrongKey => text(StatusCode::UNAUTHORIZED, "Invalid API key"),
            Self::Forbidden(reason) => text(StatusCode::FORBIDDEN, reason),
            Self::NotFound => text(StatusCode::NOT_FOUND, "Not found"),
            Self::WrongMethod => text(StatusCode::METHOD_NOT_ALLOWED, "Method not supported"),
            Self::NoApp(app) => text(
                BAD,
                &format!(
                    "AppId or tenantId not found => App with the following connectionURIDomain and \
                     appId combination not found: (, {app})"
                ),
            ),
            Self::NoTenant(app, tenant) => text(
                BAD,
                &format!(
                    "AppId or tenantId not found => Tenant with the following connectionURIDomain, \
                     appId and tenantId combination not found: (, {app}, {tenant})"
                ),
            ),
            Self::Broken(error) => broken(error),
        }
    }
}

impl From<SessionError> for CoreError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Payload(unfit) => Self::bad(unfit.to_string()),
            error => Self::Broken(error),
        }
    }
}

fn broken(error: SessionError) -> Reply {
    let error = ApiError::from(error);
    error.log();
    let mut reply = text(error.code().status(), error.code().as_str());
    if error.code().status() == StatusCode::SERVICE_UNAVAILABLE {
        reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    reply
}
