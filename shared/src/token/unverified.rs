//! An access token whose signature nobody has checked yet. It gives out just enough to fetch what
//! the check needs.

use super::access::{Claims, VERSION};
use super::anti_csrf::AntiCsrfToken;
use super::keyring::Kid;
use super::payload::Payload;
use super::refresh::RefreshHash;
use crate::ids::{SessionHandle, TenantId, UserId};
use crate::json::UniqueMembers;
use crate::time::Timestamp;
use jsonwebtoken::{Algorithm, Header};
use serde_json::{Map, Value};
use std::fmt;

/// No request header of API Gateway can be longer than this: 10,240 bytes for all of them together.
const MAX_BYTES: usize = 10_240;

/// The text does not even have the structure of an access token of ours (PROTOCOL 2.1, 2.3).
/// Treated as if it were absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnAccessToken;

/// An access token with the right structure and an unproven content.
pub struct UnverifiedToken<'a> {
    pub(super) message: &'a str,
    pub(super) signature: &'a str,
    pub(super) kid: Kid,
    pub(super) claims: Claims,
    pub(super) not_before: Option<i64>,
}

impl<'a> UnverifiedToken<'a> {
    /// Only RS256 and `typ` JWT pass. `jku`, `jwk`, `x5u` and `x5c` are never looked at: keys come
    /// from our own table alone.
    ///
    /// # Errors
    /// It is not three parts of base64url JSON with the header and claims that Sever writes, each
    /// claim once.
    pub fn parse(text: &'a str) -> Result<Self, NotAnAccessToken> {
        if text.len() > MAX_BYTES || text.bytes().filter(|byte| *byte == b'.').count() != 2 {
            return Err(NotAnAccessToken);
        }
        let (message, signature) = text.rsplit_once('.').ok_or(NotAnAccessToken)?;
        let header = jsonwebtoken::decode_header(text).map_err(|_| NotAnAccessToken)?;
        let kid = acceptable(&header).ok_or(NotAnAccessToken)?;
        let UniqueMembers(members) =
            jsonwebtoken::dangerous::insecure_decode_claims(text).map_err(|_| NotAnAccessToken)?;
        let not_before = match members.get("nbf") {
            None => None,
            Some(nbf) => Some(nbf.as_i64().ok_or(NotAnAccessToken)?),
        };
        let claims = claims(members).ok_or(NotAnAccessToken)?;
        Ok(Self { message, signature, kid, claims, not_before })
    }

    /// Which key it says it was signed with.
    #[must_use]
    pub fn kid(&self) -> &Kid {
        &self.kid
    }

    /// Which session it says it belongs to: to fetch the row in the same round trip as the keys,
    /// for nothing else.
    #[must_use]
    pub fn handle_to_fetch(&self) -> &SessionHandle {
        &self.claims.handle
    }

    /// Which user it says it belongs to: likewise.
    #[must_use]
    pub fn user_to_fetch(&self) -> &UserId {
        &self.claims.user
    }

    /// Which tenant it says it belongs to: likewise.
    #[must_use]
    pub fn tenant_to_fetch(&self) -> &TenantId {
        &self.claims.tenant
    }
}

impl fmt::Debug for UnverifiedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnverifiedToken")
    }
}

fn acceptable(header: &Header) -> Option<Kid> {
    let version: Option<String> = header.extras.get("version").ok()?;
    let ours = header.alg == Algorithm::RS256
        && header.typ.as_deref() == Some("JWT")
        && version.as_deref() == Some(VERSION)
        // RFC 7515 4.1.11: what is marked critical and not understood must be refused; we
        // understand none.
        && header.crit.is_none();
    if ours { header.kid.as_deref().and_then(Kid::parse) } else { None }
}

fn claims(members: Map<String, Value>) -> Option<Claims> {
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let seconds = |name: &str| members.get(name).and_then(Value::as_i64);
    // Absent or 0 is a session token; others are OAuth2 tokens, which must not open what a session
    // opens (PROTOCOL 2.2).
    if members.get("stt").is_some_and(|stt| stt.as_i64() != Some(0)) {
        return None;
    }
    Some(Claims {
        user: UserId::parse(text("sub")?).ok()?,
        recipe_user: UserId::parse(text("rsub")?).ok()?,
        tenant: TenantId::parse(text("tId")?).ok()?,
        handle: SessionHandle::parse(text("sessionHandle")?).ok()?,
        refresh_hash: RefreshHash::from_text(text("refreshTokenHash1")?),
        anti_csrf: text("antiCsrfToken").map(AntiCsrfToken::from_text),
        issued_at: Timestamp::from_seconds(seconds("iat")?),
        expires_at: Timestamp::from_seconds(seconds("exp")?),
        issuer: text("iss")?.to_owned(),
        payload: Payload::from_claims(members),
    })
}
