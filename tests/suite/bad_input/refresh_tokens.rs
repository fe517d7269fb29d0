//! Refresh tokens, changed in every way: what is read is what was written, letter by letter, and
//! only what Sever made for the session is genuine.

use super::cases::every;
use super::texts::{TextChange, text};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use shared::ids::SessionHandle;
use shared::token::refresh::{Classic, RefreshToken, RotationSalt, TokenKey};

const KEY: TokenKey = TokenKey([7; 32]);
const HANDLES: [&str; 4] = ["01234567-89ab-4def-8123-456789abcdef", "h-1_acme", "a.b", "ü#'; x"];

/// What is done to a token.
#[derive(Clone, Debug)]
enum Change {
    /// Its text is changed.
    Text(TextChange),
    /// It names another form: the prefix.
    Prefix(String),
    /// It names another session: what stands in the middle.
    Handle(String),
    /// Some bits of the secret, the parent, the flags or the tag are flipped.
    Flipped(Index, u8),
    /// Some bytes are missing, or there are more.
    Length(usize),
    /// It is written in another base64.
    Alphabet(bool),
}

fn change() -> BoxedStrategy<Change> {
    let prefix = select(&["", "sv", "sv0", "sv1", "sv2", "sv3", "SV1", "sv1.sv1"][..]);
    let lengths = select(&[0_usize, 1, 16, 32, 47, 48, 49, 64, 80, 81, 82, 97][..]);
    prop_oneof![
        4 => TextChange::any().prop_map(Change::Text),
        1 => prefix.prop_map(|prefix| Change::Prefix(prefix.to_owned())),
        2 => text().prop_map(Change::Handle),
        3 => (any::<Index>(), 1..=u8::MAX).prop_map(|(at, bits)| Change::Flipped(at, bits)),
        1 => lengths.prop_map(Change::Length),
        1 => any::<bool>().prop_map(Change::Alphabet),
    ]
    .boxed()
}

impl Change {
    fn apply(&self, token: &str) -> String {
        let parts = token.split_once('.').and_then(|(prefix, rest)| {
            let (handle, body) = rest.rsplit_once('.')?;
            Some((prefix, handle, URL_SAFE_NO_PAD.decode(body).ok()?))
        });
        let Some((prefix, handle, mut body)) = parts else {
            return if let Self::Text(change) = self {
                change.apply(token)
            } else {
                token.to_owned()
            };
        };
        let written = |body: Vec<u8>| format!("{prefix}.{handle}.{}", URL_SAFE_NO_PAD.encode(body));
        match self {
            Self::Text(change) => change.apply(token),
            Self::Prefix(prefix) => format!("{prefix}.{handle}.{}", URL_SAFE_NO_PAD.encode(body)),
            Self::Handle(handle) => format!("{prefix}.{handle}.{}", URL_SAFE_NO_PAD.encode(body)),
            Self::Flipped(at, bits) => {
                if !body.is_empty() {
                    *at.get_mut(&mut body) ^= bits;
                }
                written(body)
            }
            Self::Length(bytes) => {
                body.resize(*bytes, 0);
                written(body)
            }
            Self::Alphabet(padded) => {
                let body = if *padded { URL_SAFE.encode(body) } else { STANDARD.encode(body) };
                format!("{prefix}.{handle}.{body}")
            }
        }
    }
}

/// Of both forms, with all that they can carry.
fn genuine() -> Vec<String> {
    let of = |handle: &str| {
        let handle = SessionHandle::parse(handle).expect("a handle");
        let first = RefreshToken::mint(handle.clone(), [1; 32], &KEY);
        let parent = first.hash().digest();
        let classic = |parent, with_anti_csrf| {
            let classic = Classic { parent, with_anti_csrf };
            RefreshToken::mint_classic(handle.clone(), [2; 32], &KEY, classic)
        };
        [
            first.successor(&RotationSalt([3; 32]), &KEY),
            classic(None, false),
            classic(None, true),
            classic(Some(parent), false),
            classic(Some(parent), true),
            first,
        ]
        .map(|token| token.expose())
    };
    HANDLES.into_iter().flat_map(of).collect()
}

fn is_genuine(token: &str) -> bool {
    RefreshToken::parse(token).is_ok_and(|token| token.is_genuine(&KEY))
}

#[test]
fn the_tokens_are_good_before_they_are_changed() {
    for token in genuine() {
        assert!(is_genuine(&token), "{token}");
        let other = RefreshToken::parse(&token).expect("a token");
        assert!(!other.is_genuine(&TokenKey([8; 32])), "by the key of its session alone");
    }
}

#[test]
fn a_changed_token_is_not_genuine() {
    let genuine = genuine();
    every(6_000, &(any::<Index>(), vec(change(), 1..4)), |(which, changes)| {
        let token = which.get(&genuine).clone();
        let token = changes.iter().fold(token, |token, change| change.apply(&token));
        if !genuine.contains(&token) {
            assert!(!is_genuine(&token), "{token}");
        }
    });
}

#[test]
fn a_token_has_one_text_form() {
    let genuine = genuine();
    every(4_000, &(any::<Index>(), vec(change(), 0..3)), |(which, changes)| {
        let token = which.get(&genuine).clone();
        let token = changes.iter().fold(token, |token, change| change.apply(&token));
        if let Ok(read) = RefreshToken::parse(&token) {
            assert_eq!(read.expose(), token);
            assert!(token.len() <= 4 + 128 + 1 + 108);
            let shown = format!("{read:?}");
            assert!(!shown.contains(token.rsplit('.').next().expect("a secret")), "{shown}");
        }
    });
}

#[test]
fn a_token_of_no_form_is_none() {
    every(1_500, &vec(text(), 1..5), |parts| {
        assert!(!is_genuine(&parts.join(".")));
    });
}
