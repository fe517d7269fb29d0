//! Every refresh token is exchanged once. Within the grace window, a caller that presents the token
//! before the current one is a parallel tab, or a client whose answer was lost, and is given the same
//! successor again. A caller that presents it later, or presents an older one, holds a token that
//! somebody else has used. This is theft, and the session is revoked.

use super::{AntiCsrfMode, Evidence, Issued, Refusal, TokenService};
use crate::ids::{SessionHandle, TenantId, UserId};
use crate::model::{Ended, Lineage, Place, Rotation, Session};
use crate::session::attempts::Attempts;
use crate::session::store::JudgedSession;
use crate::session::{CLOCKS_DIFFER, SessionError};
use crate::table::{Rotated, RotationWrite};
use crate::time::Timestamp;
use crate::token::anti_csrf::AntiCsrfToken;
use crate::token::refresh::{RefreshToken, RotationSalt};

/// How often a refresh that other callers overtake is attempted. The second attempt already finds their
/// exchange, so even a third is rare.
const ROUNDS: u32 = 8;

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
    pub handle: SessionHandle,
    pub user: UserId,
    pub tenant: TenantId,
    /// Whether this call ended it: not if another did, a moment before.
    pub ended: bool,
}

/// Whether a refresh token may be exchanged.
#[expect(clippy::large_enum_variant, reason = "its caller takes it apart at once")]
enum Admission {
    /// It is a genuine token of this live session.
    Admitted(Session),
    Refused(Refusal),
}

impl TokenService {
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
        let mut attempts = Attempts::at_once("rotating a session", ROUNDS);
        loop {
            let session = match self.session_of(token, evidence).await? {
                Admission::Admitted(session) => session,
                Admission::Refused(refusal) => return Ok(Refreshed::Unauthorised(refusal)),
            };
            let now = self.store.clock.now();
            let lineage = &session.standing.lineage;
            let issued = match lineage.place(token.hash().digest()) {
                Place::Current => self.exchange(session.clone(), token, evidence, now).await?,
                // Issued by the classic exchange, and the first of its siblings to be used.
                Place::Superseded if token.parent() == Some(lineage.current) => {
                    self.exchange(session.clone(), token, evidence, now).await?
                }
                Place::Previous(rotation) if self.in_grace(rotation, now) => {
                    // What the classic exchange made of it nobody can say again: the tab that has
                    // the successor goes on, and this one is told no.
                    let Some(salt) = &rotation.salt else {
                        return Ok(Refreshed::Unauthorised(Refusal::Superseded));
                    };
                    let refresh = token.successor(salt, &session.token_key);
                    let access = self.issue_access_token(&session, &refresh, now).await?;
                    Some(Issued { session, access, refresh, at: now })
                }
                Place::Superseded if self.is_overtaken_sibling(lineage, token, now) => {
                    return Ok(Refreshed::Unauthorised(Refusal::Superseded));
                }
                Place::Previous(_) | Place::Superseded => return self.end_stolen(session).await,
            };
            if let Some(issued) = issued {
                return Ok(Refreshed::Issued(Box::new(issued)));
            }
            attempts.again().await?;
        }
    }

    pub(in crate::session) fn in_grace(&self, rotation: &Rotation, now: Timestamp) -> bool {
        let grace = self.policy.lifetimes.rotation_grace_period;
        // Without the last, an exchange by a clock that was far ahead would be in grace until then.
        !grace.is_zero() && now <= rotation.at.plus(grace) && rotation.at <= now.plus(CLOCKS_DIFFER)
    }

    /// Whether the token was issued by the classic exchange for one that our own has exchanged a
    /// moment ago: of two tabs, each took another way. The other goes on; this one is told no.
    pub(in crate::session) fn is_overtaken_sibling(
        &self,
        lineage: &Lineage,
        token: &RefreshToken,
        now: Timestamp,
    ) -> bool {
        lineage.rotation.as_ref().is_some_and(|rotation| {
            token.parent() == Some(rotation.previous)
                && rotation.salt.is_some()
                && self.in_grace(rotation, now)
        })
    }

    /// Finds the live session of a token, and asks whether the token is genuine and the request meant.
    async fn session_of(
        &self,
        token: &RefreshToken,
        evidence: Evidence<'_>,
    ) -> Result<Admission, SessionError> {
        Ok(match self.store.find_live(token.handle()).await? {
            JudgedSession::Over(ended) => Admission::Refused(Refusal::Ended(ended)),
            // Whoever merely knows a handle must not be able to end its session by inventing a
            // token.
            JudgedSession::Live(session) if !token.is_genuine(&session.token_key) => {
                Admission::Refused(Refusal::Ended(Ended::Missing))
            }
            JudgedSession::Live(session) => {
                let expected = expected_anti_csrf(&session, token);
                if evidence.suffices(self.policy.anti_csrf, expected.as_ref(), true) {
                    Admission::Admitted(session)
                } else {
                    Admission::Refused(Refusal::AntiCsrf)
                }
            }
        })
    }

    /// `None` when somebody else was faster. Signed before it is written: were the new access token
    /// not to be had after the exchange, the client would come again with a token that is spent.
    async fn exchange(
        &self,
        mut session: Session,
        token: &RefreshToken,
        evidence: Evidence<'_>,
        now: Timestamp,
    ) -> Result<Option<Issued>, SessionError> {
        let (seen, ends) = (session.standing.lineage.current, session.standing.expires_at);
        let salt = RotationSalt(self.store.entropy.bytes()?);
        let refresh = token.successor(&salt, &session.token_key);
        let previous = token.hash().digest();
        // A cookie session from before the operator asked for anti-CSRF tokens gets one now.
        let in_cookies = matches!(evidence, Evidence::Cookie { .. });
        let lacks_token =
            self.policy.anti_csrf == AntiCsrfMode::ViaToken && session.anti_csrf.is_none();
        if in_cookies && lacks_token {
            session.anti_csrf = Some(AntiCsrfToken::mint(self.store.entropy.bytes()?));
            session.anti_csrf_since = Some(now);
        }
        session.standing.expires_at = self.session_expiry(now);
        let rotation = Rotation { previous, salt: Some(salt.clone()), at: now };
        session.standing.lineage =
            Lineage { current: refresh.hash().digest(), rotation: Some(rotation) };
        let access = self.issue_access_token(&session, &refresh, now).await?;
        let write = RotationWrite {
            next: session.standing.lineage.current,
            previous,
            salt: &salt,
            at: now,
            expires_at: session.standing.expires_at,
            new_anti_csrf: session.anti_csrf.as_ref().filter(|_| in_cookies && lacks_token),
        };
        match self.store.table.rotate(&session.handle, seen, write).await? {
            // The write was so slow that the session's time was over before it took effect.
            Rotated::Rotated if self.store.clock.now() >= ends => {
                self.store.table.patient().remove(&session.handle).await?;
                Ok(None)
            }
            Rotated::Rotated => Ok(Some(Issued { session, access, refresh, at: now })),
            // Look again: the row now tells whether the winner exchanged this very token, or the
            // session is over.
            Rotated::Stale | Rotated::Gone => Ok(None),
        }
    }

    /// Theft ends this session, and no other.
    async fn end_stolen(&self, session: Session) -> Result<Refreshed, SessionError> {
        let removed = self.store.table.patient().remove(&session.handle).await?;
        Ok(Refreshed::Theft(Theft {
            handle: session.handle,
            user: session.standing.user,
            tenant: session.standing.tenant,
            ended: removed.is_some(),
        }))
    }
}

/// The anti-CSRF token that whoever presents this refresh token can know. The classic exchange gave
/// one with the token itself. Our own exchange gives a session one for all; the exchange that gave
/// it is known only to those who have its answer: a parallel tab, or a client whose answer was
/// lost, has not.
pub(in crate::session) fn expected_anti_csrf(
    session: &Session,
    token: &RefreshToken,
) -> Option<AntiCsrfToken> {
    if let Some(own) = token.anti_csrf(&session.token_key) {
        return Some(own);
    }
    let introduced = match session.standing.lineage.place(token.hash().digest()) {
        Place::Previous(rotation) => session.anti_csrf_since == Some(rotation.at),
        Place::Current | Place::Superseded => false,
    };
    session.anti_csrf.clone().filter(|_| !introduced)
}
