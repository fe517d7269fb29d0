//! Every refresh token is exchanged once. Whoever presents the one before the current one is,
//! within the grace window, a parallel tab or a client whose answer was lost, and is handed the
//! same successor again. Whoever presents it later, or an older one, holds a token that somebody
//! else has used: theft, and this session ends.

use super::{AntiCsrfMode, Evidence, Issued, Refusal, SessionError, Sessions};
use crate::ids::{SessionHandle, TenantId, UserId};
use crate::model::{Ended, Place, Rotation, Session};
use crate::table::{Rotated, RotationWrite, TableError};
use crate::time::Timestamp;
use crate::token::anti_csrf::AntiCsrfToken;
use crate::token::refresh::{RefreshToken, RotationSalt};

/// How often a refresh that others overtake looks again. The second look already finds their
/// exchange, so even one more is rare.
const ROUNDS: usize = 8;

/// The outcome of a refresh.
#[derive(Debug)]
pub enum Refreshed {
    /// A new pair of tokens.
    Issued(Box<Issued>),
    /// No, and nothing was changed.
    Unauthorised(Refusal),
    /// No, and the session was ended.
    Theft(Theft),
}

/// Whose refresh token was used twice: for the operator, not for the client.
#[derive(Debug)]
pub struct Theft {
    /// The session that was ended.
    pub handle: SessionHandle,
    /// Whose it was.
    pub user: UserId,
    /// In which tenant.
    pub tenant: TenantId,
}

impl Sessions {
    /// Exchanges a refresh token.
    ///
    /// # Errors
    /// We could not find out, or the effect is unknown. Asking again with the same token is
    /// harmless.
    pub async fn refresh(
        &self,
        token: &RefreshToken,
        evidence: Evidence<'_>,
    ) -> Result<Refreshed, SessionError> {
        for _ in 0..ROUNDS {
            let session = match self.session_of(token, evidence).await? {
                Ok(session) => session,
                Err(refusal) => return Ok(Refreshed::Unauthorised(refusal)),
            };
            let now = self.clock.now();
            let exchanged = match session.standing.lineage.place(token.hash().digest()) {
                Place::Current => self.exchange(session.clone(), token, evidence, now).await?,
                Place::Previous(rotation) if now <= self.grace_ends(rotation) => {
                    let next = token.successor(&rotation.salt, &session.token_key);
                    Some((session.clone(), next))
                }
                Place::Previous(_) | Place::Superseded => return self.end_stolen(session).await,
            };
            let Some((session, refresh)) = exchanged else { continue };
            let access = self.issue_access_token(&session, &refresh, now).await?;
            return Ok(Refreshed::Issued(Box::new(Issued { session, access, refresh })));
        }
        Err(TableError::Contended { doing: "rotating a session" }.into())
    }

    fn grace_ends(&self, rotation: &Rotation) -> Timestamp {
        rotation.at.plus(self.policy.rotation_grace_period)
    }

    /// The live session to which a genuine token belongs.
    async fn session_of(
        &self,
        token: &RefreshToken,
        evidence: Evidence<'_>,
    ) -> Result<Result<Session, Refusal>, SessionError> {
        let found = match self.find_live(token.handle()).await? {
            Err(Ended::Revoked) => self.find_live(token.handle()).await?,
            found => found,
        };
        Ok(match found {
            Err(ended) => Err(Refusal::Ended(ended)),
            // Whoever merely knows a handle must not be able to end its session by inventing a
            // token.
            Ok(session) if !token.is_genuine(&session.token_key) => {
                Err(Refusal::Ended(Ended::Missing))
            }
            Ok(session) => {
                let expected = session.anti_csrf.as_ref();
                if evidence.suffices(self.policy.anti_csrf, expected, true) {
                    Ok(session)
                } else {
                    Err(Refusal::AntiCsrf)
                }
            }
        })
    }

    /// Session first, generations second: a session that a revocation keeps is then found behind
    /// only if the revocation came between the two reads, and no longer when asked once more.
    async fn find_live(
        &self,
        handle: &SessionHandle,
    ) -> Result<Result<Session, Ended>, SessionError> {
        let Some(session) = self.table.find(handle).await? else {
            return Ok(Err(Ended::Missing));
        };
        let present = self.table.generations_of(&session.standing).await?;
        Ok(session.standing.judge(&present, self.clock.now()).map(|()| session))
    }

    async fn exchange(
        &self,
        mut session: Session,
        token: &RefreshToken,
        evidence: Evidence<'_>,
        now: Timestamp,
    ) -> Result<Option<(Session, RefreshToken)>, SessionError> {
        let seen = session.standing.lineage.current;
        let salt = RotationSalt(self.entropy.bytes()?);
        let next = token.successor(&salt, &session.token_key);
        let rotation = Rotation { previous: seen, salt, at: now };
        // A cookie session from before the operator asked for anti-CSRF tokens gets one now.
        let in_cookies = matches!(evidence, Evidence::Cookie { .. });
        if self.policy.anti_csrf == AntiCsrfMode::ViaToken
            && in_cookies
            && session.anti_csrf.is_none()
        {
            session.anti_csrf = Some(AntiCsrfToken::mint(self.entropy.bytes()?));
        }
        session.standing.expires_at = self.session_expiry(now);
        let write = RotationWrite {
            next: next.hash().digest(),
            rotation: &rotation,
            expires_at: session.standing.expires_at,
            anti_csrf: session.anti_csrf.as_ref(),
        };
        match self.table.rotate(&session.handle, seen, write).await? {
            Rotated::Rotated => {
                session.standing.lineage.current = next.hash().digest();
                session.standing.lineage.rotation = Some(rotation);
                Ok(Some((session, next)))
            }
            // Look again: the row now tells whether the winner exchanged this very token, or the
            // session is over.
            Rotated::Stale | Rotated::Gone => Ok(None),
        }
    }

    /// Theft ends this session, and no other.
    async fn end_stolen(&self, session: Session) -> Result<Refreshed, SessionError> {
        self.table.remove(&session.handle).await?;
        Ok(Refreshed::Theft(Theft {
            handle: session.handle,
            user: session.standing.user,
            tenant: session.standing.tenant,
        }))
    }
}
