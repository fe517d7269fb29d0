//! The keys that an execution environment remembers: which key signs, and which keys verify.

use super::KeyStore;
use crate::session::{CLOCKS_DIFFER, SessionError};
use crate::time::Timestamp;
use crate::token::key::Kid;
use crate::token::keyring::Keyring;
use crate::token::signing::{KeyLifetimes, SigningKeys};
use crate::token::unverified::UnverifiedToken;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Mutex;

/// For how long a key set without keys is published: the first caller of a new deployment makes
/// them at any moment.
const EMPTY_SET_MAX_AGE: Duration = Duration::from_secs(1);
/// How long an execution environment checks by the published keys it read. The next check after
/// that reads them again, and refuses when it cannot: so long, at the most, a killed key's tokens
/// pass.
pub const KEYRING_MAX_AGE: Duration = Duration::from_mins(5);

/// The keys of one app, as this execution environment last read them.
pub struct KeyCache {
    pub(super) store: KeyStore,
    pub(super) lifetimes: KeyLifetimes,
    /// The private keys and when they were read. Held while keys are read or made, so that parallel
    /// first callers in one process make them once.
    pub(super) signing: Mutex<Option<(SigningKeys, Timestamp)>>,
    published: RwLock<Option<Published>>,
    /// Held while the published keys are read by themselves, so that of parallel callers one reads.
    reading: Mutex<()>,
}

#[derive(Clone)]
pub(super) struct Published {
    pub(super) keyring: Arc<Keyring>,
    /// Before the read began: what was written until then is in it.
    read_at: Timestamp,
    misses: Misses,
}

impl Published {
    fn is_younger_than(&self, age: Duration, now: Timestamp) -> bool {
        within(self.read_at, age, now)
    }

    /// Whether it is recent, and reading again would not help to check `token`.
    fn can_judge(&self, token: &UnverifiedToken<'_>, now: Timestamp) -> bool {
        self.is_younger_than(KEYRING_MAX_AGE, now)
            && (self.keyring.has_key_of(token, now)
                || self.rules_out(token)
                || self.misses.pause(now))
    }

    /// A dynamic key tells when it was made: one made before the read would have been in it.
    fn rules_out(&self, token: &UnverifiedToken<'_>) -> bool {
        let made = token.kid().and_then(Kid::made_at);
        made.is_some_and(|made| made.plus(CLOCKS_DIFFER) < self.read_at)
    }
}

/// Reads that did not bring the key they were made for. Anyone can invent a kid, so each such read
/// is followed by a pause in which no other is made. The pause doubles while misses go on. It stays
/// short enough that a new key is not kept out for more than a few seconds.
#[derive(Clone, Copy, Default)]
struct Misses(Option<Miss>);

#[derive(Clone, Copy)]
struct Miss {
    at: Timestamp,
    pause: Duration,
}

impl Misses {
    const FIRST_PAUSE: Duration = Duration::from_millis(500);
    const LONGEST_PAUSE: Duration = Duration::from_secs(5);
    /// After so long without a miss the pauses are short again.
    const FORGOTTEN_AFTER: Duration = Duration::from_mins(1);

    /// These and one more, which happened now.
    fn and_one(self, now: Timestamp) -> Self {
        let recent = |miss: &Miss| within(miss.at, Self::FORGOTTEN_AFTER, now);
        let pause = match self.0.filter(recent) {
            Some(miss) => (miss.pause * 2).min(Self::LONGEST_PAUSE),
            None => Self::FIRST_PAUSE,
        };
        Self(Some(Miss { at: now, pause }))
    }

    /// Whether keys are not to be looked for now.
    fn pause(self, now: Timestamp) -> bool {
        self.0.is_some_and(|miss| within(miss.at, miss.pause, now))
    }
}

/// Whether `now` is `since` or less than `span` after it. A clock that was set back is outside.
pub(super) fn within(since: Timestamp, span: Duration, now: Timestamp) -> bool {
    (since..since.plus(span)).contains(&now)
}

impl KeyCache {
    pub(in crate::session) fn new(store: KeyStore, lifetimes: KeyLifetimes) -> Self {
        Self {
            store,
            lifetimes,
            signing: Mutex::default(),
            published: RwLock::default(),
            reading: Mutex::default(),
        }
    }

    /// The published keys are read again before they are used.
    pub(super) fn forget_published_keys(&self) {
        *self.published.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The published keys as last read, if that will do.
    fn published_if(&self, will_do: impl Fn(&Published) -> bool) -> Option<Published> {
        let cached = self.published.read().unwrap_or_else(PoisonError::into_inner);
        cached.as_ref().filter(|published| will_do(published)).cloned()
    }

    /// The published keys as last read, if that was a short while ago and reading them again would
    /// not help to check `token`.
    pub(in crate::session) fn keyring_at_hand(
        &self,
        token: &UnverifiedToken<'_>,
        now: Timestamp,
    ) -> Option<Arc<Keyring>> {
        Some(self.published_if(|published| published.can_judge(token, now))?.keyring)
    }

    /// Keeps the published keys as they were read on behalf of `token`, by a read that began at
    /// `started`.
    pub(in crate::session) fn keep_keyring(
        &self,
        keys: Option<Keyring>,
        token: &UnverifiedToken<'_>,
        started: Timestamp,
    ) -> Arc<Keyring> {
        self.keep_published(keys, Some(token), started).keyring
    }

    /// No key item means that nobody has opened a session yet, or that somebody deleted it: then
    /// there are no keys.
    fn keep_published(
        &self,
        keys: Option<Keyring>,
        token: Option<&UnverifiedToken<'_>>,
        started: Timestamp,
    ) -> Published {
        let keyring = Arc::new(keys.unwrap_or_default());
        let mut cached = self.published.write().unwrap_or_else(PoisonError::into_inner);
        let misses = cached.as_ref().map(|published| published.misses).unwrap_or_default();
        let mut published = Published { keyring, read_at: started, misses };
        // Only a key that may yet appear was looked for in vain.
        let in_vain = |token: &UnverifiedToken<'_>| {
            !published.keyring.has_key_of(token, started) && !published.rules_out(token)
        };
        if token.is_some_and(in_vain) {
            published.misses = misses.and_one(started);
        }
        *cached = Some(published.clone());
        published
    }

    /// The published keys, read again if they are old or if that may bring the key of `token`.
    pub(in crate::session) async fn keyring_for(
        &self,
        token: &UnverifiedToken<'_>,
    ) -> Result<Arc<Keyring>, SessionError> {
        let will_do = |published: &Published, now| published.can_judge(token, now);
        Ok(self.published_unless_read(will_do, Some(token)).await?.keyring)
    }

    async fn published_unless_read(
        &self,
        will_do: impl Fn(&Published, Timestamp) -> bool,
        token: Option<&UnverifiedToken<'_>>,
    ) -> Result<Published, SessionError> {
        let at_hand = || {
            let now = self.store.clock.now();
            self.published_if(|published| will_do(published, now))
        };
        if let Some(published) = at_hand() {
            return Ok(published);
        }
        let _reading = self.reading.lock().await;
        if let Some(published) = at_hand() {
            return Ok(published);
        }
        let started = self.store.clock.now();
        Ok(self.keep_published(self.store.table.published_keys().await?, token, started))
    }

    /// The JSON Web Key Set, and for how long it may be cached: until the next key is made, and no
    /// longer than our own functions go on believing a killed key.
    ///
    /// It is answered from memory for half the time for which a new key is published before it
    /// signs, so that no flood of requests reads the item that every check rests on, and whoever
    /// fetches the set has each key in time.
    ///
    /// # Errors
    /// We could not find out.
    pub async fn jwks(&self) -> Result<(serde_json::Value, Duration), SessionError> {
        let Published { keyring, read_at, .. } = self.to_publish().await?;
        let now = self.store.clock.now();
        let next = keyring.newest_dynamic().map(|made| self.lifetimes.next_after(made));
        let until = next.unwrap_or(now).min(read_at.plus(KEYRING_MAX_AGE));
        let millis = u64::try_from(until.millis() - now.millis()).unwrap_or_default();
        Ok((keyring.jwks(now), Duration::from_millis(millis).max(Duration::from_secs(1))))
    }

    /// The keys that a key set may show.
    pub(super) async fn to_publish(&self) -> Result<Published, SessionError> {
        let max_age = self.lifetimes.overlap() / 2;
        let will_do = |published: &Published, now| {
            let is_empty = published.keyring.is_empty();
            let max_age = if is_empty { max_age.min(EMPTY_SET_MAX_AGE) } else { max_age };
            published.is_younger_than(max_age, now)
        };
        self.published_unless_read(will_do, None).await
    }
}
