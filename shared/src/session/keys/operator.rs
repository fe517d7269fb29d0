//! What an operator does to signing keys: looks at them, makes the next one before its time, and
//! kills one in an emergency. None of it depends on how long tokens live, so that whoever does it
//! need not be configured as the functions are.

use super::{KeyStore, ROUNDS};
use crate::session::SessionError;
use crate::session::attempts::Attempts;
use crate::table::KeysWritten;
use crate::time::Timestamp;
use crate::token::key::{KeyKind, Kid, PublicKey, SigningKeyError};
use crate::token::signing::{SigningKey, SigningKeys, signer};

/// The most keys with which another is made by hand. All of them stand in one item of the table,
/// which must keep room for the rotations that go by themselves.
pub const MAX_KEYS: usize = 100;

/// A signing key, as far as it may be shown.
#[derive(Clone, Debug)]
pub struct ShownKey {
    pub key: PublicKey,
    pub signs_now: bool,
}

/// The key that signs next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextKey {
    pub kid: Kid,
    pub signs_from: Timestamp,
}

/// What became of a rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyRotated {
    /// This key was made.
    Made(NextKey),
    /// This key was made a moment ago and waits to sign. Nothing was written.
    Waiting(NextKey),
    /// There are [`MAX_KEYS`] already. Nothing was written.
    TooMany,
}

/// What became of a key that was to be killed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyKilled {
    /// It is gone.
    Killed {
        /// The key that took its place in the same write, if it was signing.
        replacement: Option<Kid>,
    },
    /// There is no key of this name. Nothing was written.
    Unknown,
}

impl KeyStore {
    /// Every key there is, in the order of their making. Reads no private key.
    ///
    /// # Errors
    /// We could not find out.
    pub async fn show_keys(&self) -> Result<Vec<ShownKey>, SessionError> {
        let keyring = self.table.published_keys().await?.unwrap_or_default();
        let now = self.clock.now();
        let signers = [KeyKind::Static, KeyKind::Dynamic].map(|kind| {
            let of_kind = keyring.keys().filter(|key| key.kind == kind);
            signer(of_kind, now, |key| key.signs_from).map(|key| &key.kid)
        });
        let shown = |key: &PublicKey| ShownKey {
            key: key.clone(),
            signs_now: signers.contains(&Some(&key.kid)),
        };
        Ok(keyring.keys().map(shown).collect())
    }

    /// Makes the next dynamic key now. It is published for a minute before it signs; asked again
    /// until then, this makes no other.
    ///
    /// # Errors
    /// The effect is unknown. Asking again is harmless.
    pub async fn rotate_key(&self) -> Result<KeyRotated, SessionError> {
        let mut attempts = Attempts::at_once("rotating a signing key", ROUNDS);
        loop {
            let now = self.clock.now();
            let made = match self.read_signing_keys(None).await? {
                None => SigningKeys::first(now, &self.entropy)?,
                Some(keys) => {
                    // Ours, perhaps: the answer to a write may have been lost.
                    if let Some(key) = keys.waiting(now) {
                        return Ok(KeyRotated::Waiting(next(key)));
                    }
                    if keys.keys.len() >= MAX_KEYS {
                        return Ok(KeyRotated::TooMany);
                    }
                    keys.rotated_early(
                        SigningKey::dynamic(keys.next_moment(now), &self.entropy)?,
                        now,
                    )
                }
            };
            let newest = made.newest_dynamic().map(next).ok_or(SigningKeyError::Generate)?;
            let made = self.to_be_sealed(made).await?;
            if self.table.write_keys(&made).await? == KeysWritten::Written {
                return Ok(KeyRotated::Made(newest));
            }
            attempts.again().await?;
        }
    }

    /// Removes a key at once, private and public half. Its tokens are refused by whoever reads the
    /// keys from now on: everywhere after [`super::KEYRING_MAX_AGE`]. Sessions live on, and their
    /// clients refresh.
    ///
    /// # Errors
    /// The effect is unknown. Asking again is harmless.
    pub async fn kill_key(&self, kid: &Kid) -> Result<KeyKilled, SessionError> {
        let mut tried: Option<Option<Kid>> = None;
        let mut attempts = Attempts::at_once("killing a signing key", ROUNDS);
        loop {
            let now = self.clock.now();
            let keys = self.read_signing_keys(None).await?;
            let there =
                |kid: &Kid| keys.iter().flat_map(|keys| &keys.keys).any(|key| key.kid() == kid);
            let left = keys.as_ref().map(|keys| keys.without(kid, now, &self.entropy));
            let left = left.transpose()?;
            let Some((left, replacement)) = left.flatten() else {
                // If it was there when we first looked, then another has killed it since, or our own
                // write did, whose answer was lost.
                let killed =
                    |made: Option<Kid>| KeyKilled::Killed { replacement: made.filter(there) };
                return Ok(tried.map_or(KeyKilled::Unknown, killed));
            };
            let left = self.to_be_sealed(left).await?;
            if self.table.write_keys(&left).await? == KeysWritten::Written {
                return Ok(KeyKilled::Killed { replacement });
            }
            tried = Some(replacement);
            attempts.again().await?;
        }
    }
}

fn next(key: &SigningKey) -> NextKey {
    NextKey { kid: key.kid().clone(), signs_from: key.signs_from() }
}
