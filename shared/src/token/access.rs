//! Access tokens: what a client shows on every request. RS256, the claims of PROTOCOL 2.2.

use super::claims::Claims;
use super::key::SigningKeyError;
use super::signing::SigningKey;
use super::version::Version;
use super::{Secret, legacy};
use crate::json::Object;
use crate::time::Timestamp;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header};
use serde_json::json;

/// The longest access token with which a session is opened, in bytes. With its name it still fits a
/// browser's 4096 bytes for a cookie (RFC 6265bis 5.6), and a response that carries it beside a
/// front token fits API Gateway's 10,240 bytes of headers.
pub const MAX_BYTES: usize = 4_000;

/// A signed access token, with what the client is told about it.
#[derive(Clone, Debug)]
pub struct AccessToken {
    text: Secret,
    front_token: Secret,
    issued_at: Timestamp,
    expires_at: Timestamp,
}

impl AccessToken {
    /// Signs `claims` with `key`.
    ///
    /// # Errors
    /// The key refused to sign.
    pub fn issue(claims: &Claims, key: &SigningKey) -> Result<Self, SigningKeyError> {
        let body = claims.to_object();
        let text = match claims.version {
            Version::V2 => legacy::sign(&body.to_json(), key)?,
            version => jwt(&header(key, Some(version)), &body, key)?,
        };
        Ok(Self {
            text: Secret(text.into()),
            front_token: Secret(front_token(claims, &body).into()),
            issued_at: claims.issued_at,
            expires_at: claims.expires_at,
        })
    }

    /// The secret itself, for the client it belongs to.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text.0
    }

    /// What a browser's script may know: `uid`, expiry and claims, as standard base64 of JSON
    /// (PROTOCOL 1.5). It holds the anti-CSRF token and a hash of the refresh token, so it is
    /// handled like a secret on our side.
    #[must_use]
    pub fn front_token(&self) -> &str {
        &self.front_token.0
    }

    /// When it was issued: a whole second, but in version 2.
    #[must_use]
    pub fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    /// When it expires: a whole second, but in version 2.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

/// Signs claims that are no session's: a JWT for whatever an application wants one for (PROTOCOL
/// 3.4.11). Its header names no version, by which it is told from an access token.
///
/// # Errors
/// The key refused to sign.
pub fn sign_jwt(claims: &Object, key: &SigningKey) -> Result<String, SigningKeyError> {
    jwt(&header(key, None), claims, key)
}

fn header(key: &SigningKey, version: Option<Version>) -> Header {
    let mut header = Header::new(Algorithm::RS256);
    header.kid = Some(key.kid().as_str().to_owned());
    if let Some(version) = version {
        header.extras.insert("version", version.as_str());
    }
    header
}

fn jwt(header: &Header, claims: &Object, key: &SigningKey) -> Result<String, SigningKeyError> {
    let header = URL_SAFE_NO_PAD.encode(json!(header).to_string());
    let message = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_json()));
    let signature = key.sign(message.as_bytes())?;
    Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

fn front_token(claims: &Claims, body: &Object) -> String {
    let mut front = Object::default();
    front.set("uid", &claims.user.as_str());
    front.set("ate", &claims.expires_at.millis());
    front.set("up", body);
    base64::engine::general_purpose::STANDARD.encode(front.to_json())
}
