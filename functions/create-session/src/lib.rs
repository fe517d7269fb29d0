//! Opens a session for a user whom your own login has recognised.
//!
//! `POST /create-session` behind IAM, or direct invoke. Answers the tokens, and the headers and
//! cookies ready to be handed to the browser. Whoever may call this can be anybody: grant it to
//! your login code alone.

use journal::{Actor, JournaledApp};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use shared::app::App;
use shared::http::command::{Unknown, object, present};
use shared::http::credentials::Transfer;
use shared::http::error::{ApiError, Code};
use shared::http::tokens::ClientTokens;
use shared::ids::{AppId, TenantId, UserId};
use shared::json::Object;
use shared::lambda::{Caller, CommandRoute, Function};
use shared::model::{Device, SessionData};
use shared::session::{Issued, NewSession, Opening};
use shared::token::key::KeyKind;
use shared::token::payload::Payload;
use std::sync::Arc;

/// The longest address and the longest `User-Agent` that are kept, in bytes.
const MAX_IP_BYTES: usize = 64;
const MAX_USER_AGENT_BYTES: usize = 1024;

/// The function, composed over `app`.
#[must_use]
pub fn function(app: Arc<App>) -> Function {
    sealing::connect(&app);
    Function::command(JournaledApp::new(app), CommandRoute::Post, Unknown::Logged, handle)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Command {
    user_id: String,
    #[serde(default, deserialize_with = "present")]
    tenant_id: Option<String>,
    #[serde(default, deserialize_with = "present")]
    recipe_user_id: Option<String>,
    #[serde(default)]
    access_token_payload: Object,
    #[serde(default)]
    session_data: Object,
    #[serde(default)]
    transfer: TransferName,
    #[serde(default, deserialize_with = "present")]
    use_dynamic_signing_key: Option<bool>,
    #[serde(default, deserialize_with = "object")]
    device: DeviceFacts,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum TransferName {
    #[default]
    Header,
    Cookie,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeviceFacts {
    #[serde(default, deserialize_with = "present")]
    ip: Option<String>,
    #[serde(default, deserialize_with = "present")]
    user_agent: Option<String>,
}

async fn handle(
    state: Arc<JournaledApp>,
    command: Command,
    caller: Caller,
) -> Result<Value, ApiError> {
    let transfer = match command.transfer {
        TransferName::Header => Transfer::Header,
        TransferName::Cookie => Transfer::Cookie,
    };
    let issued = state.app.tokens.create(new_session(command, transfer)?).await?;
    state.journal.opened(&caller, Actor::of(&caller), &AppId::public(), &issued.session).await;
    Ok(answer(&state.app, &issued, transfer))
}

fn new_session(command: Command, transfer: Transfer) -> Result<NewSession, ApiError> {
    let user = UserId::parse(&command.user_id)?;
    let recipe_user = match command.recipe_user_id {
        None => user.clone(),
        Some(id) => UserId::parse(&id).map_err(|error| {
            ApiError::new(Code::InvalidUserId, format!("`recipeUserId`: {error}"))
        })?,
    };
    let tenant = match command.tenant_id {
        None => TenantId::public(),
        Some(id) => TenantId::parse(&id)?,
    };
    let dynamic = command.use_dynamic_signing_key.unwrap_or(true);
    Ok(NewSession {
        user,
        recipe_user,
        tenant,
        payload: Payload::new(command.access_token_payload)?,
        data: SessionData(command.session_data),
        device: device(command.device),
        key_kind: if dynamic { KeyKind::Dynamic } else { KeyKind::Static },
        opening: Opening::Own { in_cookies: transfer == Transfer::Cookie },
    })
}

/// They are for a person to look at: what is too long is cut, and refuses nobody's login.
fn device(facts: DeviceFacts) -> Device {
    let cut = |mut text: String, max| {
        text.truncate(text.floor_char_boundary(max));
        text
    };
    Device {
        ip: facts.ip.map(|ip| cut(ip, MAX_IP_BYTES)),
        user_agent: facts.user_agent.map(|agent| cut(agent, MAX_USER_AGENT_BYTES)),
    }
}

fn answer(app: &App, issued: &Issued, transfer: Transfer) -> Value {
    let Issued { session, access, refresh, .. } = issued;
    let tokens = ClientTokens::open(issued, transfer, &app.web.cookies, app.clock.now());
    let headers: Map<_, _> =
        tokens.headers.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    let expires_at = session.standing.expires_at.millis();
    let mut answer = json!({
        "status": "OK",
        "session": {
            "handle": session.handle.as_str(),
            "userId": session.standing.user.as_str(),
            "recipeUserId": session.recipe_user.as_str(),
            "tenantId": session.standing.tenant.as_str(),
            "createdAt": session.created_at.millis(),
            "expiresAt": expires_at,
        },
        "accessToken": {"token": access.expose(), "expiresAt": access.expires_at().millis()},
        "refreshToken": {"token": refresh.expose(), "expiresAt": expires_at},
        "frontToken": access.front_token(),
        "headers": headers,
        "cookies": tokens.cookies,
    });
    if let Some(token) = &session.anti_csrf {
        answer["antiCsrfToken"] = token.expose().into();
    }
    answer
}
