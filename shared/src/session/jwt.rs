//! A JWT that an application has signed for purposes of its own (PROTOCOL 3.4.11).

use super::{SessionError, Sessions};
use crate::json::Object;
use crate::token::access::sign_jwt;
use crate::token::signing::KeyKind;
use std::time::Duration;

/// What it is to say.
#[derive(Clone, Debug)]
pub struct NewJwt {
    /// The application's claims.
    pub payload: Object,
    /// The issuer, unless the payload names one.
    pub issuer: String,
    /// For how long it is good.
    pub validity: Duration,
    /// Which kind of key signs.
    pub key_kind: KeyKind,
}

impl Sessions {
    /// Signs it. It opens nothing that a session opens.
    ///
    /// # Errors
    /// [`SessionError::Payload`]: it names our own issuer. Anything else: no key could be made or
    /// used.
    pub async fn create_jwt(&self, new: NewJwt) -> Result<String, SessionError> {
        let now = self.clock.now();
        let mut claims = new.payload;
        if !claims.contains("iss") {
            claims.set("iss", &new.issuer);
        }
        if let Some(issuer) = claims.get::<String>("iss") {
            self.check_issuer(&issuer)?;
        }
        claims.set("iat", &now.seconds());
        claims.set("exp", &now.plus(new.validity).seconds());
        Ok(sign_jwt(&claims, &self.signer(new.key_kind).await?)?)
    }
}
