//! The rules of sessions. No AWS name and no HTTP in here; time and randomness are given.
//!
//! | module | needs | does |
//! |---|---|---|
//! | `store` | table, clock, entropy | finds, lists and revokes sessions |
//! | `keys` | table, clock, entropy, perhaps a key service | reads, makes, rotates and kills signing keys |
//! | `issue` | both of the above and the policy | opens, refreshes and checks sessions |
//! | `supertokens` | all of the above | what only the core driver interface of the SuperTokens SDKs does |

mod attempts;
mod error;
mod issue;
mod keys;
mod policy;
mod store;
pub mod supertokens;

pub use error::SessionError;
pub use issue::{
    AntiCsrfMode, Evidence, Issued, NewSession, Opening, Principal, Refreshed, Refusal, Theft,
    TokenService, UnfitPayload, Verdict,
};
pub use keys::{
    KEYRING_MAX_AGE, KeyCache, KeyContext, KeyKilled, KeyRotated, KeyService, KeyServiceError,
    KeyServiceSlot, KeyStore, MAX_KEYS, NextKey, ShownKey,
};
pub use policy::{Conflict, Lifetimes, Policy};
pub use store::{
    EndedSession, Listing, MAX_HANDLES, MAX_LISTED, Revocation, Revoked, SessionStore, Swept,
    newest_first,
};

use std::time::Duration;

/// How often a session that seems to be behind is read again while its user's generations change
/// between the reads. More would mean that somebody revokes without pause.
const LOOKS: u32 = 8;

/// How much the clocks of two execution environments may differ. A later time in the table was
/// written by a clock that is wrong.
const CLOCKS_DIFFER: Duration = Duration::from_mins(5);
