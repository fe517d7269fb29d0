//! Why the table could not tell, or could not do.

use aws_sdk_dynamodb::error::{BoxError, BuildError, ProvideErrorMetadata, SdkError};

/// We could not find out, or could not write. Absence is never an error: it is a value.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The table did not answer, or not in time, or refused for a reason that is ours to mend. The
    /// effect is unknown.
    #[error("the session table did not answer: {doing}")]
    Unavailable {
        /// What was being done.
        doing: &'static str,
        /// What the table said, if it was it that refused.
        said: Option<Said>,
        /// What the SDK says. It names no item's content.
        #[source]
        source: BoxError,
    },
    /// The table kept a part of a batch back, again and again (throttling).
    #[error("the session table left a part of the batch unprocessed: {doing}")]
    Unprocessed {
        /// What was being done.
        doing: &'static str,
    },
    /// There was no time left for all of it.
    #[error("there was no time left: {doing}")]
    OutOfTime {
        /// What was being done.
        doing: &'static str,
    },
    /// Others wrote the same item faster than we could, again and again.
    #[error("too many others wrote the same item: {doing}")]
    Contended {
        /// What was being done.
        doing: &'static str,
    },
    /// An item is not what we write. Somebody else wrote it, or an older or newer release.
    #[error("a {entity} item has no usable `{attribute}`")]
    Corrupt {
        /// Which kind of item.
        entity: &'static str,
        /// Which attribute.
        attribute: &'static str,
    },
}

/// `DynamoDB`'s own words for why it refused a call.
#[derive(Clone, Debug)]
pub struct Said {
    /// Such as `AccessDeniedException`.
    pub code: String,
    /// For a person.
    pub message: String,
}

impl TableError {
    /// For `map_err` on an SDK call.
    pub(super) fn doing<E, R>(doing: &'static str) -> impl FnOnce(SdkError<E, R>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        move |error| {
            let message = error.message().unwrap_or_default().to_owned();
            let said = error.code().map(|code| Said { code: code.to_owned(), message });
            Self::Unavailable { doing, said, source: Box::new(error) }
        }
    }

    /// For `map_err` on a request builder, which fails only when a required member was forgotten.
    pub(super) fn building(doing: &'static str) -> impl FnOnce(BuildError) -> Self {
        move |error| Self::Unavailable { doing, said: None, source: Box::new(error) }
    }
}
