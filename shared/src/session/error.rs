//! Why a verb could not be carried out.

use super::{KeyServiceError, Revoked, UnfitPayload};
use crate::table::TableError;
use crate::time::EntropyError;
use crate::token::key::SigningKeyError;

/// A verb could not be carried out. A refusal is not an error: it is a value.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The table did not answer, or refused a write.
    #[error("the session table could not be used")]
    Table(#[from] TableError),
    #[error("no secret could be made")]
    Entropy(#[from] EntropyError),
    #[error("no signing key could be used")]
    Key(#[from] SigningKeyError),
    /// The key service did not make or unwrap the data key of the private keys.
    #[error("the signing keys could not be opened or sealed")]
    KeyService(#[from] KeyServiceError),
    #[error("the access token would have {bytes} bytes")]
    AccessTokenTooLarge { bytes: usize },
    /// The session cannot carry this payload, or the JWT not this issuer. Nothing was written.
    #[error("the session cannot carry the payload")]
    Payload(#[from] UnfitPayload),
    /// The session to be kept is not a live session of this user. Nothing was revoked.
    #[error("the session to be kept is not a live session of this user")]
    NoSessionToKeep,
    /// Some of the handles were revoked and others could not be. Asking again is harmless.
    #[error("{} handles were revoked, others could not be", revoked.ended.len())]
    PartlyRevoked {
        revoked: Revoked,
        /// Why the others could not be revoked.
        #[source]
        source: TableError,
    },
}
