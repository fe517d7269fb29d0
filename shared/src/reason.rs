//! Why somebody revokes sessions, in their own words.

use crate::ids::{IdKind, InvalidId};

/// The longest reason, in characters.
const MAX_CHARS: usize = 256;

/// Text that a caller gives along with a revocation, for the audit record: 1 to 256 characters, no
/// control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(Box<str>);

impl Reason {
    /// # Errors
    /// The text is blank, longer than 256 characters, or has a control character.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let blank = text.trim().is_empty();
        if blank || text.chars().count() > MAX_CHARS || text.chars().any(char::is_control) {
            let rule = "1 to 256 characters, not all blank, without control characters";
            return Err(InvalidId { kind: IdKind::Reason, rule });
        }
        Ok(Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_a_line_of_text_that_says_something() {
        for text in ["ticket 4711", "é".repeat(256).as_str(), " x ", "\u{1f512}"] {
            assert_eq!(Reason::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "  ", "a\nb", "a\u{1b}[2J", "é".repeat(257).as_str()] {
            assert!(Reason::parse(text).is_err(), "{text:?}");
        }
    }
}
