//! The signing keys of an app: as the table keeps them, and as an execution environment remembers
//! them.

mod cache;
mod operator;
mod rotation;
mod service;

pub use cache::{KEYRING_MAX_AGE, KeyCache};
pub use operator::{KeyKilled, KeyRotated, MAX_KEYS, NextKey, ShownKey};
pub use service::{KeyContext, KeyService, KeyServiceError, KeyServiceSlot};

use crate::session::SessionError;
use crate::table::SessionTable;
use crate::time::{Clock, Entropy};
use crate::token::key::SigningKeyError;
use crate::token::sealing::Sealing;
use crate::token::signing::SigningKeys;
use std::sync::Arc;

/// How often keys are made while other callers make them too.
const ROUNDS: u32 = 4;

/// The stored keys of one app. Nothing is remembered: each verb reads the table.
pub struct KeyStore {
    table: SessionTable,
    clock: Clock,
    entropy: Entropy,
    service: KeyServiceSlot,
}

impl KeyStore {
    #[must_use]
    pub fn new(
        table: SessionTable,
        clock: Clock,
        entropy: Entropy,
        service: KeyServiceSlot,
    ) -> Self {
        Self { table, clock, entropy, service }
    }

    /// The private keys, opened. `known` is a data key that was unwrapped before.
    ///
    /// # Errors
    /// We could not find out, or they do not open.
    async fn read_signing_keys(
        &self,
        known: Option<&Arc<Sealing>>,
    ) -> Result<Option<SigningKeys>, SessionError> {
        let Some(stored) = self.table.signing_keys().await? else { return Ok(None) };
        let sealing = match (&stored.data_key, known) {
            (None, _) => None,
            (Some(wrapped), Some(known)) if known.wrapped() == wrapped => Some(Arc::clone(known)),
            (Some(wrapped), _) => {
                let service = self.service.get().ok_or(SigningKeyError::Sealed)?;
                let unwrapped = service.unwrap(self.key_context(), wrapped.clone()).await?;
                Some(Arc::new(unwrapped))
            }
        };
        Ok(Some(SigningKeys::from_stored(stored, sealing)?))
    }

    /// The same keys with a data key to seal all of them, if a service is connected.
    ///
    /// # Errors
    /// No data key could be made.
    async fn to_be_sealed(&self, mut keys: SigningKeys) -> Result<SigningKeys, SessionError> {
        if keys.sealing.is_none()
            && let Some(service) = self.service.get()
        {
            keys.sealing = Some(Arc::new(service.make(self.key_context()).await?));
        }
        Ok(keys)
    }

    fn key_context(&self) -> KeyContext {
        let (table, app) = self.table.key_scope();
        KeyContext { table: table.to_owned(), app: app.to_owned() }
    }
}
