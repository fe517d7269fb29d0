//! A session is opened with the generations its user has at that moment: a revocation that is under
//! way ends it at birth, and one that is over does not touch it.

use super::{AntiCsrfMode, IssuedWith, TokenService};
use crate::ids::{SessionHandle, TenantId, UserId};
use crate::model::{Device, IssuerClaim, Lineage, Session, SessionData, Standing};
use crate::session::SessionError;
use crate::table::{Inserted, TableError};
use crate::time::Timestamp;
use crate::token::access::AccessToken;
use crate::token::anti_csrf::AntiCsrfToken;
use crate::token::key::KeyKind;
use crate::token::payload::Payload;
use crate::token::refresh::{Classic, RefreshToken, TokenKey};
use crate::token::version::Version;
use std::time::Duration;

/// How often a session is drawn and written. Never twice under one handle: were a lost answer made
/// good by writing the same row again, a revocation in between would be undone. A row whose answer
/// was lost stays behind; nobody holds its tokens.
const DRAWS: usize = 3;

/// What the caller says of a session to be opened.
#[derive(Clone, Debug)]
pub struct NewSession {
    pub user: UserId,
    /// The user as they logged in. It differs from `user` where accounts are linked.
    pub recipe_user: UserId,
    pub tenant: TenantId,
    /// The claims its access tokens carry.
    pub payload: Payload,
    /// What the application keeps with it.
    pub data: SessionData,
    /// Where it is opened.
    pub device: Device,
    /// Which kind of key signs its access tokens.
    pub key_kind: KeyKind,
    /// By whose rules its first tokens are made.
    pub opening: Opening,
}

/// By whose rules a session's first tokens are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Our own.
    Own {
        /// Whether its tokens will travel in cookies, which a forged request carries too.
        in_cookies: bool,
    },
    /// Those of the classic exchange (PROTOCOL 4.2), for a SuperTokens SDK.
    Classic {
        /// Of the access token.
        version: Version,
        /// Whether the SDK asks for an anti-CSRF token.
        with_anti_csrf: bool,
    },
}

/// A session with new tokens for its client.
#[derive(Debug)]
pub struct Issued {
    /// The session as it now is.
    pub session: Session,
    pub access: AccessToken,
    /// Expires with the session.
    pub refresh: RefreshToken,
    /// When the tokens were issued.
    pub at: Timestamp,
}

impl TokenService {
    /// Opens a session.
    ///
    /// # Errors
    /// [`SessionError::AccessTokenTooLarge`] is the caller's to mend; anything else means that no
    /// session was reported open.
    pub async fn create(&self, new: NewSession) -> Result<Issued, SessionError> {
        let now = self.store.clock.now();
        let anti_csrf = self.first_anti_csrf(new.opening)?;
        let token_key = TokenKey(self.store.entropy.bytes()?);
        let mut failure = TableError::Contended { doing: "opening a session" };
        for draw in 0..DRAWS {
            if draw > 0 {
                tokio::time::sleep(Duration::from_millis(25 << draw)).await;
            }
            let handle = SessionHandle::mint(&new.tenant, self.store.entropy.bytes()?);
            // The handle names the copy of the tenant's generation that judges the session.
            let born = self.store.table.generations(&new.user, &new.tenant, &handle).await?;
            let refresh =
                first_token(&new, handle.clone(), self.store.entropy.bytes()?, &token_key);
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
                issuer: match new.opening {
                    Opening::Own { .. } => IssuerClaim::Ours,
                    Opening::Classic { .. } => IssuerClaim::Payloads,
                },
            };
            self.policy.check_payload(&session, &session.payload)?;
            // Signed before it is written: a payload too large for a token leaves no session
            // behind.
            let access = self.first_access_token(&session, &refresh, new.opening, now).await?;
            match self.store.table.insert_new(&session).await {
                Ok(Inserted::Inserted) => return Ok(Issued { session, access, refresh, at: now }),
                Ok(Inserted::HandleTaken) => {}
                Err(error) => failure = error,
            }
        }
        Err(failure.into())
    }

    fn first_anti_csrf(&self, opening: Opening) -> Result<Option<AntiCsrfToken>, SessionError> {
        let in_cookies = matches!(opening, Opening::Own { in_cookies: true });
        if in_cookies && self.policy.anti_csrf == AntiCsrfMode::ViaToken {
            Ok(Some(AntiCsrfToken::mint(self.store.entropy.bytes()?)))
        } else {
            Ok(None)
        }
    }

    async fn first_access_token(
        &self,
        session: &Session,
        refresh: &RefreshToken,
        opening: Opening,
        now: Timestamp,
    ) -> Result<AccessToken, SessionError> {
        match opening {
            Opening::Own { .. } => self.issue_access_token(session, refresh, now).await,
            Opening::Classic { version, .. } => {
                let tokens = IssuedWith::first(refresh, &session.token_key);
                let life = self.shortened_life(version, now)?;
                self.issue(session, version, tokens, life).await
            }
        }
    }
}

fn first_token(
    new: &NewSession,
    handle: SessionHandle,
    random: [u8; 32],
    key: &TokenKey,
) -> RefreshToken {
    match new.opening {
        Opening::Own { .. } => RefreshToken::mint(handle, random, key),
        Opening::Classic { with_anti_csrf, .. } => {
            let first = Classic { parent: None, with_anti_csrf };
            RefreshToken::mint_classic(handle, random, key, first)
        }
    }
}
