//! Ends sessions by handle, one or many.
//!
//! `POST /revoke-handle` behind IAM, or direct invoke. Answers the handles that this call ended;
//! unknown ones are left out. It never touches the caller's own cookies: the caller is an
//! administrator, not the one who leaves.

use journal::{Actor, JournaledApp};
use serde::Deserialize;
use shared::app::App;
use shared::http::command::{Unknown, present};
use shared::http::error::{ApiError, Code};
use shared::http::revoked::RevokedAnswer;
use shared::ids::{AppId, SessionHandle};
use shared::lambda::{Caller, CommandRoute, Function};
use shared::reason::Reason;
use shared::session::MAX_HANDLES;
use std::sync::Arc;

/// The function, composed over `app`.
#[must_use]
pub fn function(app: Arc<App>) -> Function {
    Function::command(JournaledApp::new(app), CommandRoute::Post, Unknown::Refused, handle)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Command {
    #[serde(default, deserialize_with = "present")]
    session_handle: Option<String>,
    #[serde(default, deserialize_with = "present")]
    session_handles: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    reason: Option<String>,
}

async fn handle(
    state: Arc<JournaledApp>,
    command: Command,
    caller: Caller,
) -> Result<RevokedAnswer, ApiError> {
    let reason = command.reason.as_deref().map(Reason::parse).transpose()?;
    let handles = handles(command)?;
    let revoked = state.app.store.revoke_handles(handles.clone()).await;
    let by = Actor::of(&caller);
    state
        .journal
        .handles_revoked(&caller, by, &AppId::public(), &handles, reason.as_ref(), &revoked)
        .await;
    Ok(RevokedAnswer::by_name(&revoked?))
}

fn handles(command: Command) -> Result<Vec<SessionHandle>, ApiError> {
    let texts = match (command.session_handle, command.session_handles) {
        (Some(one), None) => vec![one],
        (None, Some(many)) => many,
        (None, None) => {
            let detail = "`sessionHandle` or `sessionHandles` is required";
            return Err(ApiError::new(Code::MissingField, detail));
        }
        (Some(_), Some(_)) => {
            let detail = "only one of `sessionHandle` and `sessionHandles` may be given";
            return Err(ApiError::new(Code::InvalidField, detail));
        }
    };
    if texts.len() > MAX_HANDLES {
        let detail = format!("at most {MAX_HANDLES} handles are allowed");
        return Err(ApiError::new(Code::TooManyHandles, detail));
    }
    Ok(texts.iter().map(|text| SessionHandle::parse(text)).collect::<Result<_, _>>()?)
}
