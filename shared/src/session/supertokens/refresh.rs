//! The classic exchange of refresh tokens (PROTOCOL 4.4), for the SuperTokens SDKs. A token may be
//! exchanged many times, until one of its successors is used. From then on that successor is current.
//! A caller that presents the token again, or a sibling of the successor, holds a token that somebody
//! else has used. This is theft, and the SDK then ends the session.

use super::{CoreSessions, PROTECTED_PAYLOAD};
use crate::ids::{SessionHandle, UserId};
use crate::model::{Ended, Place, Session};
use crate::session::attempts::Attempts;
use crate::session::issue::{IssuedWith, expected_anti_csrf};
use crate::session::store::JudgedSession;
use crate::session::{Issued, SessionError};
use crate::table::{Promoted, Promotion};
use crate::time::Timestamp;
use crate::token::key::KeyKind;
use crate::token::refresh::{Classic, RefreshToken};
use crate::token::version::Version;

/// How often an exchange that other callers overtake is attempted.
const ROUNDS: u32 = 8;
const GONE: &str = "Session missing in db or has expired";

/// A refresh as an SDK asks for it.
#[derive(Clone, Copy, Debug)]
pub struct RefreshRequest<'a> {
    /// The version of the new access token.
    pub version: Version,
    /// Whether the SDK wants anti-CSRF tokens, and has them compared.
    pub enable_anti_csrf: bool,
    /// The anti-CSRF token that the client presented.
    pub anti_csrf: Option<&'a str>,
    /// Which kind of key is to sign from now on; `None` leaves it.
    pub key_kind: Option<KeyKind>,
}

/// What became of a refresh.
#[derive(Debug)]
pub enum RefreshOutcome {
    /// A new pair of tokens.
    Issued(Box<Issued>),
    /// No, for this reason.
    Unauthorised(&'static str),
    /// The session is ahead of its generations ([`Ended::Ahead`]).
    Ahead,
    /// The token was used by somebody else. Nothing was changed.
    Theft {
        handle: SessionHandle,
        user: UserId,
        /// The user as they logged in.
        recipe_user: UserId,
    },
}

impl CoreSessions {
    /// Exchanges a refresh token by the classic rules.
    ///
    /// # Errors
    /// We could not find out. Asking again with the same token is harmless.
    pub async fn refresh(
        &self,
        token: &RefreshToken,
        asked: RefreshRequest<'_>,
    ) -> Result<RefreshOutcome, SessionError> {
        let mut attempts = Attempts::at_once("exchanging a refresh token", ROUNDS);
        loop {
            let mut session = match self.tokens.store.find_live(token.handle()).await? {
                JudgedSession::Live(session) => session,
                JudgedSession::Over(Ended::Ahead) => return Ok(RefreshOutcome::Ahead),
                JudgedSession::Over(_) => return Ok(RefreshOutcome::Unauthorised(GONE)),
            };
            if let Some(reason) = refuse(&session, token, asked) {
                return Ok(RefreshOutcome::Unauthorised(reason));
            }
            let now = self.tokens.store.clock.now();
            let parent = match self.make_current(&session, token, now).await? {
                Presented::Current(parent) => parent,
                Presented::Overtaken => {
                    attempts.again().await?;
                    continue;
                }
                Presented::Refused(reason) => return Ok(RefreshOutcome::Unauthorised(reason)),
                Presented::Stolen => {
                    return Ok(RefreshOutcome::Theft {
                        handle: session.handle,
                        user: session.standing.user,
                        recipe_user: session.recipe_user,
                    });
                }
            };
            if let Some(kind) = asked.key_kind.filter(|kind| *kind != session.key_kind) {
                if !self.tokens.store.table.set_key_kind(&session.handle, kind).await? {
                    return Ok(RefreshOutcome::Unauthorised(GONE));
                }
                session.key_kind = kind;
            }
            let issued = self.issue_child(session, &parent, asked, now).await?;
            return Ok(RefreshOutcome::Issued(Box::new(issued)));
        }
    }

    /// Sees to it that the token is the session's current one, if it may be.
    async fn make_current(
        &self,
        session: &Session,
        token: &RefreshToken,
        now: Timestamp,
    ) -> Result<Presented, SessionError> {
        let lineage = &session.standing.lineage;
        let next = token.hash().digest();
        match lineage.place(next) {
            Place::Current => Ok(Presented::Current(token.clone())),
            // Our own exchange lets a parallel tab, and a client whose answer was lost, go on.
            Place::Previous(rotation) if self.tokens.in_grace(rotation, now) => {
                let salt = rotation.salt.as_ref();
                let successor = salt.map(|salt| token.successor(salt, &session.token_key));
                Ok(successor.map_or(Presented::Stolen, Presented::Current))
            }
            Place::Superseded if token.parent() == Some(lineage.current) => {
                let (seen, expires_at) = (lineage.current, self.tokens.session_expiry(now));
                let promotion = Promotion { seen, next, at: now, expires_at };
                match self.tokens.store.table.promote(&session.handle, &promotion).await? {
                    Promoted::Promoted => Ok(Presented::Current(token.clone())),
                    Promoted::Stale | Promoted::Gone => Ok(Presented::Overtaken),
                }
            }
            Place::Superseded if self.tokens.is_overtaken_sibling(lineage, token, now) => {
                Ok(Presented::Refused("another token has been refreshed in its place"))
            }
            Place::Previous(_) | Place::Superseded => Ok(Presented::Stolen),
        }
    }

    /// A successor of `parent`. It is written nowhere until it is used.
    async fn issue_child(
        &self,
        mut session: Session,
        parent: &RefreshToken,
        asked: RefreshRequest<'_>,
        now: Timestamp,
    ) -> Result<Issued, SessionError> {
        let key = &session.token_key;
        let classic = Classic {
            parent: Some(parent.hash().digest()),
            with_anti_csrf: asked.enable_anti_csrf,
        };
        let handle = session.handle.clone();
        let refresh =
            RefreshToken::mint_classic(handle, self.tokens.store.entropy.bytes()?, key, classic);
        let tokens = IssuedWith { parent: Some(parent.hash()), ..IssuedWith::first(&refresh, key) };
        let life = self.tokens.shortened_life(asked.version, now)?;
        let access = self.tokens.issue(&session, asked.version, tokens, life).await?;
        // What the client is told: the session lives that long as soon as the token is used.
        session.standing.expires_at = self.tokens.session_expiry(now);
        Ok(Issued { session, access, refresh, at: now })
    }
}

/// Where a refresh token stands once [`CoreSessions::make_current`] has done what it could.
enum Presented {
    /// This one is current: the token, or the one it is known to have been exchanged for.
    Current(RefreshToken),
    /// Somebody else was faster: look again.
    Overtaken,
    /// No, for this reason.
    Refused(&'static str),
    /// Somebody else has used it.
    Stolen,
}

fn refuse(
    session: &Session,
    token: &RefreshToken,
    asked: RefreshRequest<'_>,
) -> Option<&'static str> {
    if !token.is_genuine(&session.token_key) {
        return Some(GONE);
    }
    let expected = expected_anti_csrf(session, token).filter(|_| asked.enable_anti_csrf);
    if expected.is_some_and(|expected| !expected.matches(asked.anti_csrf.unwrap_or_default())) {
        return Some("Anti CSRF token missing, or not matching");
    }
    (!session.payload.fits(asked.version)).then_some(PROTECTED_PAYLOAD)
}
