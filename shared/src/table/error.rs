//! Why the table could not tell, or could not do.

use aws_sdk_dynamodb::error::{BoxError, BuildError, ProvideErrorMetadata, SdkError};

/// We could not find out, or could not write. Absence is never an error: it is a value.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The table did not answer, or not in time, or failed. The effect is unknown.
    #[error("the session table did not answer: {doing}")]
    Unavailable {
        /// What was being done.
        doing: &'static str,
        /// What the table said, if it was it that failed.
        said: Option<Box<Said>>,
        /// What the SDK says. It names no item's content.
        #[source]
        source: BoxError,
    },
    /// The table refused, and would refuse the same call again: access is denied, there is no such
    /// table, or the request or the item is not one that DynamoDB takes. Nothing was done.
    #[error("the session table refused: {doing}")]
    Refused {
        /// What was being done.
        doing: &'static str,
        /// What the table said.
        said: Box<Said>,
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

impl Said {
    /// Whether the same call would be refused again, however often it is made: only an operator can
    /// mend the cause. AWS lists these as errors that are not to be retried ("Error handling with
    /// DynamoDB", "Common Error Types"). A cancelled transaction names the reason of each member in
    /// its message, in brackets.
    fn is_final(&self) -> bool {
        const FINAL: [&str; 9] = [
            "AccessDeniedException",
            "IncompleteSignature",
            "IncompleteSignatureException",
            "InvalidSignatureException",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "ResourceNotFoundException",
            "SerializationException",
            "ValidationException",
        ];
        match self.code.as_str() {
            "TransactionCanceledException" => reasons(&self.message).contains("ValidationError"),
            code => FINAL.contains(&code),
        }
    }
}

/// The reasons that a cancelled transaction gives in its message.
fn reasons(message: &str) -> &str {
    message.split_once('[').unwrap_or_default().1
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
            match said {
                Some(said) if said.is_final() => {
                    Self::Refused { doing, said, source: Box::new(error) }
                }
                said => Self::Unavailable { doing, said, source: Box::new(error) },
            }
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
            let reasons = reasons(message.unwrap_or_default());
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

    #[test]
    fn what_would_be_refused_again_is_told_by_its_code() {
        let cancelled = "TransactionCanceledException";
        for (code, message, expected) in [
            ("ValidationException", "Item size has exceeded the maximum allowed size", true),
            ("AccessDeniedException", "", true),
            ("ResourceNotFoundException", "", true),
            (cancelled, "see the reasons [None, ValidationError]", true),
            (cancelled, "see the reasons [None, TransactionConflict]", false),
            (cancelled, "ValidationError", false),
            ("InternalServerError", "", false),
            ("TransactionConflictException", "", false),
            ("LimitExceededException", "", false),
            // Another execution environment may have better credentials.
            ("ExpiredTokenException", "", false),
            ("UnrecognizedClientException", "", false),
        ] {
            let said = Said { code: code.to_owned(), message: message.to_owned() };
            assert_eq!(said.is_final(), expected, "{said:?}");
        }
    }
}
