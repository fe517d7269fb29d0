//! Text that nobody expects, and small changes to text that somebody does.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// What parsers trip over: separators of every format we read, controls, letters of many bytes.
const LETTERS: [char; 40] = [
    '.', ',', ';', ':', '=', '"', '\'', '\\', '/', '%', '+', '-', '_', '#', '?', '&', '*', '{',
    '}', '[', ']', '(', ')', '<', '>', '|', '~', '$', '@', ' ', '\t', '\r', '\n', '\0', '\u{7f}',
    '\u{80}', 'ü', '€', '😀', '\u{feff}',
];

const WORDS: [&str; 44] = [
    "",
    " ",
    "null",
    "true",
    "0",
    "-1",
    "1e999999",
    "NaN",
    "undefined",
    "[object Object]",
    "none",
    "public",
    "Bearer ",
    "Bearer",
    "bearer x",
    "a.b.c",
    "...",
    "eyJ",
    "sv1..",
    "sv2.x.y",
    "sv1",
    "sAccessToken=",
    "sRefreshToken=; sRefreshToken=",
    "; Domain=evil.example",
    "a=b",
    "=",
    "==",
    "%00",
    "%FF",
    "%",
    "%2e%2e%2f",
    "../..",
    "//",
    "/",
    "?",
    "#",
    "${jndi:x}",
    "<script>",
    "' OR 1",
    "\r\nSet-Cookie: a=b",
    "session#public#x",
    "appid-",
    "a_b_c",
    "x\u{0}",
];

/// Longer than some bound of ours: a handle's, a user id's, a token's, a body's, a URL's.
const LENGTHS: [usize; 9] = [65, 129, 257, 1_025, 4_001, 8_000, 10_241, 66_000, 400_000];

/// Of which some fit into the 10,240 bytes that API Gateway takes for a request's head.
const LONGEST_OF_A_CLIENT: usize = 1_500;

/// Any text.
pub(super) fn text() -> BoxedStrategy<String> {
    let long = select(&LENGTHS[..]).prop_map(|length| "x".repeat(length));
    prop_oneof![8 => short_text(), 1 => long].boxed()
}

/// Text that a client can send in a header, a path or a query.
pub(super) fn short_text() -> BoxedStrategy<String> {
    let long = select(&LENGTHS[..]).prop_map(|length| "x".repeat(length.min(LONGEST_OF_A_CLIENT)));
    let letters = vec(select(&LETTERS[..]), 1..12).prop_map(|letters| letters.iter().collect());
    let word = select(&WORDS[..]).prop_map(ToOwned::to_owned);
    prop_oneof![6 => word, 4 => letters, 2 => any::<String>(), 1 => long].boxed()
}

/// What is done to a text. Positions are those of its letters.
#[derive(Clone, Debug)]
pub(super) enum TextChange {
    /// Something stands between two letters.
    Insert(Index, String),
    /// A letter is another.
    Replace(Index, char),
    /// A letter is of the other case.
    Case(Index),
    /// Some letters are missing.
    Remove(Index, usize),
    /// Some letters stand twice.
    Repeat(Index, usize),
    /// The rest is missing.
    Cut(Index),
    /// Something stands before it.
    Before(String),
    /// Something stands after it.
    After(String),
    /// It is another text.
    Instead(String),
}

impl TextChange {
    /// Any change.
    pub(super) fn any() -> BoxedStrategy<Self> {
        Self::with(text())
    }

    /// A change that a client can make to a header, a path or a query.
    pub(super) fn short() -> BoxedStrategy<Self> {
        Self::with(short_text())
    }

    fn with(text: BoxedStrategy<String>) -> BoxedStrategy<Self> {
        let letter = prop_oneof![select(&LETTERS[..]), proptest::char::range('0', 'z')];
        prop_oneof![
            3 => (any::<Index>(), text.clone()).prop_map(|(at, text)| Self::Insert(at, text)),
            4 => (any::<Index>(), letter).prop_map(|(at, letter)| Self::Replace(at, letter)),
            2 => any::<Index>().prop_map(Self::Case),
            2 => (any::<Index>(), 1..5_usize).prop_map(|(at, some)| Self::Remove(at, some)),
            1 => (any::<Index>(), 1..5_usize).prop_map(|(at, some)| Self::Repeat(at, some)),
            2 => any::<Index>().prop_map(Self::Cut),
            1 => text.clone().prop_map(Self::Before),
            1 => text.clone().prop_map(Self::After),
            2 => text.prop_map(Self::Instead),
        ]
        .boxed()
    }

    /// The text after the change.
    pub(super) fn apply(&self, text: &str) -> String {
        let letters: Vec<_> = text.chars().collect();
        let position = |at: &Index| at.index(letters.len() + 1);
        let joined = |parts: &[&[char]]| parts.concat().into_iter().collect();
        match self {
            Self::Insert(at, more) => {
                let (before, after) = letters.split_at(position(at));
                joined(&[before, &more.chars().collect::<Vec<_>>(), after])
            }
            Self::Replace(at, letter) => with_letter(&letters, *at, |_| *letter),
            Self::Case(at) => with_letter(&letters, *at, other_case),
            Self::Remove(at, some) => {
                let (before, after) = letters.split_at(position(at));
                joined(&[before, &after[after.len().min(*some)..]])
            }
            Self::Repeat(at, some) => {
                let (before, after) = letters.split_at(position(at));
                joined(&[before, &after[..after.len().min(*some)], after])
            }
            Self::Cut(at) => joined(&[&letters[..position(at)]]),
            Self::Before(more) => format!("{more}{text}"),
            Self::After(more) => format!("{text}{more}"),
            Self::Instead(other) => other.clone(),
        }
    }
}

fn with_letter(letters: &[char], at: Index, change: impl Fn(char) -> char) -> String {
    let mut letters = letters.to_vec();
    if !letters.is_empty() {
        let letter = at.get_mut(&mut letters);
        *letter = change(*letter);
    }
    letters.into_iter().collect()
}

fn other_case(letter: char) -> char {
    if letter.is_ascii_lowercase() {
        letter.to_ascii_uppercase()
    } else {
        letter.to_ascii_lowercase()
    }
}
