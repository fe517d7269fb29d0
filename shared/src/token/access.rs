//! Access tokens: what a client shows on every request. RS256, the claims of PROTOCOL 2.2.

use super::anti_csrf::AntiCsrfToken;
use super::payload::Payload;
use super::refresh::RefreshHash;
use super::signing::{SigningKey, SigningKeyError};
use super::version::Version;
use super::{Secret, legacy};
use crate::ids::{SessionHandle, TenantId, UserId};
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

/// What an access token says.
#[derive(Clone, Debug)]
pub struct Claims {
    /// Which of them it has.
    pub version: Version,
    /// `sub`
    pub user: UserId,
    /// `rsub`: equal to `sub` unless accounts are linked, and before version 5.
    pub recipe_user: UserId,
    /// `tId`; before version 4 the one that the handle names.
    pub tenant: TenantId,
    /// `sessionHandle`
    pub handle: SessionHandle,
    /// `refreshTokenHash1`: the refresh token issued with it.
    pub refresh_hash: RefreshHash,
    /// `parentRefreshTokenHash1`: the refresh token that was exchanged for it, while that exchange
    /// is not final (PROTOCOL 4.4).
    pub parent: Option<RefreshHash>,
    /// `antiCsrfToken`
    pub anti_csrf: Option<AntiCsrfToken>,
    /// `iat`, whole seconds; milliseconds in version 2.
    pub issued_at: Timestamp,
    /// `exp`, likewise.
    pub expires_at: Timestamp,
    /// `iss`. When a token is issued: `None` leaves it to the payload.
    pub issuer: Option<String>,
    /// Every claim that the version does not keep to itself; of a token that was read, `iss` as
    /// well.
    pub payload: Payload,
}

impl Claims {
    fn to_object(&self) -> Object {
        match self.version {
            Version::V2 => self.nested(),
            Version::V3 | Version::V4 | Version::V5 => self.flat(),
        }
    }

    fn flat(&self) -> Object {
        let mut claims = self.payload.members().clone();
        claims.set("sub", &self.user.as_str());
        claims.set("iat", &self.issued_at.seconds());
        claims.set("exp", &self.expires_at.seconds());
        claims.set("sessionHandle", &self.handle.as_str());
        claims.set("refreshTokenHash1", &self.refresh_hash.expose());
        // SDKs want the two members even when there is nothing to say.
        claims.set("parentRefreshTokenHash1", &self.parent.as_ref().map(RefreshHash::expose));
        claims.set("antiCsrfToken", &self.anti_csrf.as_ref().map(AntiCsrfToken::expose));
        if self.version >= Version::V4 {
            claims.set("tId", &self.tenant.as_str());
        }
        if self.version >= Version::V5 {
            claims.set("rsub", &self.recipe_user.as_str());
        }
        if let Some(issuer) = &self.issuer {
            claims.set("iss", issuer);
        }
        claims
    }

    /// Version 2: milliseconds, and what is absent is left out.
    fn nested(&self) -> Object {
        let mut claims = Object::default();
        claims.set("userId", &self.user.as_str());
        claims.set("timeCreated", &self.issued_at.millis());
        claims.set("expiryTime", &self.expires_at.millis());
        claims.set("sessionHandle", &self.handle.as_str());
        claims.set("refreshTokenHash1", &self.refresh_hash.expose());
        claims.set("userData", self.payload.members());
        if let Some(parent) = &self.parent {
            claims.set("parentRefreshTokenHash1", &parent.expose());
        }
        if let Some(token) = &self.anti_csrf {
            claims.set("antiCsrfToken", &token.expose());
        }
        claims
    }
}

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

    /// When it expires: likewise.
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
