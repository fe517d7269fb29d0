//! Refresh tokens: what a client keeps to stay signed in.
//!
//! A token is `sv1.<session handle>.<secret and tag>`: 32 secret bytes and a 16-byte tag, in
//! base64url. The table holds only digests of it.
//!
//! - **The successor of a token is derived** from its secret and a salt kept in the session's row:
//!   whoever presents the same token again within the grace window is handed the same successor, so
//!   parallel tabs and lost answers never split a session into two lines. Reading the table does
//!   not yield a successor (the secret is missing), nor does a token alone (the salt is missing).
//! - **The tag proves that Sever made the token**, by a key kept in the session's row. Without it,
//!   anyone who knows a handle could present an invented token, have it taken for a stolen one, and
//!   so end somebody else's session.
//! - **A token of the classic exchange** (PROTOCOL 4.4; what the SuperTokens SDKs are served) is
//!   `sv2.<session handle>.<…>`: it carries, under the tag, what it was exchanged for and whether
//!   an anti-CSRF token was issued with it.

use super::anti_csrf::AntiCsrfToken;
pub use super::refresh_hash::{RefreshDigest, RefreshHash};
use crate::ids::SessionHandle;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt;
use subtle::ConstantTimeEq;

const PLAIN: &str = "sv1";
const CLASSIC: &str = "sv2";
const SECRET: usize = 32;
const TAG: usize = 16;
const DIGEST: usize = 32;
/// Secret, flags, parent, tag.
const CLASSIC_BYTES: usize = SECRET + 1 + DIGEST + TAG;
const HAS_PARENT: u8 = 1;
const HAS_ANTI_CSRF: u8 = 2;
/// `sv2.`, the longest handle, `.`, 108 characters.
const MAX_BYTES: usize = 4 + 128 + 1 + 108;

/// A refresh token, parsed: its shape is right; whether it is genuine, and current, is not yet
/// said.
#[derive(Clone)]
pub struct RefreshToken {
    handle: SessionHandle,
    secret: [u8; SECRET],
    classic: Option<Classic>,
    tag: [u8; TAG],
}

/// What a token of the classic exchange carries besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Classic {
    /// The token it was exchanged for; `None` for a session's first.
    pub parent: Option<RefreshDigest>,
    /// Whether an anti-CSRF token was issued with it: see [`RefreshToken::anti_csrf`].
    pub with_anti_csrf: bool,
}

impl Classic {
    /// The flags, and the parent or nothing.
    fn to_bytes(self) -> [u8; 1 + DIGEST] {
        let mut bytes = [0; 1 + DIGEST];
        if let Some(parent) = self.parent {
            bytes[0] |= HAS_PARENT;
            bytes[1..].copy_from_slice(parent.as_bytes());
        }
        if self.with_anti_csrf {
            bytes[0] |= HAS_ANTI_CSRF;
        }
        bytes
    }

    /// `None` for bytes that [`Classic::to_bytes`] never writes.
    fn from_bytes(bytes: [u8; 1 + DIGEST]) -> Option<Self> {
        let mut parent = [0; DIGEST];
        parent.copy_from_slice(&bytes[1..]);
        let read = Self {
            parent: (bytes[0] & HAS_PARENT != 0).then_some(RefreshDigest::from_bytes(parent)),
            with_anti_csrf: bytes[0] & HAS_ANTI_CSRF != 0,
        };
        (read.to_bytes() == bytes).then_some(read)
    }
}

/// Random bytes kept in a session's row, by which its genuine tokens are told from invented ones.
#[derive(Clone)]
pub struct TokenKey(pub [u8; 32]);

impl TokenKey {
    fn tag(
        &self,
        handle: &SessionHandle,
        secret: &[u8; SECRET],
        classic: Option<Classic>,
    ) -> [u8; TAG] {
        let handle = handle.as_str().as_bytes();
        let mac = match classic {
            None => keyed_hash(&self.0, &[b"sever refresh token tag\0", secret, handle]),
            Some(classic) => {
                let context = b"sever classic refresh token tag\0";
                keyed_hash(&self.0, &[context, secret, &classic.to_bytes(), handle])
            }
        };
        let mut tag = [0; TAG];
        tag.copy_from_slice(&mac[..TAG]);
        tag
    }
}

fn keyed_hash(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(part);
    }
    let mut mac = [0; 32];
    mac.copy_from_slice(context.sign().as_ref());
    mac
}

/// Random bytes kept in a session's row while a token's successor can still be asked for again.
#[derive(Clone)]
pub struct RotationSalt(pub [u8; 32]);

/// The text is not a refresh token of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotARefreshToken;

impl RefreshToken {
    /// A first token for a session, from 32 random bytes (256 bits; ASVS 7.2.3 asks for 128).
    #[must_use]
    pub fn mint(handle: SessionHandle, random: [u8; 32], key: &TokenKey) -> Self {
        let tag = key.tag(&handle, &random, None);
        Self { handle, secret: random, classic: None, tag }
    }

    /// A token of the classic exchange.
    #[must_use]
    pub fn mint_classic(
        handle: SessionHandle,
        random: [u8; 32],
        key: &TokenKey,
        classic: Classic,
    ) -> Self {
        let tag = key.tag(&handle, &random, Some(classic));
        Self { handle, secret: random, classic: Some(classic), tag }
    }

    /// # Errors
    /// The text is not of the form `sv1.<handle>.<secret>` or `sv2.<handle>.<secret>`.
    pub fn parse(text: &str) -> Result<Self, NotARefreshToken> {
        if text.len() > MAX_BYTES {
            return Err(NotARefreshToken);
        }
        let (prefix, rest) = text.split_once('.').ok_or(NotARefreshToken)?;
        let (handle, body) = rest.rsplit_once('.').ok_or(NotARefreshToken)?;
        let handle = SessionHandle::parse(handle).map_err(|_| NotARefreshToken)?;
        let body = URL_SAFE_NO_PAD.decode(body).map_err(|_| NotARefreshToken)?;
        let (classic, secret, tag) = match prefix {
            PLAIN => {
                let body: &[u8; SECRET + TAG] =
                    body.as_slice().try_into().map_err(|_| NotARefreshToken)?;
                (None, part(body, 0), part(body, SECRET))
            }
            CLASSIC => {
                let body: &[u8; CLASSIC_BYTES] =
                    body.as_slice().try_into().map_err(|_| NotARefreshToken)?;
                let classic = Classic::from_bytes(part(body, SECRET)).ok_or(NotARefreshToken)?;
                (Some(classic), part(body, 0), part(body, CLASSIC_BYTES - TAG))
            }
            _ => return Err(NotARefreshToken),
        };
        Ok(Self { handle, secret, classic, tag })
    }

    /// The session it claims to belong to. Proves nothing before its digest is compared with the
    /// row's.
    #[must_use]
    pub fn handle(&self) -> &SessionHandle {
        &self.handle
    }

    /// Whether Sever made this token for the session that keeps `key`. Compared in constant time.
    #[must_use]
    pub fn is_genuine(&self, key: &TokenKey) -> bool {
        key.tag(&self.handle, &self.secret, self.classic).ct_eq(&self.tag).into()
    }

    /// The token it was exchanged for, in the classic exchange.
    #[must_use]
    pub fn parent(&self) -> Option<RefreshDigest> {
        self.classic?.parent
    }

    /// The anti-CSRF token that was issued with it, in the classic exchange: one for each refresh
    /// token, derived from it, so that the table need not keep one for each.
    #[must_use]
    pub fn anti_csrf(&self, key: &TokenKey) -> Option<AntiCsrfToken> {
        self.classic?.with_anti_csrf.then(|| {
            let handle = self.handle.as_str().as_bytes();
            let context = b"sever classic anti-csrf token\0";
            AntiCsrfToken::mint(keyed_hash(&key.0, &[context, &self.secret, handle]))
        })
    }

    /// The one token that follows this one under `salt`.
    #[must_use]
    pub fn successor(&self, salt: &RotationSalt, key: &TokenKey) -> Self {
        let context = b"sever refresh token successor\0";
        let secret = keyed_hash(&self.secret, &[context, &salt.0, self.handle.as_str().as_bytes()]);
        Self::mint(self.handle.clone(), secret, key)
    }

    /// The hash that the access token issued with it carries.
    #[must_use]
    pub fn hash(&self) -> RefreshHash {
        RefreshHash::of_token(&self.expose())
    }

    /// The secret itself, for the client it belongs to.
    #[must_use]
    pub fn expose(&self) -> String {
        let (prefix, classic) = match self.classic {
            None => (PLAIN, Vec::new()),
            Some(classic) => (CLASSIC, classic.to_bytes().to_vec()),
        };
        let body = URL_SAFE_NO_PAD.encode([&self.secret[..], &classic, &self.tag].concat());
        format!("{prefix}.{}.{body}", self.handle.as_str())
    }
}

/// `N` of the bytes, from `start` on.
fn part<const N: usize>(bytes: &[u8], start: usize) -> [u8; N] {
    let mut part = [0; N];
    part.copy_from_slice(&bytes[start..start + N]);
    part
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshToken").field("handle", &self.handle).finish_non_exhaustive()
    }
}

impl fmt::Debug for RotationSalt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RotationSalt")
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: TokenKey = TokenKey([5; 32]);

    fn token() -> RefreshToken {
        RefreshToken::mint(SessionHandle::parse("h-1_acme").unwrap(), [1; 32], &KEY)
    }

    #[test]
    fn a_token_survives_its_text_form() {
        let parsed = RefreshToken::parse(&token().expose()).unwrap();
        assert_eq!(parsed.handle(), token().handle());
        assert_eq!(parsed.hash().digest(), token().hash().digest());
        assert!(parsed.is_genuine(&KEY));
    }

    fn classic(parent: Option<RefreshDigest>, with_anti_csrf: bool) -> RefreshToken {
        let classic = Classic { parent, with_anti_csrf };
        RefreshToken::mint_classic(token().handle().clone(), [1; 32], &KEY, classic)
    }

    #[test]
    fn a_classic_token_carries_its_parent_and_whether_it_came_with_an_anti_csrf_token() {
        let parent = token().hash().digest();
        for (parent, with_anti_csrf) in
            [(None, false), (None, true), (Some(parent), false), (Some(parent), true)]
        {
            let token = classic(parent, with_anti_csrf);
            let parsed = RefreshToken::parse(&token.expose()).unwrap();
            assert!(parsed.is_genuine(&KEY));
            assert_eq!((parsed.parent(), parsed.classic), (parent, token.classic));
            assert_eq!(parsed.anti_csrf(&KEY).is_some(), with_anti_csrf);
            let mut forged = parsed;
            forged.classic = Some(Classic { parent, with_anti_csrf: !with_anti_csrf });
            assert!(!forged.is_genuine(&KEY));
        }
        assert!(token().parent().is_none() && token().anti_csrf(&KEY).is_none());
        let mut other = classic(None, true);
        let of = |token: &RefreshToken| token.anti_csrf(&KEY).unwrap().expose().to_owned();
        let first = of(&other);
        other.secret[0] ^= 1;
        assert_ne!(first, of(&other));
    }

    #[test]
    fn what_is_not_a_token_is_refused() {
        let good = token().expose();
        for text in [
            "",
            "sv1",
            "sv1.",
            "sv1.h",
            "sv1..",
            &good.replace("sv1", "sv2"),
            &good.replace("sv1", "sv3"),
            &classic(None, true).expose().replace("sv2", "sv1"),
            &good[..good.len() - 1],
            &good[..good.len() - 4],
            &format!("{good}A"),
            &format!("{good}AAAA"),
            &format!("{good}="),
            &good.replace("h-1_acme", ""),
            &good.replace("h-1_acme", &"h".repeat(129)),
            &"a".repeat(100_000),
        ] {
            assert_eq!(RefreshToken::parse(text).err(), Some(NotARefreshToken), "{text:.40}");
        }
    }

    #[test]
    fn an_invented_token_is_not_genuine() {
        let good = token().expose();
        let foreign = RefreshToken::mint(token().handle().clone(), [1; 32], &TokenKey([6; 32]));
        let moved = RefreshToken::parse(&good.replace("h-1_acme", "h-2_acme")).unwrap();
        let mut changed = token();
        changed.secret[31] ^= 1;
        for (token, why) in [(foreign, "other key"), (moved, "other handle"), (changed, "one bit")]
        {
            assert!(!token.is_genuine(&KEY), "{why}");
        }
    }

    #[test]
    fn the_successor_depends_on_token_and_salt_and_nothing_else() {
        let next = token().successor(&RotationSalt([2; 32]), &KEY);
        assert!(next.is_genuine(&KEY));
        assert_eq!(next.expose(), token().successor(&RotationSalt([2; 32]), &KEY).expose());
        assert_ne!(next.expose(), token().successor(&RotationSalt([3; 32]), &KEY).expose());
        let other = RefreshToken::mint(token().handle().clone(), [9; 32], &KEY);
        assert_ne!(next.expose(), other.successor(&RotationSalt([2; 32]), &KEY).expose());
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown =
            format!("{:?} {:?} {:?} {KEY:?}", token(), token().hash(), token().hash().digest());
        let text = token().expose();
        let secret = text.rsplit('.').next().unwrap();
        for hidden in [secret, token().hash().expose(), "h-1_acme", "5, 5"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
}
