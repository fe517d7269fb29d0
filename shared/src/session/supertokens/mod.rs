//! What only the SuperTokens SDKs ask for, through the core driver interface (PROTOCOL Part 3).

mod app_changes;
mod apps;
mod change;
mod handles;
mod jwt;
mod refresh;
mod regenerate;
mod verify;

pub use app_changes::{AppChange, TenantChange};
pub use apps::{Apps, FoundApp};
pub use change::Change;
pub use jwt::NewJwt;
pub use refresh::{RefreshOutcome, RefreshRequest};
pub use regenerate::Regenerated;
pub use verify::{SessionView, VerifyOutcome, VerifyRequest};

use super::TokenService;
use std::sync::Arc;

/// What an SDK is told of a session that is not there.
pub const NO_SESSION: &str = "Session does not exist.";
/// What an SDK is told of a payload that sets a claim which its token's version keeps to itself.
pub const PROTECTED_PAYLOAD: &str = "The user payload contains protected field";

/// The sessions of one app, by the rules of the SuperTokens core.
pub struct CoreSessions {
    tokens: Arc<TokenService>,
}
