//! Giving a client its tokens and taking them away: the headers and cookies of PROTOCOL 1.5 and
//! 1.6.

use super::cookies::CookieSettings;
use super::credentials::{ANTI_CSRF, Transfer};
use crate::session::Issued;
use crate::time::Timestamp;

/// Header names that a browser's script must be allowed to read.
const EXPOSE: &str = "access-control-expose-headers";
const FRONT_TOKEN: &str = "front-token";
const ACCESS: &str = "st-access-token";
const REFRESH: &str = "st-refresh-token";

/// Headers and `Set-Cookie` lines for one answer. They hold secrets, so there is no `Debug`.
#[derive(Default)]
pub struct ClientTokens {
    /// Name and value; each name once.
    pub headers: Vec<(&'static str, String)>,
    /// Whole `Set-Cookie` values.
    pub cookies: Vec<String>,
}

impl ClientTokens {
    /// What gives a client its new tokens.
    #[must_use]
    pub fn give(
        issued: &Issued,
        transfer: Transfer,
        cookies: &CookieSettings,
        now: Timestamp,
    ) -> Self {
        let (access, refresh) = (issued.access.expose(), issued.refresh.expose());
        let mut given = Self::default();
        given.expose(FRONT_TOKEN, issued.access.front_token().to_owned());
        match transfer {
            Transfer::Header => {
                given.expose(ACCESS, access.to_owned());
                given.expose(REFRESH, refresh);
            }
            Transfer::Cookie => {
                given.cookies.push(cookies.set_access(access, now));
                let expires_at = issued.session.standing.expires_at;
                given.cookies.push(cookies.set_refresh(&refresh, expires_at));
                if let Some(token) = &issued.session.anti_csrf {
                    given.expose(ANTI_CSRF, token.expose().to_owned());
                }
            }
        }
        given
    }

    /// What opens a session in a client. What an earlier one left in the other way of transfer is
    /// taken away: a header wins over a cookie, and the client would go on as who it was before; a
    /// cookie would come back to life when the header's session is signed out (PROTOCOL 1.7).
    #[must_use]
    pub fn open(
        issued: &Issued,
        transfer: Transfer,
        cookies: &CookieSettings,
        now: Timestamp,
    ) -> Self {
        let mut given = Self::give(issued, transfer, cookies, now);
        match transfer {
            Transfer::Header => given.cookies.extend(cookies.clear()),
            Transfer::Cookie => {
                given.expose(ACCESS, String::new());
                given.expose(REFRESH, String::new());
            }
        }
        given
    }

    /// What takes a client's tokens away, for one way they travel.
    #[must_use]
    pub fn take(transfer: Transfer, cookies: &CookieSettings) -> Self {
        let mut taken = Self::default();
        taken.expose(FRONT_TOKEN, "remove".to_owned());
        match transfer {
            Transfer::Header => {
                taken.expose(ACCESS, String::new());
                taken.expose(REFRESH, String::new());
            }
            Transfer::Cookie => taken.cookies.extend(cookies.clear()),
        }
        taken
    }

    /// What takes them away for either way, when nobody knows which one the client used.
    #[must_use]
    pub fn take_both(cookies: &CookieSettings) -> Self {
        let mut taken = Self::take(Transfer::Header, cookies);
        taken.cookies.extend(cookies.clear());
        taken
    }

    /// What takes away the cookies of these `names` that are not ours, and leaves ours alone.
    #[must_use]
    pub fn take_strays(names: &[&str], cookies: &CookieSettings) -> Self {
        let lines = names.iter().flat_map(|name| cookies.clear_elsewhere(name));
        Self { headers: Vec::new(), cookies: lines.collect() }
    }

    /// Adds a header that a browser's script may read.
    fn expose(&mut self, name: &'static str, value: String) {
        self.headers.push((name, value));
        match self.headers.iter_mut().find(|(header, _)| *header == EXPOSE) {
            Some((_, names)) => {
                names.push_str(", ");
                names.push_str(name);
            }
            None => self.headers.push((EXPOSE, name.to_owned())),
        }
    }
}
