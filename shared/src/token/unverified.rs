//! An access token whose signature nobody has checked yet. It gives out just enough to fetch what
//! the check needs.

use super::anti_csrf::AntiCsrfToken;
use super::claims::Claims;
use super::key::Kid;
use super::legacy;
use super::payload::Payload;
use super::refresh::RefreshHash;
use super::version::Version;
use crate::ids::{SessionHandle, TenantId, UserId};
use crate::json::Object;
use crate::time::Timestamp;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header};
use std::fmt;

/// No request header of API Gateway can be longer than this: 10,240 bytes for all of them together.
const MAX_BYTES: usize = 10_240;

/// The text does not even have the structure of an access token of ours (PROTOCOL 2.1, 2.3).
/// Treated as if it were absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAnAccessToken {
    /// It is no JWT at all.
    Malformed,
    /// It is a JWT of something else.
    Other,
}

/// An access token with the right structure and an unproven content.
pub struct UnverifiedToken<'a> {
    pub(super) message: &'a str,
    /// Base64url.
    pub(super) signature: String,
    /// `None` in version 2, which any key may have signed.
    pub(super) kid: Option<Kid>,
    pub(super) claims: Claims,
    pub(super) not_before: Option<i64>,
}

impl<'a> UnverifiedToken<'a> {
    /// A token as a client shows it. Only RS256 and `typ` JWT pass, and a version: a JWT that an
    /// application had signed has none (PROTOCOL 3.4.11), and must not open what a session opens.
    /// `jku`, `jwk`, `x5u` and `x5c` are never looked at: keys come from our own table alone.
    ///
    /// # Errors
    /// It is not three parts of base64url JSON with the header and claims that Sever writes, each
    /// claim once.
    pub fn parse(text: &'a str) -> Result<Self, NotAnAccessToken> {
        if text.len() > MAX_BYTES {
            return Err(NotAnAccessToken::Malformed);
        }
        let token = Self::parse_flat(text, None)?;
        // Absent or 0 is a session token; others are OAuth2 tokens (PROTOCOL 2.2).
        let members = token.claims.payload.members();
        let is_session = !members.contains("stt") || members.get("stt") == Some(0);
        let dated = !members.contains("nbf") || token.not_before.is_some();
        if is_session && dated { Ok(token) } else { Err(NotAnAccessToken::Other) }
    }

    /// A token as a SuperTokens SDK hands it on, on behalf of a client: version 2 as well, and
    /// version 5 when it names none (PROTOCOL 2.1). `stt` and `nbf` are the application's here.
    ///
    /// # Errors
    /// Likewise.
    pub fn parse_for_sdk(text: &'a str) -> Result<Self, NotAnAccessToken> {
        Self::parse_legacy(text).map_or_else(|| Self::parse_flat(text, Some(Version::V5)), Ok)
    }

    fn parse_flat(text: &'a str, default: Option<Version>) -> Result<Self, NotAnAccessToken> {
        use NotAnAccessToken::{Malformed, Other};
        if text.bytes().filter(|byte| *byte == b'.').count() != 2 {
            return Err(Malformed);
        }
        let (message, signature) = text.rsplit_once('.').ok_or(Malformed)?;
        let header = jsonwebtoken::decode_header(text).map_err(|_| Malformed)?;
        let members: Object =
            jsonwebtoken::dangerous::insecure_decode_claims(text).map_err(|_| Malformed)?;
        let (kid, version) = acceptable(&header, default).ok_or(Other)?;
        let not_before = members.get("nbf");
        let claims = flat_claims(members, version).ok_or(Other)?;
        let signature = signature.to_owned();
        Ok(Self { message, signature, kid: Some(kid), claims, not_before })
    }

    fn parse_legacy(text: &'a str) -> Option<Self> {
        let (message, signature) = text.rsplit_once('.')?;
        let (members, signature) = legacy::read(message, signature)?;
        let claims = nested_claims(&serde_json::from_slice(&members).ok()?)?;
        let signature = URL_SAFE_NO_PAD.encode(signature);
        Some(Self { message, signature, kid: None, claims, not_before: None })
    }

    /// Which key it says it was signed with; `None` in version 2.
    #[must_use]
    pub fn kid(&self) -> Option<&Kid> {
        self.kid.as_ref()
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

    /// What it says, on the word of whoever may call `core-driver`, and of nobody else: for the
    /// exchange of a payload under a key that is no longer published (PROTOCOL 4.5).
    pub(crate) fn claims_on_trust(self) -> Claims {
        self.claims
    }
}

impl fmt::Debug for UnverifiedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnverifiedToken")
    }
}

fn acceptable(header: &Header, default: Option<Version>) -> Option<(Kid, Version)> {
    let version: Option<String> = header.extras.get("version").ok()?;
    let version = version.map_or(default, |version| Version::parse(&version))?;
    let ours = header.alg == Algorithm::RS256
        && header.typ.as_deref() == Some("JWT")
        // RFC 7515 4.1.11: what is marked critical and not understood must be refused; we
        // understand none.
        && header.crit.is_none();
    if ours { Some((header.kid.as_deref().and_then(Kid::parse)?, version)) } else { None }
}

fn flat_claims(members: Object, version: Version) -> Option<Claims> {
    let text = |name: &str| members.get::<String>(name);
    let user = UserId::parse_or_empty(&text("sub")?).ok()?;
    let handle = SessionHandle::parse(&text("sessionHandle")?).ok()?;
    Some(Claims {
        version,
        recipe_user: match version {
            Version::V5 => UserId::parse_or_empty(&text("rsub")?).ok()?,
            _ => user.clone(),
        },
        user,
        tenant: match version {
            Version::V4 | Version::V5 => TenantId::parse(&text("tId")?).ok()?,
            _ => handle.tenant()?,
        },
        handle,
        refresh_hash: RefreshHash::from_text(&text("refreshTokenHash1")?),
        parent: text("parentRefreshTokenHash1").as_deref().map(RefreshHash::from_text),
        anti_csrf: text("antiCsrfToken").as_deref().map(AntiCsrfToken::from_text),
        issued_at: Timestamp::from_seconds(members.get("iat")?),
        expires_at: Timestamp::from_seconds(members.get("exp")?),
        issuer: text("iss"),
        payload: Payload::from_object(members).without(version.protected()),
    })
}

fn nested_claims(members: &Object) -> Option<Claims> {
    let text = |name: &str| members.get::<String>(name);
    let user = UserId::parse_or_empty(&text("userId")?).ok()?;
    let handle = SessionHandle::parse(&text("sessionHandle")?).ok()?;
    Some(Claims {
        version: Version::V2,
        recipe_user: user.clone(),
        user,
        tenant: handle.tenant()?,
        handle,
        refresh_hash: RefreshHash::from_text(&text("refreshTokenHash1")?),
        parent: text("parentRefreshTokenHash1").as_deref().map(RefreshHash::from_text),
        anti_csrf: text("antiCsrfToken").as_deref().map(AntiCsrfToken::from_text),
        issued_at: Timestamp::from_millis(members.get("timeCreated")?),
        expires_at: Timestamp::from_millis(members.get("expiryTime")?),
        issuer: None,
        payload: Payload::from_object(members.get("userData")?),
    })
}
