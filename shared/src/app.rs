//! Composition: the one place where configuration, table, clock and entropy become an [`App`].

use crate::check_database::CheckPolicy;
use crate::config::{Config, WebSettings};
use crate::ids::AppId;
use crate::session::Sessions;
use crate::table::SessionTable;
use crate::time::{Clock, Entropy};

/// All a function needs, built once at start and borrowed by each request.
pub struct App {
    /// The verbs.
    pub sessions: Sessions,
    /// How browsers are served.
    pub web: WebSettings,
    /// When the authorizer reads the table.
    pub check_policy: CheckPolicy,
    /// Tells the time.
    pub clock: Clock,
}

impl App {
    /// Composes the bundle over a DynamoDB client.
    #[must_use]
    pub fn new(
        config: Config,
        dynamodb: aws_sdk_dynamodb::Client,
        clock: Clock,
        entropy: Entropy,
    ) -> Self {
        let table = SessionTable::new(dynamodb, &config.table_name, AppId::public());
        Self {
            sessions: Sessions::new(table, config.policy, clock.clone(), entropy),
            web: config.web,
            check_policy: config.check_policy,
            clock,
        }
    }
}
