//! From what was typed and AWS's own configuration to the sessions of one app.

use crate::failure::Failure;
use crate::options::Global;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::{Client, config};
use shared::error_line;
use shared::ids::AppId;
use shared::session::{Apps, Policy, Sessions};
use shared::table::{AppTable, SessionTable, harden};
use shared::time::{Clock, Entropy};
use std::sync::Arc;
use std::time::Duration;

/// The sessions of the app that was named.
pub(crate) async fn sessions(global: &Global) -> Result<Arc<Sessions>, Failure> {
    let app = AppId::parse(&global.app)?;
    let named = global.table.as_ref().or(global.table_name.as_ref());
    let Some(name) = named.filter(|name| !name.is_empty()) else {
        let how =
            "which table? Give --table NAME or set SEVER_TABLE; it is the stack's output TableName";
        return Err(Failure::Usage(how.to_owned()));
    };
    let dynamodb = client(global).await?;
    let (clock, entropy) = (Clock::system(), Entropy::system());
    let policy = Policy::issuing_nothing();
    let table = SessionTable::new(dynamodb.clone(), name, &AppId::public());
    let public = Sessions::new(table, policy.clone(), clock.clone(), entropy.clone());
    let apps = Apps::new(AppTable::new(dynamodb, name), policy, clock, entropy, Arc::new(public));
    match apps.find(&app).await? {
        Some(found) => Ok(found.sessions),
        None => Err(Failure::Refused(format!("there is no app {app}"))),
    }
}

async fn client(global: &Global) -> Result<Client, Failure> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest());
    if let Some(region) = &global.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(profile) = &global.profile {
        loader = loader.profile_name(profile);
    }
    let shared = loader.load().await;
    if shared.region().is_none() {
        let how = "which Region? Give --region, set AWS_REGION, or name a profile that has one";
        return Err(Failure::Usage(how.to_owned()));
    }
    // Found once: a single sign-on or another program is not asked again by each call.
    let credentials = credentials(&shared, global.profile.as_deref()).await?;
    let mut builder = config::Builder::from(&shared).credentials_provider(credentials);
    if let Some(url) = &global.endpoint_url {
        builder = builder.endpoint_url(url);
    }
    Ok(Client::from_conf(harden(builder).timeout_config(patience()).build()))
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
