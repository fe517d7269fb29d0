//! The audit record of one revocation. Its members are a promise: `docs/reference/events.md` tells
//! them, and `version` changes when one of them does.

use crate::actor::Actor;
use aws_sdk_eventbridge::primitives::{DateTime, DateTimeFormat};
use serde_json::{Value, json};
use shared::ids::{AppId, SessionHandle, TenantId, UserId};
use shared::model::Scope;
use shared::reason::Reason;
use shared::session::{Revocation, Revoked, SessionError, Swept};
use shared::time::Timestamp;
use shared::token::key::Kid;

pub(crate) const VERSION: u8 = 1;

const SESSION_REVOKED: &str = "session.revoked";
const USER_REVOKED: &str = "user.revoked";
const THEFT_DETECTED: &str = "session.theft-detected";
const TENANT_REMOVED: &str = "tenant.removed";
const APP_REMOVED: &str = "app.removed";

/// The `detail-type` of every event by which sessions have ended.
pub const REVOKING_EVENTS: [&str; 5] =
    [SESSION_REVOKED, USER_REVOKED, THEFT_DETECTED, TENANT_REMOVED, APP_REMOVED];

/// How much of a record its list of sessions may take, in bytes. CloudWatch and EventBridge
/// take 256 KiB, and one session has at most some 2300.
const MAX_LIST_BYTES: usize = 128 * 1024;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Logout,
    RevokeHandles,
    RevokeUser,
    Theft,
    RemoveTenant,
    RemoveApp,
    RotateKey,
    KillKey,
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::RevokeHandles => "revoke-handles",
            Self::RevokeUser => "revoke-user",
            Self::Theft => "theft",
            Self::RemoveTenant => "remove-tenant",
            Self::RemoveApp => "remove-app",
            Self::RotateKey => "rotate-key",
            Self::KillKey => "kill-key",
        }
    }

    /// The `detail-type` of its event. [`REVOKING_EVENTS`] has those by which sessions end.
    ///
    /// [`REVOKING_EVENTS`]: crate::REVOKING_EVENTS
    pub(crate) fn event(self) -> &'static str {
        match self {
            Self::Logout | Self::RevokeHandles => SESSION_REVOKED,
            Self::RevokeUser => USER_REVOKED,
            Self::Theft => THEFT_DETECTED,
            Self::RemoveTenant => TENANT_REMOVED,
            Self::RemoveApp => APP_REMOVED,
            Self::RotateKey => "key.rotated",
            Self::KillKey => "key.killed",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// Some sessions were ended, and others could not be.
    Partial,
    /// The answer of the write was lost, or it was not done.
    Unknown,
    /// Nothing was ended: an SDK was told to.
    Told,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Partial => "partial",
            Self::Unknown => "unknown",
            Self::Told => "told",
        }
    }
}

/// What was to be ended.
pub(crate) enum RecordScope<'a> {
    /// The one session of this user.
    Session { user: &'a UserId, tenant: &'a TenantId },
    /// Those on the list.
    Sessions,
    /// Everything of a user, or in one tenant, or but for one.
    User { user: &'a UserId, tenant: Option<&'a TenantId>, except: Option<&'a SessionHandle> },
    /// Everybody's in a tenant.
    Tenant(&'a TenantId),
    /// Everybody's in the app.
    App,
    /// A signing key, and the one that took its place.
    Key { kid: Option<&'a Kid>, replacement: Option<&'a Kid> },
}

impl<'a> RecordScope<'a> {
    pub(crate) fn of_revocation(revocation: &'a Revocation) -> Self {
        let Revocation { user, scope, except, .. } = revocation;
        let tenant = match scope {
            Scope::User => None,
            Scope::Tenant(tenant) => Some(tenant),
        };
        Self::User { user, tenant, except: except.as_ref() }
    }

    fn to_json(&self, salt: &str) -> Value {
        match self {
            Self::Session { user, tenant } => {
                json!({"kind": "session", "userId": user.as_str(), "tenantId": tenant.as_str()})
            }
            Self::Sessions => json!({"kind": "sessions"}),
            Self::User { user, tenant, except } => {
                let mut scope = json!({"kind": "user", "userId": user.as_str()});
                if let Some(tenant) = tenant {
                    scope["tenantId"] = tenant.as_str().into();
                }
                if let Some(kept) = except {
                    scope["exceptSession"] = kept.salted_digest(salt).into();
                }
                scope
            }
            Self::Tenant(tenant) => json!({"kind": "tenant", "tenantId": tenant.as_str()}),
            Self::App => json!({"kind": "app"}),
            Self::Key { kid, replacement } => {
                let mut scope = json!({"kind": "key"});
                for (name, kid) in [("kid", kid), ("replacement", replacement)] {
                    if let Some(kid) = kid {
                        scope[name] = kid.as_str().into();
                    }
                }
                scope
            }
        }
    }
}

/// A session on a record's list.
pub(crate) struct Listed<'a> {
    handle: &'a SessionHandle,
    state: &'static str,
    user: Option<&'a UserId>,
}

const ENDED: &str = "ended";

impl<'a> Listed<'a> {
    pub(crate) fn ended(handle: &'a SessionHandle, user: Option<&'a UserId>) -> Self {
        Self { handle, state: ENDED, user }
    }

    /// Another call had ended it.
    pub(crate) fn over(handle: &'a SessionHandle, user: Option<&'a UserId>) -> Self {
        Self { handle, state: "not-live", user }
    }

    pub(crate) fn not_live(handle: &'a SessionHandle) -> Self {
        Self::over(handle, None)
    }

    pub(crate) fn unknown(handle: &'a SessionHandle) -> Self {
        Self { handle, state: "unknown", user: None }
    }

    pub(crate) fn all(
        revoked: &'a Revoked,
        other: impl Fn(&'a SessionHandle) -> Self,
    ) -> Vec<Self> {
        let ended = revoked.ended.iter().map(|one| Self::ended(&one.handle, one.user.as_ref()));
        ended.chain(revoked.others.iter().map(other)).collect()
    }

    fn to_json(&self, salt: &str) -> Value {
        let mut listed = json!({"session": self.handle.salted_digest(salt), "state": self.state});
        if let Some(user) = self.user {
            listed["userId"] = user.as_str().into();
        }
        listed
    }
}

pub(crate) struct Record<'a> {
    pub(crate) action: Action,
    pub(crate) outcome: Outcome,
    /// When it took effect; where that is unknown, when we gave up.
    pub(crate) at: Timestamp,
    /// Lambda's name for the request, if it was one.
    pub(crate) request_id: Option<&'a str>,
    pub(crate) actor: Actor<'a>,
    /// Why, in the words of whoever did it.
    pub(crate) reason: Option<&'a Reason>,
    pub(crate) app: &'a AppId,
    pub(crate) scope: RecordScope<'a>,
    pub(crate) sessions: Vec<Listed<'a>>,
    /// Whether the sweep after a revocation came to its end.
    pub(crate) sweep_complete: Option<bool>,
}

impl<'a> Record<'a> {
    /// What every record begins with: it took effect, and names no session yet.
    pub(crate) fn new(action: Action, actor: Actor<'a>, app: &'a AppId, at: Timestamp) -> Self {
        Self {
            action,
            outcome: Outcome::Done,
            at,
            request_id: None,
            actor,
            reason: None,
            app,
            scope: RecordScope::Sessions,
            sessions: Vec::new(),
            sweep_complete: None,
        }
    }

    /// With what became of a revocation by name: of `asked`, or of what `result` knows.
    pub(crate) fn of_handles(
        self,
        asked: &'a [SessionHandle],
        result: &'a Result<Revoked, SessionError>,
    ) -> Self {
        let (outcome, sessions) = match result {
            Ok(revoked) => (Outcome::Done, Listed::all(revoked, Listed::not_live)),
            Err(SessionError::PartlyRevoked { revoked, .. }) => {
                (Outcome::Partial, Listed::all(revoked, Listed::unknown))
            }
            Err(_) => (Outcome::Unknown, asked.iter().map(Listed::unknown).collect()),
        };
        Self { outcome, sessions, ..self }
    }

    /// With what became of a revocation of `user`. `None`: the session to keep was not found, and
    /// nothing was revoked.
    pub(crate) fn of_user(
        self,
        user: &'a UserId,
        result: &'a Result<Swept, SessionError>,
    ) -> Option<Self> {
        match result {
            Err(SessionError::NoSessionToKeep) => None,
            Err(_) => Some(Self { outcome: Outcome::Unknown, ..self }),
            Ok(swept) => Some(Self {
                at: swept.effective_at,
                sessions: swept.handles.iter().map(|one| Listed::ended(one, Some(user))).collect(),
                sweep_complete: Some(swept.failure.is_none()),
                ..self
            }),
        }
    }

    /// How many sessions it is known to have ended.
    pub(crate) fn ended(&self) -> usize {
        self.sessions.iter().filter(|listed| listed.state == ENDED).count()
    }

    pub(crate) fn to_json(&self, salt: &str) -> Value {
        let mut record = json!({
            "version": VERSION,
            "action": self.action.name(),
            "outcome": self.outcome.name(),
            "at": rfc3339(self.at),
            "actor": self.actor.to_json(),
            "appId": self.app.as_str(),
            "scope": self.scope.to_json(salt),
            "count": self.ended(),
        });
        let (sessions, omitted) = within_limit(&self.sessions, salt);
        record["sessions"] = sessions.into();
        record["omitted"] = omitted.into();
        if let Some(request_id) = self.request_id {
            record["requestId"] = request_id.into();
        }
        if let Some(reason) = self.reason {
            record["reason"] = reason.as_str().into();
        }
        if let Some(complete) = self.sweep_complete {
            record["sweepComplete"] = complete.into();
        }
        record
    }
}

/// The first sessions, as many as fit, and how many do not.
fn within_limit(sessions: &[Listed<'_>], salt: &str) -> (Vec<Value>, usize) {
    let (mut fit, mut bytes) = (Vec::new(), 0);
    for listed in sessions {
        let listed = listed.to_json(salt);
        bytes += listed.to_string().len() + 1;
        if bytes > MAX_LIST_BYTES {
            break;
        }
        fit.push(listed);
    }
    let omitted = sessions.len() - fit.len();
    (fit, omitted)
}

/// UTC, such as `2027-01-15T08:00:00.012Z`.
pub(crate) fn rfc3339(at: Timestamp) -> Value {
    // Only a year that no clock shows cannot be written.
    DateTime::from_millis(at.millis())
        .fmt(DateTimeFormat::DateTime)
        .map_or(Value::Null, Value::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_is_too_long_is_cut_and_says_so() {
        let user = UserId::parse(&"\"".repeat(1024)).unwrap();
        let handle = SessionHandle::parse("a-session").unwrap();
        let of = |number: usize| -> Vec<_> {
            (0..number).map(|_| Listed::ended(&handle, Some(&user))).collect()
        };
        let one = Listed::ended(&handle, Some(&user)).to_json("t").to_string().len() + 1;
        let most = MAX_LIST_BYTES / one;
        assert!((50..100).contains(&most), "{most}");
        for (number, omitted) in [(0, 0), (most, 0), (most + 1, 1), (500, 500 - most)] {
            let (fit, left) = within_limit(&of(number), "t");
            assert_eq!((fit.len(), left), (number - omitted, omitted), "{number}");
        }
    }

    #[test]
    fn a_moment_is_rfc_3339_in_utc() {
        for (millis, text) in [
            (1_800_000_000_000, "2027-01-15T08:00:00Z"),
            (1_800_000_000_012, "2027-01-15T08:00:00.012Z"),
        ] {
            assert_eq!(rfc3339(Timestamp::from_millis(millis)), text);
        }
    }
}
