//! What is answered when sessions were ended.

use crate::ids::SessionHandle;
use crate::session::{Revoked, Swept};
use serde::Serialize;

/// The sessions that a call has ended.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevokedAnswer {
    status: &'static str,
    session_handles_revoked: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sweep_complete: Option<bool>,
}

impl RevokedAnswer {
    /// Those that were ended by name.
    #[must_use]
    pub fn by_name(revoked: &Revoked) -> Self {
        Self::of(revoked.ended.iter().map(|ended| &ended.handle), None)
    }

    /// Those of a user, and whether any row of them may be left.
    #[must_use]
    pub fn of_user(swept: &Swept) -> Self {
        Self::of(swept.handles.iter(), Some(swept.failure.is_none()))
    }

    fn of<'a>(
        ended: impl Iterator<Item = &'a SessionHandle>,
        sweep_complete: Option<bool>,
    ) -> Self {
        let session_handles_revoked = ended.map(|handle| handle.as_str().to_owned()).collect();
        Self { status: "OK", session_handles_revoked, sweep_complete }
    }
}
