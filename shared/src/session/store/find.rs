//! A session and its user's generations, read one after the other, and judged together.

use super::SessionStore;
use crate::ids::{SessionHandle, TenantId, UserId};
use crate::model::{Ended, Generations, Session, Standing};
use crate::session::attempts::Attempts;
use crate::session::{LOOKS, SessionError};

/// What the look before found of a session that does not live by its generations.
///
/// The items of a look are read one by one, and a revocation that keeps a session raises the
/// generation and lifts the session in one transaction. Reading one item before it and the other
/// after it makes the session seem to be behind, or ahead. Two looks in a row that find the same
/// generations and the same reason prove that reason:
///
/// - *Behind*: no generation was raised between the two looks, so the row of the second look was
///   behind while its generation was present.
/// - *Ahead*: the generation was read after the row of the first look, and is still lower.
#[derive(Default)]
pub(in crate::session) struct Looks(Option<(Generations, Ended)>);

impl Looks {
    /// Whether this look proves why the session does not live.
    pub(in crate::session) fn prove(&mut self, why: Ended, present: Generations) -> bool {
        match why {
            Ended::Missing | Ended::Expired => true,
            Ended::Revoked | Ended::Ahead => self.0.replace((present, why)) == Some((present, why)),
        }
    }
}

/// A session that was looked for, judged by its generations.
#[expect(clippy::large_enum_variant, reason = "its caller takes it apart at once")]
pub(in crate::session) enum JudgedSession {
    Live(Session),
    /// It does not live, for this reason.
    Over(Ended),
}

impl JudgedSession {
    pub(in crate::session) fn live(self) -> Option<Session> {
        match self {
            Self::Live(session) => Some(session),
            Self::Over(_) => None,
        }
    }
}

/// Tells the operator whose session is ahead of its generations. The edge counts it.
pub(in crate::session) fn warn_if_ahead(
    why: Ended,
    user: &UserId,
    tenant: &TenantId,
    handle: &SessionHandle,
) {
    if why == Ended::Ahead {
        tracing::warn!(
            session = handle.fingerprint(),
            user = user.as_str(),
            tenant = tenant.as_str(),
            "a session is ahead of its generations: an item of the table was lost, restored or tampered with"
        );
    }
}

impl SessionStore {
    /// The session of this handle, if it lives.
    ///
    /// # Errors
    /// We could not find out.
    pub async fn find(&self, handle: &SessionHandle) -> Result<Option<Session>, SessionError> {
        Ok(self.find_live(handle).await?.live())
    }

    /// The session, if it lives.
    pub(in crate::session) async fn find_live(
        &self,
        handle: &SessionHandle,
    ) -> Result<JudgedSession, SessionError> {
        let now = self.clock.now();
        self.find_judged(handle, |standing, present| standing.judge(present, now)).await
    }

    /// The session, if it was not ended by anybody. Its time may be over (PROTOCOL 4.3: a check
    /// does not look at that).
    ///
    /// # Errors
    /// We could not find out.
    pub(in crate::session) async fn find_unended(
        &self,
        handle: &SessionHandle,
    ) -> Result<JudgedSession, SessionError> {
        self.find_judged(handle, Standing::judge_unended).await
    }

    /// Session first, generations second; looked at again as [`Looks`] asks.
    async fn find_judged(
        &self,
        handle: &SessionHandle,
        judge: impl Fn(&Standing, Generations) -> Result<(), Ended>,
    ) -> Result<JudgedSession, SessionError> {
        let mut looks = Looks::default();
        let mut attempts = Attempts::at_once("reading a session", LOOKS);
        loop {
            let Some(session) = self.table.find(handle).await? else {
                return Ok(JudgedSession::Over(Ended::Missing));
            };
            let Standing { user, tenant, .. } = &session.standing;
            let present = self.table.generations(user, tenant, handle).await?;
            match judge(&session.standing, present) {
                Ok(()) => return Ok(JudgedSession::Live(session)),
                Err(why) if looks.prove(why, present) => {
                    warn_if_ahead(why, user, tenant, handle);
                    return Ok(JudgedSession::Over(why));
                }
                Err(_) => attempts.again().await?,
            }
        }
    }
}
