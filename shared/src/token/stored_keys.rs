//! Private keys as the table keeps them.

use super::keyring::Kid;
use super::sealing::Sealing;
use super::signing::{KeyKind, SigningKey, SigningKeyError, SigningKeys};
use crate::time::Timestamp;
use std::sync::Arc;

/// What the table keeps of a [`SigningKey`].
pub struct StoredKey {
    /// Its name.
    pub kid: Kid,
    /// Whether it rotates.
    pub kind: KeyKind,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it begins to sign.
    pub signs_from: Timestamp,
    /// See [`super::keyring::PublicKey::published_until`].
    pub published_until: Option<Timestamp>,
    /// The key itself, as PKCS#8.
    pub private: StoredPrivate,
}

/// A private key at rest.
#[derive(Clone)]
pub enum StoredPrivate {
    /// As it is: secret.
    Plain(Vec<u8>),
    /// As [`Sealing`] made it.
    Sealed(Vec<u8>),
}

/// The keys of an app as the table keeps them.
pub struct StoredKeys {
    /// See [`SigningKeys::version`].
    pub version: u64,
    /// The wrapped data key, if keys are sealed.
    pub data_key: Option<Vec<u8>>,
    /// The keys, oldest first.
    pub keys: Vec<StoredKey>,
}

impl StoredKeys {
    /// Opens what is sealed. `sealing` has the unwrapped data key.
    ///
    /// # Errors
    /// A key is sealed and does not open.
    pub fn open(self, sealing: Option<Arc<Sealing>>) -> Result<SigningKeys, SigningKeyError> {
        let open = |key| SigningKey::from_stored(key, sealing.as_deref());
        let keys = self.keys.into_iter().map(open).collect::<Result<_, _>>()?;
        Ok(SigningKeys { version: self.version, sealing, keys })
    }
}
