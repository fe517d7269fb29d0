//! What is wrong with the environment, in words.

use super::VARIABLES;
use std::borrow::Cow;
use std::fmt;

/// What is wrong with one variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its name.
    pub variable: &'static str,
    /// What it holds instead of what was expected.
    pub found: Found,
    /// Which values it takes.
    pub expected: Cow<'static, str>,
}

/// The value of a variable at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// None, although one is required.
    Nothing,
    /// This text.
    Text(String),
    /// Something that may be a secret, and so is not repeated.
    Withheld,
}

/// Everything that is wrong with the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// At least one.
    pub faults: Vec<Fault>,
}

/// No secret of Sever is shorter, and each consists of letters, digits, `-`, `_` and `=` between
/// its dots.
const SHORTEST_SECRET: usize = 20;
/// More of a value would hide the rest of the line.
const LONGEST_SHOWN: usize = 100;

impl Fault {
    pub(super) fn missing(variable: &'static str) -> Self {
        Self { variable, found: Found::Nothing, expected: allowed(variable) }
    }

    pub(super) fn invalid(variable: &'static str, value: &str) -> Self {
        Self { variable, found: Found::of(variable, value), expected: allowed(variable) }
    }
}

fn allowed(variable: &str) -> Cow<'static, str> {
    let known = VARIABLES.iter().find(|known| known.name == variable);
    Cow::Borrowed(known.map_or("a value as documented", |known| known.allowed))
}

impl Found {
    /// A value that was put into the wrong variable may be an API key or a token.
    fn of(variable: &str, value: &str) -> Self {
        let in_secret = |c: char| c.is_ascii_alphanumeric() || "-_=".contains(c);
        let longest = value.split(|c| !in_secret(c)).map(str::len).max().unwrap_or_default();
        if variable == "API_KEYS" || longest >= SHORTEST_SECRET {
            Self::Withheld
        } else {
            Self::shown(value)
        }
    }

    /// A value that is no secret, whatever it looks like.
    pub(super) fn shown(value: &str) -> Self {
        let cut = value.chars().count() > LONGEST_SHOWN;
        let shown = value.chars().take(LONGEST_SHOWN).flat_map(char::escape_debug).collect();
        Self::Text(if cut { shown + "…" } else { shown })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { variable, found, expected } = self;
        match found {
            Found::Nothing => write!(f, "{variable} is missing: expected {expected}"),
            Found::Text(text) => {
                write!(f, "{variable} is invalid: expected {expected}, got `{text}`")
            }
            Found::Withheld => write!(f, "{variable} is invalid: expected {expected}"),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.faults.iter().enumerate() {
            let before = if i == 0 { "the configuration is invalid: " } else { "; " };
            write!(f, "{before}{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
