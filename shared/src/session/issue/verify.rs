//! Whether a request may pass. A **fast** check asks whether the token is genuine and in time, and
//! reads nothing but the keys, every five minutes. A **strict** check also reads the session and its
//! generations from the table.
//!
//! The fast path can outlive a revocation by the access token's lifetime. The strict path cannot:
//! when a revoke call has answered, every strict check that starts afterwards refuses.

use super::{Evidence, TokenService};
use crate::ids::{SessionHandle, TenantId, UserId};
use crate::model::{Ended, Standing};
use crate::session::attempts::Attempts;
use crate::session::store::{Looks, warn_if_ahead};
use crate::session::{LOOKS, SessionError};
use crate::table::StrictRead;
use crate::time::Timestamp;
use crate::token::claims::Claims;
use crate::token::keyring::{Invalid, Keyring};
use crate::token::payload::{Payload, RESERVED};
use crate::token::refresh::RefreshHash;
use crate::token::unverified::UnverifiedToken;
use std::sync::Arc;

/// The user and the session of a request that may pass.
#[derive(Clone, Debug)]
pub struct Principal {
    pub user: UserId,
    pub tenant: TenantId,
    pub handle: SessionHandle,
    /// When the presented access token expires.
    pub expires_at: Timestamp,
    /// The application's own claims.
    pub payload: Payload,
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The access token is unknown, forged, expired or of another issuer.
    Token(Invalid),
    /// A cookie session without its proof that the request was meant.
    AntiCsrf,
    /// The session does not live.
    Ended(Ended),
    /// The session lives, and has been refreshed more than once since this token was issued.
    Superseded,
}

impl Refusal {
    /// A short code for logs and metrics, such as `token-expired`.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Token(Invalid::UnknownKey) => "unknown-key",
            Self::Token(Invalid::BadSignature) => "bad-signature",
            Self::Token(Invalid::WrongIssuer) => "wrong-issuer",
            Self::Token(Invalid::NotYetValid) => "token-not-yet-valid",
            Self::Token(Invalid::Expired) => "token-expired",
            Self::AntiCsrf => "anti-csrf",
            Self::Ended(why) => why.reason(),
            Self::Superseded => "token-superseded",
        }
    }
}

/// The answer to a check.
#[derive(Debug)]
pub enum Verdict {
    /// The request may pass.
    Allowed(Principal),
    /// It may not.
    Refused(Refusal),
}

impl TokenService {
    /// Checks a token by itself: signature, issuer, time, anti-CSRF.
    ///
    /// # Errors
    /// The keys could not be read. Refuse.
    pub async fn verify_fast(
        &self,
        token: UnverifiedToken<'_>,
        evidence: Evidence<'_>,
    ) -> Result<Verdict, SessionError> {
        let keyring = self.keys.keyring_for(&token).await?;
        Ok(match self.genuine(token, &keyring, evidence) {
            Ok(claims) => Verdict::Allowed(principal(claims)),
            Err(refusal) => Verdict::Refused(refusal),
        })
    }

    /// Whether a token is genuine, in time, and of another session than `handle`. Whether that
    /// session still lives is not read: a check stays one round trip, and a token that has been
    /// revoked disputes for no longer than until it expires.
    ///
    /// # Errors
    /// The keys could not be read. Refuse.
    pub async fn is_of_another_session(
        &self,
        token: UnverifiedToken<'_>,
        handle: &SessionHandle,
    ) -> Result<bool, SessionError> {
        let verdict = self.verify_fast(token, Evidence::NotNeeded).await?;
        Ok(matches!(verdict, Verdict::Allowed(other) if other.handle != *handle))
    }

    /// The same by the keys at hand: a token whose key is not among them is of no session. A cookie
    /// that another site set beside a good token so costs no read, and no failure to read refuses
    /// the good token.
    #[must_use]
    pub fn is_known_of_another_session(
        &self,
        token: UnverifiedToken<'_>,
        handle: &SessionHandle,
    ) -> bool {
        let Some(keyring) = self.keys.keyring_at_hand(&token, self.store.clock.now()) else {
            return false;
        };
        let claims = self.genuine(token, &keyring, Evidence::NotNeeded);
        claims.is_ok_and(|claims| claims.handle != *handle)
    }

    /// Checks a token, and that its session lives: one strongly consistent read of session and
    /// user, and of the keys when a cold start, their age or a new key asks for them. A forged token
    /// under a known key costs no read.
    ///
    /// # Errors
    /// We could not find out. Refuse.
    pub async fn verify_strict(
        &self,
        token: UnverifiedToken<'_>,
        evidence: Evidence<'_>,
    ) -> Result<Verdict, SessionError> {
        let now = self.store.clock.now();
        let at_hand = self.keys.keyring_at_hand(&token, now);
        let (keyring, read) = if let Some(keyring) = at_hand {
            (keyring, None)
        } else {
            let (keyring, read) = self.read_with_keys(&token, now).await?;
            (keyring, Some(read))
        };
        let claims = match self.genuine(token, &keyring, evidence) {
            Ok(claims) => claims,
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        let read = match read {
            Some(read) => read,
            None => self.read_for(&claims).await?,
        };
        self.judge(claims, read).await
    }

    async fn read_for(&self, claims: &Claims) -> Result<StrictRead, SessionError> {
        Ok(self
            .store
            .table
            .read_strictly(&claims.handle, &claims.user, &claims.tenant, false)
            .await?)
    }

    /// The token is not yet proven here: it only says what to fetch along with the keys.
    async fn read_with_keys(
        &self,
        token: &UnverifiedToken<'_>,
        started: Timestamp,
    ) -> Result<(Arc<Keyring>, StrictRead), SessionError> {
        let (handle, user) = (token.handle_to_fetch(), token.user_to_fetch());
        let read = self.store.table.read_strictly(handle, user, token.tenant_to_fetch(), true);
        let mut read = read.await?;
        let keyring = self.keys.keep_keyring(read.keys.take(), token, started);
        Ok((keyring, read))
    }

    fn genuine(
        &self,
        token: UnverifiedToken<'_>,
        keyring: &Keyring,
        evidence: Evidence<'_>,
    ) -> Result<Claims, Refusal> {
        let claims = keyring
            .verify(token, &self.policy.issuers, self.store.clock.now())
            .map_err(Refusal::Token)?;
        if evidence.suffices(self.policy.anti_csrf, claims.anti_csrf.as_ref(), false) {
            Ok(claims)
        } else {
            Err(Refusal::AntiCsrf)
        }
    }

    async fn judge(&self, claims: Claims, mut read: StrictRead) -> Result<Verdict, SessionError> {
        let mut looks = Looks::default();
        let mut attempts = Attempts::at_once("checking a session", LOOKS);
        loop {
            match self.refusal(&claims, &read) {
                None => return Ok(Verdict::Allowed(principal(claims))),
                Some(Refusal::Ended(why)) if !looks.prove(why, read.generations) => {
                    read = self.read_for(&claims).await?;
                    attempts.again().await?;
                }
                Some(refusal) => {
                    if let Refusal::Ended(why) = refusal {
                        warn_if_ahead(why, &claims.user, &claims.tenant, &claims.handle);
                    }
                    return Ok(Verdict::Refused(refusal));
                }
            }
        }
    }

    fn refusal(&self, claims: &Claims, read: &StrictRead) -> Option<Refusal> {
        // The generations were read for the token's user and tenant: they judge no other session.
        let same =
            |session: &&Standing| session.user == claims.user && session.tenant == claims.tenant;
        let Some(session) = read.session.as_ref().filter(same) else {
            return Some(Refusal::Ended(Ended::Missing));
        };
        if let Err(ended) = session.judge(read.generations, self.store.clock.now()) {
            return Some(Refusal::Ended(ended));
        }
        let parent = claims.parent.as_ref().map(RefreshHash::digest);
        let covered = session.lineage.covers(claims.refresh_hash.digest(), parent);
        (!covered).then_some(Refusal::Superseded)
    }
}

fn principal(claims: Claims) -> Principal {
    Principal {
        user: claims.user,
        tenant: claims.tenant,
        handle: claims.handle,
        expires_at: claims.expires_at,
        payload: claims.payload.without(&RESERVED),
    }
}
