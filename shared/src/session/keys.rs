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
/// How much clocks may differ for a key set to tell which kids do not exist.
const TRUSTED_ABSENCE: Duration = Duration::from_mins(5);
/// How often keys are made against others who make them too.
pub(super) const ROUNDS: usize = 4;

/// How long a sandbox checks by the published keys it read. The next check after that reads them
/// again, and refuses when it cannot: so long, at the most, a killed key's tokens pass.
pub const KEYRING_MAX_AGE: Duration = Duration::from_mins(5);

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
    /// Before the read began: what was written until then is in it.
    read_at: Timestamp,
    missed_at: Option<Timestamp>,
}

impl Published {
    fn read(keyring: Arc<Keyring>, kid: Option<&Kid>, now: Timestamp) -> Self {
        let mut published = Self { keyring, read_at: now, missed_at: None };
        // Only a kid that may yet appear is looked for in vain.
        let in_vain = |kid| !published.keyring.knows(kid, now) && !published.rules_out(kid);
        if kid.is_some_and(in_vain) {
            published.missed_at = Some(now);
        }
        published
    }

    /// A clock that was set back does not make it fresh.
    fn is_fresh(&self, now: Timestamp) -> bool {
        (self.read_at..self.read_at.plus(KEYRING_MAX_AGE)).contains(&now)
    }

    /// A dynamic key tells when it was made: one made before the read would have been in it.
    fn rules_out(&self, kid: &Kid) -> bool {
        kid.made_at().is_some_and(|made| made.plus(TRUSTED_ABSENCE) < self.read_at)
    }

    /// Whether reading again cannot bring `kid`, or another was looked for in vain a moment ago.
    fn lacks(&self, kid: &Kid, now: Timestamp) -> bool {
        let paused = self.missed_at.is_some_and(|missed| now < missed.plus(PAUSE_AFTER_MISS));
        paused || self.rules_out(kid)
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

    /// Both are read again before they are used.
    pub(super) async fn forget_keys(&self) {
        *self.keys.signing.lock().await = None;
        *self.keys.published.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The published keys as last read, if that was a short while ago and reading them again would
    /// not help to check a token that names `kid`. For one that names none (version 2) it always
    /// may.
    pub(super) fn keyring_at_hand(
        &self,
        kid: Option<&Kid>,
        now: Timestamp,
    ) -> Option<Arc<Keyring>> {
        let cached = self.keys.published.read().unwrap_or_else(PoisonError::into_inner);
        let (published, kid) = (cached.as_ref().filter(|published| published.is_fresh(now))?, kid?);
        let usable = published.keyring.knows(kid, now) || published.lacks(kid, now);
        usable.then(|| Arc::clone(&published.keyring))
    }

    /// Keeps the published keys as they were read on behalf of `kid`, by a read that began at
    /// `started`.
    pub(super) fn keep_keyring(
        &self,
        keys: Option<Keyring>,
        kid: Option<&Kid>,
        started: Timestamp,
    ) -> Arc<Keyring> {
        // No key item means that nobody has opened a session yet, or that somebody deleted it. That
        // is not worth remembering: the next moment there may be one.
        let keyring = keys.map(Arc::new);
        let published =
            keyring.as_ref().map(|keyring| Published::read(Arc::clone(keyring), kid, started));
        *self.keys.published.write().unwrap_or_else(PoisonError::into_inner) = published;
        keyring.unwrap_or_default()
    }

    /// The published keys, read again if they are old or if that may bring `kid`.
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
