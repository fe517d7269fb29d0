//! The rules of sessions, one file per verb. No AWS name and no HTTP in here; time and randomness
//! are given.

mod anti_csrf;
mod apps;
mod change;
mod create;
mod issue;
mod jwt;
mod key_service;
mod keys;
mod keys_by_hand;
mod list;
mod live;
mod logout;
mod own;
mod patience;
mod payload;
mod refresh;
mod refresh_classic;
mod regenerate;
mod revoke_handles;
mod revoke_user;
mod verify;
mod verify_classic;

pub use anti_csrf::{AntiCsrfMode, Evidence};
pub use apps::{AppChange, Apps, FoundApp, TenantChange};
pub use change::Change;
pub use create::{Issued, NewSession, Opening};
pub use jwt::NewJwt;
pub use key_service::{KeyContext, KeyService, KeyServiceError};
pub use keys::KEYRING_MAX_AGE;
pub use keys_by_hand::{KeyKilled, KeyRotated, MAX_KEYS, NextKey, ShownKey};
pub use list::{Listing, MAX_LISTED, newest_first};
pub use payload::UnfitPayload;
pub use refresh::{Refreshed, Theft};
pub use refresh_classic::{ClassicRefresh, ClassicRefreshed};
pub use regenerate::Regenerated;
pub use revoke_handles::{EndedSession, MAX_HANDLES, Revoked};
pub use revoke_user::Swept;
pub use verify::{Principal, Refusal, Verdict};
pub use verify_classic::{ClassicCheck, ClassicVerdict, Seen};

use crate::table::{SessionTable, TableError};
use crate::time::{Clock, Entropy, EntropyError};
use crate::token::issuers::Issuers;
use crate::token::signing::SigningKeyError;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How often a session that seems to be behind is looked at again while its user's generations
/// change between the looks. More would mean that somebody revokes without pause.
const LOOKS: usize = 8;

/// How much the clocks of two execution environments may differ. What another is said to have done
/// later than that was written by a clock that is wrong.
const CLOCKS_DIFFER: Duration = Duration::from_mins(5);

/// What the operator decided.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The `iss` of our tokens, and whom we believe besides.
    pub issuers: Issuers,
    /// How long an access token lives.
    pub access_token_validity: Duration,
    /// The share of that by which each access token is shortened at random: 0 to 0.25.
    pub access_token_validity_jitter: f64,
    /// How long a session lives without a refresh.
    pub refresh_token_validity: Duration,
    /// How long after an exchange the old refresh token still yields the new one.
    pub rotation_grace_period: Duration,
    /// How long a dynamic key signs.
    pub key_update_interval: Duration,
    /// How a cookie session proves that a request is not forged.
    pub anti_csrf: AntiCsrfMode,
}

/// How many signing key update intervals an access token may outlive: a key stays published while
/// its tokens live, and more would outgrow an item of the table.
const MAX_LIVING_KEYS: u32 = 50;

/// Two lifetimes that do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// The refresh token does not outlive the access token.
    RefreshTooShort,
    /// The access token outlives too many signing key update intervals.
    KeysTooShort,
}

impl Policy {
    /// For whoever opens, refreshes and checks no session, such as an operator at a command line:
    /// no issuer is believed, and a token would be over in a second.
    #[must_use]
    pub fn issuing_nothing() -> Self {
        Self {
            issuers: Issuers::only(String::new()),
            access_token_validity: Duration::from_secs(1),
            access_token_validity_jitter: 0.0,
            refresh_token_validity: Duration::from_secs(2),
            rotation_grace_period: Duration::ZERO,
            key_update_interval: Duration::from_hours(24 * 365),
            anti_csrf: AntiCsrfMode::ViaToken,
        }
    }

    /// What is wrong with the lifetimes, if anything.
    #[must_use]
    pub fn conflict(&self) -> Option<Conflict> {
        if self.refresh_token_validity <= self.access_token_validity {
            Some(Conflict::RefreshTooShort)
        } else if self.access_token_validity > self.key_update_interval * MAX_LIVING_KEYS {
            Some(Conflict::KeysTooShort)
        } else {
            None
        }
    }

    /// The same, its access tokens shortened until nothing is wrong.
    #[must_use]
    pub fn without_conflict(mut self) -> Self {
        let longest = self.refresh_token_validity.min(self.key_update_interval * MAX_LIVING_KEYS);
        self.access_token_validity = self.access_token_validity.min(longest);
        self
    }
}

/// What an SDK is told of a session that is not there.
pub const NO_SESSION: &str = "Session does not exist.";
/// What an SDK is told of a payload that sets a claim which its token's version keeps to itself.
pub const PROTECTED_PAYLOAD: &str = "The user payload contains protected field";

/// Sessions: every verb is a method in a file of its own.
pub struct Sessions {
    table: SessionTable,
    policy: Policy,
    clock: Clock,
    entropy: Entropy,
    keys: keys::KeyCache,
    /// Shared with the sessions of every other app in the table.
    key_service: Arc<OnceLock<KeyService>>,
}

impl Sessions {
    /// The sessions in `table`.
    #[must_use]
    pub fn new(table: SessionTable, policy: Policy, clock: Clock, entropy: Entropy) -> Self {
        let (keys, key_service) = (keys::KeyCache::default(), Arc::default());
        Self { table, policy, clock, entropy, keys, key_service }
    }

    /// What the operator decided.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }
}

/// A verb could not be carried out. A refusal is not an error: it is a value.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// We could not find out, or could not write.
    #[error("the session table could not be used")]
    Table(#[from] TableError),
    /// No secret could be made.
    #[error("no secret could be made")]
    Entropy(#[from] EntropyError),
    /// No key could be made or used.
    #[error("no signing key could be used")]
    Key(#[from] SigningKeyError),
    /// The data key of the private keys could not be had.
    #[error("the signing keys could not be opened or sealed")]
    KeyService(#[from] KeyServiceError),
    /// The access token would be too long.
    #[error("the access token would have {bytes} bytes")]
    AccessTokenTooLarge {
        /// Its length.
        bytes: usize,
    },
    /// The session cannot carry this payload, or the JWT not this issuer. Nothing was written.
    #[error("the session cannot carry the payload")]
    Payload(#[from] UnfitPayload),
    /// The session to be kept is not a live session of this user. Nothing was revoked.
    #[error("the session to be kept is not a live session of this user")]
    NoSessionToKeep,
    /// Some of the handles were revoked and some could not be. Asking again is harmless.
    #[error("{} handles were revoked, others could not be", revoked.ended.len())]
    PartlyRevoked {
        /// What was done.
        revoked: Revoked,
        /// Why others could not be.
        #[source]
        source: TableError,
    },
}
