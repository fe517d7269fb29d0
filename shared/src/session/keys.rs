//! Which key signs and which keys verify. The first caller makes the first keys; whoever notices that a key is due makes the
//! next one; a conditional write decides between two who do so at once.

use super::{SessionError, Sessions};
use crate::table::{KeysWritten, PublishedKeys};
use crate::time::Timestamp;
use crate::token::keyring::{Keyring, Kid};
use crate::token::signing::{KeyKind, KeyLifetimes, SigningKey, SigningKeyError, SigningKeys};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Mutex;

/// How long a sandbox signs by the keys it read, so that a rotation by another with a shorter interval is noticed.
const SIGNING_KEYS_MAX_AGE: Duration = Duration::from_mins(5);
/// How long an unknown kid is believed to be unknown, so that invented kids do not make one read each.
const UNKNOWN_KID_PAUSE: Duration = Duration::from_millis(500);
/// How often keys are made against others who make them too.
const ROUNDS: usize = 4;

/// Keys that were read once.
#[derive(Default)]
pub(super) struct KeyCache {
    /// Held while keys are read or made, so that parallel first callers in one process make them once.
    signing: Mutex<Option<(SigningKeys, Timestamp)>>,
    published: RwLock<Option<(Arc<Keyring>, Timestamp)>>,
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
        let fresh = cached.as_ref().filter(|(keys, read_at)| {
            now < read_at.plus(SIGNING_KEYS_MAX_AGE) && !keys.is_due(now, self.key_lifetimes())
        });
        let keys = match fresh {
            Some((keys, _)) => keys.clone(),
            None => self.read_or_make_keys(now).await?,
        };
        let signer = keys.signer(kind, now).cloned().ok_or(SigningKeyError::Generate)?;
        if fresh.is_none() {
            *cached = Some((keys, now));
        }
        Ok(signer)
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
        Err(crate::table::TableError::Contended { doing: "making signing keys" }.into())
    }

    /// The published keys as last read. They know `kid`, or were read so recently that nobody can have it, or are not yet
    /// known at all (`None`).
    pub(super) fn keyring_at_hand(&self, kid: &Kid, now: Timestamp) -> Option<Arc<Keyring>> {
        let cached = self.keys.published.read().unwrap_or_else(PoisonError::into_inner);
        let (keyring, read_at) = cached.as_ref()?;
        let usable = keyring.knows(kid, now) || now < read_at.plus(UNKNOWN_KID_PAUSE);
        usable.then(|| Arc::clone(keyring))
    }

    /// Keeps the published keys as they were just read.
    pub(super) fn keep_keyring(&self, keys: Option<PublishedKeys>, now: Timestamp) -> Arc<Keyring> {
        // No key item means that nobody has opened a session yet. That is not worth remembering: the next moment somebody may.
        let Some(keyring) = keys.map(Arc::new) else { return Arc::default() };
        let mut cached = self.keys.published.write().unwrap_or_else(PoisonError::into_inner);
        *cached = Some((Arc::clone(&keyring), now));
        keyring
    }

    /// The published keys, read again if they do not know `kid`.
    pub(super) async fn keyring_for(&self, kid: &Kid) -> Result<Arc<Keyring>, SessionError> {
        let now = self.clock.now();
        match self.keyring_at_hand(kid, now) {
            Some(keyring) => Ok(keyring),
            None => Ok(self.keep_keyring(self.table.published_keys().await?, now)),
        }
    }

    /// The JSON Web Key Set, and for how long it may be cached: until the next key is made.
    ///
    /// # Errors
    /// We could not find out.
    pub async fn jwks(&self) -> Result<(serde_json::Value, Duration), SessionError> {
        let now = self.clock.now();
        let keyring = self.table.published_keys().await?.unwrap_or_default();
        let interval =
            self.policy.key_update_interval.saturating_sub(crate::token::signing::OVERLAP);
        let next = keyring.newest_dynamic().map_or(now, |made| made.plus(interval));
        let millis = u64::try_from(next.millis() - now.millis()).unwrap_or_default();
        Ok((keyring.jwks(now), Duration::from_millis(millis).max(Duration::from_secs(1))))
    }
}
