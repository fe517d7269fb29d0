//! A listing is found through the index, which lags, and judged by the rows, which do not: it never
//! shows an ended session. A page is sorted, newest first; the index has no order by time, so that one
//! page may have older sessions than the next.

use super::SessionStore;
use crate::ids::{SessionHandle, UserId};
use crate::model::{Scope, Summary};
use crate::session::SessionError;
use crate::table::IndexCursor;
use std::cmp::Reverse;
use std::collections::HashMap;

/// The most sessions on one page.
pub const MAX_LISTED: u8 = 100;

/// Some of a user's live sessions.
#[derive(Debug)]
pub struct Listing {
    /// The sessions, newest first. A page may hold fewer than asked for, even none, and still not be the last.
    pub sessions: Vec<Summary>,
    /// Where to go on; `None` at the end.
    pub next: Option<IndexCursor>,
}

/// Sorts sessions by when they were opened, the last one first; those of one millisecond by handle.
pub fn newest_first(sessions: &mut [Summary]) {
    sessions.sort_by(|a, b| {
        let key = |session: &Summary| Reverse(session.created_at);
        key(a).cmp(&key(b)).then_with(|| a.handle.cmp(&b.handle))
    });
}

impl SessionStore {
    /// A page of the live sessions of `user` in `scope`. One that was opened a moment ago may be
    /// missing.
    ///
    /// # Errors
    /// We could not find out.
    pub async fn list(
        &self,
        user: &UserId,
        scope: &Scope,
        limit: u8,
        after: Option<&IndexCursor>,
    ) -> Result<Listing, SessionError> {
        let mut page = self.page(user, scope, limit, after).await?;
        newest_first(&mut page.sessions);
        Ok(page)
    }

    /// A page of live sessions in the order of the index.
    pub(in crate::session) async fn page(
        &self,
        user: &UserId,
        scope: &Scope,
        limit: u8,
        after: Option<&IndexCursor>,
    ) -> Result<Listing, SessionError> {
        let page = self.table.find_handles(user, scope, Some(limit.into()), after).await?;
        let sessions = self.live_of(user, &page.handles).await?;
        Ok(Listing { sessions, next: page.next })
    }

    /// Those of the handles that are live sessions of `user`, in the order given.
    pub(super) async fn live_of(
        &self,
        user: &UserId,
        handles: &[SessionHandle],
    ) -> Result<Vec<Summary>, SessionError> {
        let found = self.table.find_all(handles, user).await?;
        let now = self.clock.now();
        // A batch comes back in any order.
        let mut live: HashMap<_, _> = found
            .into_iter()
            .filter(|(session, _)| session.standing.user == *user)
            .filter(|(session, present)| session.standing.judge(*present, now).is_ok())
            .map(|(session, _)| (session.handle.clone(), session))
            .collect();
        Ok(handles.iter().filter_map(|handle| live.remove(handle)).collect())
    }
}
