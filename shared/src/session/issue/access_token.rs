//! What an access token says, and for how long.

use super::TokenService;
use crate::model::{IssuerClaim, Session};
use crate::session::SessionError;
use crate::time::Timestamp;
use crate::token::access::{AccessToken, MAX_BYTES};
use crate::token::anti_csrf::AntiCsrfToken;
use crate::token::claims::Claims;
use crate::token::refresh::{RefreshHash, RefreshToken, TokenKey};
use crate::token::version::Version;

/// From when to when an access token is good.
#[derive(Clone, Copy, Debug)]
pub(in crate::session) struct Life {
    pub(in crate::session) from: Timestamp,
    pub(in crate::session) to: Timestamp,
}

/// The tokens that an access token of the classic exchange goes with.
pub(in crate::session) struct IssuedWith {
    pub(in crate::session) refresh: RefreshHash,
    pub(in crate::session) parent: Option<RefreshHash>,
    pub(in crate::session) anti_csrf: Option<AntiCsrfToken>,
}

impl IssuedWith {
    /// With a session's first refresh token.
    pub(in crate::session) fn first(refresh: &RefreshToken, key: &TokenKey) -> Self {
        Self { refresh: refresh.hash(), parent: None, anti_csrf: refresh.anti_csrf(key) }
    }
}

impl TokenService {
    pub(in crate::session) fn session_expiry(&self, now: Timestamp) -> Timestamp {
        now.plus(self.policy.lifetimes.refresh_token_validity)
    }

    /// An access token as our own functions give it out.
    ///
    /// # Errors
    /// [`SessionError::AccessTokenTooLarge`]: no header or cookie can carry it. An SDK may have
    /// opened the session with a payload that its own gateway takes.
    pub(in crate::session) async fn issue_access_token(
        &self,
        session: &Session,
        refresh: &RefreshToken,
        now: Timestamp,
    ) -> Result<AccessToken, SessionError> {
        let anti_csrf = session.anti_csrf.clone();
        let tokens = IssuedWith { refresh: refresh.hash(), parent: None, anti_csrf };
        let life = self.shortened_life(Version::V5, now)?;
        let access = self.issue(session, Version::V5, tokens, life).await?;
        match access.expose().len() {
            bytes if bytes > MAX_BYTES => Err(SessionError::AccessTokenTooLarge { bytes }),
            _ => Ok(access),
        }
    }

    /// An access token of any version, as it goes with `tokens`.
    pub(in crate::session) async fn issue(
        &self,
        session: &Session,
        version: Version,
        tokens: IssuedWith,
        life: Life,
    ) -> Result<AccessToken, SessionError> {
        let key = self.keys.signer(session.key_kind).await?;
        let claims = Claims {
            version,
            user: session.standing.user.clone(),
            recipe_user: session.recipe_user.clone(),
            tenant: session.standing.tenant.clone(),
            handle: session.handle.clone(),
            refresh_hash: tokens.refresh,
            parent: tokens.parent,
            anti_csrf: tokens.anti_csrf,
            issued_at: life.from,
            expires_at: life.to,
            issuer: match session.issuer {
                IssuerClaim::Ours => Some(self.policy.issuers.own.clone()),
                IssuerClaim::Payloads => None,
            },
            payload: session.payload.clone(),
        };
        Ok(AccessToken::issue(&claims, &key)?)
    }

    /// The whole validity from now on.
    pub(in crate::session) fn full_life(&self, version: Version, now: Timestamp) -> Life {
        life(version, now, now.plus(self.policy.lifetimes.access_token_validity))
    }

    /// The validity, shortened at random, so that clients do not refresh all at once.
    pub(in crate::session) fn shortened_life(
        &self,
        version: Version,
        now: Timestamp,
    ) -> Result<Life, SessionError> {
        let draw = u32::from_le_bytes(self.store.entropy.bytes()?);
        let jitter = self.policy.lifetimes.access_token_validity_jitter * f64::from(draw)
            / f64::from(u32::MAX);
        let validity = self.policy.lifetimes.access_token_validity.mul_f64(1.0 - jitter);
        Ok(life(version, now, now.plus(validity)))
    }
}

/// In whole seconds, but for version 2 (PROTOCOL 2.2). A token of no whole second would be expired
/// at birth.
fn life(version: Version, from: Timestamp, to: Timestamp) -> Life {
    match version {
        Version::V2 => Life { from, to },
        Version::V3 | Version::V4 | Version::V5 => Life {
            from: Timestamp::from_seconds(from.seconds()),
            to: Timestamp::from_seconds(to.seconds().max(from.seconds() + 1)),
        },
    }
}
