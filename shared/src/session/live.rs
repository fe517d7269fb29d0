//! A session and its user's generations, read one after the other, and judged together.

use super::{LOOKS, SessionError, Sessions};
use crate::ids::SessionHandle;
use crate::model::{Ended, Session, Standing, UserGenerations};
use crate::table::TableError;
use std::collections::BTreeSet;

impl Sessions {
    /// The session, if it lives.
    pub(super) async fn find_live(
        &self,
        handle: &SessionHandle,
    ) -> Result<Result<Session, Ended>, SessionError> {
        let now = self.clock.now();
        self.find_judged(handle, |standing, present| standing.judge(present, now)).await
    }

    /// The session, if it was not ended by anybody. Its time may be over (PROTOCOL 4.3: a check
    /// does not look at that).
    pub(super) async fn find_unended(
        &self,
        handle: &SessionHandle,
    ) -> Result<Option<Session>, SessionError> {
        Ok(self.find_judged(handle, Standing::judge_revoked).await?.ok())
    }

    /// Session first, generations second: a session that a revocation keeps is found behind only if
    /// the revocation came between the two reads. Two looks that find the same generations prove
    /// that it is behind.
    async fn find_judged(
        &self,
        handle: &SessionHandle,
        judge: impl Fn(&Standing, &UserGenerations) -> Result<(), Ended>,
    ) -> Result<Result<Session, Ended>, SessionError> {
        let mut seen = None;
        for _ in 0..LOOKS {
            let Some(session) = self.table.find(handle).await? else {
                return Ok(Err(Ended::Missing));
            };
            let standing = &session.standing;
            let tenants = BTreeSet::from([standing.tenant.clone()]);
            let present = self.table.generations(&standing.user, &tenants).await?;
            match judge(standing, &present) {
                Err(Ended::Revoked) if seen.as_ref() != Some(&present) => seen = Some(present),
                judged => return Ok(judged.map(|()| session)),
            }
        }
        Err(TableError::Contended { doing: "reading a session" }.into())
    }
}
