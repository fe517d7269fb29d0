//! Identifiers, each its own type, parsed once at the edge: a handle does not fit where a user id
//! is asked for.

use crate::time::Timestamp;
use std::fmt;

/// What is wrong with an identifier. Names the kind and the rule, never the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} must be {rule}")]
pub struct InvalidId {
    pub kind: IdKind,
    /// The allowed length and characters, such as `1 to 64 of a-z, 0-9 and -`.
    pub rule: &'static str,
}

/// A text from outside that is parsed into a type of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdKind {
    App,
    User,
    Tenant,
    SessionHandle,
    /// The reason for a revocation, which is no identifier but is parsed in the same way.
    Reason,
}

impl fmt::Display for IdKind {
    /// Writes the name of the member that carries the text on the wire.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::App => "appId",
            Self::User => "userId",
            Self::Tenant => "tenantId",
            Self::SessionHandle => "sessionHandle",
            Self::Reason => "reason",
        })
    }
}

/// Text without control characters, whose UTF-8 form has between 1 and `max` bytes.
fn plain_text(text: &str, max: usize) -> bool {
    (1..=max).contains(&text.len()) && !text.chars().any(char::is_control)
}

fn slug(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// The isolation boundary for sessions and keys: `public` unless a caller names another.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AppId(Box<str>);

impl AppId {
    /// # Errors
    /// The text is not `[a-z0-9-]{1,64}`.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        if slug(text) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidId { kind: IdKind::App, rule: "1 to 64 of a-z, 0-9 and -" })
        }
    }

    /// The app of everyone who names none.
    #[must_use]
    pub fn public() -> Self {
        Self("public".into())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whose session it is, as the caller's own login names them: opaque, at most 1024 bytes of UTF-8, no
/// control characters. Only the SuperTokens SDKs know a user of no name.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(Box<str>);

impl UserId {
    /// # Errors
    /// The text is empty, longer than 1024 bytes, or has a control character.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        if plain_text(text, 1024) {
            Ok(Self(text.into()))
        } else {
            let rule = "1 to 1024 bytes without control characters";
            Err(InvalidId { kind: IdKind::User, rule })
        }
    }

    /// The same, but it may be empty: for what the SuperTokens SDKs name (PROTOCOL 0.7) and for
    /// what we wrote ourselves.
    ///
    /// # Errors
    /// The text is longer than 1024 bytes or has a control character.
    pub fn parse_or_empty(text: &str) -> Result<Self, InvalidId> {
        if text.is_empty() { Ok(Self(Box::default())) } else { Self::parse(text) }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A part of an app's users, such as a customer's organisation: `[a-z0-9-]{1,64}`, `public` unless
/// named.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantId(Box<str>);

impl TenantId {
    /// # Errors
    /// The text is not `[a-z0-9-]{1,64}`.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        if slug(text) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidId { kind: IdKind::Tenant, rule: "1 to 64 of a-z, 0-9 and -" })
        }
    }

    /// The tenant of everyone who names none.
    #[must_use]
    pub fn public() -> Self {
        Self("public".into())
    }

    /// Whether this is the tenant of everyone who names none.
    #[must_use]
    pub fn is_public(&self) -> bool {
        &*self.0 == "public"
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Names a session. Not a secret (it proves nothing), yet never logged as it is: see
/// [`SessionHandle::fingerprint`].
///
/// Handles minted here are a random UUID, followed by `_<tenantId>` for a tenant other than
/// `public` (PROTOCOL 4.1). Any text of 1 to 128 bytes without control characters may be asked for;
/// it is then simply unknown.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionHandle(Box<str>);

impl SessionHandle {
    /// # Errors
    /// The text is empty, longer than 128 bytes, or has a control character.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        if plain_text(text, 128) {
            Ok(Self(text.into()))
        } else {
            let rule = "1 to 128 bytes without control characters";
            Err(InvalidId { kind: IdKind::SessionHandle, rule })
        }
    }

    /// A new handle in `tenant` from 16 random bytes: 122 bits that nobody can guess (ASVS 7.2.3).
    #[must_use]
    pub fn mint(tenant: &TenantId, random: [u8; 16]) -> Self {
        let uuid = uuid::Builder::from_random_bytes(random).into_uuid();
        if tenant.is_public() {
            Self(uuid.to_string().into())
        } else {
            Self(format!("{uuid}_{}", tenant.as_str()).into())
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tenant that the handle names, as PROTOCOL 4.1 has it: what follows the first `_`, up to
    /// the next; `public` when nothing does. `None` when that is no tenant id. Proves nothing.
    #[must_use]
    pub fn tenant(&self) -> Option<TenantId> {
        match self.0.split('_').nth(1) {
            None => Some(TenantId::public()),
            Some(tenant) => TenantId::parse(tenant).ok(),
        }
    }

    /// What a log may show in its place: 16 hex digits of its SHA-256 (OWASP session management,
    /// "logging sessions life cycle"). A handle is random, so its digest needs no salt to be
    /// unguessable.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex::encode(&self.digest().as_ref()[..8])
    }

    fn digest(&self) -> aws_lc_rs::digest::Digest {
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, self.0.as_bytes())
    }

    /// What stands for it in an audit record and in an event: the SHA-256 of `salt`, a colon and
    /// the handle, in hex.
    #[must_use]
    pub fn salted_digest(&self, salt: &str) -> String {
        let text = format!("{salt}:{}", self.0);
        hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes()))
    }
}

/// Names one of the copies in which a generation is written that many users' sessions are judged by:
/// one DynamoDB item serves 3,000 strongly consistent reads a second, and each copy is an item of its
/// own.
///
/// The copy that judges a session is the first hex digit of its handle's SHA-256, which is also the
/// first digit of the handle's fingerprint in the logs. Rows outlive releases, so every release must
/// name the same copy for the same handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard(u8);

impl Shard {
    /// The copy that judges the session of this handle.
    #[must_use]
    pub fn of(handle: &SessionHandle) -> Self {
        Self(handle.digest().as_ref()[0] >> 4)
    }

    /// All 16.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..16).map(Self)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

/// The number that a revocation of many sessions leaves behind: its time in milliseconds, and 20 random
/// bits that tell it from any other of that time. A session carries the generations it
/// saw at birth and is live only while they equal the present ones: a lower one was revoked, and a
/// higher one means that an item was lost, restored or tampered with. `0` is the generation of a user
/// never revoked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generation(i64);

impl Generation {
    /// The generation stored as `number`.
    #[must_use]
    pub const fn from_number(number: i64) -> Self {
        Self(number)
    }

    /// The number to store.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0
    }

    /// A new one, of this time.
    #[must_use]
    pub fn new(now: Timestamp, random: [u8; 4]) -> Self {
        let random = i64::from(u32::from_be_bytes(random)) % Self::PER_MILLISECOND;
        Self(now.millis().saturating_mul(Self::PER_MILLISECOND).saturating_add(random))
    }

    /// The next one after this: `new`, or, if a clock is behind, greater than this by a random part
    /// of a millisecond. If this one is not the last that was handed out, since the item that held
    /// it was lost, then it is another than the lost ones all the same.
    #[must_use]
    pub fn next(self, new: Self) -> Self {
        new.max(Self(self.0.saturating_add(new.step())))
    }

    /// By how much [`Self::next`] is greater if this one is not.
    #[must_use]
    pub const fn step(self) -> i64 {
        self.0.rem_euclid(Self::PER_MILLISECOND) + 1
    }

    const PER_MILLISECOND: i64 = 1 << 20;
}

macro_rules! shown_as_text {
    ($($id:ident),*) => {$(
        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:?})", stringify!($id), &self.0)
            }
        }
    )*};
}
shown_as_text!(AppId, UserId, TenantId);

// A handle in a `Debug` output would end up in a log: it has no `Display`, and its `Debug` shows
// the fingerprint.
impl fmt::Debug for SessionHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionHandle(#{})", self.fingerprint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_counted_in_bytes_and_bounds_are_inclusive() {
        for (text, ok) in [
            (String::new(), false),
            ("u".to_owned(), true),
            ("u".repeat(1024), true),
            ("u".repeat(1025), false),
            ("é".repeat(512), true),
            ("é".repeat(513), false),
            ("a\nb".to_owned(), false),
            ("a\u{7f}b".to_owned(), false),
        ] {
            assert_eq!(UserId::parse(&text).is_ok(), ok, "{} bytes", text.len());
        }
        assert!(SessionHandle::parse(&"h".repeat(128)).is_ok());
        assert!(SessionHandle::parse(&"h".repeat(129)).is_err());
    }

    #[test]
    fn a_tenant_is_a_slug() {
        for (text, ok) in [
            ("public", true),
            ("acme-1", true),
            ("Acme", false),
            ("a_b", false),
            ("", false),
            ("a#b", false),
        ] {
            assert_eq!(TenantId::parse(text).is_ok(), ok, "{text:?}");
        }
        assert!(TenantId::parse(&"t".repeat(64)).is_ok());
        assert!(TenantId::parse(&"t".repeat(65)).is_err());
    }

    #[test]
    fn a_generation_follows_every_other_and_two_of_one_millisecond_differ() {
        let at = |millis, random| Generation::new(Timestamp::from_millis(millis), random);
        let (low, high) = ([0; 4], [0xff; 4]);
        assert!(at(7, low) < at(7, high) && at(7, high) < at(8, low));
        // A clock that is behind: by less than a millisecond, and by a part that was drawn.
        let (last, behind) = (at(9, [0, 0, 0, 3]), at(2, [0, 0, 0, 5]));
        assert_eq!(last.next(behind), Generation(last.0 + 6));
        assert_ne!(last.next(at(2, low)), last.next(at(2, high)));
        assert!(last.next(at(2, high)) <= at(10, [0, 0, 0, 3]));
        assert_eq!(Generation::default().next(last), last);
        let end = Generation(i64::MAX);
        assert_eq!(end.next(behind), end);
    }

    #[test]
    fn a_handle_names_its_tenant_unless_public() {
        let public = SessionHandle::mint(&TenantId::public(), [7; 16]);
        assert_eq!(public.as_str(), "07070707-0707-4707-8707-070707070707");
        assert_eq!(public.tenant(), Some(TenantId::public()));
        let acme = SessionHandle::mint(&TenantId::parse("acme").unwrap(), [7; 16]);
        assert_eq!(acme.tenant(), TenantId::parse("acme").ok());
        assert_eq!(acme.as_str(), "07070707-0707-4707-8707-070707070707_acme");
    }

    #[test]
    fn a_handle_is_not_shown() {
        let handle = SessionHandle::parse("h-1").unwrap();
        assert_eq!(format!("{handle:?}"), format!("SessionHandle(#{})", handle.fingerprint()));
        assert_eq!(handle.fingerprint().len(), 16);
    }

    #[test]
    fn a_salted_digest_is_what_sha256sum_says() {
        // printf '%s' 'sever-SessionTable:bfac3f28-…' | sha256sum
        let handle = SessionHandle::parse("bfac3f28-78af-4be0-8461-206d0680286e").unwrap();
        let digest = "2d0e8f050d033c3fe90204908e47974ec0050e1877407cce8de8c6bceecfe588";
        assert_eq!(handle.salted_digest("sever-SessionTable"), digest);
        assert_ne!(handle.salted_digest("another"), digest);
    }
}
