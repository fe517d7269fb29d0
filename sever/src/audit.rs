//! Tells who did what: a command that changed something sends its audit record to EventBridge once it
//! is done. Nothing here holds a revocation up or takes it back.

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use journal::{Operator, OperatorJournal, OperatorRecord};
use serde_json::{Value, json};
use shared::error_line;
use shared::session::SessionError;
use shared::table::TableError;
use std::time::Duration;

/// What DynamoDB says when it has certainly not done what was asked.
const CERTAINLY_NOT_DONE: [&str; 6] = [
    "AccessDeniedException",
    "ExpiredTokenException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "ResourceNotFoundException",
    "UnrecognizedClientException",
];

/// Where and as whom one command tells.
pub(crate) struct Audit {
    pub(crate) journal: OperatorJournal,
    pub(crate) bus: String,
    pub(crate) aws: SdkConfig,
    pub(crate) access_key: String,
}

/// What became of the records of one command.
#[derive(Debug)]
pub(crate) struct Told {
    bus: String,
    sent: usize,
    unsent: Vec<OperatorRecord>,
    /// Why the first of those could not be sent.
    error: Option<String>,
    /// Why the records name an access key and no person.
    nameless: Option<String>,
}

impl Audit {
    /// Sends these records. After one that could not be sent no other is tried: there may be many,
    /// and somebody waits.
    pub(crate) async fn tell(
        &self,
        records: impl FnOnce(&OperatorJournal, &Operator) -> Vec<OperatorRecord>,
    ) -> Told {
        let (operator, nameless) = match self.arn().await {
            Ok(arn) => (Operator::Arn(arn), None),
            Err(why) => (Operator::AccessKey(self.access_key.clone()), Some(why)),
        };
        let (bus, unsent) = (self.bus.clone(), Vec::new());
        let mut told = Told { bus, sent: 0, unsent, error: None, nameless };
        for record in records(&self.journal, &operator) {
            if told.error.is_none() {
                told.error = self.journal.send(&record).await.err();
            }
            if told.error.is_none() {
                told.sent += 1;
            } else {
                told.unsent.push(record);
            }
        }
        told
    }

    /// Whose credentials these are, by STS.
    async fn arn(&self) -> Result<String, String> {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(2))
            .operation_attempt_timeout(Duration::from_secs(4))
            .operation_timeout(Duration::from_secs(8));
        let config = aws_sdk_sts::config::Builder::from(&self.aws)
            .timeout_config(timeouts.build())
            .retry_config(RetryConfig::standard().with_max_attempts(2));
        let sts = aws_sdk_sts::Client::from_conf(config.build());
        let identity = sts.get_caller_identity().send().await;
        let identity = identity.map_err(|error| error_line(&error))?;
        identity.arn.ok_or_else(|| "it named no ARN".to_owned())
    }
}

/// Whether nothing can have changed, so that there is nothing to record.
pub(crate) fn certainly_not_done(error: &SessionError) -> bool {
    let table = match error {
        SessionError::NoSessionToKeep => return true,
        SessionError::Table(table) => table,
        SessionError::PartlyRevoked { revoked, source } if revoked.ended.is_empty() => source,
        _ => return false,
    };
    matches!(table, TableError::Unavailable { said: Some(said), .. } | TableError::Refused { said, .. }
        if CERTAINLY_NOT_DONE.contains(&said.code.as_str()))
}

impl Told {
    pub(crate) fn is_complete(&self) -> bool {
        self.error.is_none()
    }

    /// For a program.
    pub(crate) fn to_json(&self) -> Value {
        let unsent: Vec<_> = self.unsent.iter().map(|record| &record.detail).collect();
        json!({"eventBus": self.bus, "sent": self.sent, "unsent": unsent, "error": self.error})
    }

    /// What went wrong, for a person, and the records that nobody else has.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(why) = &self.nameless {
            lines.push(format!(
                "warning: the audit record has only the id of the access key: STS did not say whose it is: {why}"
            ));
        }
        if let Some(why) = &self.error {
            lines.push(format!(
                "warning: no audit record was written: the EventBridge bus `{}` did not take it: {why}. What was done \
                 remains in effect. Hand what follows to whoever keeps the audit",
                self.bus
            ));
            lines.extend(self.unsent.iter().map(|record| format!("record: {}", record.detail)));
        }
        lines
    }
}
