//! Ends every session of a user, or those of one tenant, or all but one.
//!
//! `POST /revoke-user` behind IAM, or direct invoke. When it answers, every session it covers is
//! refused, even if the sweep of rows is not complete.

use journal::{Actor, Journal};
use serde::Deserialize;
use shared::app::App;
use shared::http::command::{Unknown, present};
use shared::http::error::ApiError;
use shared::http::revoked::RevokedAnswer;
use shared::ids::{AppId, SessionHandle, UserId};
use shared::lambda::{Caller, CommandRoute, Function};
use shared::model::Scope;
use shared::reason::Reason;
use std::sync::Arc;

/// The function, composed over `app`.
#[must_use]
pub fn function(app: Arc<App>) -> Function {
    let journal = Journal::new(&app);
    Function::command(app, CommandRoute::Post, Unknown::Refused, move |app, command, caller| {
        handle(app, journal.clone(), command, caller)
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Command {
    user_id: String,
    #[serde(default, deserialize_with = "present")]
    tenant_id: Option<String>,
    #[serde(default, deserialize_with = "present")]
    except_session_handle: Option<String>,
    #[serde(default, deserialize_with = "present")]
    reason: Option<String>,
}

async fn handle(
    app: Arc<App>,
    journal: Journal,
    command: Command,
    caller: Caller,
) -> Result<RevokedAnswer, ApiError> {
    let user = UserId::parse(&command.user_id)?;
    let scope = Scope::of_tenant(command.tenant_id.as_deref())?;
    let except =
        command.except_session_handle.map(|text| SessionHandle::parse(&text)).transpose()?;
    let reason = command.reason.as_deref().map(Reason::parse).transpose()?;
    let swept = app.store.revoke_user(&user, &scope, except.as_ref()).await;
    let (by, what) = (Actor::of(&caller), (&user, &scope, except.as_ref()));
    journal.user_revoked(&caller, by, &AppId::public(), what, reason.as_ref(), &swept).await;
    Ok(RevokedAnswer::of_user(&swept?))
}
