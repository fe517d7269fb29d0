//! Changes to an access token: to its text, to the header and the claims inside it, to how its
//! parts are encoded, and to its signature.

use super::json::{JsonChange, Odd, Tree, odd};
use super::texts::TextChange;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// What is done to a token.
#[derive(Clone, Debug)]
pub(super) enum TokenChange {
    /// Its text is changed.
    Text(TextChange),
    /// Header (0) or claims (1) are changed.
    Json(usize, JsonChange),
    /// A member of the header (0) or a claim (1) is another.
    Member(usize, &'static str, Odd),
    /// A part is encoded otherwise.
    Encoded(usize, Encoding),
    /// The bits that the last letter of a part has to spare are set.
    Slack(usize),
    /// Some bits of the signature are flipped.
    Flipped(Index, u8),
    /// The signature is somebody else's.
    SignatureOf(Other),
    /// A part is missing, or stands twice.
    Parts(usize, usize),
}

/// Another way to write the same bytes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Encoding {
    UrlPadded,
    Standard,
    StandardPadded,
    Hex,
    None,
}

/// Whose signature is borrowed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Other {
    /// Nobody's.
    Empty,
    /// That of another genuine token.
    Genuine,
    /// That of the token itself, cut to half.
    Half,
}

const HEADER: [&str; 14] = [
    "alg", "typ", "kid", "version", "crit", "jku", "jwk", "x5u", "x5c", "cty", "zip", "enc", "b64",
    "url",
];

const CLAIMS: [&str; 20] = [
    "sub",
    "rsub",
    "tId",
    "sessionHandle",
    "refreshTokenHash1",
    "parentRefreshTokenHash1",
    "antiCsrfToken",
    "iat",
    "exp",
    "nbf",
    "iss",
    "aud",
    "stt",
    "userId",
    "userData",
    "expiryTime",
    "timeCreated",
    "role",
    "roles",
    "jti",
];

/// Values that mean something: in the header (0), and as a claim (1).
const TELLING: [(usize, &str, &str); 40] = [
    (0, "alg", r#""none""#),
    (0, "alg", r#""None""#),
    (0, "alg", r#""HS256""#),
    (0, "alg", r#""HS512""#),
    (0, "alg", r#""rs256""#),
    (0, "alg", r#""RS384""#),
    (0, "alg", r#""RS512""#),
    (0, "alg", r#""PS256""#),
    (0, "alg", r#""ES256""#),
    (0, "typ", r#""jwt""#),
    (0, "typ", r#""at+jwt""#),
    (0, "typ", "null"),
    (0, "version", r#""2""#),
    (0, "version", r#""3""#),
    (0, "version", r#""4""#),
    (0, "version", r#""5""#),
    (0, "version", r#""6""#),
    (0, "version", "5"),
    (0, "version", "null"),
    (0, "kid", r#""s-00000000-0000-4000-8000-000000000000""#),
    (0, "kid", r#""d-1800000000000""#),
    (0, "kid", r#""d-1800000000001""#),
    (0, "kid", r#""d--9223372036854775808""#),
    (0, "kid", "null"),
    (0, "crit", r#"["exp"]"#),
    (0, "crit", "[]"),
    (0, "b64", "false"),
    (0, "jku", r#""https://evil.example/jwks.json""#),
    (0, "jwk", r#"{"kty":"oct","k":"AA"}"#),
    (1, "exp", "0"),
    (1, "exp", "1800000000"),
    (1, "exp", "9223372036854775807"),
    (1, "iat", "1800000001"),
    (1, "iat", "-9223372036854775808"),
    (1, "nbf", "4102444800"),
    (1, "nbf", "1.5"),
    (1, "stt", "0"),
    (1, "stt", "1"),
    (1, "iss", r#""https://evil.example/auth""#),
    (1, "tId", r#""acme""#),
];

/// Each of them by itself.
pub(super) fn telling() -> impl Iterator<Item = TokenChange> {
    let change = |(part, name, json): &(usize, &'static str, &str)| {
        TokenChange::Member(*part, name, Odd((*json).to_owned()))
    };
    TELLING.iter().map(change)
}

/// A change to a claim or to the header.
pub(super) fn member() -> BoxedStrategy<TokenChange> {
    let telling =
        select(&TELLING[..]).prop_map(|(part, name, json)| (part, name, Odd(json.to_owned())));
    let any =
        prop_oneof![(Just(0), select(&HEADER[..]), odd()), (Just(1), select(&CLAIMS[..]), odd()),];
    prop_oneof![
        3 => prop_oneof![2 => telling, 1 => any]
            .prop_map(|(part, name, value)| TokenChange::Member(part, name, value)),
        1 => (0..2_usize, JsonChange::any())
            .prop_map(|(part, change)| TokenChange::Json(part, change)),
    ]
    .boxed()
}

impl TokenChange {
    /// Any change.
    pub(super) fn any() -> BoxedStrategy<Self> {
        use Encoding::{Hex, None, Standard, StandardPadded, UrlPadded};
        let encoding = select(vec![UrlPadded, Standard, StandardPadded, Hex, None]);
        let other = select(vec![Other::Empty, Other::Genuine, Other::Half]);
        prop_oneof![
            5 => TextChange::any().prop_map(Self::Text),
            6 => member(),
            2 => (0..3_usize, encoding).prop_map(|(part, how)| Self::Encoded(part, how)),
            2 => (0..3_usize).prop_map(Self::Slack),
            2 => (any::<Index>(), 1..=u8::MAX).prop_map(|(at, bits)| Self::Flipped(at, bits)),
            2 => other.prop_map(Self::SignatureOf),
            1 => (0..4_usize, 0..3_usize).prop_map(|(part, times)| Self::Parts(part, times)),
        ]
        .boxed()
    }

    /// The token after the change; `genuine` is another genuine one. What is no token any more
    /// stays as it is, unless its text is changed.
    pub(super) fn apply(&self, token: &str, genuine: &str) -> String {
        let mut parts: Vec<_> = token.split('.').map(ToOwned::to_owned).collect();
        match self {
            Self::Text(change) => return change.apply(token),
            Self::Json(part, change) => change_json(&mut parts, *part, |tree| change.apply(tree)),
            Self::Member(part, name, value) => change_json(&mut parts, *part, |tree| {
                *tree.member_or_new(name) = Tree::Leaf(value.0.clone());
            }),
            Self::Encoded(part, how) => change_bytes(&mut parts, *part, |bytes| how.write(bytes)),
            Self::Slack(part) => {
                if let Some(part) = parts.get_mut(*part) {
                    *part = with_slack(part);
                }
            }
            Self::Flipped(at, bits) => {
                let standard = is_legacy(&parts);
                change_bytes(&mut parts, 2, |bytes| {
                    let mut bytes = bytes.to_vec();
                    if !bytes.is_empty() {
                        *at.get_mut(&mut bytes) ^= bits;
                    }
                    write(&bytes, standard)
                });
            }
            Self::SignatureOf(other) => {
                if let Some(signature) = parts.get_mut(2) {
                    *signature = match other {
                        Other::Empty => String::new(),
                        Other::Genuine => genuine.rsplit('.').next().unwrap_or_default().to_owned(),
                        Other::Half => signature.chars().take(signature.len() / 2).collect(),
                    };
                }
            }
            Self::Parts(part, times) => {
                if let Some(one) = parts.get(*part).cloned() {
                    parts.splice(*part..=*part, vec![one; *times]);
                }
            }
        }
        parts.join(".")
    }
}

impl Encoding {
    fn write(self, bytes: &[u8]) -> String {
        match self {
            Self::UrlPadded => URL_SAFE.encode(bytes),
            Self::Standard => STANDARD_NO_PAD.encode(bytes),
            Self::StandardPadded => STANDARD.encode(bytes),
            Self::Hex => bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(digit).collect(),
            Self::None => String::from_utf8_lossy(bytes).into_owned(),
        }
    }
}

fn digit(half: u8) -> char {
    char::from_digit(half.into(), 16).unwrap_or('0')
}

/// Version 2 is written in another alphabet than all others.
fn is_legacy(parts: &[String]) -> bool {
    parts.first().is_some_and(|header| URL_SAFE_NO_PAD.decode(header).is_err())
        || parts.iter().any(|part| part.contains(['+', '/', '=']))
}

fn write(bytes: &[u8], standard: bool) -> String {
    if standard { STANDARD.encode(bytes) } else { URL_SAFE_NO_PAD.encode(bytes) }
}

fn change_bytes(parts: &mut [String], part: usize, change: impl FnOnce(&[u8]) -> String) {
    let Some(part) = parts.get_mut(part) else { return };
    let bytes = URL_SAFE_NO_PAD.decode(&*part).or_else(|_| STANDARD.decode(&*part));
    if let Ok(bytes) = bytes {
        *part = change(&bytes);
    }
}

fn change_json(parts: &mut [String], part: usize, change: impl FnOnce(&mut Tree)) {
    let standard = is_legacy(parts);
    change_bytes(parts, part, |bytes| {
        let mut tree = std::str::from_utf8(bytes).ok().and_then(Tree::read);
        if let Some(tree) = &mut tree {
            change(tree);
        }
        tree.map_or_else(|| write(bytes, standard), |tree| write(tree.write().as_bytes(), standard))
    });
}

/// The same bytes, were the bits that the last letter has to spare not looked at.
fn with_slack(part: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bare = part.trim_end_matches('=');
    let padding = &part[bare.len()..];
    let spare = usize::from(!bare.len().is_multiple_of(4));
    let last =
        bare.bytes().last().and_then(|last| ALPHABET.iter().position(|known| *known == last));
    match (last, bare.get(..bare.len().saturating_sub(1))) {
        (Some(last), Some(rest)) => {
            let letter = char::from(ALPHABET[last ^ spare]);
            format!("{rest}{letter}{padding}")
        }
        _ => part.to_owned(),
    }
}
