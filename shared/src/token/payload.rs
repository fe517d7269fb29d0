//! The caller's own claims inside an access token.

use serde_json::{Map, Value};
use std::fmt;

/// Claims that Sever itself writes or judges; a payload may not bring its own (PROTOCOL 2.2). `iss`
/// is ours because verification rests on it, `stt` because the SDKs refuse a session token that
/// names another type.
pub const PROTECTED: [&str; 11] = [
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
    "stt",
];

/// A JSON object that travels in every access token of a session and reaches the guarded API.
#[derive(Clone, Default, PartialEq)]
pub struct Payload(Map<String, Value>);

/// The payload names a claim that is not the caller's to set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the access token payload contains the protected member `{0}`")]
pub struct ProtectedName(pub &'static str);

impl Payload {
    /// # Errors
    /// A member is one of [`PROTECTED`].
    pub fn new(members: Map<String, Value>) -> Result<Self, ProtectedName> {
        match PROTECTED.iter().find(|name| members.contains_key(**name)) {
            Some(name) => Err(ProtectedName(name)),
            None => Ok(Self(members)),
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
