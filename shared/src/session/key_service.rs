//! Who wraps the data keys under which private keys are sealed. A function that signs connects the
//! service at start; without one, sealed keys stay closed.

use super::{SessionError, Sessions};
use crate::token::sealing::Sealing;
use crate::token::signing::{SigningKeyError, SigningKeys};
use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;

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

type Answer = Pin<Box<dyn Future<Output = Result<Sealing, KeyServiceError>> + Send>>;
type Ask = dyn Fn(KeyContext, Option<Vec<u8>>) -> Answer + Send + Sync;

/// Makes and unwraps data keys. Clones share one service.
#[derive(Clone)]
pub struct KeyService(Arc<Ask>);

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

impl Sessions {
    /// From now on the private keys of this app, and of every other app in the table, are sealed
    /// when they are written, and opened when they are sealed. Only the first service counts.
    pub fn connect_key_service(&self, service: KeyService) {
        self.key_service.get_or_init(|| service);
    }

    /// The same sessions, with the key service that `others` have or will have.
    pub(super) fn with_key_service_of(mut self, others: &Self) -> Self {
        self.key_service = Arc::clone(&others.key_service);
        self
    }

    /// The private keys, opened. `known` is a data key that was unwrapped before.
    ///
    /// # Errors
    /// We could not find out, or they do not open.
    pub(super) async fn read_signing_keys(
        &self,
        known: Option<&Arc<Sealing>>,
    ) -> Result<Option<SigningKeys>, SessionError> {
        let Some(stored) = self.table.signing_keys().await? else { return Ok(None) };
        let sealing = match (&stored.data_key, known) {
            (None, _) => None,
            (Some(wrapped), Some(known)) if known.wrapped() == wrapped => Some(Arc::clone(known)),
            (Some(wrapped), _) => {
                let service = self.key_service.get().ok_or(SigningKeyError::Sealed)?;
                let unwrapped = service.unwrap(self.key_context(), wrapped.clone()).await?;
                Some(Arc::new(unwrapped))
            }
        };
        Ok(Some(stored.open(sealing)?))
    }

    /// The same keys with a data key to seal all of them, if a service is connected.
    ///
    /// # Errors
    /// No data key could be made.
    pub(super) async fn to_be_sealed(
        &self,
        mut keys: SigningKeys,
    ) -> Result<SigningKeys, SessionError> {
        if keys.sealing.is_none()
            && let Some(service) = self.key_service.get()
        {
            keys.sealing = Some(Arc::new(service.make(self.key_context()).await?));
        }
        Ok(keys)
    }

    fn key_context(&self) -> KeyContext {
        let (table, app) = self.table.key_scope();
        KeyContext { table: table.to_owned(), app: app.to_owned() }
    }
}
