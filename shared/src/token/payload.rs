//! The caller's own claims inside an access token.

use serde_json::{Map, Value};
use std::fmt;

/// Claims that Sever itself writes or judges; a payload may not bring its own (PROTOCOL 2.2). `iss`
/// is ours because verification rests on it, `nbf` because it is enforced, `stt` because the SDKs
/// refuse a session token that names another type.
pub const PROTECTED: [&str; 12] = [
    "sub",
    "exp",
    "iat",
    "sessionHandle",
    "refreshTokenHash1",
    "parentRefreshTokenHash1",
    "antiCsrfToken",
    "tId",
    "rsub",
    "iss",
    "nbf",
    "stt",
];

/// A JSON object that travels in every access token of a session and reaches the guarded API.
#[derive(Clone, Default, PartialEq)]
pub struct Payload(Map<String, Value>);

/// The longest payload with which a session is opened, in bytes of JSON. A browser that keeps its
/// tokens itself sends the access token twice and the front token once on every request; with ids
/// of ordinary length all of them stay below API Gateway's 10,240 bytes of headers, and each below
/// the 4096 bytes that a browser keeps in a cookie.
pub const MAX_BYTES: usize = 1_536;

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
    /// A member is one of [`PROTECTED`], or all together have more than [`MAX_BYTES`].
    pub fn new(members: Map<String, Value>) -> Result<Self, InvalidPayload> {
        if let Some(name) = PROTECTED.iter().find(|name| members.contains_key(**name)) {
            return Err(InvalidPayload::Protected(name));
        }
        let payload = Self(members);
        match payload.to_json().len() {
            bytes if bytes > MAX_BYTES => Err(InvalidPayload::TooLarge { bytes }),
            _ => Ok(payload),
        }
    }

    /// What is left of a token's claims when the protected ones are taken away.
    #[must_use]
    pub fn from_claims(mut claims: Map<String, Value>) -> Self {
        for name in PROTECTED {
            claims.remove(name);
        }
        Self(claims)
    }

    /// The members.
    #[must_use]
    pub fn members(&self) -> &Map<String, Value> {
        &self.0
    }

    /// As JSON text.
    #[must_use]
    pub fn to_json(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }
}

// It holds what an application says of its users: no secret of ours, yet nothing for a log.
impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} members)", self.0.len())
    }
}
