//! How a cookie session proves that a request was meant: a browser sends cookies along with a
//! forged request too.

use crate::token::anti_csrf::AntiCsrfToken;

/// The operator's choice (PROTOCOL 1.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AntiCsrfMode {
    /// `SameSite` alone protects.
    None,
    /// A header that a form cannot send: `rid`, whatever its value.
    ViaCustomHeader,
    /// A token that only a page of ours could read.
    ViaToken,
}

/// What a request brings along to prove that it was meant.
#[derive(Clone, Copy, Debug)]
pub enum Evidence<'a> {
    /// None is asked for: the token came in a header, which no forged request carries, or the
    /// method changes nothing.
    NotNeeded,
    /// The token came in a cookie.
    Cookie {
        /// Whether there is an `rid` header.
        custom_header: bool,
        /// The `anti-csrf` header.
        token: Option<&'a str>,
    },
}

impl Evidence<'_> {
    /// Whether it suffices for a session with this `expected` token. A session that was opened
    /// without a token, before the operator chose [`AntiCsrfMode::ViaToken`], has none to compare:
    /// `without_token` says what then holds.
    pub(in crate::session) fn suffices(
        self,
        mode: AntiCsrfMode,
        expected: Option<&AntiCsrfToken>,
        without_token: bool,
    ) -> bool {
        let Self::Cookie { custom_header, token } = self else { return true };
        match (mode, expected) {
            (AntiCsrfMode::None, _) => true,
            (AntiCsrfMode::ViaCustomHeader, _) => custom_header,
            (AntiCsrfMode::ViaToken, None) => without_token,
            (AntiCsrfMode::ViaToken, Some(expected)) => {
                token.is_some_and(|token| expected.matches(token))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mode_asks_for_its_own_proof() {
        use AntiCsrfMode::{None as Off, ViaCustomHeader, ViaToken};
        let expected = AntiCsrfToken::from_text("secret");
        let cookie = |custom_header, token| Evidence::Cookie { custom_header, token };
        for (mode, evidence, holds) in [
            (Off, cookie(false, None), true),
            (ViaCustomHeader, cookie(false, Some("secret")), false),
            (ViaCustomHeader, cookie(true, None), true),
            (ViaCustomHeader, Evidence::NotNeeded, true),
            (ViaToken, cookie(true, None), false),
            (ViaToken, cookie(true, Some("other")), false),
            (ViaToken, cookie(true, Some("")), false),
            (ViaToken, cookie(false, Some("secret")), true),
            (ViaToken, Evidence::NotNeeded, true),
        ] {
            assert_eq!(
                evidence.suffices(mode, Some(&expected), false),
                holds,
                "{mode:?} {evidence:?}"
            );
        }
        assert!(!cookie(true, Some("x")).suffices(ViaToken, None, false));
        assert!(cookie(true, None).suffices(ViaToken, None, true));
    }
}
