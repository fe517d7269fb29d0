//! Composition: the one place where configuration, AWS clients, clock and entropy become an [`App`].

pub use aws_config::SdkConfig;

use crate::config::{AuthorizerSettings, Config, CoreAccess, WebSettings};
use crate::ids::AppId;
use crate::session::supertokens::Apps;
use crate::session::{KeyCache, KeyServiceSlot, SessionStore, TokenService};
use crate::table::{AppTable, SessionTable};
use crate::time::{Clock, Entropy};
use std::sync::Arc;

/// All a function needs, built once at start and borrowed by each request.
pub struct App {
    /// Finds and revokes the sessions of the app `public`, which every caller uses that names none.
    pub store: Arc<SessionStore>,
    /// The signing keys of `public`.
    pub keys: Arc<KeyCache>,
    /// Opens, refreshes and checks the sessions of `public`.
    pub tokens: Arc<TokenService>,
    /// Every app.
    pub apps: Apps,
    /// Where the key service of all apps is connected.
    pub key_service: KeyServiceSlot,
    /// The callers that may use `core-driver`.
    pub core_access: CoreAccess,
    /// How browsers are served.
    pub web: WebSettings,
    /// How the authorizer asks and answers.
    pub authorizer: AuthorizerSettings,
    pub clock: Clock,
    pub table_name: String,
    /// The EventBridge bus that is told of sessions, by name or ARN, if any.
    pub event_bus: Option<String>,
    /// The ARN of the KMS key under whose data key private signing keys are sealed, if any.
    pub signing_kms_key: Option<String>,
    /// How services other than DynamoDB are reached.
    pub aws: SdkConfig,
}

impl AsRef<App> for App {
    fn as_ref(&self) -> &App {
        self
    }
}

impl App {
    /// Composes the bundle over a DynamoDB client. `aws` is for the clients of other services, which
    /// are made when they are first used.
    #[must_use]
    pub fn new(
        config: Config,
        dynamodb: aws_sdk_dynamodb::Client,
        aws: SdkConfig,
        clock: Clock,
        entropy: Entropy,
    ) -> Self {
        let table = SessionTable::new(dynamodb.clone(), &config.table_name, &AppId::public());
        let key_service = KeyServiceSlot::default();
        let tokens =
            TokenService::new(table, config.policy, clock.clone(), entropy, key_service.clone());
        let tokens = Arc::new(tokens);
        let apps = AppTable::new(dynamodb, &config.table_name);
        Self {
            store: Arc::clone(&tokens.store),
            keys: Arc::clone(&tokens.keys),
            apps: Apps::new(apps, Arc::clone(&tokens), key_service.clone()),
            tokens,
            key_service,
            core_access: config.core_access,
            web: config.web,
            authorizer: config.authorizer,
            clock,
            table_name: config.table_name,
            event_bus: config.event_bus,
            signing_kms_key: config.signing_kms_key,
            aws,
        }
    }
}
