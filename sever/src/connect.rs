//! From what was typed and AWS's own configuration to the sessions of one app, and to where is told
//! what is done to them.

use crate::audit::Audit;
use crate::failure::Failure;
use crate::options::{Change, Global};
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::{Client, config};
use journal::OperatorJournal;
use shared::error_line;
use shared::ids::AppId;
use shared::session::{KeyServiceSlot, KeyStore, SessionStore};
use shared::table::{AppTable, harden};
use shared::time::{Clock, Entropy};
use std::time::Duration;

/// What a command that reads works on.
pub(crate) struct Place {
    /// The sessions of the app that was named.
    pub(crate) store: SessionStore,
    /// The signing keys of that app.
    pub(crate) keys: KeyStore,
    table: String,
    app: AppId,
    aws: SdkConfig,
    access_key: String,
}

/// What a command that changes something works on.
pub(crate) struct Connected {
    pub(crate) store: SessionStore,
    pub(crate) keys: KeyStore,
    pub(crate) audit: Audit,
}

impl Place {
    /// Adds where the change is recorded.
    pub(crate) fn audited(self, change: &Change) -> Result<Connected, Failure> {
        let Self { store, keys, table, app, aws, access_key } = self;
        let bus = change.event_bus.clone();
        if bus.is_empty() {
            let how = "which event bus? --event-bus takes a name or an ARN; the account's own is `default`";
            return Err(Failure::Usage(how.to_owned()));
        }
        let reason = change.reason.clone();
        let journal = OperatorJournal::new(Clock::system(), &table, app, &bus, &aws, reason);
        Ok(Connected { store, keys, audit: Audit { journal, bus, aws, access_key } })
    }
}

/// `signing_kms_key` is for the commands that open private keys.
pub(crate) async fn connect(
    global: &Global,
    signing_kms_key: Option<&str>,
) -> Result<Place, Failure> {
    let app = AppId::parse(&global.app)?;
    let named = global.table.as_ref().or(global.table_name.as_ref());
    let Some(name) = named.filter(|name| !name.is_empty()) else {
        let how =
            "which table? Give --table NAME or set SEVER_TABLE; it is the stack's output TableName";
        return Err(Failure::Usage(how.to_owned()));
    };
    let (aws, access_key) = aws(global).await?;
    let dynamodb =
        Client::from_conf(harden(config::Builder::from(&aws)).timeout_config(patience()).build());
    let (clock, entropy) = (Clock::system(), Entropy::system());
    let service = KeyServiceSlot::default();
    if let Some(arn) = signing_kms_key {
        service.connect(sealing::key_service(&aws, arn));
    }
    let Some(sessions) = AppTable::new(dynamodb, name).find_sessions(&app).await? else {
        return Err(Failure::Refused(format!("there is no app {app}")));
    };
    let keys = KeyStore::new(sessions.clone(), clock.clone(), entropy.clone(), service);
    let store = SessionStore::new(sessions, clock, entropy);
    Ok(Place { store, keys, table: name.clone(), app, aws, access_key })
}

/// How AWS is reached, and the id of the access key.
async fn aws(global: &Global) -> Result<(SdkConfig, String), Failure> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest());
    if let Some(region) = &global.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(profile) = &global.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(url) = &global.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    let shared = loader.load().await;
    // Found once: a single sign-on or another program is not asked again by each call.
    let credentials = credentials(&shared, global.profile.as_deref()).await?;
    if shared.region().is_none() {
        let how = "which Region? Give --region, set AWS_REGION, or name a profile that has one";
        return Err(Failure::Usage(how.to_owned()));
    }
    let access_key = credentials.access_key_id().to_owned();
    let credentials = SharedCredentialsProvider::new(credentials);
    Ok((shared.to_builder().credentials_provider(credentials).build(), access_key))
}

/// Those of the profile that was typed, even if the environment has others: it may mean another
/// account. Without one, the first that are found.
async fn credentials(shared: &SdkConfig, profile: Option<&str>) -> Result<Credentials, Failure> {
    let found = match (profile, shared.credentials_provider()) {
        (Some(profile), _) => {
            let region = shared.region().cloned();
            ProfileFileCredentialsProvider::builder()
                .configure(&ProviderConfig::without_region().with_region(region))
                .profile_name(profile)
                .build()
                .provide_credentials()
                .await
        }
        (None, Some(any)) => any.provide_credentials().await,
        (None, None) => Err(CredentialsError::not_loaded_no_source()),
    };
    found.map_err(|error| without_credentials(&error, profile))
}

/// The SDK says why it has none in the words of its own parts, and of a profile often nothing.
fn without_credentials(error: &CredentialsError, profile: Option<&str>) -> Failure {
    let why = error_line(error);
    let told = match (error, profile) {
        (CredentialsError::CredentialsNotLoaded(_), None) => {
            "neither environment nor profile (AWS_PROFILE) nor role has any".to_owned()
        }
        (CredentialsError::CredentialsNotLoaded(_), Some(profile))
            if !why.contains("was not defined")
                || why.contains("could not find source profile") =>
        {
            format!(
                "the profile `{profile}` does not exist or has none. Profiles are read from ~/.aws/config and \
                 ~/.aws/credentials, unless AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name other files"
            )
        }
        _ => why,
    };
    Failure::Unknown(format!("no AWS credentials: {told}"))
}

/// A person waits longer than an authorizer may, and may be far from the Region.
fn patience() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .operation_attempt_timeout(Duration::from_secs(5))
        .operation_timeout(Duration::from_secs(12))
        .build()
}
