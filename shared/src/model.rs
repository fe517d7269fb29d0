//! What a session is, and what decides whether it lives. Values only: nothing here does I/O or
//! knows the time by itself.

use crate::ids::{Generation, InvalidId, SessionHandle, TenantId, UserId};
use crate::json::Object;
use crate::time::Timestamp;
use crate::token::anti_csrf::AntiCsrfToken;
use crate::token::key::KeyKind;
use crate::token::payload::Payload;
use crate::token::refresh::{RefreshDigest, RotationSalt, TokenKey};

/// An open session, as its row in the table has it.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its name.
    pub handle: SessionHandle,
    /// The user as they logged in: equal to the user unless accounts are linked.
    pub recipe_user: UserId,
    /// When it was opened.
    pub created_at: Timestamp,
    /// What decides whether it lives.
    pub standing: Standing,
    /// Tells its genuine refresh tokens from invented ones.
    pub token_key: TokenKey,
    /// The claims its access tokens carry.
    pub payload: Payload,
    /// What the application keeps with the session and never sends to a client.
    pub data: SessionData,
    /// Where it was opened.
    pub device: Device,
    /// The anti-CSRF token of a cookie session in mode `VIA_TOKEN`.
    pub anti_csrf: Option<AntiCsrfToken>,
    /// The exchange that gave it the anti-CSRF token, unless it was opened with one.
    pub anti_csrf_since: Option<Timestamp>,
    /// Which kind of key signs its access tokens.
    pub key_kind: KeyKind,
    /// Who names the issuer of its access tokens.
    pub issuer: IssuerClaim,
}

impl Session {
    /// What of a payload is the application's: an issuer that is ours to name is not.
    #[must_use]
    pub fn own_payload(&self, payload: Payload) -> Payload {
        match self.issuer {
            IssuerClaim::Ours => payload.without(&["iss"]),
            IssuerClaim::Payloads => payload,
        }
    }
}

/// Who names the issuer of a session's access tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuerClaim {
    /// We do: the operator's configuration, at the moment of issue.
    Ours,
    /// The payload does, or nobody: a SuperTokens SDK opened the session, and puts its own `iss`
    /// there (PROTOCOL 2.2).
    Payloads,
}

/// What a listing shows of a session.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Its name.
    pub handle: SessionHandle,
    /// When it was opened.
    pub created_at: Timestamp,
    /// What decides whether it lives.
    pub standing: Standing,
    /// Where it was opened.
    pub device: Device,
}

impl Summary {
    /// When a refresh last rotated it, or when it was opened.
    #[must_use]
    pub fn last_refreshed_at(&self) -> Timestamp {
        self.standing.lineage.rotation.as_ref().map_or(self.created_at, |rotation| rotation.at)
    }
}

/// The part of a session that decides whether it lives: all that a strict check reads.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Whose it is.
    pub user: UserId,
    /// In which tenant.
    pub tenant: TenantId,
    /// When it ends by itself. Decided here and now; the table deletes days later (AWS: "within a
    /// few days").
    pub expires_at: Timestamp,
    /// The user's generations when it was opened.
    pub born: Generations,
    /// Which refresh tokens it knows.
    pub lineage: Lineage,
}

/// Why a session that was asked for does not live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// There is no row: it was ended by name, swept, or never existed.
    Missing,
    /// Its time is over.
    Expired,
    /// The user's sessions were revoked after it was opened.
    Revoked,
    /// It was opened under a generation that the table no longer has: the item that holds the
    /// generation was lost or restored, or the session's row was tampered with.
    Ahead,
}

impl Ended {
    /// In two words, for logs and metrics.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Missing => "no-session",
            Self::Expired => "session-expired",
            Self::Revoked => "session-revoked",
            Self::Ahead => "generation-ahead",
        }
    }
}

impl Standing {
    /// Whether the session lives at `now`, given the present generations that count for it.
    ///
    /// # Errors
    /// Why it does not.
    pub fn judge(&self, present: Generations, now: Timestamp) -> Result<(), Ended> {
        if now >= self.expires_at { Err(Ended::Expired) } else { self.judge_unended(present) }
    }

    /// Whether nobody ended the session, given the present generations that count for it. Its time
    /// may be over.
    ///
    /// # Errors
    /// [`Ended::Revoked`] or [`Ended::Ahead`].
    pub fn judge_unended(&self, present: Generations) -> Result<(), Ended> {
        if self.born.is_behind(present) {
            Err(Ended::Revoked)
        } else if present.is_behind(self.born) {
            Err(Ended::Ahead)
        } else {
            Ok(())
        }
    }
}

/// The generations that one session is judged by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Generations {
    /// Raised when all sessions of the user are revoked.
    pub whole: Generation,
    /// Raised when the user's sessions in one tenant are revoked.
    pub tenant: Generation,
    /// Raised when a tenant is removed, with everybody's sessions in it. As the session's
    /// [`Shard`](crate::ids::Shard) has it.
    pub everybody: Generation,
}

impl Generations {
    /// Whether any was raised since. Each counts by itself: none may mask another (Keycloak
    /// CVE-2026-8922).
    #[must_use]
    pub fn is_behind(self, present: Self) -> bool {
        self.whole < present.whole
            || self.tenant < present.tenant
            || self.everybody < present.everybody
    }
}

/// Which of a user's sessions a revocation covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of them.
    User,
    /// Those in one tenant.
    Tenant(TenantId),
}

impl Scope {
    /// The tenant of this name, or all.
    ///
    /// # Errors
    /// It is no tenant id.
    pub fn of_tenant(id: Option<&str>) -> Result<Self, InvalidId> {
        id.map_or(Ok(Self::User), |id| TenantId::parse(id).map(Self::Tenant))
    }

    /// Whether it covers a session in `tenant`.
    #[must_use]
    pub fn covers(&self, tenant: &TenantId) -> bool {
        match self {
            Self::User => true,
            Self::Tenant(scope) => scope == tenant,
        }
    }

    /// The generation that this scope raises, among those of a session that it covers.
    #[must_use]
    pub fn of(&self, generations: Generations) -> Generation {
        match self {
            Self::User => generations.whole,
            Self::Tenant(_) => generations.tenant,
        }
    }
}

/// The refresh tokens a session knows: the current one, and the one it replaced.
#[derive(Clone, Debug)]
pub struct Lineage {
    /// The token that a refresh exchanges.
    pub current: RefreshDigest,
    /// The last exchange, if there was one.
    pub rotation: Option<Rotation>,
}

/// The last exchange of a session's refresh token.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// The token that was exchanged.
    pub previous: RefreshDigest,
    /// From which, with the previous token, the current one follows. `None` in the classic
    /// exchange, where a token may have many successors and the first to be used becomes current.
    pub salt: Option<RotationSalt>,
    /// When.
    pub at: Timestamp,
}

/// Where a presented token stands in a [`Lineage`].
#[derive(Debug)]
pub enum Place<'a> {
    /// It is the current one.
    Current,
    /// It is the one before.
    Previous(&'a Rotation),
    /// It is neither: older than both.
    Superseded,
}

impl Lineage {
    /// Whether an access token belongs here that was issued with this refresh token, in exchange
    /// for `parent` if that exchange was not final: one of the two is current or was just before.
    #[must_use]
    pub fn covers(&self, digest: RefreshDigest, parent: Option<RefreshDigest>) -> bool {
        let known = |digest| !matches!(self.place(digest), Place::Superseded);
        known(digest) || parent.is_some_and(known)
    }

    /// Where the token with this digest stands.
    #[must_use]
    pub fn place(&self, digest: RefreshDigest) -> Place<'_> {
        match &self.rotation {
            _ if self.current == digest => Place::Current,
            Some(rotation) if rotation.previous == digest => Place::Previous(rotation),
            Some(_) | None => Place::Superseded,
        }
    }
}

/// Where a session was opened, for a person to recognise it by. As the caller of create said;
/// proves nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// The client's address.
    pub ip: Option<String>,
    /// The client's `User-Agent`.
    pub user_agent: Option<String>,
}

/// A JSON object that an application keeps with a session.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SessionData(pub Object);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::refresh::RefreshHash;

    fn digest(text: &str) -> RefreshDigest {
        RefreshHash::from_text(text).digest()
    }

    fn generations((whole, tenant, everybody): (i64, i64, i64)) -> Generations {
        Generations {
            whole: Generation::from_number(whole),
            tenant: Generation::from_number(tenant),
            everybody: Generation::from_number(everybody),
        }
    }

    fn standing(born: (i64, i64, i64)) -> Standing {
        Standing {
            user: UserId::parse("u").unwrap(),
            tenant: TenantId::parse("acme").unwrap(),
            expires_at: Timestamp::from_seconds(100),
            born: generations(born),
            lineage: Lineage { current: digest("b"), rotation: None },
        }
    }

    #[test]
    fn a_session_lives_until_the_second_it_expires() {
        let judge = |millis| {
            standing((0, 0, 0)).judge(Generations::default(), Timestamp::from_millis(millis))
        };
        assert_eq!(judge(99_999), Ok(()));
        assert_eq!(judge(100_000), Err(Ended::Expired));
        assert_eq!(judge(100_001), Err(Ended::Expired));
    }

    #[test]
    fn a_session_lives_only_while_each_of_its_generations_is_the_present_one() {
        let now = Timestamp::from_seconds(1);
        let (revoked, ahead) = (Err(Ended::Revoked), Err(Ended::Ahead));
        for (born, present, verdict) in [
            ((0, 0, 0), (0, 0, 0), Ok(())),
            ((5, 6, 7), (5, 6, 7), Ok(())),
            ((5, 6, 7), (6, 6, 7), revoked),
            ((5, 6, 7), (5, 7, 7), revoked),
            ((5, 6, 7), (5, 6, 8), revoked),
            ((5, 6, 7), (4, 6, 7), ahead),
            ((5, 6, 7), (5, 0, 7), ahead),
            ((5, 6, 7), (5, 6, 6), ahead),
            // Neither masks the other.
            ((9, 0, 0), (5, 6, 0), revoked),
            ((0, 9, 0), (6, 5, 0), revoked),
            ((0, 0, 9), (1, 0, 0), revoked),
        ] {
            let judged = standing(born).judge(generations(present), now);
            assert_eq!(judged, verdict, "{born:?} {present:?}");
            let judged = standing(born).judge_unended(generations(present));
            assert_eq!(judged, verdict, "{born:?} {present:?}");
        }
    }

    #[test]
    fn a_token_is_current_previous_or_superseded() {
        let rotation = Rotation {
            previous: digest("a"),
            salt: Some(RotationSalt([0; 32])),
            at: Timestamp::from_seconds(1),
        };
        let lineage = Lineage { current: digest("b"), rotation: Some(rotation) };
        assert!(matches!(lineage.place(digest("b")), Place::Current));
        assert!(matches!(lineage.place(digest("a")), Place::Previous(_)));
        assert!(matches!(lineage.place(digest("z")), Place::Superseded));
        for (token, parent, covered) in [
            ("b", None, true),
            ("a", None, true),
            ("child", Some("b"), true),
            ("sibling", Some("a"), true),
            ("z", None, false),
            ("z", Some("y"), false),
        ] {
            assert_eq!(lineage.covers(digest(token), parent.map(digest)), covered, "{token}");
        }
    }
}
