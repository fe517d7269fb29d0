//! Opens, refreshes and checks sessions: all that needs keys and the policy besides the store.

mod access_token;
mod anti_csrf;
mod create;
mod payload;
mod refresh;
mod verify;

pub(in crate::session) use access_token::{IssuedWith, Life};
pub use anti_csrf::{AntiCsrfMode, Evidence};
pub use create::{Issued, NewSession, Opening};
pub use payload::UnfitPayload;
pub(in crate::session) use refresh::expected_anti_csrf;
pub use refresh::{Refreshed, Theft};
pub use verify::{Principal, Refusal, Verdict};

use super::{KeyCache, KeyServiceSlot, KeyStore, Policy, SessionStore};
use crate::table::SessionTable;
use crate::time::{Clock, Entropy};
use std::sync::Arc;

/// Opens the sessions of one app, refreshes them and checks their tokens.
pub struct TokenService {
    pub store: Arc<SessionStore>,
    pub keys: Arc<KeyCache>,
    policy: Policy,
}

impl TokenService {
    /// The token service of the app whose sessions are in `table`.
    #[must_use]
    pub fn new(
        table: SessionTable,
        policy: Policy,
        clock: Clock,
        entropy: Entropy,
        key_service: KeyServiceSlot,
    ) -> Self {
        let keys = KeyStore::new(table.clone(), clock.clone(), entropy.clone(), key_service);
        let keys = Arc::new(KeyCache::new(keys, policy.lifetimes.of_keys()));
        Self { store: Arc::new(SessionStore::new(table, clock, entropy)), keys, policy }
    }

    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }
}
