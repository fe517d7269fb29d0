//! `sever users`: ends a user's sessions as a whole. It asks nobody: it is the command for an
//! emergency, and reaches one user.

use crate::audit::certainly_not_done;
use crate::connect::Connected;
use crate::failure::Failure;
use crate::legible::text;
use crate::options::RevokeUser;
use crate::output::{Done, count, sessions_text};
use crate::sessions::find;
use journal::{Operator, OperatorJournal};
use serde_json::json;
use shared::http::listing;
use shared::ids::{SessionHandle, UserId};
use shared::model::Scope;
use shared::session::{Revocation, SessionError, SessionStore};

pub(crate) async fn revoke(connected: &Connected, asked: &RevokeUser) -> Result<Done, Failure> {
    let user = UserId::parse(&asked.user)?;
    let scope = Scope::of_tenant(asked.tenant.as_deref())?;
    let except = asked.except.as_deref().map(SessionHandle::parse).transpose()?;
    let revocation = Revocation { user, scope, except, reason: asked.change.reason.clone() };
    let mut done = if asked.change.dry_run {
        rehearse(&connected.store, &revocation).await?
    } else {
        end(connected, &revocation).await
    };
    if !done.json.is_null() {
        done.json["dryRun"] = asked.change.dry_run.into();
        done.json["userId"] = revocation.user.as_str().into();
        done.json["tenantId"] = asked.tenant.clone().into();
        done.json["keptSessionHandle"] = asked.except.clone().into();
    }
    Ok(done)
}

async fn rehearse(store: &SessionStore, revocation: &Revocation) -> Result<Done, Failure> {
    let Revocation { user, scope, except, .. } = revocation;
    if let Some(kept) = except {
        let kept = store.find(kept).await?;
        if kept.is_none_or(|session| session.standing.user != *user) {
            return Err(SessionError::NoSessionToKeep.into());
        }
    }
    let mut found = find(store, user, scope, usize::MAX).await?;
    found.sessions.retain(|session| Some(&session.handle) != except.as_ref());
    let text = format!(
        "{}would end: {}, and any that is not listed yet; nothing was done\n{}",
        sessions_text(&found.sessions),
        count(found.sessions.len(), "session"),
        if found.sessions.is_empty() { hint(revocation) } else { String::new() },
    );
    let would_end: Vec<_> = found.sessions.iter().map(listing::shown).collect();
    let json = json!({"wouldEnd": would_end, "coversUnlisted": true, "more": found.more});
    Ok(Done { text, json, ..Done::default() })
}

async fn end(connected: &Connected, revocation: &Revocation) -> Done {
    let result = connected.store.revoke_user(revocation).await;
    let told = match &result {
        Err(error) if certainly_not_done(error) => None,
        result => {
            let record = |journal: &OperatorJournal, by: &Operator| {
                journal.user_revoked(by, revocation, result).into_iter().collect()
            };
            Some(connected.audit.tell(record).await)
        }
    };
    let swept = match result {
        Ok(swept) => swept,
        Err(error) => return Done { told, failure: Some(error.into()), ..Done::default() },
    };
    let handles: Vec<_> = swept.handles.iter().map(SessionHandle::as_str).collect();
    let ended = count(handles.len(), "session");
    let listed: String = handles.iter().map(|handle| text(handle) + "\n").collect();
    let left = match &swept.failure {
        Some(_) => {
            "some rows are left for time to live to remove; their sessions are refused\n".to_owned()
        }
        None if handles.is_empty() => hint(revocation),
        None => String::new(),
    };
    let text = format!("{listed}ended: {ended}, and any that was not listed yet\n{left}");
    let json = json!({"sessionHandlesRevoked": handles, "sweepComplete": swept.failure.is_none()});
    Done { text, json, told, failure: None }
}

/// What to say when no session was found: the user id may be misspelt. An operator who named a session
/// to keep has spelt it right.
fn hint(Revocation { user, scope, except, .. }: &Revocation) -> String {
    if except.is_some() {
        return String::new();
    }
    let place = match scope {
        Scope::User => String::new(),
        Scope::Tenant(tenant) => format!(" in tenant {}", tenant.as_str()),
    };
    let user = text(user.as_str());
    format!("no session of user {user}{place} was found: check the spelling of the user id\n")
}
