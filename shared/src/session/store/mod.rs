//! Finds, lists and revokes sessions: all that needs a table and a clock, and no key.

mod find;
mod list;
mod logout;
mod own;
mod revoke_handles;
mod revoke_tenant;
mod revoke_user;

pub(in crate::session) use find::{JudgedSession, Looks, warn_if_ahead};
pub use list::{Listing, MAX_LISTED, newest_first};
pub use revoke_handles::{EndedSession, MAX_HANDLES, Revoked};
pub use revoke_user::{Revocation, Swept};

use crate::ids::Generation;
use crate::table::SessionTable;
use crate::time::{Clock, Entropy, EntropyError};

/// The stored sessions of one app.
pub struct SessionStore {
    pub(in crate::session) table: SessionTable,
    pub(in crate::session) clock: Clock,
    /// For new generations, and for the pauses between writes that contend.
    pub(in crate::session) entropy: Entropy,
}

impl SessionStore {
    #[must_use]
    pub fn new(table: SessionTable, clock: Clock, entropy: Entropy) -> Self {
        Self { table, clock, entropy }
    }

    /// A generation of this moment.
    fn new_generation(&self) -> Result<Generation, EntropyError> {
        Ok(Generation::new(self.clock.now(), self.entropy.bytes()?))
    }
}
