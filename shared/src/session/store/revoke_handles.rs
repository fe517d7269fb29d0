//! Sessions are revoked by handle, one or many at once. Unknown handles are omitted from the result.
//! The only error is being unable to tell whether a session was revoked.

use super::SessionStore;
use crate::ids::{SessionHandle, UserId};
use crate::session::SessionError;
use crate::table::{Removed, TableError};
use crate::time::Timestamp;
use futures_util::{StreamExt, stream};
use std::collections::HashSet;
use std::time::Duration;

/// The most handles in one call.
pub const MAX_HANDLES: usize = 500;

/// How many rows are removed at a time.
const CONCURRENCY: usize = 16;
/// How long a call may go on removing rows: API Gateway waits 29 s for all of it.
const BUDGET: Duration = Duration::from_secs(10);
const DOING: &str = "ending sessions";

/// What a revocation by name did.
#[derive(Debug, Default)]
pub struct Revoked {
    /// The sessions that it ended, in the order asked.
    pub ended: Vec<EndedSession>,
    /// The other names: no live session had them. When some could not be revoked, those are among
    /// them.
    pub others: Vec<SessionHandle>,
}

impl Revoked {
    /// What the removal of one row came to.
    pub(super) fn of_one(handle: SessionHandle, removed: Option<Removed>) -> Self {
        match removed {
            Some(removed) => {
                let ended = vec![EndedSession { handle, user: removed.user }];
                Self { ended, others: Vec::new() }
            }
            None => Self { ended: Vec::new(), others: vec![handle] },
        }
    }
}

/// A session that a call has ended.
#[derive(Debug)]
pub struct EndedSession {
    pub handle: SessionHandle,
    /// `None` when the row of the session did not say.
    pub user: Option<UserId>,
}

/// What became of the removal of many rows.
pub(super) struct Removals {
    /// The sessions whose rows this removed, in the order asked.
    pub(super) removed: Vec<(SessionHandle, Removed)>,
    /// Why others could not be removed; the first reason.
    pub(super) failure: Option<TableError>,
}

impl SessionStore {
    /// Ends these sessions and answers those whose rows this call removed, in the order asked, each
    /// once. A session whose time was over is not among them, whether or not the table still had
    /// its row. When it answers, every strict check refuses all of them.
    ///
    /// # Errors
    /// [`SessionError::PartlyRevoked`] names those that were ended when others could not be.
    pub async fn revoke_handles(
        &self,
        handles: Vec<SessionHandle>,
    ) -> Result<Revoked, SessionError> {
        let now = self.clock.now();
        self.remove_handles(handles, |removed| now < removed.expires_at).await
    }

    /// Ends these sessions, and answers those whose rows this call removed and that `counts`.
    pub(in crate::session) async fn remove_handles(
        &self,
        handles: Vec<SessionHandle>,
        counts: impl Fn(&Removed) -> bool,
    ) -> Result<Revoked, SessionError> {
        let mut seen = HashSet::new();
        let once: Vec<_> =
            handles.into_iter().filter(|handle| seen.insert(handle.clone())).collect();
        let table = &self.table.patient();
        let remove = |handle: SessionHandle| async move { table.remove(&handle).await };
        let Removals { removed, failure } = self.remove_each(&once, self.clock.now(), remove).await;
        let ended = removed.into_iter().filter(|(_, removed)| counts(removed));
        let ended = ended.map(|(handle, removed)| EndedSession { handle, user: removed.user });
        let ended: Vec<_> = ended.collect();
        let names: HashSet<_> = ended.iter().map(|ended| &ended.handle).collect();
        let others = once.iter().filter(|handle| !names.contains(handle)).cloned().collect();
        let revoked = Revoked { ended, others };
        match failure {
            None => Ok(revoked),
            Some(source) => Err(SessionError::PartlyRevoked { revoked, source }),
        }
    }

    /// Removes one row after another, some at a time, until the budget that began at `started` is
    /// spent. Every row is tried, whatever becomes of another: in an emergency as much as possible
    /// must end.
    pub(super) async fn remove_each<F>(
        &self,
        handles: &[SessionHandle],
        started: Timestamp,
        remove: impl Fn(SessionHandle) -> F,
    ) -> Removals
    where
        F: Future<Output = Result<Option<Removed>, TableError>>,
    {
        let mut removals = Removals { removed: Vec::new(), failure: None };
        for some in handles.chunks(CONCURRENCY) {
            if self.clock.now() > started.plus(BUDGET) {
                removals.failure.get_or_insert(TableError::OutOfTime { doing: DOING });
                break;
            }
            let tried = stream::iter(some.to_vec()).map(&remove).buffered(CONCURRENCY);
            for (handle, removed) in some.iter().zip(tried.collect::<Vec<_>>().await) {
                match removed {
                    Ok(Some(removed)) => removals.removed.push((handle.clone(), removed)),
                    Ok(None) => {}
                    Err(error) => removals.failure = removals.failure.or(Some(error)),
                }
            }
        }
        removals
    }
}
