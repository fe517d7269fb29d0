//! A new access token in the middle of a session, with another payload (PROTOCOL 4.5).

use super::{CoreSessions, NO_SESSION, SessionView};
use crate::model::Ended;
use crate::session::SessionError;
use crate::session::issue::{IssuedWith, Life};
use crate::session::store::JudgedSession;
use crate::token::keyring::Invalid;
use crate::token::payload::Payload;
use crate::token::unverified::UnverifiedToken;

/// What became of the regeneration of an access token.
#[derive(Debug)]
pub enum Regenerated {
    /// The session as it now is, with a new access token unless the presented one had expired.
    Done(Box<SessionView>),
    /// No, for this reason.
    Unauthorised(&'static str),
    /// The session is ahead of its generations ([`Ended::Ahead`]).
    Ahead,
    /// The payload has a claim that the token's version keeps to itself. Nothing was written.
    ProtectedPayload,
}

impl CoreSessions {
    /// Replaces the session's payload, if another is given, and the access token by one that
    /// carries it: good for as long as the presented one was, whose expiry does not matter.
    ///
    /// # Errors
    /// [`SessionError::Payload`]: nothing was written. Anything else: we could not find out, or the
    /// effect is unknown.
    pub async fn regenerate(
        &self,
        token: UnverifiedToken<'_>,
        payload: Option<Payload>,
    ) -> Result<Regenerated, SessionError> {
        let now = self.tokens.store.clock.now();
        let keyring = self.tokens.keys.keyring_for(&token).await?;
        let signed = keyring.check_signature(&token, now);
        let claims = token.claims_on_trust();
        match signed {
            Ok(()) => {}
            // Its key may have been retired since; no new token is signed for it.
            Err(Invalid::UnknownKey) if claims.expires_at < now => {}
            Err(_) => return Ok(Regenerated::Unauthorised("the access token is not valid")),
        }
        let mut session = match self.tokens.store.find_live(&claims.handle).await? {
            JudgedSession::Live(session) => session,
            JudgedSession::Over(Ended::Ahead) => return Ok(Regenerated::Ahead),
            JudgedSession::Over(_) => return Ok(Regenerated::Unauthorised(NO_SESSION)),
        };
        if session.standing.user != claims.user {
            return Ok(Regenerated::Unauthorised(NO_SESSION));
        }
        if let Some(payload) = payload {
            session.payload = session.own_payload(payload);
            self.tokens.policy().check_payload(&session, &session.payload)?;
            if !session.payload.fits(claims.version) {
                return Ok(Regenerated::ProtectedPayload);
            }
            if !self.tokens.store.table.set_payload(&session.handle, &session.payload).await? {
                return Ok(Regenerated::Unauthorised(NO_SESSION));
            }
        } else if !session.payload.fits(claims.version) {
            return Ok(Regenerated::ProtectedPayload);
        }
        if claims.expires_at < now {
            return Ok(Regenerated::Done(Box::new(SessionView::of(session, None))));
        }
        let life = Life { to: claims.expires_at, ..self.tokens.full_life(claims.version, now) };
        let tokens = IssuedWith {
            refresh: claims.refresh_hash,
            parent: claims.parent,
            anti_csrf: claims.anti_csrf,
        };
        let access = self.tokens.issue(&session, claims.version, tokens, life).await?;
        Ok(Regenerated::Done(Box::new(SessionView::of(session, Some(access)))))
    }
}
