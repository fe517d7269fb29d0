//! The service that wraps the data keys under which private keys are sealed. A function that signs
//! connects it at start. Without it, sealed keys cannot be opened.

use crate::token::sealing::Sealing;
use std::error::Error;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

/// What a data key is for. It is bound to the wrapped form, which opens for nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyContext {
    /// The name of the table.
    pub table: String,
    /// The app whose keys are sealed, as the keys of its items have it.
    pub app: String,
}

/// The service did not make or unwrap a data key.
#[derive(Debug, thiserror::Error)]
#[error("the data key of the signing keys could not be {}", if *.made { "made" } else { "unwrapped" })]
pub struct KeyServiceError {
    /// Whether a new one was asked for.
    pub made: bool,
    /// Whether it may do so a moment later. Otherwise only the operator can mend it.
    pub is_transient: bool,
    /// Why, without any secret.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

type KeyServiceFuture = Pin<Box<dyn Future<Output = Result<Sealing, KeyServiceError>> + Send>>;
type AskKeyService = dyn Fn(KeyContext, Option<Vec<u8>>) -> KeyServiceFuture + Send + Sync;

/// Makes and unwraps data keys. Clones share one service.
#[derive(Clone)]
pub struct KeyService(Arc<AskKeyService>);

impl KeyService {
    /// A service that answers by `ask`: unwraps what it is given, or makes a data key when that is
    /// `None`.
    #[must_use]
    pub fn from_fn<F>(
        ask: impl Fn(KeyContext, Option<Vec<u8>>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Sealing, KeyServiceError>> + Send + 'static,
    {
        Self(Arc::new(move |context, wrapped| Box::pin(ask(context, wrapped))))
    }

    pub(super) async fn make(&self, context: KeyContext) -> Result<Sealing, KeyServiceError> {
        (self.0)(context, None).await
    }

    pub(super) async fn unwrap(
        &self,
        context: KeyContext,
        wrapped: Vec<u8>,
    ) -> Result<Sealing, KeyServiceError> {
        (self.0)(context, Some(wrapped)).await
    }
}

/// Where a key service is connected at start. Clones share the place, so that all apps of a table use
/// one service.
#[derive(Clone, Default)]
pub struct KeyServiceSlot(Arc<OnceLock<KeyService>>);

impl KeyServiceSlot {
    /// From now on private keys are sealed when they are written, and opened when they are sealed.
    /// Only the first service counts.
    pub fn connect(&self, service: KeyService) {
        self.0.get_or_init(|| service);
    }

    pub(super) fn get(&self) -> Option<&KeyService> {
        self.0.get()
    }
}
