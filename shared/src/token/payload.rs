//! The caller's own claims inside an access token.

use super::version::Version;
use crate::json::Object;

/// Claims that our own functions keep to themselves beside those of the version (PROTOCOL 2.2).
/// `iss` because verification rests on it, `nbf` because it is enforced, `stt` because the SDKs
/// refuse a session token that names another type.
pub const RESERVED: [&str; 3] = ["iss", "nbf", "stt"];

/// A JSON object that travels in every access token of a session and reaches the guarded API.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Payload(Object);

/// The longest payload with which a session is opened, in bytes of JSON. A browser that keeps its
/// tokens itself sends the access token twice and the front token once on every request; with ids
/// of ordinary length all of them stay below API Gateway's 10,240 bytes of headers, and each below
/// the 4096 bytes that a browser keeps in a cookie.
pub const MAX_BYTES: usize = 1_536;

/// The largest answer that API Gateway takes from a Lambda authorizer, in bytes. It answers 500 to
/// a request when there is a larger one.
pub const MAX_ANSWER_BYTES: usize = 8 * 1024;

/// The payload is not one that a session can be opened with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPayload {
    /// It names a claim that is not the caller's to set.
    #[error("the access token payload contains the protected member `{0}`")]
    Protected(&'static str),
    /// It is too long.
    #[error("the access token payload has {bytes} bytes of JSON, {MAX_BYTES} are allowed")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
}

impl Payload {
    /// # Errors
    /// A member is one that version 5 protects or one of [`RESERVED`], or all together have more
    /// than [`MAX_BYTES`].
    pub fn new(members: Object) -> Result<Self, InvalidPayload> {
        let mut protected = Version::V5.protected().iter().chain(&RESERVED);
        if let Some(name) = protected.find(|name| members.contains(name)) {
            return Err(InvalidPayload::Protected(name));
        }
        let payload = Self(members);
        match payload.to_json().len() {
            bytes if bytes > MAX_BYTES => Err(InvalidPayload::TooLarge { bytes }),
            _ => Ok(payload),
        }
    }

    /// What the table or a SuperTokens SDK says it is. The SDKs put their own `iss` in.
    #[must_use]
    pub fn from_object(members: Object) -> Self {
        Self(members)
    }

    /// Whether it sets no claim that `version` keeps to itself. An application may have set one
    /// under an older version.
    #[must_use]
    pub fn fits(&self, version: Version) -> bool {
        !version.protected().iter().any(|name| self.0.contains(name))
    }

    /// The same without the members of these names.
    #[must_use]
    pub fn without(mut self, names: &[&str]) -> Self {
        for name in names {
            self.0.remove(name);
        }
        self
    }

    /// The members.
    #[must_use]
    pub fn members(&self) -> &Object {
        &self.0
    }

    /// As JSON text.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.0.to_json()
    }
}
