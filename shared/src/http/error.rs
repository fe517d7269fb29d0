//! The one table that turns errors into answers: a stable code and a sentence for the caller, the
//! whole chain for the log.

use super::Reply;
use super::reply::{PROBLEM_JSON, typed, with_header};
use crate::error_chain;
use crate::ids::{IdKind, InvalidId};
use crate::session::{SessionError, UnfitPayload};
use crate::table::TableError;
use crate::token::payload::InvalidPayload;
use http::StatusCode;
use http::header::{ALLOW, RETRY_AFTER};
use lambda_runtime::Diagnostic;
use serde_json::{Map, Value, json};

/// Stable codes. A caller may compare them; a release never changes the meaning of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The body is not JSON, or not an object.
    InvalidJson,
    /// The event is not one that this function answers.
    UnknownEvent,
    /// A member that is required is not there.
    MissingField,
    /// A member has the wrong type (an explicit `null` included), stands twice, or has a value that
    /// is not allowed.
    InvalidField,
    /// The call has a member that it does not know, and might widen what it does if it ignored it.
    UnknownField,
    /// The user id is not 1 to 1024 bytes without control characters.
    InvalidUserId,
    /// The tenant id is not `[a-z0-9-]{1,64}`.
    InvalidTenantId,
    /// A handle is not 1 to 128 bytes without control characters.
    InvalidSessionHandle,
    /// More handles in one call than allowed.
    TooManyHandles,
    /// The cursor is not one that a listing of this user answered.
    InvalidCursor,
    /// The payload names a claim that is not the caller's to set.
    ProtectedField,
    /// Ids and payload make an access token that no header or cookie can carry.
    AccessTokenTooLarge,
    /// The body is longer than 64 KiB.
    BodyTooLarge,
    /// The session to be kept is not a live session of this user; nothing was revoked.
    KeptSessionNotFound,
    /// No live session of who asks has this handle. Whether another user's has is not told.
    SessionNotFound,
    /// There is no such route on this function.
    NotFound,
    /// The route exists, with another method.
    MethodNotAllowed,
    /// The route expects an authorizer's context and found none: it is not behind an authorizer.
    NoPrincipal,
    /// The table did not answer: try again.
    TableUnavailable,
    /// KMS did not answer, so that the signing keys stay closed: try again.
    SigningKeysUnavailable,
    /// Something is broken that only the operator can mend.
    InternalError,
}

impl Code {
    /// Every code, for the documentation's test.
    pub const ALL: [Self; 21] = [
        Self::InvalidJson,
        Self::UnknownEvent,
        Self::MissingField,
        Self::InvalidField,
        Self::UnknownField,
        Self::InvalidUserId,
        Self::InvalidTenantId,
        Self::InvalidSessionHandle,
        Self::TooManyHandles,
        Self::InvalidCursor,
        Self::ProtectedField,
        Self::AccessTokenTooLarge,
        Self::BodyTooLarge,
        Self::KeptSessionNotFound,
        Self::SessionNotFound,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::NoPrincipal,
        Self::TableUnavailable,
        Self::SigningKeysUnavailable,
        Self::InternalError,
    ];

    /// As the wire has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.describe().1
    }

    /// The status over HTTP.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        self.describe().0
    }

    const fn describe(self) -> (StatusCode, &'static str, &'static str) {
        const BAD: StatusCode = StatusCode::BAD_REQUEST;
        const INTERNAL: StatusCode = StatusCode::INTERNAL_SERVER_ERROR;
        match self {
            Self::InvalidJson => (BAD, "invalid-json", "Not a JSON object"),
            Self::UnknownEvent => (BAD, "unknown-event", "Not an event of this function"),
            Self::MissingField => (BAD, "missing-field", "A required member is missing"),
            Self::InvalidField => (BAD, "invalid-field", "A member is not as it must be"),
            Self::UnknownField => (BAD, "unknown-field", "A member is unknown"),
            Self::InvalidUserId => (BAD, "invalid-user-id", "Not a user id"),
            Self::InvalidTenantId => (BAD, "invalid-tenant-id", "Not a tenant id"),
            Self::InvalidSessionHandle => (BAD, "invalid-session-handle", "Not a session handle"),
            Self::TooManyHandles => (BAD, "too-many-handles", "Too many handles in one call"),
            Self::InvalidCursor => (BAD, "invalid-cursor", "Not a cursor of this listing"),
            Self::ProtectedField => (BAD, "protected-field", "The payload sets a protected claim"),
            Self::AccessTokenTooLarge => {
                (BAD, "access-token-too-large", "The access token would be too large")
            }
            Self::BodyTooLarge => (BAD, "body-too-large", "The body is too large"),
            Self::KeptSessionNotFound => (
                StatusCode::CONFLICT,
                "kept-session-not-found",
                "The session to keep is not a live session of this user",
            ),
            Self::SessionNotFound => {
                (StatusCode::NOT_FOUND, "session-not-found", "No such session of this user")
            }
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "No such route"),
            Self::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Another method is needed")
            }
            Self::NoPrincipal => {
                (INTERNAL, "no-principal", "No authorizer vouched for this request")
            }
            Self::TableUnavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "table-unavailable",
                "The session table did not answer",
            ),
            Self::SigningKeysUnavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "signing-keys-unavailable",
                "The signing keys could not be opened",
            ),
            Self::InternalError => (INTERNAL, "internal-error", "Something is broken here"),
        }
    }
}

/// An error on its way out.
#[derive(Debug)]
pub struct ApiError {
    code: Code,
    detail: String,
    members: Map<String, Value>,
    allow: Option<&'static str>,
    /// For the log. `None` when the caller made a mistake.
    pub(crate) cause: Option<String>,
    /// Whether the table was throttled; `None` when the cause is another than the table.
    pub(crate) throttled: Option<bool>,
}

impl ApiError {
    /// An error whose `detail` the caller may read. It must not repeat what the caller sent, but for
    /// the name of an unknown member that is short and plain.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            members: Map::new(),
            allow: None,
            cause: None,
            throttled: None,
        }
    }

    /// The route exists, with this method instead.
    #[must_use]
    pub fn method_not_allowed(allow: &'static str) -> Self {
        let detail = format!("this route answers {allow}");
        Self { allow: Some(allow), ..Self::new(Code::MethodNotAllowed, detail) }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    fn of_table(table: &TableError, error: &SessionError) -> Self {
        let table_error = Self::caused_by(table_code(table), error);
        Self { throttled: Some(table.is_throttling()), ..table_error }
    }

    fn caused_by(code: Code, error: &SessionError) -> Self {
        let detail = match code {
            Code::TableUnavailable => "nothing was answered from guesswork; try again shortly",
            Code::SigningKeysUnavailable => {
                "KMS did not answer, so nothing was signed; try again shortly"
            }
            _ => "the operator finds the reason in the log",
        };
        Self { cause: Some(error_chain(error)), ..Self::new(code, detail) }
    }

    /// As RFC 9457 has it, with the stable code as an extension member.
    #[must_use]
    pub fn to_reply(&self) -> Reply {
        let (status, code, title) = self.code.describe();
        let mut problem = json!({
            "type": format!("urn:sever:problem:{code}"),
            "title": title,
            "status": status.as_u16(),
            "code": code,
            "detail": self.detail,
        });
        if let Value::Object(problem) = &mut problem {
            problem.extend(self.members.clone());
        }
        let mut reply = typed(status, PROBLEM_JSON, &problem);
        if self.code.status() == StatusCode::SERVICE_UNAVAILABLE {
            reply = with_header(reply, RETRY_AFTER, "1");
        }
        match self.allow {
            Some(allow) => with_header(reply, ALLOW, allow),
            None => reply,
        }
    }

    /// As a direct invoker of the function sees it: the code is the error's type.
    #[must_use]
    pub fn to_diagnostic(&self) -> Diagnostic {
        let (_, code, title) = self.code.describe();
        let mut message = format!("{title}: {}", self.detail);
        if !self.members.is_empty() {
            message.push(' ');
            message.push_str(&Value::Object(self.members.clone()).to_string());
        }
        Diagnostic { error_type: code.to_owned(), error_message: message }
    }
}

impl From<SessionError> for ApiError {
    fn from(error: SessionError) -> Self {
        match &error {
            SessionError::Table(table) => Self::of_table(table, &error),
            SessionError::Entropy(_) | SessionError::Key(_) => {
                Self::caused_by(Code::InternalError, &error)
            }
            SessionError::KeyService(failure) if failure.is_transient => {
                Self::caused_by(Code::SigningKeysUnavailable, &error)
            }
            SessionError::KeyService(_) => Self::caused_by(Code::InternalError, &error),
            SessionError::AccessTokenTooLarge { bytes } => Self::new(
                Code::AccessTokenTooLarge,
                format!(
                    "it would have {bytes} bytes, {} are allowed: shorten the ids or accessTokenPayload",
                    crate::token::access::MAX_BYTES
                ),
            ),
            SessionError::Payload(unfit @ UnfitPayload::TooLarge { .. }) => {
                Self::new(Code::AccessTokenTooLarge, unfit.to_string())
            }
            SessionError::Payload(unfit @ UnfitPayload::OwnIssuer) => {
                Self::new(Code::ProtectedField, unfit.to_string())
            }
            SessionError::NoSessionToKeep => Self::new(
                Code::KeptSessionNotFound,
                "`exceptSessionHandle` names no live session of this user; nothing was revoked",
            ),
            SessionError::PartlyRevoked { revoked, source } => {
                let mut partly = Self::of_table(source, &error);
                let revoked = revoked.ended.iter().map(|ended| ended.handle.as_str()).collect();
                partly.members.insert("sessionHandlesRevoked".to_owned(), revoked);
                partly
            }
        }
    }
}

fn table_code(error: &TableError) -> Code {
    match error {
        TableError::Unavailable { .. }
        | TableError::Throttled { .. }
        | TableError::Unprocessed { .. }
        | TableError::OutOfTime { .. }
        | TableError::Contended { .. } => Code::TableUnavailable,
        // To try again would be refused again.
        TableError::Refused { .. } | TableError::Corrupt { .. } => Code::InternalError,
    }
}

impl From<InvalidId> for ApiError {
    fn from(error: InvalidId) -> Self {
        let code = match error.kind {
            IdKind::User => Code::InvalidUserId,
            IdKind::Tenant => Code::InvalidTenantId,
            IdKind::SessionHandle => Code::InvalidSessionHandle,
            IdKind::App | IdKind::Reason => Code::InvalidField,
        };
        Self::new(code, error.to_string())
    }
}

impl From<InvalidPayload> for ApiError {
    fn from(error: InvalidPayload) -> Self {
        let code = match error {
            InvalidPayload::Protected(_) => Code::ProtectedField,
            InvalidPayload::TooLarge { .. } => Code::AccessTokenTooLarge,
        };
        Self::new(code, error.to_string())
    }
}
