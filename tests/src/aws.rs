//! Services that stand where the network would be.

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector, http_client_fn};

/// What makes functions reach `service`, whatever they call.
pub(crate) fn reaching(service: impl HttpConnector + 'static) -> SdkConfig {
    let connector = SharedHttpConnector::new(service);
    let credentials = Credentials::new("tests", "tests", None, None, "tests");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::standard())
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .build()
}
