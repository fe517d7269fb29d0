//! Sessions are ended by name, one or many at once. What does not exist is left out of the answer;
//! nothing is an error but not to know.

use super::{SessionError, Sessions};
use crate::ids::SessionHandle;
use crate::table::{Removed, TableError};
use futures_util::{StreamExt, stream};
use std::collections::HashSet;

/// The most handles in one call.
pub const MAX_HANDLES: usize = 500;

/// How many rows are removed at a time.
pub(super) const CONCURRENCY: usize = 16;

impl Sessions {
    /// Ends these sessions and answers those that this call ended, in the order asked, each once. A
    /// session whose time was over is not among them, whether or not the table still had its row.
    ///
    /// # Errors
    /// [`SessionError::PartlyRevoked`] names those that were ended when others could not be.
    pub async fn revoke_handles(
        &self,
        handles: Vec<SessionHandle>,
    ) -> Result<Vec<SessionHandle>, SessionError> {
        let mut seen = HashSet::new();
        let once: Vec<_> =
            handles.into_iter().filter(|handle| seen.insert(handle.clone())).collect();
        let removals = stream::iter(once).map(|handle| async {
            let removed = self.table.remove(&handle).await;
            (handle, removed)
        });
        // Every row is tried, whatever becomes of another: in an emergency as much as possible must
        // end.
        let outcomes: Vec<_> = removals.buffered(CONCURRENCY).collect().await;
        let (revoked, failure) = self.tally(outcomes);
        match failure {
            None => Ok(revoked),
            Some(source) => Err(SessionError::PartlyRevoked { revoked, source }),
        }
    }

    /// Which of these were ended, and the first failure.
    pub(super) fn tally(
        &self,
        outcomes: Vec<(SessionHandle, Result<Option<Removed>, TableError>)>,
    ) -> (Vec<SessionHandle>, Option<TableError>) {
        let now = self.clock.now();
        let (mut revoked, mut failure) = (Vec::new(), None);
        for (handle, outcome) in outcomes {
            match outcome {
                Ok(Some(removed)) if now < removed.expires_at => revoked.push(handle),
                Ok(Some(_) | None) => {}
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        (revoked, failure)
    }
}
