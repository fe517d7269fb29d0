//! What an application changes of its own in a session, by handle (PROTOCOL 4.8): the claims of its
//! access tokens and its session data, each replaced as a whole.

use super::CoreSessions;
use crate::ids::SessionHandle;
use crate::model::SessionData;
use crate::session::SessionError;
use crate::token::payload::Payload;

/// What is replaced in a session.
#[derive(Clone, Debug)]
pub enum Change {
    /// The payload. A client sees it after its next refresh, or when a check that asks the table
    /// finds it changed.
    Payload(Payload),
    Data(SessionData),
}

impl CoreSessions {
    /// Replaces a part of a live session; `false` when there is none of this name. The last change
    /// wins.
    ///
    /// # Errors
    /// [`SessionError::Payload`]: nothing was written. Anything else: the effect is unknown.
    pub async fn change(
        &self,
        handle: &SessionHandle,
        change: Change,
    ) -> Result<bool, SessionError> {
        let Some(session) = self.tokens.store.find(handle).await? else { return Ok(false) };
        Ok(match change {
            Change::Data(data) => self.tokens.store.table.set_data(handle, &data).await?,
            Change::Payload(payload) => {
                let payload = session.own_payload(payload);
                self.tokens.policy().check_payload(&session, &payload)?;
                self.tokens.store.table.set_payload(handle, &payload).await?
            }
        })
    }
}
