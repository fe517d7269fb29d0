//! The versions of an access token (PROTOCOL 2.1 and 2.2). Sever's own functions issue version 5;
//! the SuperTokens SDKs are each given the one they know.

/// Which claims a token has, and under which names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// Standard base64, no `kid`, the payload nested.
    V2,
    /// The payload stands beside the claims.
    V3,
    /// With a tenant.
    V4,
    /// With a recipe user.
    V5,
}

/// Grows with the version: each protects the first so many.
const PROTECTED: [&str; 9] = [
    "sub",
    "exp",
    "iat",
    "sessionHandle",
    "refreshTokenHash1",
    "parentRefreshTokenHash1",
    "antiCsrfToken",
    "tId",
    "rsub",
];

impl Version {
    /// As the header has it: a string.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2 => "2",
            Self::V3 => "3",
            Self::V4 => "4",
            Self::V5 => "5",
        }
    }

    /// The version of a token with a `kid`. Version 2 has none, and its own form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::V3, Self::V4, Self::V5].into_iter().find(|version| version.as_str() == text)
    }

    /// The claims that are not the application's.
    #[must_use]
    pub fn protected(self) -> &'static [&'static str] {
        match self {
            Self::V2 => {
                &["userId", "expiryTime", "timeCreated", "sessionHandle", "refreshTokenHash1"]
            }
            Self::V3 => &PROTECTED[..7],
            Self::V4 => &PROTECTED[..8],
            Self::V5 => &PROTECTED,
        }
    }
}
