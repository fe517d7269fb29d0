//! Shows a user's live sessions.
//!
//! `GET /list-sessions` behind IAM, or direct invoke. Found through the index, judged by the rows:
//! an ended session is never shown; one that was opened a moment ago may be missing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::app::App;
use shared::http::command::present;
use shared::http::error::{ApiError, Code};
use shared::ids::{SessionHandle, TenantId, UserId};
use shared::lambda::{Caller, Function, Route};
use shared::model::{Scope, Summary};
use shared::session::MAX_LISTED;
use shared::table::IndexCursor;
use std::sync::Arc;

const DEFAULT_LIMIT: u8 = 50;

/// The function, composed over `app`.
#[must_use]
pub fn function(app: Arc<App>) -> Function {
    Function::command(app, Route::Get(&["limit"]), handle)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Command {
    user_id: String,
    #[serde(default, deserialize_with = "present")]
    tenant_id: Option<String>,
    #[serde(default, deserialize_with = "present")]
    limit: Option<u64>,
    #[serde(default, deserialize_with = "present")]
    cursor: Option<String>,
}

async fn handle(app: Arc<App>, command: Command, _: Caller) -> Result<Value, ApiError> {
    let user = UserId::parse(&command.user_id)?;
    let scope = Scope::of_tenant(command.tenant_id.as_deref())?;
    let limit = limit(command.limit)?;
    let after = command.cursor.map(|text| read_cursor(&text, &scope)).transpose()?;
    let listing = app.sessions.list(&user, &scope, limit, after.as_ref()).await?;
    Ok(json!({
        "status": "OK",
        "sessions": listing.sessions.iter().map(shown).collect::<Vec<_>>(),
        "cursor": listing.next.as_ref().map(write_cursor),
    }))
}

fn limit(asked: Option<u64>) -> Result<u8, ApiError> {
    let Some(asked) = asked else { return Ok(DEFAULT_LIMIT) };
    u8::try_from(asked).ok().filter(|limit| (1..=MAX_LISTED).contains(limit)).ok_or_else(|| {
        ApiError::new(Code::InvalidField, format!("`limit` must be 1 to {MAX_LISTED}"))
    })
}

fn shown(session: &Summary) -> Value {
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
fn write_cursor(cursor: &IndexCursor) -> String {
    URL_SAFE_NO_PAD.encode(json!([cursor.handle.as_str(), cursor.tenant.as_str()]).to_string())
}

fn read_cursor(text: &str, scope: &Scope) -> Result<IndexCursor, ApiError> {
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
