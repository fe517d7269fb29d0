//! Private keys at rest by envelope encryption: each is sealed under a data key, and the data key is
//! wrapped by a key that never leaves the service which keeps it.

use super::key::{Kid, SigningKeyError};
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use std::fmt;

/// A data key, and its wrapped form. The table keeps the wrapped form beside what is sealed.
pub struct Sealing {
    wrapped: Vec<u8>,
    key: RandomizedNonceKey,
}

impl Sealing {
    /// `None` unless `key` has 32 bytes.
    #[must_use]
    pub fn new(wrapped: Vec<u8>, key: &[u8]) -> Option<Self> {
        let key = RandomizedNonceKey::new(&AES_256_GCM, key).ok()?;
        Some(Self { wrapped, key })
    }

    /// The wrapped data key.
    #[must_use]
    pub fn wrapped(&self) -> &[u8] {
        &self.wrapped
    }

    /// A nonce, then what AES-256-GCM makes of `private`. The kid is additional data, so that nobody
    /// can put one key in another's place.
    pub(super) fn seal(&self, kid: &Kid, private: &[u8]) -> Result<Vec<u8>, SigningKeyError> {
        let mut text = private.to_vec();
        let nonce = self.key.seal_in_place_append_tag(additional(kid), &mut text);
        let nonce = nonce.map_err(|_| SigningKeyError::Seal)?;
        Ok([nonce.as_ref().as_slice(), &text].concat())
    }

    /// What was sealed for this kid.
    pub(super) fn open(&self, kid: &Kid, sealed: &[u8]) -> Result<Vec<u8>, SigningKeyError> {
        let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(SigningKeyError::Open)?;
        let (nonce, mut text) = (Nonce::from(nonce), text.to_vec());
        let opened = self.key.open_in_place(nonce, additional(kid), &mut text);
        let opened = opened.map_err(|_| SigningKeyError::Open)?;
        Ok(opened.to_vec())
    }
}

fn additional(kid: &Kid) -> Aad<&[u8]> {
    Aad::from(kid.as_str().as_bytes())
}

impl fmt::Debug for Sealing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealing")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_under_its_own_name_and_data_key_alone() {
        let sealing = |byte| Sealing::new(vec![1, 2, 3], &[byte; 32]).unwrap();
        let (ours, other) = (sealing(7), sealing(8));
        let (kid, another) = (Kid::parse("d-1").unwrap(), Kid::parse("d-2").unwrap());
        let sealed = ours.seal(&kid, b"a private key").unwrap();
        assert_eq!(ours.open(&kid, &sealed).unwrap(), b"a private key");
        assert_ne!(ours.seal(&kid, b"a private key").unwrap(), sealed, "each has its own nonce");
        assert_eq!(ours.open(&another, &sealed), Err(SigningKeyError::Open));
        assert_eq!(other.open(&kid, &sealed), Err(SigningKeyError::Open));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(ours.open(&kid, &changed), Err(SigningKeyError::Open), "{at}");
            assert_eq!(ours.open(&kid, &sealed[..at]), Err(SigningKeyError::Open), "{at}");
        }
        assert!(!format!("{ours:?}").contains('7'));
    }

    #[test]
    fn a_data_key_has_32_bytes() {
        for bytes in [0, 16, 31, 33] {
            assert!(Sealing::new(Vec::new(), &vec![1; bytes]).is_none(), "{bytes}");
        }
    }
}
