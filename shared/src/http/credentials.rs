//! What a request carries to prove who is asking: tokens in a header or in cookies, and the
//! evidence that it was meant.
//!
//! A header wins over a cookie (PROTOCOL 1.7). An access token that is not even shaped like one
//! counts as absent. Which token decides, by what a request shows:
//!
//! | header | cookies | a protected route | a refresh |
//! |---|---|---|---|
//! | a token | any number | the header's, unless a cookie has a genuine token of another session | the header's |
//! | two that differ | any number | refused | the first |
//! | none | one | the cookie's | the cookie's |
//! | none | two of one name | refused | refused, and the others than ours are cleared |
//!
//! A header's token that is forged, expired or revoked is refused whatever the cookies hold: a client
//! that means to be one user never passes as another.

use super::cookies::{ACCESS, REFRESH};
use crate::session::Evidence;
use crate::token::unverified::UnverifiedToken;
use cookie::Cookie;
use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, HeaderValue, Method};

/// How tokens travel between a client and us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// In `Authorization` and the `st-*` headers.
    Header,
    /// In cookies.
    Cookie,
}

/// Header names of the protocol (PROTOCOL 1.2).
pub const RID: &str = "rid";
/// Brings the anti-CSRF token, both ways.
pub const ANTI_CSRF: &str = "anti-csrf";

/// The tokens of one request, by name of cookie, and its `Authorization`.
pub struct Credentials<'a> {
    headers: &'a HeaderMap,
    bearer: Option<&'a str>,
    access_cookies: Vec<String>,
    refresh_cookies: Vec<String>,
}

/// What a request shows on a guarded route.
#[derive(Debug)]
pub enum AccessCredential<'a> {
    /// No access token.
    Absent,
    /// More than one access token: which one counts cannot be said. A refresh tidies up.
    Duplicated,
    /// One access token, and how it came.
    Present(Box<UnverifiedToken<'a>>, Transfer),
}

/// What a request shows on the refresh route.
#[derive(Debug, PartialEq, Eq)]
pub enum RefreshCredential<'a> {
    /// No refresh token.
    Absent,
    /// More than one cookie of these names.
    Duplicated(Vec<&'static str>),
    /// The text of one refresh token, and how it came.
    Present(&'a str, Transfer),
}

impl<'a> Credentials<'a> {
    /// Reads the headers of a request.
    #[must_use]
    pub fn of(headers: &'a HeaderMap) -> Self {
        let bearer = headers.get(AUTHORIZATION).and_then(bearer);
        // Any script on the site can set a cookie of any bytes; it must not hide ours beside it.
        let lines: Vec<_> = headers
            .get_all(COOKIE)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        let (mut access_cookies, mut refresh_cookies) = (Vec::new(), Vec::new());
        for cookie in lines.iter().flat_map(|line| Cookie::split_parse_encoded(&**line)).flatten() {
            match cookie.name() {
                ACCESS => access_cookies.push(cookie.value().to_owned()),
                REFRESH => refresh_cookies.push(cookie.value().to_owned()),
                _ => {}
            }
        }
        Self { headers, bearer, access_cookies, refresh_cookies }
    }

    /// The access token to check.
    #[must_use]
    pub fn access(&self) -> AccessCredential<'_> {
        if let Some(Ok(token)) = self.bearer.map(UnverifiedToken::parse) {
            return AccessCredential::Present(Box::new(token), Transfer::Header);
        }
        match self.access_cookies.as_slice() {
            [] => AccessCredential::Absent,
            [token] => match UnverifiedToken::parse(token) {
                Ok(token) => AccessCredential::Present(Box::new(token), Transfer::Cookie),
                Err(_) => AccessCredential::Absent,
            },
            [_, _, ..] => AccessCredential::Duplicated,
        }
    }

    /// The access token to check where a request must not say two things: every `Authorization`
    /// with something shaped like an access token shows the same one. A client writes those itself.
    /// Cookies may come from elsewhere: see [`Credentials::rivals`].
    #[must_use]
    pub fn undisputed_access(&self) -> AccessCredential<'_> {
        let mut bearers = self.bearers();
        let parsed = |text| UnverifiedToken::parse(text).ok().map(|token| (text, token));
        let Some((first, token)) = bearers.by_ref().find_map(parsed) else { return self.access() };
        let mut others = bearers.filter(|other| *other != first);
        if others.any(|other| UnverifiedToken::parse(other).is_ok()) {
            return AccessCredential::Duplicated;
        }
        AccessCredential::Present(Box::new(token), Transfer::Header)
    }

    /// The access tokens in cookies beside one that came by `transfer`. One that is genuine, and of
    /// another session, disputes a header's. Any site under a common parent domain can set such a
    /// cookie: what is not genuine disputes nothing, or that site could refuse every request.
    pub fn rivals(&self, transfer: Transfer) -> impl Iterator<Item = UnverifiedToken<'_>> {
        let beside = match transfer {
            Transfer::Header => self.access_cookies.as_slice(),
            Transfer::Cookie => &[],
        };
        let others = beside.iter().filter(|text| !self.bearers().any(|bearer| bearer == *text));
        others.filter_map(|text| UnverifiedToken::parse(text).ok())
    }

    fn bearers(&self) -> impl Iterator<Item = &'a str> {
        self.headers.get_all(AUTHORIZATION).iter().filter_map(bearer)
    }

    /// The refresh token to exchange. One in a header decides, whatever the cookies are.
    #[must_use]
    pub fn refresh(&self) -> RefreshCredential<'_> {
        if let Some(token) = self.bearer.filter(|token| !token.is_empty()) {
            return RefreshCredential::Present(token, Transfer::Header);
        }
        match (self.duplicated(), self.refresh_cookies.first()) {
            (twice, _) if !twice.is_empty() => RefreshCredential::Duplicated(twice),
            (_, Some(token)) if !token.is_empty() => {
                RefreshCredential::Present(token, Transfer::Cookie)
            }
            (_, _) => RefreshCredential::Absent,
        }
    }

    /// The names of which there is more than one cookie.
    #[must_use]
    pub fn duplicated(&self) -> Vec<&'static str> {
        let all = [(ACCESS, &self.access_cookies), (REFRESH, &self.refresh_cookies)];
        all.iter().filter(|(_, values)| values.len() > 1).map(|(name, _)| *name).collect()
    }

    /// Whether a token came in a cookie, beside the one that was chosen.
    #[must_use]
    pub fn has_cookie(&self) -> bool {
        !self.refresh_cookies.is_empty() || !self.access_cookies.is_empty()
    }

    /// What the request brings to show that it was meant. A method that changes nothing needs none
    /// (PROTOCOL 1.8: all but GET are checked).
    #[must_use]
    pub fn evidence(&self, transfer: Transfer, method: &Method) -> Evidence<'a> {
        if transfer == Transfer::Header || method == Method::GET {
            return Evidence::NotNeeded;
        }
        let token = self.headers.get(ANTI_CSRF).and_then(|value| value.to_str().ok());
        Evidence::Cookie { custom_header: self.headers.contains_key(RID), token }
    }
}

fn bearer(value: &HeaderValue) -> Option<&str> {
    after_bearer(value.to_str().ok()?)
}

/// What stands after the scheme `Bearer`, which may be in any case (RFC 9110 11.1).
#[must_use]
pub fn after_bearer(credentials: &str) -> Option<&str> {
    let (scheme, rest) = credentials.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| rest.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn check(pairs: &[(&'static str, &str)], expected: &RefreshCredential<'_>) {
        let headers = headers(pairs);
        assert_eq!(Credentials::of(&headers).refresh(), *expected, "{pairs:?}");
    }

    #[test]
    fn the_refresh_token_comes_from_a_header_or_else_a_cookie() {
        use RefreshCredential::{Absent, Duplicated, Present};
        check(&[], &Absent);
        check(&[("authorization", "Bearer  r ")], &Present("r", Transfer::Header));
        check(&[("authorization", "bearer r")], &Present("r", Transfer::Header));
        check(&[("authorization", "BEARER  r")], &Present("r", Transfer::Header));
        check(&[("authorization", "Bearerr")], &Absent);
        check(&[("authorization", "Basic r")], &Absent);
        check(&[("authorization", "Bearer ")], &Absent);
        check(&[("cookie", "sRefreshToken=c")], &Present("c", Transfer::Cookie));
        check(&[("cookie", "sRefreshToken=")], &Absent);
        check(
            &[("authorization", "Bearer r"), ("cookie", "sRefreshToken=c")],
            &Present("r", Transfer::Header),
        );
        check(&[("cookie", "sRefreshToken=a; sRefreshToken=b")], &Duplicated(vec![REFRESH]));
        check(
            &[("cookie", "sRefreshToken=a; sAccessToken=x"), ("cookie", "sAccessToken=y")],
            &Duplicated(vec![ACCESS]),
        );
        let two = ("cookie", "sRefreshToken=; sRefreshToken=; sAccessToken=; sAccessToken=x");
        check(&[two], &Duplicated(vec![ACCESS, REFRESH]));
        check(&[two, ("authorization", "Bearer ")], &Duplicated(vec![ACCESS, REFRESH]));
        check(&[two, ("authorization", "Bearer r")], &Present("r", Transfer::Header));
    }

    #[test]
    fn an_access_token_without_the_shape_of_one_counts_as_absent() {
        let headers = headers(&[("authorization", "Bearer a.b.c"), ("cookie", "sAccessToken=x")]);
        assert!(matches!(Credentials::of(&headers).access(), AccessCredential::Absent));
    }

    #[test]
    fn headers_that_differ_are_disputed_and_cookies_beside_a_header_are_its_rivals() {
        let token = |number: u8| {
            let part = |json: String| URL_SAFE_NO_PAD.encode(json);
            let header = r#"{"alg":"RS256","typ":"JWT","kid":"d-1","version":"5"}"#;
            let claims = format!(
                r#"{{"sub":"u","rsub":"u","tId":"public","sessionHandle":"h","refreshTokenHash1":"00","iat":{number},"exp":9}}"#
            );
            format!("{}.{}.AAAA", part(header.to_owned()), part(claims))
        };
        let bearer = |token: &str| ("authorization", format!("Bearer {token}"));
        let cookie = |token: &str| ("cookie", format!("sAccessToken={token}"));
        let (one, two) = (token(1), token(2));
        let basic = ("authorization", "Basic eA==".to_owned());
        let by = |transfer| Some(Some(transfer));
        for (lines, found, rivals) in [
            (vec![], Some(None), 0),
            (vec![basic.clone()], Some(None), 0),
            (vec![bearer(&one)], by(Transfer::Header), 0),
            (vec![basic, bearer(&one)], by(Transfer::Header), 0),
            (vec![cookie(&one)], by(Transfer::Cookie), 0),
            (vec![bearer(&one), bearer(&one), cookie(&one)], by(Transfer::Header), 0),
            (vec![bearer(&one), cookie("stale"), bearer("x")], by(Transfer::Header), 0),
            (vec![bearer(&one), bearer(&two)], None, 0),
            (vec![bearer(&one), cookie(&two)], by(Transfer::Header), 1),
            (vec![bearer(&one), cookie("stale"), cookie(&two)], by(Transfer::Header), 1),
            (vec![bearer(&one), cookie(&one), cookie(&two)], by(Transfer::Header), 1),
            (vec![bearer("x"), cookie(&two)], by(Transfer::Cookie), 0),
            (vec![cookie(&one), cookie(&one)], None, 0),
        ] {
            let pairs: Vec<_> = lines.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let headers = headers(&pairs);
            let credentials = Credentials::of(&headers);
            let access = match credentials.undisputed_access() {
                AccessCredential::Absent => Some(None),
                AccessCredential::Duplicated => None,
                AccessCredential::Present(_, transfer) => {
                    assert_eq!(credentials.rivals(transfer).count(), rivals, "{pairs:?}");
                    Some(Some(transfer))
                }
            };
            assert_eq!(access, found, "{pairs:?}");
        }
    }

    #[test]
    fn only_a_cookie_on_an_unsafe_method_needs_evidence() {
        let headers = headers(&[("rid", "anti-csrf")]);
        let credentials = Credentials::of(&headers);
        let needs = |transfer, method| {
            matches!(credentials.evidence(transfer, &method), Evidence::Cookie { .. })
        };
        assert!(needs(Transfer::Cookie, Method::POST));
        assert!(needs(Transfer::Cookie, Method::DELETE));
        assert!(!needs(Transfer::Cookie, Method::GET));
        assert!(!needs(Transfer::Header, Method::POST));
    }
}
