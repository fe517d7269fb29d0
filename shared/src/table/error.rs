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
        said: Option<Box<Said>>,
        /// What the SDK says. It names no item's content.
        #[source]
        source: BoxError,
    },
    /// The table refused for lack of throughput, and so it did when the SDK tried again. Nothing was
    /// done.
    #[error("the session table was throttled: {doing}")]
    Throttled {
        /// What was being done.
        doing: &'static str,
        /// What the SDK says.
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
            if is_throttling(error.code(), error.message()) {
                return Self::Throttled { doing, source: Box::new(error) };
            }
            let message = error.message().unwrap_or_default().to_owned();
            let said = error.code().map(|code| Box::new(Said { code: code.to_owned(), message }));
            Self::Unavailable { doing, said, source: Box::new(error) }
        }
    }

    /// For `map_err` on a request builder, which fails only when a required member was forgotten.
    pub(super) fn building(doing: &'static str) -> impl FnOnce(BuildError) -> Self {
        move |error| Self::Unavailable { doing, said: None, source: Box::new(error) }
    }

    /// Whether the table refused, or left out, for lack of throughput.
    #[must_use]
    pub fn is_throttling(&self) -> bool {
        matches!(self, Self::Throttled { .. } | Self::Unprocessed { .. })
    }
}

/// What DynamoDB says when there is not enough throughput. A cancelled transaction names the reason
/// of each member in its message, in brackets.
fn is_throttling(code: Option<&str>, message: Option<&str>) -> bool {
    const THROTTLED: [&str; 4] = [
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "Throttling",
    ];
    match code {
        Some("TransactionCanceledException") => {
            let reasons = message.and_then(|text| text.split_once('[')).unwrap_or_default().1;
            ["ThrottlingError", "ProvisionedThroughputExceeded"]
                .iter()
                .any(|reason| reasons.contains(reason))
        }
        Some(code) => THROTTLED.contains(&code),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttling_is_told_by_its_code_and_in_a_transaction_by_the_reasons() {
        let cancelled = "TransactionCanceledException";
        for (code, message, expected) in [
            (Some("ThrottlingException"), None, true),
            (Some("ProvisionedThroughputExceededException"), Some("slow down"), true),
            (Some("RequestLimitExceeded"), None, true),
            (Some(cancelled), Some("see the reasons [None, ThrottlingError]"), true),
            (Some(cancelled), Some("see the reasons [ProvisionedThroughputExceeded]"), true),
            (Some(cancelled), Some("see the reasons [ValidationError, None]"), false),
            (Some(cancelled), Some("ThrottlingError"), false),
            (Some("ValidationException"), Some("[ThrottlingError]"), false),
            (None, Some("ThrottlingException"), false),
        ] {
            assert_eq!(is_throttling(code, message), expected, "{code:?} {message:?}");
        }
    }
}
