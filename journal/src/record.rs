//! The audit record of one revocation. Its members are a promise: `docs/observability.md` tells
//! them, and `version` changes when one of them does.

use aws_sdk_eventbridge::primitives::{DateTime, DateTimeFormat};
use serde_json::{Value, json};
use shared::ids::{AppId, SessionHandle, TenantId, UserId};
use shared::lambda::{Caller, Way};
use shared::session::Revoked;
use shared::time::Timestamp;

pub(crate) const VERSION: u8 = 1;

/// How much of a record its list of sessions may take, in bytes. CloudWatch and EventBridge
/// take 256 KiB, and one session has at most some 2300.
const MAX_LIST_BYTES: usize = 128 * 1024;

/// Who did it.
#[derive(Clone, Copy, Debug)]
pub enum Actor<'a> {
    /// An IAM principal, by ARN, as API Gateway saw it.
    Iam(&'a str),
    /// Whoever invoked the function itself: CloudTrail knows, by the request's id.
    DirectInvoke,
    /// Somebody whom API Gateway let through without a signature.
    Unsigned,
    /// The user.
    User(&'a UserId),
    /// Whoever holds an API key of this app.
    Sdk(&'a AppId),
    /// Nobody: Sever ended what was stolen.
    TheftDetection,
}

impl<'a> Actor<'a> {
    /// An administrator or a back end.
    #[must_use]
    pub fn of(caller: &'a Caller) -> Self {
        match &caller.way {
            Way::Iam(arn) => Self::Iam(arn),
            Way::Anyone => Self::Unsigned,
            Way::Direct => Self::DirectInvoke,
        }
    }

    pub(crate) fn to_json(self) -> Value {
        match self {
            Self::Iam(arn) => json!({"type": "iam", "arn": arn}),
            Self::DirectInvoke => json!({"type": "direct-invoke"}),
            Self::Unsigned => json!({"type": "unsigned"}),
            Self::User(user) => json!({"type": "user", "userId": user.as_str()}),
            Self::Sdk(app) => json!({"type": "sdk", "appId": app.as_str()}),
            Self::TheftDetection => json!({"type": "theft-detection"}),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Logout,
    RevokeHandles,
    RevokeUser,
    Theft,
    RemoveTenant,
    RemoveApp,
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
        }
    }

    /// The `detail-type` of its event.
    pub(crate) fn event(self) -> &'static str {
        match self {
            Self::Logout | Self::RevokeHandles => "session.revoked",
            Self::RevokeUser => "user.revoked",
            Self::Theft => "session.theft-detected",
            Self::RemoveTenant => "tenant.removed",
            Self::RemoveApp => "app.removed",
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
pub(crate) enum Scope<'a> {
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
}

impl Scope<'_> {
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
    pub(crate) request_id: &'a str,
    pub(crate) actor: Actor<'a>,
    pub(crate) app: &'a AppId,
    pub(crate) scope: Scope<'a>,
    pub(crate) sessions: Vec<Listed<'a>>,
    /// Whether the sweep after a revocation came to its end.
    pub(crate) sweep_complete: Option<bool>,
}

impl Record<'_> {
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
            "requestId": self.request_id,
            "actor": self.actor.to_json(),
            "appId": self.app.as_str(),
            "scope": self.scope.to_json(salt),
            "count": self.ended(),
        });
        let (sessions, omitted) = within_limit(&self.sessions, salt);
        record["sessions"] = sessions.into();
        record["omitted"] = omitted.into();
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
