//! The keys by which the SuperTokens SDKs prove that they may call `core-driver` (PROTOCOL 3.1).

use aws_lc_rs::digest::{SHA256, digest};
use std::fmt;
use subtle::{Choice, ConstantTimeEq};

/// What a digest is written with, so that it can be told from a key.
const DIGEST_PREFIX: &str = "sha256:";
/// The shortest key, as the SuperTokens core has it (PROTOCOL 2.4).
const MIN_BYTES: usize = 20;

/// A new API key, and the digest by which it is accepted.
pub struct NewApiKey {
    /// The key itself: secret, for the SDK alone.
    pub key: String,
    /// What `ApiKeys` takes in its place: `sha256:` and 64 hex digits.
    pub digest: String,
}

impl NewApiKey {
    /// A key of these random bytes. The prefix lets secret scanners find it where it leaked.
    #[must_use]
    pub fn of(random: [u8; 32]) -> Self {
        let key = format!("sever-{}", hex::encode(random));
        let digest = format!("{DIGEST_PREFIX}{}", hex::encode(sha256(&key)));
        Self { key, digest }
    }
}

/// The keys that are accepted, as SHA-256 digests: neither an execution environment's memory nor
/// the table holds one that could be presented.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKeys(Vec<[u8; 32]>);

impl ApiKeys {
    /// Comma-separated keys, each as its digest (`sha256:` and 64 hex digits) or in plain text: at
    /// least 20 of `[A-Za-z0-9=-]` (PROTOCOL 2.4). `None` when one is neither.
    #[must_use]
    pub fn parse(list: &str) -> Option<Self> {
        let key = |entry: &str| match entry.strip_prefix(DIGEST_PREFIX) {
            Some(hex) => read_digest(hex),
            None => is_key(entry).then(|| sha256(entry)),
        };
        entries(list).map(key).collect::<Option<_>>().map(Self)
    }

    /// Whether a list has a key in plain text, which everyone who may read the list can present.
    #[must_use]
    pub fn has_plain_text(list: &str) -> bool {
        entries(list).any(|entry| !entry.starts_with(DIGEST_PREFIX))
    }

    /// Whether `presented` is one of them. Takes as long for a wrong key as for a right one.
    #[must_use]
    pub fn accept(&self, presented: &str) -> bool {
        let presented = sha256(presented);
        self.0.iter().fold(Choice::from(0), |found, key| found | key.ct_eq(&presented)).into()
    }

    /// What the table keeps: hex digests.
    #[must_use]
    pub fn to_stored(&self) -> Vec<String> {
        self.0.iter().map(hex::encode).collect()
    }

    /// The keys that the table keeps; `None` when these are no digests.
    #[must_use]
    pub fn from_stored(digests: &[String]) -> Option<Self> {
        digests.iter().map(|hex| read_digest(hex)).collect::<Option<_>>().map(Self)
    }
}

fn entries(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim)
}

fn is_key(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'=' || byte == b'-';
    text.len() >= MIN_BYTES && text.bytes().all(allowed)
}

fn read_digest(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(hex, &mut bytes).ok().map(|()| bytes)
}

fn sha256(key: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, key.as_bytes()).as_ref());
    bytes
}

impl fmt::Debug for NewApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewApiKey").field("digest", &self.digest).finish_non_exhaustive()
    }
}

impl fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKeys({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_of_the_list_whole() {
        let (a, b) = ("a".repeat(20), format!("{}=-9", "B".repeat(20)));
        let keys = ApiKeys::parse(&format!("{a}, {b}")).unwrap();
        assert!(keys.accept(&a) && keys.accept(&b));
        for wrong in ["", "a", &a[1..], &format!("{a},{b}"), &a.to_uppercase()] {
            assert!(!keys.accept(wrong), "{wrong}");
        }
        assert_eq!(ApiKeys::from_stored(&keys.to_stored()), Some(keys.clone()));
        assert!(!format!("{keys:?} {:?}", keys.to_stored()).contains(&a));
    }

    #[test]
    fn a_digest_stands_for_its_key_beside_others_in_plain_text() {
        let new = NewApiKey::of([7; 32]);
        let plain = "a".repeat(20);
        let upper = new.digest.replace("sha256:", "").to_uppercase();
        for list in
            [new.digest.clone(), format!("{plain} , {}", new.digest), format!("sha256:{upper}")]
        {
            let keys = ApiKeys::parse(&list).unwrap();
            assert!(keys.accept(&new.key), "{list}");
            assert_eq!(keys.accept(&plain), list.contains(&plain), "{list}");
            assert_eq!(ApiKeys::has_plain_text(&list), list.contains(&plain), "{list}");
            // Whoever reads the configuration holds no key.
            assert!(!keys.accept(&new.digest) && !keys.accept(&new.digest[7..]), "{list}");
        }
        assert!(is_key(&new.key) && !format!("{new:?}").contains(&new.key));
    }

    #[test]
    fn a_short_or_odd_key_is_none() {
        for list in
            ["", "short", "aaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaa,", "aaaaaaaaaaaaaaaaaaa_"]
        {
            assert_eq!(ApiKeys::parse(list), None, "{list}");
        }
        let digest = "0f".repeat(32);
        for list in [
            "sha256:".to_owned(),
            format!("sha256:{}", &digest[1..]),
            format!("sha256:{digest}0f"),
            format!("sha256: {digest}"),
            format!("sha256:{}zz", &digest[2..]),
            format!("SHA256:{digest}"),
            format!("sha512:{digest}"),
            format!("sha256:{digest},"),
        ] {
            assert_eq!(ApiKeys::parse(&list), None, "{list}");
        }
        assert_eq!(ApiKeys::from_stored(&["00".to_owned()]), None);
    }
}
