//! A session is opened with the generations its user has at that moment: a revocation that is under
//! way ends it at birth, and one that is over does not touch it.

use super::{AntiCsrfMode, SessionError, Sessions};
use crate::ids::{SessionHandle, TenantId, UserId};
use crate::model::{Device, Lineage, Session, SessionData, Standing};
use crate::table::{Inserted, TableError};
use crate::time::Timestamp;
use crate::token::access::{AccessToken, Claims, MAX_BYTES};
use crate::token::anti_csrf::AntiCsrfToken;
use crate::token::payload::Payload;
use crate::token::refresh::{RefreshToken, TokenKey};
use crate::token::signing::KeyKind;
use std::time::Duration;

/// How often a session is drawn and written. Never twice under one handle: were a lost answer made
/// good by writing the same row again, a revocation in between would be undone. A row whose answer
/// was lost stays behind; nobody holds its tokens.
const DRAWS: usize = 3;

/// What the caller says of a session to be opened.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Whose it is.
    pub user: UserId,
    /// The user as they logged in.
    pub recipe_user: UserId,
    /// In which tenant.
    pub tenant: TenantId,
    /// The claims its access tokens carry.
    pub payload: Payload,
    /// What the application keeps with it.
    pub data: SessionData,
    /// Where it is opened.
    pub device: Device,
    /// Which kind of key signs its access tokens.
    pub key_kind: KeyKind,
    /// Whether its tokens will travel in cookies, which a forged request carries too.
    pub in_cookies: bool,
}

/// A session with new tokens for its client.
#[derive(Debug)]
pub struct Issued {
    /// The session as it now is.
    pub session: Session,
    /// For every request.
    pub access: AccessToken,
    /// For the next refresh. Expires with the session.
    pub refresh: RefreshToken,
}

impl Sessions {
    /// Opens a session.
    ///
    /// # Errors
    /// [`SessionError::AccessTokenTooLarge`] is the caller's to mend; anything else means that no
    /// session was reported open.
    pub async fn create(&self, new: NewSession) -> Result<Issued, SessionError> {
        let now = self.clock.now();
        let born = self.table.generations(&new.user).await?.in_tenant(&new.tenant);
        let with_token = new.in_cookies && self.policy.anti_csrf == AntiCsrfMode::ViaToken;
        let anti_csrf =
            if with_token { Some(AntiCsrfToken::mint(self.entropy.bytes()?)) } else { None };
        let token_key = TokenKey(self.entropy.bytes()?);
        let mut failure = TableError::Contended { doing: "opening a session" };
        for draw in 0..DRAWS {
            if draw > 0 {
                tokio::time::sleep(Duration::from_millis(25 << draw)).await;
            }
            let handle = SessionHandle::mint(&new.tenant, self.entropy.bytes()?);
            let refresh = RefreshToken::mint(handle.clone(), self.entropy.bytes()?, &token_key);
            let lineage = Lineage { current: refresh.hash().digest(), rotation: None };
            let session = Session {
                handle,
                recipe_user: new.recipe_user.clone(),
                created_at: now,
                standing: Standing {
                    user: new.user.clone(),
                    tenant: new.tenant.clone(),
                    expires_at: self.session_expiry(now),
                    born,
                    lineage,
                },
                token_key: token_key.clone(),
                payload: new.payload.clone(),
                data: new.data.clone(),
                device: new.device.clone(),
                anti_csrf: anti_csrf.clone(),
                anti_csrf_since: None,
                key_kind: new.key_kind,
            };
            // Signed before it is written: a payload too large for a token leaves no session
            // behind.
            let access = self.issue_access_token(&session, &refresh, now).await?;
            let bytes = access.expose().len();
            if bytes > MAX_BYTES {
                return Err(SessionError::AccessTokenTooLarge { bytes });
            }
            match self.table.insert_new(&session).await {
                Ok(Inserted::Inserted) => return Ok(Issued { session, access, refresh }),
                Ok(Inserted::HandleTaken) => {}
                Err(error) => failure = error,
            }
        }
        Err(failure.into())
    }

    pub(super) fn session_expiry(&self, now: Timestamp) -> Timestamp {
        now.plus(self.policy.refresh_token_validity).ceil_to_second()
    }

    pub(super) async fn issue_access_token(
        &self,
        session: &Session,
        refresh: &RefreshToken,
        now: Timestamp,
    ) -> Result<AccessToken, SessionError> {
        let key = self.signer(session.key_kind).await?;
        let draw = u32::from_le_bytes(self.entropy.bytes()?);
        let jitter =
            self.policy.access_token_validity_jitter * f64::from(draw) / f64::from(u32::MAX);
        let validity = self.policy.access_token_validity.mul_f64(1.0 - jitter);
        let issued_at = Timestamp::from_seconds(now.seconds());
        let expires_at = Timestamp::from_seconds(issued_at.plus(validity).seconds());
        let claims = Claims {
            user: session.standing.user.clone(),
            recipe_user: session.recipe_user.clone(),
            tenant: session.standing.tenant.clone(),
            handle: session.handle.clone(),
            refresh_hash: refresh.hash(),
            anti_csrf: session.anti_csrf.clone(),
            issued_at,
            // A token of no whole second would be expired at birth.
            expires_at: expires_at.max(Timestamp::from_seconds(issued_at.seconds() + 1)),
            issuer: self.policy.issuer.clone(),
            payload: session.payload.clone(),
        };
        Ok(AccessToken::issue(&claims, &key)?)
    }
}
