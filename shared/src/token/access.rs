//! Access tokens: what a client shows on every request. RS256, the claims of PROTOCOL 2.2 version
//! 5.

use super::Secret;
use super::anti_csrf::AntiCsrfToken;
use super::payload::Payload;
use super::refresh::RefreshHash;
use super::signing::{SigningKey, SigningKeyError};
use crate::ids::{SessionHandle, TenantId, UserId};
use crate::time::Timestamp;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header};
use serde_json::{Map, Value, json};

/// The version of the claims, as the header names it: a string (PROTOCOL 2.1).
pub const VERSION: &str = "5";

/// The longest access token with which a session is opened, in bytes. With its name it still fits a
/// browser's 4096 bytes for a cookie (RFC 6265bis 5.6), and a response that carries it beside a
/// front token fits API Gateway's 10,240 bytes of headers.
pub const MAX_BYTES: usize = 4_000;

/// What an access token says.
#[derive(Clone, Debug)]
pub struct Claims {
    /// `sub`
    pub user: UserId,
    /// `rsub`: equal to `sub` unless accounts are linked.
    pub recipe_user: UserId,
    /// `tId`
    pub tenant: TenantId,
    /// `sessionHandle`
    pub handle: SessionHandle,
    /// `refreshTokenHash1`: the refresh token issued with it.
    pub refresh_hash: RefreshHash,
    /// `antiCsrfToken`
    pub anti_csrf: Option<AntiCsrfToken>,
    /// `iat`, whole seconds.
    pub issued_at: Timestamp,
    /// `exp`, whole seconds.
    pub expires_at: Timestamp,
    /// `iss`
    pub issuer: String,
    /// Every other claim.
    pub payload: Payload,
}

impl Claims {
    fn to_json(&self) -> Map<String, Value> {
        let mut claims = self.payload.members().clone();
        let own = json!({
            "sub": self.user.as_str(),
            "rsub": self.recipe_user.as_str(),
            "tId": self.tenant.as_str(),
            "iat": self.issued_at.seconds(),
            "exp": self.expires_at.seconds(),
            "sessionHandle": self.handle.as_str(),
            "refreshTokenHash1": self.refresh_hash.expose(),
            // Rotation happens at once, so no token waits for its parent to be given up. SDKs want
            // the member all the same.
            "parentRefreshTokenHash1": null,
            "antiCsrfToken": self.anti_csrf.as_ref().map(AntiCsrfToken::expose),
            "iss": self.issuer,
        });
        if let Value::Object(own) = own {
            claims.extend(own);
        }
        claims
    }
}

/// A signed access token, with what the client is told about it.
#[derive(Clone, Debug)]
pub struct AccessToken {
    text: Secret,
    front_token: Secret,
    expires_at: Timestamp,
}

impl AccessToken {
    /// Signs `claims` with `key`.
    ///
    /// # Errors
    /// The key refused to sign.
    pub fn issue(claims: &Claims, key: &SigningKey) -> Result<Self, SigningKeyError> {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(key.kid().as_str().to_owned());
        header.extras.insert("version", VERSION);
        let body = Value::Object(claims.to_json());
        let header = json!(header).to_string();
        let message = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(body.to_string())
        );
        let signature = key.sign(message.as_bytes())?;
        let text = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature));
        Ok(Self {
            text: Secret(text.into()),
            front_token: Secret(front_token(claims, &body).into()),
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

    /// When it expires: a whole second.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

fn front_token(claims: &Claims, body: &Value) -> String {
    let front = json!({"uid": claims.user.as_str(), "ate": claims.expires_at.millis(), "up": body});
    base64::engine::general_purpose::STANDARD.encode(front.to_string())
}
