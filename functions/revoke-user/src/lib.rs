//! Ends every session of a user, or those of one tenant, or all but one.
//!
//! `POST /revoke-user` behind IAM, or direct invoke. When it answers, every session it covers is
//! refused, even if the sweep of rows is not complete.

use journal::{Actor, JournaledApp};
use serde::Deserialize;
use shared::app::App;
use shared::http::command::{Unknown, present};
use shared::http::error::ApiError;
use shared::http::revoked::RevokedAnswer;
use shared::ids::{AppId, SessionHandle, UserId};
use shared::lambda::{Caller, CommandRoute, Function};
use shared::model::Scope;
use shared::reason::Reason;
use shared::session::Revocation;
use std::sync::Arc;

/// The function, composed over `app`.
#[must_use]
pub fn function(app: Arc<App>) -> Function {
    Function::command(JournaledApp::new(app), CommandRoute::Post, Unknown::Refused, handle)
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
    state: Arc<JournaledApp>,
    command: Command,
    caller: Caller,
) -> Result<RevokedAnswer, ApiError> {
    let user = UserId::parse(&command.user_id)?;
    let scope = Scope::of_tenant(command.tenant_id.as_deref())?;
    let except =
        command.except_session_handle.map(|text| SessionHandle::parse(&text)).transpose()?;
    let reason = command.reason.as_deref().map(Reason::parse).transpose()?;
    let revocation = Revocation { user, scope, except, reason };
    let swept = state.app.store.revoke_user(&revocation).await;
    let (by, app) = (Actor::of(&caller), AppId::public());
    state.journal.user_revoked(&caller, by, &app, &revocation, &swept).await;
    Ok(RevokedAnswer::of_user(&swept?))
}
