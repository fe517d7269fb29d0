//! The DynamoDB client, with time and retries set on purpose.

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::interceptors::InterceptorContext;
use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::{Client, config};
use std::time::Duration;

/// The client that a function uses on Lambda, of the region and with the credentials that all its
/// clients have.
#[must_use]
pub fn client(aws: &SdkConfig) -> Client {
    Client::from_conf(harden(config::Builder::from(aws)).build())
}

/// How long one attempt of a call may take.
pub(super) const ATTEMPT: Duration = Duration::from_secs(1);

/// Bounds every call. An authorizer has 10 s and its caller less patience: three attempts of at
/// most 1 s, 3 s in all. A strict check may have spent a second before that, on its hot read.
#[must_use]
pub fn harden(builder: config::Builder) -> config::Builder {
    builder
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_millis(500))
                .operation_attempt_timeout(ATTEMPT)
                .operation_timeout(Duration::from_secs(3))
                .build(),
        )
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(3)
                .with_initial_backoff(Duration::from_millis(25))
                .with_max_backoff(Duration::from_millis(200)),
        )
        .retry_classifier(RetryConflicts)
}

/// A write of one item that meets a transaction on it is refused, and was not done. The SDK does
/// not try again by itself; a moment later the transaction is over.
#[derive(Debug)]
struct RetryConflicts;

impl ClassifyRetry for RetryConflicts {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else {
            return RetryAction::NoActionIndicated;
        };
        let Some(error) = error.as_operation_error() else { return RetryAction::NoActionIndicated };
        let put = error.downcast_ref::<PutItemError>();
        let update = error.downcast_ref::<UpdateItemError>();
        let delete = error.downcast_ref::<DeleteItemError>();
        let conflict = put.is_some_and(PutItemError::is_transaction_conflict_exception)
            || update.is_some_and(UpdateItemError::is_transaction_conflict_exception)
            || delete.is_some_and(DeleteItemError::is_transaction_conflict_exception);
        if conflict { RetryAction::transient_error() } else { RetryAction::NoActionIndicated }
    }

    fn name(&self) -> &'static str {
        "retry conflicts with transactions"
    }
}
