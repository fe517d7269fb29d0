//! Private keys as the table keeps them.

use super::key::{KeyKind, Kid};
use crate::time::Timestamp;

/// What the table keeps of a [`SigningKey`](super::signing::SigningKey).
pub struct StoredKey {
    pub kid: Kid,
    pub kind: KeyKind,
    pub created_at: Timestamp,
    pub signs_from: Timestamp,
    /// See [`super::key::PublicKey::published_until`].
    pub published_until: Option<Timestamp>,
    /// The key itself, as PKCS#8.
    pub private: StoredPrivate,
}

/// A private key at rest.
#[derive(Clone)]
pub enum StoredPrivate {
    /// As it is: secret.
    Plain(Vec<u8>),
    /// As [`Sealing`](super::sealing::Sealing) made it.
    Sealed(Vec<u8>),
}

/// The keys of an app as the table keeps them.
pub struct StoredKeys {
    /// See [`SigningKeys::version`](super::signing::SigningKeys::version).
    pub version: u64,
    /// The wrapped data key, if keys are sealed.
    pub data_key: Option<Vec<u8>>,
    /// The keys, oldest first.
    pub keys: Vec<StoredKey>,
}
