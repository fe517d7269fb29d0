//! What the operator decided about sessions and their tokens.

use super::AntiCsrfMode;
use crate::token::issuers::Issuers;
use crate::token::signing::KeyLifetimes;
use std::time::Duration;

/// What the operator decided about sessions and their tokens.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The `iss` of our tokens, and the other issuers that are believed.
    pub issuers: Issuers,
    pub lifetimes: Lifetimes,
    /// How a cookie session proves that a request is not forged.
    pub anti_csrf: AntiCsrfMode,
}

/// How long tokens, sessions and signing keys live.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    pub access_token_validity: Duration,
    /// The share of `access_token_validity` by which each access token is shortened at random: 0 to
    /// 0.25.
    pub access_token_validity_jitter: f64,
    /// How long a session lives without a refresh.
    pub refresh_token_validity: Duration,
    /// How long after an exchange the old refresh token still yields the new one.
    pub rotation_grace_period: Duration,
    /// How long a dynamic key signs.
    pub key_update_interval: Duration,
}

/// How many signing key update intervals an access token may outlive. A key stays published while
/// its tokens live, and more keys would outgrow an item of the table.
const MAX_LIVING_KEYS: u32 = 50;

/// Two lifetimes that do not go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// The refresh token does not outlive the access token.
    RefreshTooShort,
    /// The access token outlives too many signing key update intervals.
    KeysTooShort,
}

impl Lifetimes {
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

    /// The same lifetimes, with the access tokens shortened until there is no conflict.
    #[must_use]
    pub fn without_conflict(mut self) -> Self {
        let longest = self.refresh_token_validity.min(self.key_update_interval * MAX_LIVING_KEYS);
        self.access_token_validity = self.access_token_validity.min(longest);
        self
    }

    /// What the rotation of signing keys depends on.
    pub(super) fn of_keys(&self) -> KeyLifetimes {
        KeyLifetimes {
            update_interval: self.key_update_interval,
            access_token_validity: self.access_token_validity,
        }
    }
}
