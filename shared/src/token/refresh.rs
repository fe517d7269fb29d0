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

use super::Secret;
use crate::ids::SessionHandle;
use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt;
use subtle::ConstantTimeEq;

const PREFIX: &str = "sv1";
const SECRET: usize = 32;
const TAG: usize = 16;
/// `sv1.`, the longest handle, `.`, 64 characters of secret and tag.
const MAX_BYTES: usize = 4 + 128 + 1 + 64;

/// A refresh token, parsed: its shape is right; whether it is genuine, and current, is not yet
/// said.
#[derive(Clone)]
pub struct RefreshToken {
    handle: SessionHandle,
    secret: [u8; SECRET],
    tag: [u8; TAG],
}

/// Random bytes kept in a session's row, by which its genuine tokens are told from invented ones.
#[derive(Clone)]
pub struct TokenKey(pub [u8; 32]);

impl TokenKey {
    fn tag(&self, handle: &SessionHandle, secret: &[u8; SECRET]) -> [u8; TAG] {
        let mac = keyed_hash(
            &self.0,
            &[b"sever refresh token tag\0", secret, handle.as_str().as_bytes()],
        );
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
        let tag = key.tag(&handle, &random);
        Self { handle, secret: random, tag }
    }

    /// # Errors
    /// The text is not of the form `sv1.<handle>.<secret>`.
    pub fn parse(text: &str) -> Result<Self, NotARefreshToken> {
        if text.len() > MAX_BYTES {
            return Err(NotARefreshToken);
        }
        let mut parts = text.splitn(2, '.');
        if parts.next() != Some(PREFIX) {
            return Err(NotARefreshToken);
        }
        let (handle, secret) =
            parts.next().and_then(|rest| rest.rsplit_once('.')).ok_or(NotARefreshToken)?;
        let handle = SessionHandle::parse(handle).map_err(|_| NotARefreshToken)?;
        let mut bytes = [0; SECRET + TAG];
        let Ok(64) = URL_SAFE_NO_PAD.decode_slice(secret, &mut bytes).map(|_| secret.len()) else {
            return Err(NotARefreshToken);
        };
        let (mut secret, mut tag) = ([0; SECRET], [0; TAG]);
        secret.copy_from_slice(&bytes[..SECRET]);
        tag.copy_from_slice(&bytes[SECRET..]);
        Ok(Self { handle, secret, tag })
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
        key.tag(&self.handle, &self.secret).ct_eq(&self.tag).into()
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
        let digest = digest::digest(&digest::SHA256, self.expose().as_bytes());
        RefreshHash(Secret(hex::encode(digest).into()))
    }

    /// The secret itself, for the client it belongs to.
    #[must_use]
    pub fn expose(&self) -> String {
        let secret_and_tag = URL_SAFE_NO_PAD.encode([&self.secret[..], &self.tag[..]].concat());
        format!("{PREFIX}.{}.{secret_and_tag}", self.handle.as_str())
    }
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

/// Lower-case hex SHA-256 of a refresh token's text: the claim `refreshTokenHash1` (PROTOCOL 2.2).
/// Ties an access token to its refresh token without giving it away.
#[derive(Clone, Debug)]
pub struct RefreshHash(Secret);

impl RefreshHash {
    /// The hash that a claim holds as `text`.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        Self(Secret(text.into()))
    }

    /// What the table keeps of it.
    #[must_use]
    pub fn digest(&self) -> RefreshDigest {
        let digest = digest::digest(&digest::SHA256, self.expose().as_bytes());
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.as_ref());
        RefreshDigest(bytes)
    }

    /// The hash itself: for a claim.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0.0
    }
}

/// SHA-256 of a [`RefreshHash`]: the only trace of a refresh token in the table. Compared in
/// constant time.
#[derive(Clone, Copy)]
pub struct RefreshDigest([u8; 32]);

impl RefreshDigest {
    /// The digest stored as `bytes`.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for RefreshDigest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for RefreshDigest {}

impl fmt::Debug for RefreshDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshDigest")
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
