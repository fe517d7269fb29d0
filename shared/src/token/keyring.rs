//! The public keys, and the one way from an unverified token to claims that can be believed.

use super::claims::Claims;
use super::issuers::Issuers;
use super::key::PublicKey;
use super::unverified::UnverifiedToken;
use crate::time::Timestamp;
use aws_lc_rs::error::KeyRejected;
use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;

/// Why a well-formed access token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// No key of ours has this kid.
    #[error("unknown key")]
    UnknownKey,
    /// The key did not sign this.
    #[error("wrong signature")]
    BadSignature,
    /// Another deployment issued it.
    #[error("wrong issuer")]
    WrongIssuer,
    /// `iat` or `nbf` lies in the future.
    #[error("not valid yet")]
    NotYetValid,
    /// `exp` has come (RFC 7519 4.1.4: "on or after").
    #[error("expired")]
    Expired,
}

/// A key in the table does not have the form of a key.
#[derive(Debug, thiserror::Error)]
#[error("public key `{kid}` is not an RSA key")]
pub struct BadKey {
    kid: String,
    #[source]
    source: NotRsa,
}

#[derive(Debug, thiserror::Error)]
enum NotRsa {
    #[error("it is not base64url")]
    Base64(#[from] base64::DecodeError),
    #[error("it is no key")]
    Rejected(#[from] KeyRejected),
}

/// All published keys, parsed once and kept: `jsonwebtoken` would set up the key's arithmetic anew
/// for each signature.
#[derive(Clone, Default)]
pub struct Keyring {
    keys: Vec<(PublicKey, Arc<ParsedPublicKey>)>,
}

fn parse(key: &PublicKey) -> Result<Arc<ParsedPublicKey>, NotRsa> {
    let n = URL_SAFE_NO_PAD.decode(&key.modulus)?;
    let e = URL_SAFE_NO_PAD.decode(&key.exponent)?;
    let parsed = PublicKeyComponents { n, e }.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)?;
    Ok(Arc::new(parsed))
}

impl Keyring {
    /// # Errors
    /// A key is not an RSA key.
    pub fn new(keys: Vec<PublicKey>) -> Result<Self, BadKey> {
        let parsed = |key: PublicKey| match parse(&key) {
            Ok(parsed) => Ok((key, parsed)),
            Err(source) => Err(BadKey { kid: key.kid.as_str().to_owned(), source }),
        };
        Ok(Self { keys: keys.into_iter().map(parsed).collect::<Result<_, _>>()? })
    }

    fn published(
        &self,
        now: Timestamp,
    ) -> impl Iterator<Item = &(PublicKey, Arc<ParsedPublicKey>)> {
        self.keys.iter().filter(move |(key, _)| key.is_published(now))
    }

    /// Whether `token` can be checked without reading the keys again: the key that it names is
    /// here. A token that names none (version 2) is tried with each.
    #[must_use]
    pub fn has_key_of(&self, token: &UnverifiedToken<'_>, now: Timestamp) -> bool {
        match &token.kid {
            Some(kid) => self.published(now).any(|(key, _)| key.kid == *kid),
            None => self.check_signature(token, now).is_ok(),
        }
    }

    /// Whether there is no key at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The way to claims that can be believed: signature first, then issuer, then time, with no
    /// leeway.
    ///
    /// # Errors
    /// Why the token is refused.
    pub fn verify(
        &self,
        token: UnverifiedToken<'_>,
        issuers: &Issuers,
        now: Timestamp,
    ) -> Result<Claims, Invalid> {
        self.check_signature(&token, now)?;
        let claims = token.claims;
        if !issuers.trust(claims.issuer.as_deref()) {
            return Err(Invalid::WrongIssuer);
        }
        let not_before = token.not_before.map_or(claims.issued_at, Timestamp::from_seconds);
        if now < claims.issued_at || now < not_before {
            return Err(Invalid::NotYetValid);
        }
        if now >= claims.expires_at {
            return Err(Invalid::Expired);
        }
        Ok(claims)
    }

    /// Likewise for a SuperTokens SDK, to which issuer and `nbf` are the application's own, and a
    /// token expires after its last millisecond (PROTOCOL 4.3).
    ///
    /// # Errors
    /// Why the token is refused.
    pub fn verify_for_sdk(
        &self,
        token: UnverifiedToken<'_>,
        now: Timestamp,
    ) -> Result<Claims, Invalid> {
        self.check_signature(&token, now)?;
        if token.claims.expires_at < now { Err(Invalid::Expired) } else { Ok(token.claims) }
    }

    /// # Errors
    /// [`Invalid::UnknownKey`] or [`Invalid::BadSignature`].
    pub fn check_signature(
        &self,
        token: &UnverifiedToken<'_>,
        now: Timestamp,
    ) -> Result<(), Invalid> {
        let named = |key: &PublicKey| token.kid.as_ref().is_none_or(|kid| key.kid == *kid);
        let mut keys = self.published(now).filter(|(key, _)| named(key)).peekable();
        keys.peek().ok_or(Invalid::UnknownKey)?;
        let signature =
            URL_SAFE_NO_PAD.decode(&token.signature).map_err(|_| Invalid::BadSignature)?;
        let message = token.message.as_bytes();
        let signed = |(_, key): &(PublicKey, Arc<ParsedPublicKey>)| {
            key.verify_sig(message, &signature).is_ok()
        };
        if keys.any(signed) { Ok(()) } else { Err(Invalid::BadSignature) }
    }

    /// The JSON Web Key Set (RFC 7517; members as PROTOCOL 1.13 has them).
    #[must_use]
    pub fn jwks(&self, now: Timestamp) -> Value {
        let jwk = |(key, _): &(PublicKey, Arc<ParsedPublicKey>)| {
            json!({
                "kty": "RSA",
                "kid": key.kid.as_str(),
                "n": key.modulus,
                "e": key.exponent,
                "alg": "RS256",
                "use": "sig",
            })
        };
        json!({"keys": self.published(now).map(jwk).collect::<Vec<_>>()})
    }

    /// The keys, in the order of their making.
    #[must_use]
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &PublicKey> + Clone {
        self.keys.iter().map(|(key, _)| key)
    }

    /// When the newest dynamic key was made, read off its kid.
    #[must_use]
    pub fn newest_dynamic(&self) -> Option<Timestamp> {
        self.keys.iter().filter_map(|(key, _)| key.kid.made_at()).max()
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|(key, _)| &key.kid)).finish()
    }
}
