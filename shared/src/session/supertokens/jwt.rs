//! JWTs that an application has signed for purposes of its own, and the keys that verify them
//! (PROTOCOL 3.4.1 and 3.4.11).

use super::CoreSessions;
use crate::json::Object;
use crate::session::SessionError;
use crate::token::access::sign_jwt;
use crate::token::key::KeyKind;
use serde_json::Value;
use std::time::Duration;

/// A JWT to be signed.
#[derive(Clone, Debug)]
pub struct NewJwt {
    pub payload: Object,
    /// The issuer, unless the payload names one.
    pub issuer: String,
    pub validity: Duration,
    pub key_kind: KeyKind,
}

impl CoreSessions {
    /// Signs a JWT, which opens nothing that a session opens.
    ///
    /// # Errors
    /// [`SessionError::Payload`]: the JWT names our own issuer. Anything else: no key could be made or
    /// used.
    pub async fn create_jwt(&self, new: NewJwt) -> Result<String, SessionError> {
        let now = self.tokens.store.clock.now();
        let mut claims = new.payload;
        if !claims.contains("iss") {
            claims.set("iss", &new.issuer);
        }
        if let Some(issuer) = claims.get::<String>("iss") {
            self.tokens.policy().check_issuer(&issuer)?;
        }
        claims.set("iat", &now.seconds());
        claims.set("exp", &now.plus(new.validity).seconds());
        Ok(sign_jwt(&claims, &self.tokens.keys.signer(new.key_kind).await?)?)
    }

    /// [`KeyCache::jwks`] for an SDK, whose core has keys from the start (PROTOCOL 4.9): makes the
    /// first ones, and one that is due. Reads no private key otherwise.
    ///
    /// [`KeyCache::jwks`]: crate::session::KeyCache::jwks
    ///
    /// # Errors
    /// We could not find out.
    pub async fn jwks(&self) -> Result<(Value, Duration), SessionError> {
        self.tokens.keys.make_due().await?;
        self.tokens.keys.jwks().await
    }
}
