//! From what was typed and AWS's own configuration to the sessions of one app, and to where is told
//! what is done to them.

use crate::audit::Audit;
use crate::failure::Failure;
use crate::options::Global;
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
use shared::reason::Reason;
use shared::session::{Apps, Policy, Sessions};
use shared::table::{AppTable, SessionTable, harden};
use shared::time::{Clock, Entropy};
use std::sync::Arc;
use std::time::Duration;

/// What a command works on.
pub(crate) struct Connected {
    /// The sessions of the app that was named.
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) audit: Audit,
}

pub(crate) async fn connect(global: &Global) -> Result<Connected, Failure> {
    let app = AppId::parse(&global.app)?;
    let reason = global.reason.as_deref().map(Reason::parse).transpose()?;
    let bus = global.event_bus.as_str();
    if bus.is_empty() {
        let how =
            "which event bus? --event-bus takes a name or an ARN; the account's own is `default`";
        return Err(Failure::Usage(how.to_owned()));
    }
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
    let policy = Policy::issuing_nothing();
    let table = SessionTable::new(dynamodb.clone(), name, &AppId::public());
    let public = Sessions::new(table, policy.clone(), clock.clone(), entropy.clone());
    if let Some(arn) = global.signing_kms_key.as_ref().filter(|arn| !arn.is_empty()) {
        public.connect_key_service(sealing::key_service(&aws, arn));
    }
    let public = Arc::new(public);
    let apps = Apps::new(AppTable::new(dynamodb, name), policy, clock.clone(), entropy, public);
    let Some(found) = apps.find(&app).await? else {
        return Err(Failure::Refused(format!("there is no app {app}")));
    };
    let journal = OperatorJournal::new(clock, (name, app), (bus, &aws), reason);
    let audit = Audit { journal, bus: bus.to_owned(), aws, access_key };
    Ok(Connected { sessions: found.sessions, audit })
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
    if shared.region().is_none() {
        let how = "which Region? Give --region, set AWS_REGION, or name a profile that has one";
        return Err(Failure::Usage(how.to_owned()));
    }
    // Found once: a single sign-on or another program is not asked again by each call.
    let credentials = credentials(&shared, global.profile.as_deref()).await?;
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
    found.map_err(|error| {
        Failure::Unknown(match (error, profile) {
            (CredentialsError::CredentialsNotLoaded(_), None) => {
                "no AWS credentials: neither environment nor profile nor role has any".to_owned()
            }
            (error, _) => format!("no AWS credentials: {}", error_line(&error)),
        })
    })
}

/// A person waits longer than an authorizer may, and may be far from the Region.
fn patience() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .operation_attempt_timeout(Duration::from_secs(5))
        .operation_timeout(Duration::from_secs(12))
        .build()
}
