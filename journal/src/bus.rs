//! The EventBridge bus, if the operator names one.

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::config::Builder;
use aws_sdk_eventbridge::error::{BoxError, SdkError};
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use serde_json::Value;
use shared::time::Timestamp;
use std::sync::OnceLock;
use std::time::Duration;

pub(crate) struct Bus {
    name: String,
    /// The `source` of every event.
    source: &'static str,
    aws: SdkConfig,
    patience: Patience,
    client: OnceLock<Client>,
}

/// How long somebody waits for the bus, whose sessions have ended already.
#[derive(Clone, Copy)]
pub(crate) enum Patience {
    /// Two attempts of at most 1 s, 2 s in all.
    OfACaller,
    /// Two attempts of at most 4 s, 8 s in all: a person may be far from the Region.
    OfAPerson,
}

/// The bus has not taken an event, or has not said so in time.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotSent {
    #[error("the bus did not answer")]
    Unavailable(#[source] BoxError),
    #[error("the bus refused the event: {code}")]
    Refused { code: String },
}

impl Bus {
    pub(crate) fn new(
        name: &str,
        source: &'static str,
        aws: &SdkConfig,
        patience: Patience,
    ) -> Self {
        let (name, aws) = (name.to_owned(), aws.clone());
        Self { name, source, aws, patience, client: OnceLock::new() }
    }

    /// Tells the bus of one thing that happened `at` that moment.
    pub(crate) async fn send(
        &self,
        event: &str,
        detail: &Value,
        at: Timestamp,
    ) -> Result<(), NotSent> {
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(self.source)
            .detail_type(event)
            .detail(detail.to_string())
            .time(DateTime::from_millis(at.millis()))
            .build();
        let sent = self.client().put_events().entries(entry).send().await.map_err(unavailable)?;
        if sent.failed_entry_count() == 0 {
            return Ok(());
        }
        let code = sent.entries().iter().find_map(|entry| entry.error_code());
        Err(NotSent::Refused { code: code.unwrap_or("no reason given").to_owned() })
    }

    fn client(&self) -> &Client {
        let make = || Client::from_conf(bounded(Builder::from(&self.aws), self.patience).build());
        self.client.get_or_init(make)
    }
}

fn bounded(builder: Builder, patience: Patience) -> Builder {
    let (connect, attempt) = match patience {
        Patience::OfACaller => (Duration::from_millis(500), Duration::from_secs(1)),
        Patience::OfAPerson => (Duration::from_secs(2), Duration::from_secs(4)),
    };
    builder
        .behavior_version(BehaviorVersion::latest())
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(connect)
                .operation_attempt_timeout(attempt)
                .operation_timeout(2 * attempt)
                .build(),
        )
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(2)
                .with_initial_backoff(Duration::from_millis(25))
                .with_max_backoff(Duration::from_millis(100)),
        )
}

fn unavailable<E, R>(error: SdkError<E, R>) -> NotSent
where
    E: std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    NotSent::Unavailable(Box::new(error))
}
