//! Which key signs and which keys verify. The first caller makes the first keys; whoever notices
//! that a key is due makes the next one; a conditional write decides between two who do so at once.

use super::{SessionError, Sessions};
use crate::table::{KeysWritten, TableError};
use crate::time::Timestamp;
use crate::token::keyring::{Keyring, Kid};
use crate::token::signing::{KeyKind, KeyLifetimes, SigningKey, SigningKeyError, SigningKeys};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Mutex;

/// How long a sandbox signs by the keys it read, so that a rotation by another with a shorter
/// interval is noticed.
const SIGNING_KEYS_MAX_AGE: Duration = Duration::from_mins(5);
/// After a kid was looked for in vain, how long no other is looked for, so that invented kids do
/// not make one read each.
const PAUSE_AFTER_MISS: Duration = Duration::from_millis(500);
/// For how long a key set tells which kids do not exist, given that clocks differ by less.
const TRUSTED_ABSENCE: Duration = Duration::from_mins(5);
/// How often keys are made against others who make them too.
const ROUNDS: usize = 4;

/// Keys that were read once.
#[derive(Default)]
pub(super) struct KeyCache {
    /// Held while keys are read or made, so that parallel first callers in one process make them
    /// once.
    signing: Mutex<Option<(SigningKeys, Timestamp)>>,
    published: RwLock<Option<Published>>,
}

struct Published {
    keyring: Arc<Keyring>,
    read_at: Timestamp,
    missed_at: Option<Timestamp>,
}

impl Published {
    fn read(keyring: Arc<Keyring>, kid: Option<&Kid>, now: Timestamp) -> Self {
        let mut published = Self { keyring, read_at: now, missed_at: None };
        // Only a kid that may yet appear is looked for in vain.
        let in_vain = |kid| !published.keyring.knows(kid, now) && !published.rules_out(kid, now);
        if kid.is_some_and(in_vain) {
            published.missed_at = Some(now);
        }
        published
    }

    /// A dynamic key tells when it was made: one made before the read would have been in it.
    fn rules_out(&self, kid: &Kid, now: Timestamp) -> bool {
        let before = |made: Timestamp| made.plus(TRUSTED_ABSENCE) < self.read_at;
        kid.made_at().is_some_and(before) && now < self.read_at.plus(TRUSTED_ABSENCE)
    }

    /// Whether reading again cannot bring `kid`, or another was looked for in vain a moment ago.
    fn lacks(&self, kid: &Kid, now: Timestamp) -> bool {
        let paused = self.missed_at.is_some_and(|missed| now < missed.plus(PAUSE_AFTER_MISS));
        paused || self.rules_out(kid, now)
    }
}

impl Sessions {
    fn key_lifetimes(&self) -> KeyLifetimes {
        KeyLifetimes {
            update_interval: self.policy.key_update_interval,
            access_token_validity: self.policy.access_token_validity,
        }
    }

    /// The key that signs now.
    pub(super) async fn signer(&self, kind: KeyKind) -> Result<SigningKey, SessionError> {
        let now = self.clock.now();
        let mut cached = self.keys.signing.lock().await;
        let fresh = cached.as_ref().is_some_and(|(keys, read_at)| {
            now < read_at.plus(SIGNING_KEYS_MAX_AGE) && !keys.is_due(now, self.key_lifetimes())
        });
        if !fresh {
            *cached = Some((self.read_or_make_keys(now).await?, now));
        }
        let signer = cached.as_ref().and_then(|(keys, _)| keys.signer(kind, now));
        Ok(signer.cloned().ok_or(SigningKeyError::Generate)?)
    }

    async fn read_or_make_keys(&self, now: Timestamp) -> Result<SigningKeys, SessionError> {
        for _ in 0..ROUNDS {
            let made = match self.table.signing_keys().await? {
                None => SigningKeys::first(now, self.entropy.bytes()?)?,
                Some(keys) if keys.is_due(now, self.key_lifetimes()) => {
                    keys.rotated(SigningKey::dynamic(now)?, self.key_lifetimes())
                }
                Some(keys) => return Ok(keys),
            };
            match self.table.write_keys(&made).await? {
                KeysWritten::Written => return Ok(made),
                KeysWritten::Stale => {}
            }
        }
        Err(TableError::Contended { doing: "making signing keys" }.into())
    }

    /// The published keys as last read, if reading them again would not help to check a token that
    /// names `kid`. For one that names none (version 2) it always may.
    pub(super) fn keyring_at_hand(
        &self,
        kid: Option<&Kid>,
        now: Timestamp,
    ) -> Option<Arc<Keyring>> {
        let cached = self.keys.published.read().unwrap_or_else(PoisonError::into_inner);
        let (published, kid) = (cached.as_ref()?, kid?);
        let usable = published.keyring.knows(kid, now) || published.lacks(kid, now);
        usable.then(|| Arc::clone(&published.keyring))
    }

    /// Keeps the published keys as they were just read on behalf of `kid`.
    pub(super) fn keep_keyring(
        &self,
        keys: Option<Keyring>,
        kid: Option<&Kid>,
        now: Timestamp,
    ) -> Arc<Keyring> {
        // No key item means that nobody has opened a session yet. That is not worth remembering:
        // the next moment somebody may.
        let Some(keyring) = keys.map(Arc::new) else { return Arc::default() };
        let published = Published::read(Arc::clone(&keyring), kid, now);
        *self.keys.published.write().unwrap_or_else(PoisonError::into_inner) = Some(published);
        keyring
    }

    /// The published keys, read again if that may bring `kid`.
    pub(super) async fn keyring_for(
        &self,
        kid: Option<&Kid>,
    ) -> Result<Arc<Keyring>, SessionError> {
        let now = self.clock.now();
        match self.keyring_at_hand(kid, now) {
            Some(keyring) => Ok(keyring),
            None => Ok(self.keep_keyring(self.table.published_keys().await?, kid, now)),
        }
    }

    /// The JSON Web Key Set, and for how long it may be cached: until the next key is made.
    ///
    /// # Errors
    /// We could not find out.
    pub async fn jwks(&self) -> Result<(serde_json::Value, Duration), SessionError> {
        let keyring = self.table.published_keys().await?.unwrap_or_default();
        Ok(self.published(&keyring))
    }

    /// The same for a SuperTokens SDK, whose core has keys from the start (PROTOCOL 4.9): makes the
    /// first ones, and one that is due.
    ///
    /// # Errors
    /// We could not find out.
    pub async fn jwks_for_sdk(&self) -> Result<(serde_json::Value, Duration), SessionError> {
        self.signer(KeyKind::Dynamic).await?;
        self.jwks().await
    }

    fn published(&self, keyring: &Keyring) -> (serde_json::Value, Duration) {
        let now = self.clock.now();
        let newest = keyring.newest_dynamic();
        let next = newest.map_or(now, |made| self.key_lifetimes().next_after(made));
        let millis = u64::try_from(next.millis() - now.millis()).unwrap_or_default();
        (keyring.jwks(now), Duration::from_millis(millis).max(Duration::from_secs(1)))
    }
}
