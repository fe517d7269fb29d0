//! Whose `iss` is believed.
//!
//! Every token was signed by a key of ours, whatever it names as its issuer. The SuperTokens SDKs
//! have their own name put there (PROTOCOL 2.2), so a deployment that serves them says which names
//! it expects.

/// The issuers that are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuers {
    /// Our own: the `iss` of the tokens that name no other.
    pub own: String,
    /// Those believed besides.
    pub trusted: Trusted,
}

/// The issuers that are believed besides our own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trusted {
    /// These.
    These(Vec<String>),
    /// Whatever a token of ours names.
    Any,
}

impl Issuers {
    /// Our own and no other.
    #[must_use]
    pub fn only(own: impl Into<String>) -> Self {
        Self { own: own.into(), trusted: Trusted::These(Vec::new()) }
    }

    /// Whether a token that names `issuer` is believed.
    #[must_use]
    pub fn trust(&self, issuer: Option<&str>) -> bool {
        match &self.trusted {
            Trusted::Any => true,
            Trusted::These(others) => issuer.is_some_and(|issuer| {
                issuer == self.own || others.iter().any(|other| other == issuer)
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_believed_when_named() {
        let mut issuers = Issuers::only("https://a");
        assert!(issuers.trust(Some("https://a")));
        assert!(!issuers.trust(Some("https://b")) && !issuers.trust(None));
        issuers.trusted = Trusted::These(vec!["https://b".to_owned()]);
        assert!(issuers.trust(Some("https://a")) && issuers.trust(Some("https://b")));
        assert!(!issuers.trust(Some("https://bb")) && !issuers.trust(None));
        issuers.trusted = Trusted::Any;
        assert!(issuers.trust(Some("https://c")) && issuers.trust(None));
    }
}
