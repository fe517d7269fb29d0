//! Sessions by handle: listed and revoked as the core does it.

use super::CoreSessions;
use crate::ids::{SessionHandle, UserId};
use crate::model::Scope;
use crate::session::{MAX_LISTED, Revoked, SessionError};

impl CoreSessions {
    /// The handles of all live sessions of `user` in `scope`, for a SuperTokens SDK, which knows no
    /// pages (PROTOCOL 4.7). One that was opened a moment ago may be missing.
    ///
    /// # Errors
    /// We could not find out.
    pub async fn list_handles(
        &self,
        user: &UserId,
        scope: &Scope,
    ) -> Result<Vec<SessionHandle>, SessionError> {
        let (mut handles, mut after) = (Vec::new(), None);
        loop {
            let page = self.tokens.store.page(user, scope, MAX_LISTED, after.as_ref()).await?;
            handles.extend(page.sessions.into_iter().map(|session| session.handle));
            after = page.next;
            if after.is_none() {
                return Ok(handles);
            }
        }
    }

    /// Ends these sessions, and answers those whose rows this call removed, in the order asked, each
    /// once. An SDK is told of an expired session too, while the table has its row (PROTOCOL 4.6).
    ///
    /// # Errors
    /// [`SessionError::PartlyRevoked`] names those that were ended when others could not be.
    pub async fn revoke_handles(
        &self,
        handles: Vec<SessionHandle>,
    ) -> Result<Revoked, SessionError> {
        self.tokens.store.remove_handles(handles, |_| true).await
    }
}
