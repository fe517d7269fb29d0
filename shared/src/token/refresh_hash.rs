//! What is known of a refresh token without knowing it.

use super::Secret;
use aws_lc_rs::digest;
use std::fmt;
use subtle::ConstantTimeEq;

/// Lower-case hex SHA-256 of a refresh token's text: the claim `refreshTokenHash1` (PROTOCOL 2.2).
/// Ties an access token to its refresh token without giving it away.
#[derive(Clone, Debug)]
pub struct RefreshHash(Secret);

impl RefreshHash {
    /// The hash of the refresh token `text`.
    pub(super) fn of_token(text: &str) -> Self {
        let digest = digest::digest(&digest::SHA256, text.as_bytes());
        Self(Secret(hex::encode(digest).into()))
    }

    /// The hash that a claim holds as `text`.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self(Secret(text.into()))
    }

    /// What the table keeps of it.
    #[must_use]
    pub fn digest(&self) -> RefreshDigest {
        let digest = digest::digest(&digest::SHA256, self.expose().as_bytes());
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.as_ref());
        RefreshDigest(bytes)
    }

    /// The hash itself: for a claim.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0.0
    }
}

/// SHA-256 of a [`RefreshHash`]: the only trace of a refresh token in the table. Compared in
/// constant time.
#[derive(Clone, Copy)]
pub struct RefreshDigest([u8; 32]);

impl RefreshDigest {
    /// The digest stored as `bytes`.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for RefreshDigest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for RefreshDigest {}

impl fmt::Debug for RefreshDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshDigest")
    }
}
