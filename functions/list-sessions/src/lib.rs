//! Shows a user's live sessions.
//!
//! `GET /list-sessions` behind IAM, or direct invoke. Found through the index, judged by the rows:
//! an ended session is never shown; one that was opened a moment ago may be missing.

use serde::Deserialize;
use serde_json::{Value, json};
use shared::app::App;
use shared::http::command::{Unknown, present};
use shared::http::error::ApiError;
use shared::http::listing::{limit, read_cursor, shown, write_cursor};
use shared::ids::UserId;
use shared::lambda::{Caller, CommandRoute, Function};
use shared::model::Scope;
use std::sync::Arc;

/// The function, composed over `app`.
#[must_use]
pub fn function(app: Arc<App>) -> Function {
    Function::command(app, CommandRoute::Get(&["limit"]), Unknown::Ignored, handle)
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
    let listing = app.store.list(&user, &scope, limit, after.as_ref()).await?;
    Ok(json!({
        "status": "OK",
        "sessions": listing.sessions.iter().map(shown).collect::<Vec<_>>(),
        "cursor": listing.next.as_ref().map(write_cursor),
    }))
}
