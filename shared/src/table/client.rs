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
use aws_smithy_runtime::client::retries::{RetryPartition, TokenBucket};
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
        .timeout_config(call_timeouts())
        .retry_config(call_retries())
        .retry_classifier(RetryConflicts)
}

/// For a call of AWS that a client waits for: attempts of at most 1 s, 3 s in all.
#[must_use]
pub fn call_timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_millis(500))
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(Duration::from_secs(3))
        .build()
}

/// For a call of AWS that a client waits for: three attempts.
#[must_use]
pub fn call_retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(25))
        .with_max_backoff(Duration::from_millis(200))
}

/// How long a patient write is tried at most. Most often its tries are over before, so that it can
/// say why it failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(12);

/// How long a write is tried.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Tried {
    /// As every call: see [`harden`].
    #[default]
    Briefly,
    /// For what ends sessions: longer than anything that a user can trigger, so that no user keeps
    /// an operator from it. 22 times in some 8 s, with pauses drawn at random.
    Patiently,
}

impl Tried {
    /// For the SDK, which lays it over the client's own configuration for one call. Patient writes
    /// have a quota of retries of their own, without a limit: neither the failures of other calls
    /// nor those of earlier revocations use it up.
    pub(super) fn config(self) -> config::Builder {
        let config = config::Config::builder();
        match self {
            Self::Briefly => config,
            Self::Patiently => {
                let retries = RetryConfig::standard()
                    .with_max_attempts(22)
                    .with_initial_backoff(Duration::from_millis(25))
                    .with_max_backoff(Duration::from_secs(1));
                let quota = RetryPartition::custom("revocation");
                config
                    .timeout_config(TimeoutConfig::builder().operation_timeout(PATIENCE).build())
                    .retry_config(retries)
                    .retry_partition(quota.token_bucket(TokenBucket::unlimited()).build())
            }
        }
    }
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
