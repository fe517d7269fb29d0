//! `sever users`: ends a user's sessions as a whole. It asks nobody: it is the command for an
//! emergency, and reaches one user.

use crate::failure::Failure;
use crate::options::{Global, RevokeUser};
use crate::output::{Done, count, sessions_text};
use crate::sessions::find;
use serde_json::json;
use shared::http::listing;
use shared::ids::{SessionHandle, UserId};
use shared::model::Scope;
use shared::session::{SessionError, Sessions};

pub(crate) async fn revoke(
    sessions: &Sessions,
    asked: &RevokeUser,
    global: &Global,
) -> Result<Done, Failure> {
    let user = UserId::parse(&asked.user)?;
    let scope = Scope::of_tenant(asked.tenant.as_deref())?;
    let except = asked.except.as_deref().map(SessionHandle::parse).transpose()?;
    let (text, mut json, failure) = if global.dry_run {
        rehearse(sessions, &user, &scope, except.as_ref()).await?
    } else {
        end(sessions, &user, &scope, except.as_ref()).await?
    };
    json["dryRun"] = global.dry_run.into();
    json["userId"] = user.as_str().into();
    json["tenantId"] = asked.tenant.clone().into();
    json["keptSessionHandle"] = asked.except.clone().into();
    Ok(Done { text, json, failure })
}

type Told = (String, serde_json::Value, Option<Failure>);

async fn rehearse(
    sessions: &Sessions,
    user: &UserId,
    scope: &Scope,
    except: Option<&SessionHandle>,
) -> Result<Told, Failure> {
    if let Some(kept) = except {
        let kept = sessions.find(kept).await?;
        if kept.is_none_or(|session| session.standing.user != *user) {
            return Err(SessionError::NoSessionToKeep.into());
        }
    }
    let mut found = find(sessions, user, scope, usize::MAX).await;
    found.sessions.retain(|session| Some(&session.handle) != except);
    let text = format!(
        "{}would end: {}, and any opened by now that is not listed yet; nothing was done\n",
        sessions_text(&found.sessions),
        count(found.sessions.len(), "session"),
    );
    let would_end: Vec<_> = found.sessions.iter().map(listing::shown).collect();
    let json = json!({"wouldEnd": would_end, "coversUnlisted": true, "more": found.more});
    Ok((text, json, found.failure.map(Failure::from)))
}

async fn end(
    sessions: &Sessions,
    user: &UserId,
    scope: &Scope,
    except: Option<&SessionHandle>,
) -> Result<Told, Failure> {
    let swept = sessions.revoke_user(user, scope, except).await?;
    let handles: Vec<_> = swept.handles.iter().map(SessionHandle::as_str).collect();
    let ended = count(handles.len(), "session");
    let listed = handles.iter().flat_map(|handle| [handle, "\n"]).collect::<String>();
    let left = if swept.failure.is_none() {
        ""
    } else {
        "some rows are left for time to live to remove; their sessions are refused\n"
    };
    let text = format!("{listed}ended: {ended}, and any that was not listed yet\n{left}");
    let json = json!({"sessionHandlesRevoked": handles, "sweepComplete": swept.failure.is_none()});
    Ok((text, json, None))
}
