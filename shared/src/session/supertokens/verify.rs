//! The check that a SuperTokens SDK asks for (PROTOCOL 4.3): when the operator of an app wants the
//! table asked, and on the first use of an access token after a refresh, which makes that refresh
//! final.

use super::CoreSessions;
use crate::ids::{SessionHandle, TenantId, UserId};
use crate::model::{Ended, Session};
use crate::session::SessionError;
use crate::session::attempts::Attempts;
use crate::session::issue::IssuedWith;
use crate::session::store::JudgedSession;
use crate::table::{Promoted, Promotion};
use crate::token::access::AccessToken;
use crate::token::claims::Claims;
use crate::token::payload::Payload;
use crate::token::unverified::UnverifiedToken;

/// How often a check that other callers overtake is attempted.
const ROUNDS: u32 = 8;

/// A check as an SDK asks for it.
#[derive(Clone, Copy, Debug)]
pub struct VerifyRequest<'a> {
    /// The anti-CSRF token that the client presented.
    pub anti_csrf: Option<&'a str>,
    /// Whether `anti_csrf` must be the token that the access token names.
    pub check_anti_csrf: bool,
    /// Whether the table is read even if the access token alone would do.
    pub check_database: bool,
}

/// What came of a check.
#[derive(Debug)]
pub enum VerifyOutcome {
    /// The request may pass.
    Allowed(Box<SessionView>),
    /// The client must refresh, for this reason.
    TryRefresh(&'static str),
    /// The session is over, for this reason.
    Unauthorised(&'static str),
    /// The session is ahead of its generations ([`Ended::Ahead`]).
    Ahead,
    /// The session's payload has a claim that the token's version keeps to itself.
    ProtectedPayload,
}

/// A session as a SuperTokens SDK is shown it.
#[derive(Debug)]
pub struct SessionView {
    pub handle: SessionHandle,
    pub user: UserId,
    /// The user as they logged in. It differs from `user` where accounts are linked.
    pub recipe_user: UserId,
    pub tenant: TenantId,
    /// The application's claims.
    pub payload: Payload,
    /// The token that replaces the presented one.
    pub new_access: Option<AccessToken>,
}

impl CoreSessions {
    /// Checks an access token by the classic rules.
    ///
    /// # Errors
    /// We could not find out. Refuse.
    pub async fn verify(
        &self,
        token: UnverifiedToken<'_>,
        check: VerifyRequest<'_>,
    ) -> Result<VerifyOutcome, SessionError> {
        let keyring = self.tokens.keys.keyring_for(&token).await?;
        let Ok(claims) = keyring.verify_for_sdk(token, self.tokens.store.clock.now()) else {
            return Ok(VerifyOutcome::TryRefresh("the access token is not valid or has expired"));
        };
        if check.check_anti_csrf {
            let presented = check.anti_csrf.unwrap_or_default();
            match &claims.anti_csrf {
                Some(expected) if expected.matches(presented) => {}
                Some(_) => return Ok(VerifyOutcome::TryRefresh("anti-csrf check failed")),
                None => return Ok(VerifyOutcome::TryRefresh("the token has no anti-csrf token")),
            }
        }
        if check.check_database || claims.parent.is_some() {
            self.check_in_table(claims, check.check_database).await
        } else {
            Ok(allowed(claims))
        }
    }

    async fn check_in_table(
        &self,
        claims: Claims,
        check_database: bool,
    ) -> Result<VerifyOutcome, SessionError> {
        let mut attempts = Attempts::at_once("checking a session", ROUNDS);
        loop {
            let found = match self.tokens.store.find_unended(&claims.handle).await? {
                JudgedSession::Over(Ended::Ahead) => return Ok(VerifyOutcome::Ahead),
                found => found.live(),
            };
            let is_over =
                |session: &Session| session.standing.expires_at <= self.tokens.store.clock.now();
            let stands = |session: &Session| {
                belongs(&claims, session) && !(check_database && is_over(session))
            };
            let Some(session) = found.filter(stands) else {
                return Ok(VerifyOutcome::Unauthorised(if check_database {
                    "Either the session has ended or has been blacklisted"
                } else {
                    "Session missing in db"
                }));
            };
            let changed = check_database && payload_changed(&claims, &session);
            if claims.parent.is_none() && !changed {
                return Ok(allowed(claims));
            }
            let current = session.standing.lineage.current;
            let promotes = claims.parent.as_ref().is_some_and(|hash| hash.digest() == current);
            let overtaken = !promotes && !changed && claims.refresh_hash.digest() != current;
            // A token of a branch that another has overtaken is good until it expires. So is one
            // whose session has run out of time, which must not be given more.
            if overtaken || is_over(&session) {
                return Ok(allowed(claims));
            }
            if !session.payload.fits(claims.version) {
                return Ok(VerifyOutcome::ProtectedPayload);
            }
            // Signed before it is written.
            let seen = self.seen_anew(&claims, session).await?;
            if !promotes {
                return Ok(VerifyOutcome::Allowed(Box::new(seen)));
            }
            let now = self.tokens.store.clock.now();
            let promotion = Promotion {
                seen: current,
                next: claims.refresh_hash.digest(),
                at: now,
                expires_at: self.tokens.session_expiry(now),
            };
            match self.tokens.store.table.promote(&seen.handle, &promotion).await? {
                Promoted::Promoted => return Ok(VerifyOutcome::Allowed(Box::new(seen))),
                Promoted::Stale | Promoted::Gone => attempts.again().await?,
            }
        }
    }

    /// The session with a new access token: the stored payload, no parent, the rest as it was.
    async fn seen_anew(
        &self,
        claims: &Claims,
        session: Session,
    ) -> Result<SessionView, SessionError> {
        let tokens = IssuedWith {
            refresh: claims.refresh_hash.clone(),
            parent: None,
            anti_csrf: claims.anti_csrf.clone(),
        };
        let life = self.tokens.full_life(claims.version, self.tokens.store.clock.now());
        let access = self.tokens.issue(&session, claims.version, tokens, life).await?;
        Ok(SessionView::of(session, Some(access)))
    }
}

impl SessionView {
    /// The session as its row has it.
    #[must_use]
    pub fn of(session: Session, new_access: Option<AccessToken>) -> Self {
        Self {
            handle: session.handle,
            user: session.standing.user,
            recipe_user: session.recipe_user,
            tenant: session.standing.tenant,
            payload: session.payload,
            new_access,
        }
    }
}

/// The session as its access token has it.
fn allowed(claims: Claims) -> VerifyOutcome {
    VerifyOutcome::Allowed(Box::new(SessionView {
        handle: claims.handle,
        user: claims.user,
        recipe_user: claims.recipe_user,
        tenant: claims.tenant,
        payload: claims.payload,
        new_access: None,
    }))
}

fn belongs(claims: &Claims, session: &Session) -> bool {
    session.standing.user == claims.user && session.standing.tenant == claims.tenant
}

/// Whether the payload was replaced since the token was issued.
fn payload_changed(claims: &Claims, session: &Session) -> bool {
    session.own_payload(claims.payload.clone()) != session.payload
}
