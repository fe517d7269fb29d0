//! What an access token says: the claims of PROTOCOL 2.2.

use super::anti_csrf::AntiCsrfToken;
use super::payload::Payload;
use super::refresh::RefreshHash;
use super::version::Version;
use crate::ids::{SessionHandle, TenantId, UserId};
use crate::json::Object;
use crate::time::Timestamp;

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
    /// `exp`, whole seconds; milliseconds in version 2.
    pub expires_at: Timestamp,
    /// `iss`. When a token is issued: `None` leaves it to the payload.
    pub issuer: Option<String>,
    /// Every claim that the version does not keep to itself; of a token that was read, `iss` as
    /// well.
    pub payload: Payload,
}

impl Claims {
    pub(super) fn to_object(&self) -> Object {
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
