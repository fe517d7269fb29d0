//! The journal of the command line `sever`. A command line has no log, so its record is an event: a
//! rule of the stack writes the events of this source into a log group of their own.

use crate::actor::{Actor, Operator};
use crate::bus::{Bus, Patience};
use crate::record::{Action, Outcome, Record, RecordScope};
use aws_config::SdkConfig;
use serde_json::Value;
use shared::error_line;
use shared::ids::{AppId, SessionHandle};
use shared::reason::Reason;
use shared::session::{Revocation, Revoked, SessionError, Swept};
use shared::time::{Clock, Timestamp};
use shared::token::key::Kid;

/// The `source` of its events. The functions have another, so that a rule can tell them apart.
const SOURCE: &str = "sever.operator";

/// Writes and sends the records of one command.
pub struct OperatorJournal {
    clock: Clock,
    table_name: String,
    bus: Bus,
    app: AppId,
    reason: Option<Reason>,
}

/// The audit record of one thing that was done from the command line.
#[derive(Debug)]
pub struct OperatorRecord {
    event: &'static str,
    at: Timestamp,
    /// As it is sent, in the form of `docs/reference/events.md`.
    pub detail: Value,
}

impl OperatorJournal {
    /// The journal of one command on the sessions of `app` in this table. `bus` is a name or an ARN.
    #[must_use]
    pub fn new(
        clock: Clock,
        table_name: &str,
        app: AppId,
        bus: &str,
        aws: &SdkConfig,
        reason: Option<Reason>,
    ) -> Self {
        let bus = Bus::new(bus, SOURCE, aws, Patience::OfAPerson);
        Self { clock, table_name: table_name.to_owned(), bus, app, reason }
    }

    /// Sessions were ended by name: those of `asked`, or of `result` where that knows more.
    #[must_use]
    pub fn handles_revoked(
        &self,
        by: &Operator,
        asked: &[SessionHandle],
        result: &Result<Revoked, SessionError>,
    ) -> OperatorRecord {
        self.finish(&self.record(Action::RevokeHandles, by).of_handles(asked, result))
    }

    /// A user's sessions were revoked, or all but one. `None`: the session to keep was not found, so
    /// that nothing was revoked.
    #[must_use]
    pub fn user_revoked(
        &self,
        by: &Operator,
        revocation: &Revocation,
        result: &Result<Swept, SessionError>,
    ) -> Option<OperatorRecord> {
        let scope = RecordScope::of_revocation(revocation);
        let record = Record { scope, ..self.record(Action::RevokeUser, by) };
        record.of_user(&revocation.user, result).map(|record| self.finish(&record))
    }

    /// The next signing key was made. `None`: it is not known whether it was.
    #[must_use]
    pub fn key_rotated(&self, by: &Operator, kid: Option<&Kid>) -> OperatorRecord {
        let outcome = if kid.is_some() { Outcome::Done } else { Outcome::Unknown };
        let scope = RecordScope::Key { kid, replacement: None };
        self.finish(&Record { outcome, scope, ..self.record(Action::RotateKey, by) })
    }

    /// A signing key was removed; `done` has the one that took its place, if it was signing. `None`:
    /// it is not known whether it was removed.
    #[must_use]
    pub fn key_killed(
        &self,
        by: &Operator,
        kid: &Kid,
        done: Option<Option<&Kid>>,
    ) -> OperatorRecord {
        let outcome = if done.is_some() { Outcome::Done } else { Outcome::Unknown };
        let scope = RecordScope::Key { kid: Some(kid), replacement: done.flatten() };
        self.finish(&Record { outcome, scope, ..self.record(Action::KillKey, by) })
    }

    /// Hands a record to the bus. What it tells of is done, whatever comes of this.
    ///
    /// # Errors
    /// The bus did not take it, or did not say so in time; why, in one line.
    pub async fn send(&self, record: &OperatorRecord) -> Result<(), String> {
        let sent = self.bus.send(record.event, &record.detail, record.at).await;
        sent.map_err(|error| error_line(&error))
    }

    fn record<'a>(&'a self, action: Action, by: &'a Operator) -> Record<'a> {
        let by = Actor::Operator(by);
        let record = Record::new(action, by, &self.app, self.clock.now());
        Record { reason: self.reason.as_ref(), ..record }
    }

    fn finish(&self, record: &Record<'_>) -> OperatorRecord {
        let mut detail = record.to_json(&self.table_name);
        // Several stacks may share a bus: each takes the records of its own table.
        detail["table"] = self.table_name.as_str().into();
        OperatorRecord { event: record.action.event(), at: record.at, detail }
    }
}
