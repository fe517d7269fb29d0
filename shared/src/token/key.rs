//! What a key is called, of which kind it is, its public half, and what can go wrong with it.

use crate::time::Timestamp;

/// Names a key: `d-` and its creation time in milliseconds for a dynamic one, `s-` and a UUID for a
/// static one (PROTOCOL 2.1; SDKs tell them apart by the prefix).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Kid(Box<str>);

impl Kid {
    /// A kid of 1 to 64 letters, digits, `-` and `_`; anything else names no key of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        ((1..=64).contains(&text.len()) && text.bytes().all(plain)).then(|| Self(text.into()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// When a dynamic key of this name was made.
    #[must_use]
    pub fn made_at(&self) -> Option<Timestamp> {
        let millis = self.0.strip_prefix("d-")?.parse().ok()?;
        Some(Timestamp::from_millis(millis))
    }
}

/// The public half of a signing key, as it is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    pub kid: Kid,
    /// RSA modulus, base64url without padding (RFC 7518 6.3.1.1).
    pub modulus: String,
    /// RSA exponent, base64url without padding.
    pub exponent: String,
    pub kind: KeyKind,
    pub created_at: Timestamp,
    pub signs_from: Timestamp,
    /// When the last token it signed has expired; `None` while it may still sign.
    pub published_until: Option<Timestamp>,
}

impl PublicKey {
    pub(super) fn is_published(&self, now: Timestamp) -> bool {
        self.published_until.is_none_or(|until| now < until)
    }
}

/// Whether a key is ever replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// Replaced after the update interval.
    Dynamic,
    /// Not replaced because of its age.
    Static,
}

impl KeyKind {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dynamic => "dynamic",
            Self::Static => "static",
        }
    }

    /// Reads what [`Self::as_str`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Dynamic, Self::Static].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A private key did not work. Says nothing of the key itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    /// The source of randomness made no key.
    #[error("no RSA key could be generated")]
    Generate,
    /// The stored form is not a PKCS#8 RSA key.
    #[error("a signing key in the table is not a PKCS#8 RSA key")]
    Parse,
    /// The cryptography library made no signature.
    #[error("the RSA key did not sign")]
    Sign,
    /// The cryptography library sealed nothing.
    #[error("a signing key could not be sealed")]
    Seal,
    /// It was sealed under another data key or for another kid, or was changed since.
    #[error("a signing key in the table could not be opened by its data key")]
    Open,
    /// It is sealed, and no key service is connected.
    #[error(
        "the signing keys in the table are sealed, and no KMS key is named to open them: set \
         SIGNING_KMS_KEY_ARN (the stack's parameter SigningKmsKeyArn)"
    )]
    Sealed,
}
