//! What a signed-in user sees and ends: sessions of their own, whichever tenant they are in, and no
//! others.

use super::{Listing, Revocation, Revoked, SessionStore, Swept, newest_first};
use crate::ids::{SessionHandle, UserId};
use crate::model::Scope;
use crate::session::attempts::Patience;
use crate::session::{Principal, SessionError};
use crate::table::IndexCursor;

impl SessionStore {
    /// A page of the live sessions of who asks, in all tenants. The session by which they ask is the
    /// first of the first page, even when the index does not show it yet, and on no other; it is not
    /// counted in `limit`. The others follow, newest first. Another one that was opened a moment ago
    /// may be missing.
    ///
    /// # Errors
    /// We could not find out.
    pub async fn list_own(
        &self,
        who: &Principal,
        limit: u8,
        after: Option<&IndexCursor>,
    ) -> Result<Listing, SessionError> {
        let limit = Some(limit.into());
        let mut page = self.table.find_handles(&who.user, &Scope::User, limit, after).await?;
        page.handles.retain(|handle| *handle != who.handle);
        if after.is_none() {
            page.handles.push(who.handle.clone());
        }
        let mut sessions = self.live_of(&who.user, &page.handles).await?;
        newest_first(&mut sessions);
        // Stable: the rest stays as it was sorted.
        sessions.sort_by_key(|session| session.handle != who.handle);
        Ok(Listing { sessions, next: page.next })
    }

    /// Ends a live session of `user` by name. When it answers that it did, every strict check
    /// refuses the session. Of another user's session it answers the same as of none, and leaves it
    /// alone.
    ///
    /// # Errors
    /// The effect is unknown; asking again is harmless.
    pub async fn end_own(
        &self,
        user: &UserId,
        handle: &SessionHandle,
    ) -> Result<Revoked, SessionError> {
        let is_own = self.is_own(user, handle).await?;
        let removed = if is_own { self.table.remove_of(user, handle).await? } else { None };
        Ok(Revoked::of_one(handle.clone(), removed))
    }

    /// Ends sessions of the user who asks. It gives up early while other callers write the same items:
    /// asked for in a loop, it must not keep an operator from ending sessions.
    ///
    /// # Errors
    /// As [`SessionStore::revoke_user`].
    pub async fn revoke_own(&self, revocation: &Revocation) -> Result<Swept, SessionError> {
        self.revoke_user_for(Patience::User, revocation).await
    }

    async fn is_own(&self, user: &UserId, handle: &SessionHandle) -> Result<bool, SessionError> {
        // Another's session costs the same one read as none: not even the time tells them apart.
        let found = self.table.find(handle).await?;
        if found.is_none_or(|session| session.standing.user != *user) {
            return Ok(false);
        }
        Ok(self.find_live(handle).await?.live().is_some())
    }
}
