//! The anti-CSRF token of a cookie session (PROTOCOL 1.8, mode `VIA_TOKEN`).

use super::Secret;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

/// Proves that a request comes from a page that could read the session's answers. One for the whole
/// life of a session: a token that changed with each refresh would refuse the slower of two tabs.
#[derive(Clone, Debug)]
pub struct AntiCsrfToken(Secret);

impl AntiCsrfToken {
    /// A new token from 32 random bytes.
    #[must_use]
    pub fn mint(random: [u8; 32]) -> Self {
        Self::from_text(&URL_SAFE_NO_PAD.encode(random))
    }

    /// The token that a claim or a table item holds as `text`.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self(Secret(text.into()))
    }

    /// Whether a request presented this token. Compared in constant time.
    #[must_use]
    pub fn matches(&self, presented: &str) -> bool {
        self.expose().as_bytes().ct_eq(presented.as_bytes()).into()
    }

    /// The secret itself: for a response header, a claim, or the session's own row.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0.0
    }
}
