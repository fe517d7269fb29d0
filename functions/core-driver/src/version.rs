//! Versions of the core driver interface (PROTOCOL 3.2). An SDK names the one it speaks with each
//! call, and is answered in it.

use crate::answer::json;
use crate::error::CoreError;
use crate::route::Api;
use http::HeaderMap;
use serde_json::json;
use shared::http::Reply;
use shared::token::version::Version;

/// A version: major and minor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cdi(u32, u32);

/// What `/apiversion` advertises.
const ADVERTISED: [Cdi; 9] = [
    Cdi(2, 21),
    Cdi::V3_0,
    Cdi(3, 1),
    Cdi::V4_0,
    Cdi::V5_0,
    Cdi(5, 1),
    Cdi(5, 2),
    Cdi(5, 3),
    Cdi::LATEST,
];

/// What is understood besides when a session is opened.
const FOR_CREATION: [Cdi; 2] = [Cdi(2, 8), Cdi(2, 18)];

impl Cdi {
    pub(crate) const V3_0: Self = Self(3, 0);
    pub(crate) const V4_0: Self = Self(4, 0);
    pub(crate) const V5_0: Self = Self(5, 0);
    /// That of a call which names none.
    pub(crate) const LATEST: Self = Self(5, 4);

    /// The version that a call names.
    pub(crate) fn of(headers: &HeaderMap, api: Api) -> Result<Self, CoreError> {
        let Some(header) = headers.get("cdi-version") else { return Ok(Self::LATEST) };
        let text = header.to_str().unwrap_or_default();
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !text.split('.').all(digits) {
            return Err(CoreError::bad("cdi-version header is invalid"));
        }
        let named = |version: &&Self| version.to_string() == text;
        let understood = ADVERTISED.iter().find(named);
        let for_creation = FOR_CREATION.iter().find(named).filter(|_| api == Api::Session);
        match understood.or(for_creation) {
            Some(version) => Ok(*version),
            // A version is a number: nothing that nobody should read.
            None => Err(CoreError::bad(format!("cdi-version {text:.20} not supported"))),
        }
    }

    /// The version of the access tokens that its SDKs read (PROTOCOL 2.1).
    pub(crate) fn token_version(self) -> Version {
        match self {
            Self(2, minor) if minor < 21 => Version::V2,
            Self(2, _) => Version::V3,
            Self(3, _) => Version::V4,
            _ => Version::V5,
        }
    }
}

impl std::fmt::Display for Cdi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// `GET /apiversion`
pub(crate) fn list() -> Reply {
    let versions: Vec<_> = ADVERTISED.iter().map(ToString::to_string).collect();
    json(&json!({ "versions": versions }))
}
