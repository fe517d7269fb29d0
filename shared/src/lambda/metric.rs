//! What is counted and measured. A metric is one `tracing` event under a target of its own: on
//! Lambda a line that CloudWatch reads as a metric (`lambda/lines.rs`), elsewhere a line of the log.
//!
//! Rules emit none: the edge does, when it knows what came of a call. Nothing is emitted for a
//! request that the authorizer lets pass.

use crate::http::error::ApiError;
use crate::model::Ended;
use std::time::Duration;

/// The target of every metric.
pub const TARGET: &str = "sever::metric";

/// A metric. `docs/reference/metrics.md` says what each means and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// An authorizer's answer that is neither an allowance nor a refusal.
    AuthorizerErrors,
    /// A token or key was refused; the property `Reason` says why.
    Refusals,
    /// A session was refused because it is ahead of the generations that judge it.
    GenerationsAhead,
    /// The table refused for lack of throughput until we gave up.
    Throttles,
    /// A refresh token was used again after its successor.
    TheftDetected,
    /// Handles asked to be revoked that no live session had.
    UnknownHandles,
    /// Sessions opened.
    SessionsCreated,
    /// Sessions whose rows a revocation removed.
    SessionsRevoked,
    /// From the arrival of a revoke call to the moment from which every strict check refuses.
    TimeToDeny,
    /// From that moment to the end of the sweep.
    SweepMillis,
    /// An event was not taken by the bus.
    AuditFailures,
    /// The table did not answer, or not as it must.
    TableErrors,
}

impl Metric {
    /// Every metric, for the tests of documentation and template.
    pub const ALL: [Self; 12] = [
        Self::AuthorizerErrors,
        Self::Refusals,
        Self::GenerationsAhead,
        Self::Throttles,
        Self::TheftDetected,
        Self::UnknownHandles,
        Self::SessionsCreated,
        Self::SessionsRevoked,
        Self::TimeToDeny,
        Self::SweepMillis,
        Self::AuditFailures,
        Self::TableErrors,
    ];

    /// The metric's name in CloudWatch.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AuthorizerErrors => "AuthorizerErrors",
            Self::Refusals => "Refusals",
            Self::GenerationsAhead => "GenerationsAhead",
            Self::Throttles => "Throttles",
            Self::TheftDetected => "TheftDetected",
            Self::UnknownHandles => "UnknownHandles",
            Self::SessionsCreated => "SessionsCreated",
            Self::SessionsRevoked => "SessionsRevoked",
            Self::TimeToDeny => "TimeToDeny",
            Self::SweepMillis => "SweepMillis",
            Self::AuditFailures => "AuditFailures",
            Self::TableErrors => "TableErrors",
        }
    }

    /// The metric's unit in CloudWatch.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::TimeToDeny | Self::SweepMillis => "Milliseconds",
            Self::AuthorizerErrors
            | Self::Refusals
            | Self::GenerationsAhead
            | Self::Throttles
            | Self::TheftDetected
            | Self::UnknownHandles
            | Self::SessionsCreated
            | Self::SessionsRevoked
            | Self::AuditFailures
            | Self::TableErrors => "Count",
        }
    }

    /// Counts `number` of them; none is not worth a line.
    pub fn count(self, number: usize) {
        if number > 0 {
            self.emit(u64::try_from(number).unwrap_or(u64::MAX));
        }
    }

    /// Reports how long something took.
    pub fn took(self, span: Duration) {
        self.emit(u64::try_from(span.as_millis()).unwrap_or(u64::MAX));
    }

    fn emit(self, value: u64) {
        tracing::info!(target: TARGET, metric = self.name(), unit = self.unit(), value);
    }
}

/// A token or key was refused. `reason` is one of a few words, never what was presented.
pub fn refused(reason: &'static str) {
    let refusals = Metric::Refusals;
    let (metric, unit) = (refusals.name(), refusals.unit());
    tracing::info!(target: TARGET, metric, unit, value = 1_u64, Reason = reason);
    // An alarm can watch a metric, not a property of one.
    if reason == Ended::Ahead.reason() {
        Metric::GenerationsAhead.count(1);
    }
}

impl ApiError {
    /// Writes the reason to the log and counts it, once. A caller's mistake is not the operator's
    /// concern.
    pub fn log(&self) {
        if let Some(throttled) = self.throttled {
            table_error(throttled);
        }
        if let Some(cause) = &self.cause {
            tracing::error!(code = self.code().as_str(), error = cause, "request failed");
        }
    }
}

/// The table failed a call.
pub fn table_error(throttled: bool) {
    Metric::TableErrors.count(1);
    Metric::Throttles.count(usize::from(throttled));
}

/// Counts one of a metric when it is dropped, unless it is disarmed before. A panic drops it too.
#[must_use]
pub struct CountOnDrop(Option<Metric>);

impl CountOnDrop {
    pub fn armed(metric: Metric) -> Self {
        Self(Some(metric))
    }

    /// Takes the metric back: dropping it then counts nothing.
    pub fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for CountOnDrop {
    fn drop(&mut self) {
        if let Some(metric) = self.0 {
            metric.count(1);
        }
    }
}
