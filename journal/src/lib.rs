//! What is written down, counted and told when sessions are opened and ended: one audit record for
//! each revocation, its metrics, and an event for whoever listens on an EventBridge bus.
//!
//! It is done after the effect is known and before the caller is answered. Nothing here can fail a
//! call or take its effect back: what goes wrong is logged and counted.
//!
//! A crate of its own, so that the authorizer does not link another AWS client. [`Journal`] is that of
//! the functions, [`OperatorJournal`] that of the command line.

mod actor;
mod bus;
mod operator;
mod record;

pub use actor::{Actor, Operator};
pub use operator::{OperatorJournal, OperatorRecord};
pub use record::REVOKING_EVENTS;

use bus::{Bus, Patience};
use record::{Action, Listed, Outcome, Record, RecordScope};
use serde_json::{Value, json};
use shared::app::App;
use shared::ids::{AppId, SessionHandle, TenantId, UserId};
use shared::lambda::Caller;
use shared::lambda::metric::{self, Metric};
use shared::model::Session;
use shared::reason::Reason;
use shared::session::{Principal, Revocation, Revoked, SessionError, Swept, Theft};
use shared::time::{Clock, Timestamp};
use shared::{AUDIT_TARGET, error_chain};
use std::sync::Arc;
use std::time::Duration;

/// The `source` of the functions' events.
const SOURCE: &str = "sever";

/// Writes down, counts and tells.
pub struct Journal {
    clock: Clock,
    /// What handles are salted with.
    table_name: Arc<str>,
    bus: Option<Bus>,
}

/// The state of a function that records its changes: the app, and the journal that records them.
pub struct JournaledApp {
    pub app: Arc<App>,
    pub journal: Journal,
}

impl JournaledApp {
    #[must_use]
    pub fn new(app: Arc<App>) -> Arc<Self> {
        let journal = Journal::new(&app);
        Arc::new(Self { app, journal })
    }
}

impl AsRef<App> for JournaledApp {
    fn as_ref(&self) -> &App {
        &self.app
    }
}

impl Journal {
    /// The journal of a function that is composed over `app`. Nothing is sent, and no client made,
    /// before there is something to tell.
    #[must_use]
    pub fn new(app: &App) -> Self {
        Self {
            clock: app.clock.clone(),
            table_name: app.table_name.as_str().into(),
            bus: app
                .event_bus
                .as_deref()
                .map(|bus| Bus::new(bus, SOURCE, &app.aws, Patience::OfACaller)),
        }
    }

    /// A session was opened.
    pub async fn opened(&self, caller: &Caller, by: Actor<'_>, app: &AppId, session: &Session) {
        Metric::SessionsCreated.count(1);
        let standing = &session.standing;
        let detail = json!({
            "version": record::VERSION,
            "at": record::rfc3339(session.created_at),
            "requestId": caller.request_id,
            "actor": by.to_json(),
            "appId": app.as_str(),
            "session": session.handle.salted_digest(&self.table_name),
            "userId": standing.user.as_str(),
            "tenantId": standing.tenant.as_str(),
            "expiresAt": record::rfc3339(standing.expires_at),
        });
        self.tell("session.created", &detail, session.created_at).await;
    }

    /// A user has left.
    pub async fn logged_out(
        &self,
        caller: &Caller,
        who: &Principal,
        reason: Option<&Reason>,
        result: &Result<Revoked, SessionError>,
    ) {
        let public = AppId::public();
        let record = Record {
            scope: RecordScope::Session { user: &who.user, tenant: &who.tenant },
            reason,
            ..self.record(caller, Action::Logout, Actor::User(&who.user), &public)
        };
        self.by_name(record.of_handles(std::slice::from_ref(&who.handle), result), caller).await;
    }

    /// Sessions were ended by name: those of `asked`, or of `result` where that knows more.
    pub async fn handles_revoked(
        &self,
        caller: &Caller,
        by: Actor<'_>,
        app: &AppId,
        asked: &[SessionHandle],
        reason: Option<&Reason>,
        result: &Result<Revoked, SessionError>,
    ) {
        if let Ok(revoked) = result {
            Metric::UnknownHandles.count(revoked.others.len());
        }
        let record = Record { reason, ..self.record(caller, Action::RevokeHandles, by, app) };
        self.by_name(record.of_handles(asked, result), caller).await;
    }

    async fn by_name(&self, record: Record<'_>, caller: &Caller) {
        if record.outcome == Outcome::Done {
            Metric::TimeToDeny.took(since(caller.arrived_at, record.at));
        }
        self.revoked(&record).await;
    }

    /// A user's sessions were revoked, or all but one.
    pub async fn user_revoked(
        &self,
        caller: &Caller,
        by: Actor<'_>,
        app: &AppId,
        revocation: &Revocation,
        result: &Result<Swept, SessionError>,
    ) {
        let record = Record {
            scope: RecordScope::of_revocation(revocation),
            reason: revocation.reason.as_ref(),
            ..self.record(caller, Action::RevokeUser, by, app)
        };
        if let Ok(swept) = result {
            Metric::TimeToDeny.took(since(caller.arrived_at, swept.effective_at));
            Metric::SweepMillis.took(since(swept.effective_at, swept.finished_at));
            if let Some(failure) = &swept.failure {
                let error = error_chain(failure);
                tracing::warn!(error, "the sweep after a revocation stopped early");
                metric::table_error(failure.is_throttling());
            }
        }
        if let Some(record) = record.of_user(&revocation.user, result) {
            self.revoked(&record).await;
        }
    }

    /// A stolen refresh token was used; its session was ended.
    pub async fn stolen(&self, caller: &Caller, theft: &Theft) {
        Metric::TheftDetected.count(1);
        let public = AppId::public();
        let listed = if theft.ended { Listed::ended } else { Listed::over };
        let record = Record {
            scope: RecordScope::Session { user: &theft.user, tenant: &theft.tenant },
            sessions: vec![listed(&theft.handle, Some(&theft.user))],
            ..self.record(caller, Action::Theft, Actor::TheftDetection, &public)
        };
        self.revoked(&record).await;
    }

    /// A stolen refresh token was used, and an SDK was told so. Nothing was ended: that is the
    /// SDK's next call, and has a record of its own.
    pub async fn theft_told(
        &self,
        caller: &Caller,
        app: &AppId,
        handle: &SessionHandle,
        user: &UserId,
    ) {
        Metric::TheftDetected.count(1);
        let record = Record {
            outcome: Outcome::Told,
            sessions: vec![Listed::unknown(handle)],
            scope: RecordScope::Session {
                user,
                tenant: &handle.tenant().unwrap_or_else(TenantId::public),
            },
            ..self.record(caller, Action::Theft, Actor::TheftDetection, app)
        };
        self.tell(Action::Theft.event(), &record.to_json(&self.table_name), record.at).await;
    }

    /// An app, or a `tenant` of it, was removed with everybody's sessions, by a caller that holds a key
    /// of the app `by`. `Ok(false)`: nothing was revoked.
    pub async fn removed(
        &self,
        caller: &Caller,
        by: &AppId,
        app: &AppId,
        tenant: Option<&TenantId>,
        result: Result<&bool, &SessionError>,
    ) {
        let action = if tenant.is_some() { Action::RemoveTenant } else { Action::RemoveApp };
        let scope = tenant.map_or(RecordScope::App, RecordScope::Tenant);
        let record = Record { scope, ..self.record(caller, action, Actor::Sdk(by), app) };
        match result {
            Ok(false) => {}
            Ok(true) => {
                Metric::TimeToDeny.took(since(caller.arrived_at, record.at));
                self.revoked(&record).await;
            }
            Err(_) => self.revoked(&Record { outcome: Outcome::Unknown, ..record }).await,
        }
    }

    /// What every record begins with: it took effect now, and names nobody yet.
    fn record<'a>(
        &self,
        caller: &'a Caller,
        action: Action,
        by: Actor<'a>,
        app: &'a AppId,
    ) -> Record<'a> {
        let record = Record::new(action, by, app, self.clock.now());
        Record { request_id: Some(&caller.request_id), ..record }
    }

    /// One revocation: counted, one record, and an event if it is known to have had an effect.
    async fn revoked(&self, record: &Record<'_>) {
        Metric::SessionsRevoked.count(record.ended());
        let detail = record.to_json(&self.table_name);
        tracing::info!(target: AUDIT_TARGET, audit = detail.to_string());
        if record.outcome != Outcome::Unknown {
            self.tell(record.action.event(), &detail, record.at).await;
        }
    }

    async fn tell(&self, event: &'static str, detail: &Value, at: Timestamp) {
        let Some(bus) = &self.bus else { return };
        if let Err(error) = bus.send(event, detail, at).await {
            let error = error_chain(&error);
            tracing::error!(error, event, "the bus did not take an event; its cause stands");
            Metric::AuditFailures.count(1);
        }
    }
}

/// None when the clock was set back meanwhile.
fn since(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(later.millis() - earlier.millis()).unwrap_or_default())
}
