//! The private keys, and the rule by which they change.
//!
//! A dynamic key that is about to be an update interval old is followed by a new one, made by
//! whoever notices first. The new key is **published before it signs** (it waits a minute) and
//! the old one **after it stopped** (until the last token it signed has expired). A static key
//! never rotates (PROTOCOL 4.9).

use super::key::{KeyKind, Kid, PublicKey, SigningKeyError};
use super::sealing::Sealing;
use super::stored_keys::{StoredKey, StoredKeys, StoredPrivate};
use crate::time::{Entropy, EntropyError, Timestamp};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How long a new key is published before it signs, so that verifiers who cache the key set have it
/// in time. A fifth of a short update interval (PROTOCOL 4.9).
const OVERLAP: Duration = Duration::from_mins(1);

/// How much longer than its last token a key stays published: for clocks that differ and for
/// sandboxes that still hold the keys they read some minutes ago. At most an update interval.
const MARGIN: Duration = Duration::from_hours(1);

/// One RSA-2048 key pair, parsed when it first signs: most keys of an app have stopped signing.
#[derive(Clone)]
pub struct SigningKey {
    kid: Kid,
    kind: KeyKind,
    created_at: Timestamp,
    signs_from: Timestamp,
    published_until: Option<Timestamp>,
    pair: Arc<OnceLock<RsaKeyPair>>,
    pkcs8: Arc<[u8]>,
}

impl SigningKey {
    /// A new dynamic key, named after the moment of its making.
    ///
    /// # Errors
    /// The cryptography library made none.
    pub fn dynamic(now: Timestamp, entropy: &Entropy) -> Result<Self, SigningKeyError> {
        let kid = Kid::parse(&format!("d-{}", now.millis())).ok_or(SigningKeyError::Generate)?;
        Self::new(kid, KeyKind::Dynamic, now, entropy)
    }

    /// A new static key, named by 16 random bytes.
    ///
    /// # Errors
    /// The cryptography library made none.
    pub fn fixed(now: Timestamp, entropy: &Entropy) -> Result<Self, SigningKeyError> {
        let uuid = uuid::Builder::from_random_bytes(
            entropy.bytes().map_err(|EntropyError| SigningKeyError::Generate)?,
        )
        .into_uuid();
        let kid = Kid::parse(&format!("s-{uuid}")).ok_or(SigningKeyError::Generate)?;
        Self::new(kid, KeyKind::Static, now, entropy)
    }

    fn new(
        name: Kid,
        kind: KeyKind,
        now: Timestamp,
        entropy: &Entropy,
    ) -> Result<Self, SigningKeyError> {
        Ok(Self {
            kid: name,
            kind,
            created_at: now,
            signs_from: now,
            published_until: None,
            pkcs8: entropy.rsa_key().map_err(|EntropyError| SigningKeyError::Generate)?,
            pair: Arc::default(),
        })
    }

    /// The key that the table keeps.
    ///
    /// # Errors
    /// It is sealed, and `sealing` does not open it.
    pub fn from_stored(
        stored: StoredKey,
        sealing: Option<&Sealing>,
    ) -> Result<Self, SigningKeyError> {
        let pkcs8 = match (stored.private, sealing) {
            (StoredPrivate::Plain(pkcs8), _) => pkcs8,
            (StoredPrivate::Sealed(sealed), Some(sealing)) => sealing.open(&stored.kid, &sealed)?,
            (StoredPrivate::Sealed(_), None) => return Err(SigningKeyError::Sealed),
        };
        Ok(Self {
            kid: stored.kid,
            kind: stored.kind,
            created_at: stored.created_at,
            signs_from: stored.signs_from,
            published_until: stored.published_until,
            pair: Arc::default(),
            pkcs8: pkcs8.into(),
        })
    }

    /// What the table is to keep: sealed, if there is a data key.
    ///
    /// # Errors
    /// The cryptography library sealed nothing.
    pub fn to_stored(&self, sealing: Option<&Sealing>) -> Result<StoredKey, SigningKeyError> {
        let private = match sealing {
            None => StoredPrivate::Plain(self.pkcs8.to_vec()),
            Some(sealing) => StoredPrivate::Sealed(sealing.seal(&self.kid, &self.pkcs8)?),
        };
        Ok(StoredKey {
            kid: self.kid.clone(),
            kind: self.kind,
            created_at: self.created_at,
            signs_from: self.signs_from,
            published_until: self.published_until,
            private,
        })
    }

    #[must_use]
    pub fn kid(&self) -> &Kid {
        &self.kid
    }

    /// When it begins to sign.
    #[must_use]
    pub fn signs_from(&self) -> Timestamp {
        self.signs_from
    }

    fn pair(&self) -> Result<&RsaKeyPair, SigningKeyError> {
        if let Some(pair) = self.pair.get() {
            return Ok(pair);
        }
        let pair = RsaKeyPair::from_pkcs8(&self.pkcs8).map_err(|_| SigningKeyError::Parse)?;
        Ok(self.pair.get_or_init(|| pair))
    }

    /// Its public half.
    ///
    /// # Errors
    /// The stored bytes are not a PKCS#8 RSA key.
    pub fn public(&self) -> Result<PublicKey, SigningKeyError> {
        let public = self.pair()?.public_key();
        Ok(PublicKey {
            kid: self.kid.clone(),
            modulus: URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero()),
            exponent: URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero()),
            kind: self.kind,
            created_at: self.created_at,
            signs_from: self.signs_from,
            published_until: self.published_until,
        })
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 3.3).
    ///
    /// # Errors
    /// The stored bytes are not a PKCS#8 RSA key, or the cryptography library made no signature.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningKeyError> {
        let pair = self.pair()?;
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| SigningKeyError::Sign)?;
        Ok(signature)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// How long keys and tokens live, as the rule of rotation needs it.
#[derive(Clone, Copy, Debug)]
pub struct KeyLifetimes {
    /// How long a dynamic key signs.
    pub update_interval: Duration,
    /// How long an access token lives.
    pub access_token_validity: Duration,
}

impl KeyLifetimes {
    /// How long a new key is published before it signs.
    #[must_use]
    pub fn overlap(self) -> Duration {
        OVERLAP.min(self.update_interval / 5)
    }

    /// When the key after one that was made at `made` is due.
    #[must_use]
    pub fn next_after(self, made: Timestamp) -> Timestamp {
        made.plus(self.update_interval.saturating_sub(self.overlap()))
    }
}

/// Every key of an app, in the order of their making.
#[derive(Clone, Debug)]
pub struct SigningKeys {
    /// Counts the writes. A write is conditional on the version it read, so of two first callers
    /// one wins.
    pub version: u64,
    /// The data key under which all of them are sealed when they are written; `None` leaves them
    /// plain.
    pub sealing: Option<Arc<Sealing>>,
    /// The keys, oldest first.
    pub keys: Vec<SigningKey>,
}

impl SigningKeys {
    /// The first keys of an app, which sign at once: nobody can have cached a key set without them.
    ///
    /// # Errors
    /// The cryptography library made none.
    pub fn first(now: Timestamp, entropy: &Entropy) -> Result<Self, SigningKeyError> {
        let keys = vec![SigningKey::fixed(now, entropy)?, SigningKey::dynamic(now, entropy)?];
        Ok(Self { version: 1, sealing: None, keys })
    }

    /// The keys that the table keeps. `sealing` has the unwrapped data key, if they are sealed.
    ///
    /// # Errors
    /// A key is sealed and does not open.
    pub fn from_stored(
        stored: StoredKeys,
        sealing: Option<Arc<Sealing>>,
    ) -> Result<Self, SigningKeyError> {
        let open = |key| SigningKey::from_stored(key, sealing.as_deref());
        let keys = stored.keys.into_iter().map(open).collect::<Result<_, _>>()?;
        Ok(Self { version: stored.version, sealing, keys })
    }

    /// The dynamic key that was made last.
    #[must_use]
    pub fn newest_dynamic(&self) -> Option<&SigningKey> {
        self.keys.iter().rev().find(|key| key.kind == KeyKind::Dynamic)
    }

    /// Whether it is time to make the next dynamic key.
    #[must_use]
    pub fn is_due(&self, now: Timestamp, lifetimes: KeyLifetimes) -> bool {
        self.newest_dynamic().is_none_or(|key| now >= lifetimes.next_after(key.created_at))
    }

    /// These keys with `next` as the newest dynamic one. What no token can carry any more is
    /// dropped.
    #[must_use]
    pub fn rotated(&self, mut next: SigningKey, lifetimes: KeyLifetimes) -> Self {
        let now = next.created_at;
        if let Some(previous) = self.newest_dynamic() {
            let stops = previous.created_at.plus(lifetimes.update_interval);
            next.signs_from = now.plus(lifetimes.overlap()).min(stops.max(now));
        }
        let margin = MARGIN.min(lifetimes.update_interval);
        let last_expiry = next.signs_from.plus(lifetimes.access_token_validity).plus(margin);
        let mut keys = self.published(now);
        for key in keys.iter_mut().filter(|key| key.kind == KeyKind::Dynamic) {
            key.published_until.get_or_insert(last_expiry);
        }
        keys.push(next);
        self.followed_by(keys)
    }

    /// The next version of these keys.
    fn followed_by(&self, keys: Vec<SigningKey>) -> Self {
        Self { version: self.version + 1, sealing: self.sealing.clone(), keys }
    }

    /// The dynamic key that was made and does not sign yet.
    #[must_use]
    pub fn waiting(&self, now: Timestamp) -> Option<&SigningKey> {
        self.newest_dynamic().filter(|key| now < key.signs_from)
    }

    /// These keys with `next` as the newest dynamic one before its time, published for a minute
    /// before it signs. The one before stays published: the next rotation, by someone who knows how
    /// long tokens live, gives it its last day.
    #[must_use]
    pub fn rotated_early(&self, mut next: SigningKey, now: Timestamp) -> Self {
        next.signs_from = now.plus(OVERLAP);
        let mut keys = self.published(now);
        keys.push(next);
        self.followed_by(keys)
    }

    /// These keys without the one called `kid`, and the new key of its kind that takes its place at
    /// once if it signs now. `None` when there is no such key.
    ///
    /// # Errors
    /// The cryptography library made no new key.
    pub fn without(
        &self,
        kid: &Kid,
        now: Timestamp,
        entropy: &Entropy,
    ) -> Result<Option<(Self, Option<Kid>)>, SigningKeyError> {
        let Some(killed) = self.keys.iter().find(|key| key.kid == *kid) else { return Ok(None) };
        let mut keys = self.published(now);
        keys.retain(|key| key.kid != *kid);
        let mut replacement = None;
        if self.signer(killed.kind, now).is_some_and(|signer| signer.kid == *kid) {
            let mut next = match killed.kind {
                KeyKind::Dynamic => SigningKey::dynamic(self.next_moment(now), entropy)?,
                KeyKind::Static => SigningKey::fixed(now, entropy)?,
            };
            // Since when the killed key signed: a clock behind ours finds no older key in its place.
            next.signs_from = killed.signs_from.min(now);
            replacement = Some(next.kid.clone());
            keys.push(next);
        } else if let Some(newest) = keys.iter_mut().rev().find(|key| key.kind == killed.kind) {
            // Its successor was killed before it signed, so this one goes on.
            newest.published_until = None;
        }
        Ok(Some((self.followed_by(keys), replacement)))
    }

    /// When the next dynamic key is made, so that its name is none that was there before: now, or
    /// after the newest of a clock that is ahead.
    #[must_use]
    pub fn next_moment(&self, now: Timestamp) -> Timestamp {
        let after = |key: &SigningKey| key.created_at.plus(Duration::from_millis(1));
        self.newest_dynamic().map_or(now, |newest| now.max(after(newest)))
    }

    fn published(&self, now: Timestamp) -> Vec<SigningKey> {
        let stays = |key: &&SigningKey| key.published_until.is_none_or(|until| now < until);
        self.keys.iter().filter(stays).cloned().collect()
    }

    /// The key that signs now.
    #[must_use]
    pub fn signer(&self, kind: KeyKind, now: Timestamp) -> Option<&SigningKey> {
        let of_kind = self.keys.iter().filter(|key| key.kind == kind);
        signer(of_kind, now, |key| key.signs_from)
    }

    /// What is published.
    ///
    /// # Errors
    /// The stored bytes of one are not a PKCS#8 RSA key.
    pub fn public(&self) -> Result<Vec<PublicKey>, SigningKeyError> {
        self.keys.iter().map(SigningKey::public).collect()
    }
}

/// Of the keys of one kind, in the order of their making, the one that signs at `now`.
pub fn signer<K: Copy>(
    keys: impl DoubleEndedIterator<Item = K> + Clone,
    now: Timestamp,
    signs_from: impl Fn(K) -> Timestamp,
) -> Option<K> {
    // A clock behind the maker's may find that no key signs yet: then the oldest does, being
    // published the longest.
    let oldest = keys.clone().next();
    keys.rev().find(|key| signs_from(*key) <= now).or(oldest)
}
