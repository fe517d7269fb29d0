//! Composition: the one place where configuration, table, clock and entropy become an [`App`].

use crate::config::{AuthorizerSettings, Config, CoreAccess, WebSettings};
use crate::ids::AppId;
use crate::session::{Apps, Sessions};
use crate::table::{AppTable, SessionTable};
use crate::time::{Clock, Entropy};
use aws_config::SdkConfig;
use std::sync::Arc;

/// All a function needs, built once at start and borrowed by each request.
pub struct App {
    /// The verbs, on the sessions of the app that everyone uses who names none.
    pub sessions: Arc<Sessions>,
    /// Every app.
    pub apps: Apps,
    /// Who may call `core-driver`.
    pub core_access: CoreAccess,
    /// How browsers are served.
    pub web: WebSettings,
    /// How the authorizer asks and answers.
    pub authorizer: AuthorizerSettings,
    /// Tells the time.
    pub clock: Clock,
    /// The name of the table.
    pub table_name: String,
    /// The EventBridge bus to tell of sessions, by name or ARN, if any.
    pub event_bus: Option<String>,
    /// The ARN of the KMS key under whose data key private signing keys are sealed, if any.
    pub signing_kms_key: Option<String>,
    /// How services other than the table are reached. [`App::new`] knows no way; who composes a
    /// function sets it.
    pub aws: SdkConfig,
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
        let table = SessionTable::new(dynamodb.clone(), &config.table_name, &AppId::public());
        let policy = config.policy;
        let sessions = Sessions::new(table, policy.clone(), clock.clone(), entropy.clone());
        let sessions = Arc::new(sessions);
        let apps = AppTable::new(dynamodb, &config.table_name);
        let public = Arc::clone(&sessions);
        Self {
            sessions,
            apps: Apps::new(apps, policy, clock.clone(), entropy, public),
            core_access: config.core_access,
            web: config.web,
            authorizer: config.authorizer,
            clock,
            table_name: config.table_name,
            event_bus: config.event_bus,
            signing_kms_key: config.signing_kms_key,
            aws: SdkConfig::builder().build(),
        }
    }
}
