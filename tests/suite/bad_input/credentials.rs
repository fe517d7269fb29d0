//! Cookies and headers, as odd as clients, proxies and other scripts on the site send them: a token
//! is found where it was put, whole, and nothing beside it hides it or passes for it.

use super::cases::every;
use super::texts::{TextChange, short_text, text};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use shared::http::credentials::{AccessCredential, Credentials, RefreshCredential, Transfer};
use shared::session::Evidence;
use shared::token::unverified::UnverifiedToken;

/// One line of a request's head. What cannot be one is not sent.
pub(super) type Line = (String, Vec<u8>);

const NAMES: [&str; 12] = [
    "authorization",
    "Authorization",
    "cookie",
    "Cookie",
    "COOKIE",
    "anti-csrf",
    "rid",
    "api-key",
    "st-auth-mode",
    "host",
    "x-forwarded-proto",
    "content-length",
];
/// `{}` is a token.
const VALUES: [&str; 20] = [
    "Bearer {}",
    "Bearer  {} ",
    "bearer {}",
    "Bearer{}",
    "Basic {}",
    "{}",
    "Bearer {}, Bearer x",
    "sAccessToken={}",
    "sRefreshToken={}",
    "sAccessToken={}; sRefreshToken={}",
    "saccesstoken={}",
    "a=b; sAccessToken={}; c",
    "sAccessToken=\"{}\"",
    " sAccessToken = {} ",
    "sAccessToken={};;=;",
    "sAccessToken=x; sAccessToken={}",
    "x=sAccessToken={}",
    "sAccessToken={}%00",
    "$sAccessToken={}",
    "sIdRefreshToken={}; sFrontToken={}",
];

/// A line that shows a token in some way.
pub(super) fn line(token: BoxedStrategy<String>) -> BoxedStrategy<Line> {
    let bytes = vec(any::<u8>(), 0..40);
    let shaped = (select(&VALUES[..]), token, proptest::option::of(TextChange::short()));
    let shaped = shaped.prop_map(|(form, token, change)| {
        let value = form.replace("{}", &token);
        change.map_or(value.clone(), |change| change.apply(&value)).into_bytes()
    });
    let name = prop_oneof![8 => select(&NAMES[..]).prop_map(ToOwned::to_owned), 1 => text()];
    (name, prop_oneof![6 => shaped, 1 => bytes]).boxed()
}

fn headers(lines: &[Line]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_bytes(value))
        {
            headers.append(name, value);
        }
    }
    headers
}

/// An access token that is genuine in form.
const ACCESS: &str = concat!(
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImQtMSIsInZlcnNpb24iOiI1In0.",
    "eyJzdWIiOiJ1IiwicnN1YiI6InUiLCJ0SWQiOiJwdWJsaWMiLCJzZXNzaW9uSGFuZGxlIjoiaCIsInJlZnJlc2hUb2tlb",
    "khhc2gxIjoiMDAiLCJpYXQiOjEsImV4cCI6Mn0.AAAA",
);

/// What a request shows as a token, read by the letter: after `Bearer ` in any case, and in cookies of
/// a name.
struct Shown {
    bearer: Option<String>,
    access: Vec<String>,
    refresh: Vec<String>,
}

impl Shown {
    fn of(headers: &HeaderMap) -> Self {
        let bearer = headers.get("authorization").and_then(|value| value.to_str().ok());
        let bearer = bearer.and_then(|value| {
            let (scheme, rest) = value.split_at_checked("Bearer ".len())?;
            scheme.eq_ignore_ascii_case("Bearer ").then(|| rest.trim())
        });
        let lines = headers.get_all("cookie").iter();
        let lines: Vec<_> =
            lines.map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned()).collect();
        let pairs = lines.iter().flat_map(|line| line.split(';'));
        let pairs = pairs.filter_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            Some((decoded(name.trim())?, decoded(value.trim())?))
        });
        let pairs: Vec<_> = pairs.collect();
        let named = |wanted: &str| {
            let values = pairs.iter().filter(|(name, _)| name == wanted);
            values.map(|(_, value)| value.clone()).collect()
        };
        let (access, refresh) = (named("sAccessToken"), named("sRefreshToken"));
        Self { bearer: bearer.map(ToOwned::to_owned), access, refresh }
    }
}

/// Percent-decoded; `None` when that is no text.
fn decoded(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let byte = digits.filter(|_| *first == b'%').map(|digits| {
            let digits = std::str::from_utf8(digits).expect("ASCII");
            u8::from_str_radix(digits, 16).expect("hex digits")
        });
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).ok()
}

#[test]
fn what_is_found_is_what_was_shown() {
    let token = prop_oneof![Just(ACCESS.to_owned()), short_text()].boxed();
    every(3_000, &vec(line(token), 0..6), |lines| {
        let headers = headers(&lines);
        let (found, shown) = (Credentials::of(&headers), Shown::of(&headers));
        let is_token = |text: &str| UnverifiedToken::parse(text).is_ok();
        match found.access() {
            AccessCredential::Present(_, Transfer::Header) => {
                assert!(shown.bearer.as_deref().is_some_and(is_token));
            }
            AccessCredential::Present(_, Transfer::Cookie) => {
                assert!(shown.access.len() == 1 && is_token(&shown.access[0]));
            }
            AccessCredential::Absent => assert!(!shown.bearer.as_deref().is_some_and(is_token)),
            AccessCredential::Duplicated => assert!(shown.access.len() > 1, "{:?}", shown.access),
        }
        match found.refresh() {
            RefreshCredential::Present(token, Transfer::Header) => {
                assert_eq!(shown.bearer.as_deref(), Some(token));
            }
            RefreshCredential::Present(token, Transfer::Cookie) => {
                assert_eq!(shown.refresh, [token]);
            }
            RefreshCredential::Duplicated(_) => {
                assert!(shown.access.len() > 1 || shown.refresh.len() > 1);
            }
            RefreshCredential::Absent => {}
        }
        for method in [Method::GET, Method::POST] {
            let evidence = found.evidence(Transfer::Cookie, &method);
            assert_eq!(matches!(evidence, Evidence::NotNeeded), method == Method::GET);
        }
    });
}

/// Cookies and headers that are nobody's business.
fn stranger() -> BoxedStrategy<Line> {
    let value = prop_oneof![vec(any::<u8>(), 0..60), short_text().prop_map(String::into_bytes)];
    let name = select(&["cookie", "x-custom", "accept", "rid", "anti-csrf", "st-auth-mode"][..]);
    let is_strange = |value: &[u8]| {
        let text = String::from_utf8_lossy(value);
        !text.contains("sAccessToken") && !text.contains("sRefreshToken")
    };
    let value = value.prop_filter("a cookie of ours", move |value| is_strange(value));
    (name.prop_map(ToOwned::to_owned), value).boxed()
}

#[test]
fn strangers_hide_no_cookie_of_ours() {
    let ways = select(
        &[
            "sAccessToken={}",
            "a=b; sAccessToken={}",
            "sAccessToken={}; a=b",
            "sAccessToken={};",
            "  sAccessToken  =  {}  ",
            "=x; sAccessToken={}",
            "broken; sAccessToken={}; \u{fc}=1",
        ][..],
    );
    every(1_500, &(ways, vec(stranger(), 0..5), any::<Index>()), |(form, mut lines, at)| {
        let ours = ("cookie".to_owned(), form.replace("{}", ACCESS).into_bytes());
        lines.insert(at.index(lines.len() + 1), ours);
        let headers = headers(&lines);
        let found = Credentials::of(&headers);
        assert!(matches!(found.access(), AccessCredential::Present(_, Transfer::Cookie)));
    });
}

#[test]
fn a_percent_encoded_cookie_is_the_same_cookie() {
    let encoded = |token: &str, which: &[Index]| {
        let mut letters: Vec<_> = token.chars().map(String::from).collect();
        for at in which {
            let letter = at.get_mut(&mut letters);
            if letter.len() == 1 {
                *letter = format!("%{:02X}", letter.as_bytes()[0]);
            }
        }
        letters.concat()
    };
    every(300, &vec(any::<Index>(), 0..10), |which| {
        let line = format!("sRefreshToken={}", encoded("sv1.a-b_c.AAAA", &which));
        let headers = headers(&[("cookie".to_owned(), line.into_bytes())]);
        let found = Credentials::of(&headers);
        let expected = RefreshCredential::Present("sv1.a-b_c.AAAA", Transfer::Cookie);
        assert_eq!(found.refresh(), expected);
    });
}
