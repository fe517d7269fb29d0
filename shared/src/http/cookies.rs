//! The session cookies: their names, and `Set-Cookie` lines as the SuperTokens SDKs write them
//! (PROTOCOL 1.3).

use crate::time::Timestamp;
use std::fmt::Write as _;
use std::time::{Duration, UNIX_EPOCH};

/// The access token's cookie.
pub const ACCESS: &str = "sAccessToken";
/// The refresh token's cookie.
pub const REFRESH: &str = "sRefreshToken";

/// How long a browser keeps the access token's cookie, whatever the token's own life: one year.
const ACCESS_COOKIE_LIFE: Duration = Duration::from_hours(365 * 24);

/// The `SameSite` attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// Sent only from our own site.
    Strict,
    /// Sent from elsewhere only when the user follows a link.
    Lax,
    /// Sent from everywhere; needs `Secure`.
    None,
}

impl SameSite {
    /// As browsers write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "Strict",
            Self::Lax => "Lax",
            Self::None => "None",
        }
    }
}

/// The attributes that every session cookie of a deployment has. A cookie is cleared only by a line
/// with the same ones.
#[derive(Clone, Debug)]
pub struct CookieSettings {
    /// `Domain`, when the cookies are for more than the API's own host.
    pub domain: Option<String>,
    /// `SameSite`
    pub same_site: SameSite,
    /// `Secure`
    pub secure: bool,
    /// `Path` of the refresh token's cookie: no other route ever receives it.
    pub refresh_path: String,
    /// Every domain for which the API's host may set cookies, and a site under it too: the host
    /// itself, and those above it.
    pub parents: Vec<String>,
}

/// The most lines that take cookies of one name away. API Gateway lets 10,240 bytes of headers
/// through.
const MAX_CLEARED: usize = 32;

impl CookieSettings {
    /// The line that gives a browser its access token.
    #[must_use]
    pub fn set_access(&self, token: &str, now: Timestamp) -> String {
        self.line(self.domain.as_deref(), ACCESS, token, now.plus(ACCESS_COOKIE_LIFE))
    }

    /// The line that gives a browser its refresh token.
    #[must_use]
    pub fn set_refresh(&self, token: &str, expires_at: Timestamp) -> String {
        self.line(self.domain.as_deref(), REFRESH, token, expires_at)
    }

    /// The lines that take both away.
    #[must_use]
    pub fn clear(&self) -> [String; 2] {
        [ACCESS, REFRESH].map(|name| self.clear_at(self.domain.as_deref(), name))
    }

    /// The line that takes one away which was set for another domain (`None`: for the host alone).
    #[must_use]
    pub fn clear_at(&self, domain: Option<&str>, name: &str) -> String {
        self.line(domain, name, "", Timestamp::from_millis(0))
    }

    /// The lines that take away every cookie of this name which the refresh route receives, but for
    /// the one that we set. An older deployment left them, or another site of the same domain set
    /// them to pass its user off as ours (cookie tossing).
    #[must_use]
    pub fn clear_elsewhere(&self, name: &str) -> Vec<String> {
        let own = (self.domain.as_deref().map(bare), self.path_of(name));
        let domains =
            || std::iter::once(None).chain(self.parents.iter().map(|up| Some(up.as_str())));
        let paths = self.paths_of_refresh();
        let places = paths.iter().flat_map(|path| domains().map(move |domain| (domain, *path)));
        let others = places.filter(|place| *place != own).take(MAX_CLEARED);
        let epoch = Timestamp::from_millis(0);
        others.map(|(domain, path)| self.line_at((domain, path), name, "", epoch)).collect()
    }

    /// Every path of a cookie that a browser sends to the refresh route (RFC 6265 5.1.4): it, and
    /// what goes before a slash in it, with that slash and without. The likeliest come first.
    fn paths_of_refresh(&self) -> Vec<&str> {
        let path = self.refresh_path.as_str();
        let slashes = path.match_indices('/').map(|(at, _)| at).skip(1);
        let between = slashes.flat_map(|at| [&path[..at], &path[..=at]]);
        ["/", path].into_iter().chain(between).collect()
    }

    fn path_of(&self, name: &str) -> &str {
        if name == REFRESH { &self.refresh_path } else { "/" }
    }

    fn line(&self, domain: Option<&str>, name: &str, value: &str, expires: Timestamp) -> String {
        self.line_at((domain, self.path_of(name)), name, value, expires)
    }

    // Our tokens consist of characters that a cookie value may have (RFC 6265 4.1.1), so nothing
    // needs escaping.
    fn line_at(
        &self,
        (domain, path): (Option<&str>, &str),
        name: &str,
        value: &str,
        expires: Timestamp,
    ) -> String {
        let since_epoch =
            Duration::from_millis(u64::try_from(expires.millis()).unwrap_or_default());
        let expires = httpdate::fmt_http_date(UNIX_EPOCH + since_epoch);
        let mut line = format!("{name}={value}");
        if let Some(domain) = domain {
            let _infallible = write!(line, "; Domain={domain}");
        }
        let _infallible = write!(line, "; Path={path}; Expires={expires}; HttpOnly");
        if self.secure {
            line.push_str("; Secure");
        }
        let _infallible = write!(line, "; SameSite={}", self.same_site.as_str());
        line
    }
}

/// A browser reads a `Domain` attribute with and without a leading dot alike.
pub(crate) fn bare(domain: &str) -> &str {
    domain.strip_prefix('.').unwrap_or(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(domain: Option<&str>, same_site: SameSite, secure: bool) -> CookieSettings {
        CookieSettings {
            domain: domain.map(ToOwned::to_owned),
            same_site,
            secure,
            refresh_path: "/auth/session/refresh".to_owned(),
            parents: vec!["api.example.com".to_owned(), "example.com".to_owned()],
        }
    }

    #[test]
    fn every_place_but_our_own_is_cleared() {
        let places = |domain, name| {
            let settings = settings(domain, SameSite::Lax, true);
            let lines = settings.clear_elsewhere(name).into_iter();
            let places = lines.map(|line| {
                let (place, _) = line.split_once("; Expires=").unwrap();
                place.strip_prefix(name).unwrap().to_owned()
            });
            places.collect::<std::collections::BTreeSet<_>>()
        };
        let at = |domain: &str, path: &str| match domain {
            "" => format!("=; Path={path}"),
            domain => format!("=; Domain={domain}; Path={path}"),
        };
        let paths =
            ["/", "/auth", "/auth/", "/auth/session", "/auth/session/", "/auth/session/refresh"];
        for (domain, own) in [(None, ""), (Some(".example.com"), "example.com")] {
            for (name, own_path) in [(ACCESS, "/"), (REFRESH, "/auth/session/refresh")] {
                let domains = ["", "api.example.com", "example.com"];
                let all = domains.iter().flat_map(|domain| paths.map(|path| at(domain, path)));
                let others = all.filter(|place| *place != at(own, own_path));
                assert_eq!(places(domain, name), others.collect(), "{domain:?} {name}");
            }
        }
    }

    #[test]
    fn lines_are_those_of_the_protocol() {
        let now = Timestamp::from_seconds(1_700_000_000);
        let same_site = settings(None, SameSite::Lax, false);
        assert_eq!(
            same_site.set_access("a.b.c", now),
            "sAccessToken=a.b.c; Path=/; Expires=Wed, 13 Nov 2024 22:13:20 GMT; HttpOnly; SameSite=Lax"
        );
        assert_eq!(
            same_site.set_refresh("r", now),
            "sRefreshToken=r; Path=/auth/session/refresh; Expires=Tue, 14 Nov 2023 22:13:20 GMT; \
             HttpOnly; SameSite=Lax"
        );
        assert_eq!(
            settings(Some(".example.com"), SameSite::None, true).clear()[0],
            "sAccessToken=; Domain=.example.com; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; \
             HttpOnly; Secure; SameSite=None"
        );
    }
}
