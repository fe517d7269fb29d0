//! Logging out ends the caller's own session.

use super::{Revoked, SessionStore};
use crate::ids::SessionHandle;
use crate::session::SessionError;

impl SessionStore {
    /// Ends the session of a principal. A session that is already over is no error. When it answers,
    /// every strict check refuses the session. It is attempted for some 10 s, although a user asks for
    /// it: it writes one row, which keeps nobody from ending other sessions.
    ///
    /// # Errors
    /// The effect is unknown: the client must keep its tokens, to try again.
    pub async fn logout(&self, handle: &SessionHandle) -> Result<Revoked, SessionError> {
        Ok(Revoked::of_one(handle.clone(), self.table.patient().remove(handle).await?))
    }
}
