//! The DynamoDB client, with time and retries set on purpose.

use aws_config::BehaviorVersion;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::{Client, config};
use std::time::Duration;

/// The client that a function uses on Lambda: region, credentials and endpoint from the
/// environment.
pub async fn client_from_env() -> Client {
    let shared = aws_config::defaults(BehaviorVersion::latest()).load().await;
    Client::from_conf(harden(config::Builder::from(&shared)).build())
}

/// Bounds every call. An authorizer has 10 s and its caller less patience: three attempts of at
/// most 1 s, 3 s in all.
#[must_use]
pub fn harden(builder: config::Builder) -> config::Builder {
    builder
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_millis(500))
                .operation_attempt_timeout(Duration::from_secs(1))
                .operation_timeout(Duration::from_secs(3))
                .build(),
        )
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(3)
                .with_initial_backoff(Duration::from_millis(25))
                .with_max_backoff(Duration::from_millis(200)),
        )
}
