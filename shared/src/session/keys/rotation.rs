//! Which key signs. The first caller makes the first keys, and the caller that notices that a key is
//! due makes the next one. A conditional write decides between two callers that do so at once.

use super::cache::within;
use super::{KeyCache, ROUNDS};
use crate::session::SessionError;
use crate::session::attempts::Attempts;
use crate::table::KeysWritten;
use crate::time::Timestamp;
use crate::token::key::{KeyKind, SigningKeyError};
use crate::token::sealing::Sealing;
use crate::token::signing::{SigningKey, SigningKeys};
use std::sync::Arc;
use std::time::Duration;

/// How long an execution environment signs by the keys it read, so that it notices a rotation by
/// another one that has a shorter interval.
const SIGNING_KEYS_MAX_AGE: Duration = Duration::from_mins(5);

impl KeyCache {
    /// The key that signs now.
    pub(in crate::session) async fn signer(
        &self,
        kind: KeyKind,
    ) -> Result<SigningKey, SessionError> {
        let now = self.store.clock.now();
        let mut cached = self.signing.lock().await;
        let fresh = cached.as_ref().is_some_and(|(keys, read_at)| {
            within(*read_at, SIGNING_KEYS_MAX_AGE, now) && !keys.is_due(now, self.lifetimes)
        });
        if !fresh {
            let known = cached.as_ref().and_then(|(keys, _)| keys.sealing.clone());
            *cached = Some((self.read_or_make_keys(now, known).await?, now));
        }
        let signer = cached.as_ref().and_then(|(keys, _)| keys.signer(kind, now));
        Ok(signer.cloned().ok_or(SigningKeyError::Generate)?)
    }

    async fn read_or_make_keys(
        &self,
        now: Timestamp,
        known: Option<Arc<Sealing>>,
    ) -> Result<SigningKeys, SessionError> {
        let mut attempts = Attempts::at_once("making signing keys", ROUNDS);
        loop {
            let made = match self.store.read_signing_keys(known.as_ref()).await? {
                None => SigningKeys::first(now, &self.store.entropy)?,
                Some(keys) if keys.is_due(now, self.lifetimes) => {
                    keys.rotated(SigningKey::dynamic(now, &self.store.entropy)?, self.lifetimes)
                }
                Some(keys) => return Ok(keys),
            };
            let made = self.store.to_be_sealed(made).await?;
            let written = self.store.table.write_keys(&made).await;
            self.forget_published_keys();
            match written? {
                KeysWritten::Written => return Ok(made),
                KeysWritten::Stale => attempts.again().await?,
            }
        }
    }

    /// Makes the first keys, or the next dynamic key if it is due by the published keys. Reads no
    /// private key otherwise.
    pub(in crate::session) async fn make_due(&self) -> Result<(), SessionError> {
        let newest = self.to_publish().await?.keyring.newest_dynamic();
        let is_due = |made| self.store.clock.now() >= self.lifetimes.next_after(made);
        if newest.is_none_or(is_due) {
            self.signer(KeyKind::Dynamic).await?;
        }
        Ok(())
    }
}
