//! A page of sessions, as it is asked for and answered.

use super::error::{ApiError, Code};
use crate::ids::{SessionHandle, TenantId};
use crate::model::{Scope, Summary};
use crate::session::MAX_LISTED;
use crate::table::IndexCursor;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// How many sessions are on a page when nobody says.
const DEFAULT_LIMIT: u8 = 50;

/// How many sessions are to be on the page.
///
/// # Errors
/// Not 1 to [`MAX_LISTED`].
pub fn limit(asked: Option<u64>) -> Result<u8, ApiError> {
    let Some(asked) = asked else { return Ok(DEFAULT_LIMIT) };
    u8::try_from(asked).ok().filter(|limit| (1..=MAX_LISTED).contains(limit)).ok_or_else(|| {
        ApiError::new(Code::InvalidField, format!("`limit` must be 1 to {MAX_LISTED}"))
    })
}

/// A session on the page. Times are epoch milliseconds.
#[must_use]
pub fn shown(session: &Summary) -> Value {
    json!({
        "handle": session.handle.as_str(),
        "userId": session.standing.user.as_str(),
        "tenantId": session.standing.tenant.as_str(),
        "createdAt": session.created_at.millis(),
        "expiresAt": session.standing.expires_at.millis(),
        "lastRefreshedAt": session.last_refreshed_at().millis(),
        "device": {"ip": session.device.ip, "userAgent": session.device.user_agent},
    })
}

/// Says where to go on, not whose sessions: the user comes from the request, so a cursor of one
/// user's listing shows nothing of another's.
#[must_use]
pub fn write_cursor(cursor: &IndexCursor) -> String {
    URL_SAFE_NO_PAD.encode(json!([cursor.handle.as_str(), cursor.tenant.as_str()]).to_string())
}

/// Where to go on in a listing of `scope`.
///
/// # Errors
/// It is no cursor, or that of another tenant.
pub fn read_cursor(text: &str, scope: &Scope) -> Result<IndexCursor, ApiError> {
    let parts = URL_SAFE_NO_PAD.decode(text).ok();
    let parts = parts.and_then(|json| serde_json::from_slice::<[String; 2]>(&json).ok());
    parts
        .and_then(|[handle, tenant]| {
            let handle = SessionHandle::parse(&handle).ok()?;
            Some(IndexCursor { handle, tenant: TenantId::parse(&tenant).ok()? })
        })
        .filter(|cursor| scope.covers(&cursor.tenant))
        .ok_or_else(|| ApiError::new(Code::InvalidCursor, "`cursor` must be one that was answered"))
}
