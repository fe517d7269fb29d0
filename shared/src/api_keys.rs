//! The keys by which the SuperTokens SDKs prove that they may call `core-driver` (PROTOCOL 3.1).

use aws_lc_rs::digest::{SHA256, digest};
use std::fmt;
use subtle::{Choice, ConstantTimeEq};

/// The keys that are accepted, as SHA-256 digests: neither a sandbox's memory nor the table holds
/// one that could be presented.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKeys(Vec<[u8; 32]>);

impl ApiKeys {
    /// Comma-separated keys, each of at least 20 of `[A-Za-z0-9=-]` (PROTOCOL 2.4). `None` when one
    /// is not.
    #[must_use]
    pub fn parse(list: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'=' || byte == b'-';
        let key = |key: &str| (key.len() >= 20 && key.bytes().all(allowed)).then(|| sha256(key));
        list.split(',').map(str::trim).map(key).collect::<Option<_>>().map(Self)
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
        let digest = |text: &String| {
            let mut bytes = [0; 32];
            hex::decode_to_slice(text, &mut bytes).ok().map(|()| bytes)
        };
        digests.iter().map(digest).collect::<Option<_>>().map(Self)
    }
}

fn sha256(key: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, key.as_bytes()).as_ref());
    bytes
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
    fn a_short_or_odd_key_is_none() {
        for list in
            ["", "short", "aaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaa,", "aaaaaaaaaaaaaaaaaaa_"]
        {
            assert_eq!(ApiKeys::parse(list), None, "{list}");
        }
        assert_eq!(ApiKeys::from_stored(&["00".to_owned()]), None);
    }
}
