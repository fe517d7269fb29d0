//! Whose `iss` is believed.
//!
//! Every token was signed by a key of ours, whatever it names as its issuer. The SuperTokens SDKs
//! have their own name put there (PROTOCOL 2.2), so a deployment that serves them says which names
//! it expects.

use url::Url;

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

    /// Whether `issuer` is a way to write our own: with a slash at the end, in capitals, with the
    /// scheme's own port or another scheme, and whatever else a reader may take for the same.
    #[must_use]
    pub fn is_own(&self, issuer: &str) -> bool {
        let place = place(issuer);
        issuer == self.own || (place.is_some() && place == self::place(&self.own))
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

/// The host, the port unless it is the scheme's own, and the path that an issuer names, as the
/// SuperTokens SDKs normalise them. `None` when it names no host.
fn place(issuer: &str) -> Option<(String, Option<u16>, String)> {
    let issuer = issuer.trim();
    let web = Url::parse(issuer).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = web.or_else(|| Url::parse(&format!("https://{issuer}")).ok())?;
    let host = url.host_str()?.trim_end_matches('.').to_owned();
    Some((host, url.port(), url.path().trim_end_matches('/').to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_issuer_is_known_in_every_spelling() {
        let issuers = Issuers::only("https://auth.example.com/auth");
        for own in [
            "https://auth.example.com/auth",
            "https://auth.example.com/auth/",
            "https://AUTH.example.com/Auth",
            "https://auth.example.com:443/auth",
            "https://auth.example.com./auth",
            "https://user@auth.example.com/./auth?a#b",
            "http://auth.example.com/auth",
            "auth.example.com/auth",
            "auth.example.com:443/auth",
            "//auth.example.com/auth",
            " https://auth.example.com/auth\n",
            "https:\\\\auth.example.com\\auth",
        ] {
            assert!(issuers.is_own(own), "{own}");
        }
        for other in [
            "",
            "me",
            "/auth",
            "https://auth.example.com",
            "https://auth.example.com/auth2",
            "https://auth.example.com/auth/auth",
            "https://auth.example.com:444/auth",
            "https://example.com/auth",
            "https://auth.example.com.evil.example/auth",
        ] {
            assert!(!issuers.is_own(other), "{other}");
        }
        assert!(Issuers::only("not a URL").is_own("not a URL"));
    }

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
