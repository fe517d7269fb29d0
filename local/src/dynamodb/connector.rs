//! The real SDK client over an [`Engine`], with no socket between them: retries, timeouts and error
//! parsing above the engine are the SDK's own.

use super::engine::Engine;
use super::wire::{WireRequest, WireResponse};
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, Region, StalledStreamProtectionConfig,
};
use aws_sdk_dynamodb::{Client, Config};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use shared::table::harden;
use std::fmt;
use std::sync::Arc;

/// A `DynamoDB` client whose every call is answered by `engine`.
///
/// It reads no environment, no profile and no metadata service, so that it behaves alike on every
/// machine. Its retries and time budgets are those of the functions on Lambda.
#[must_use]
pub fn client<E: Engine>(engine: Arc<E>) -> Client {
    let connector = SharedHttpConnector::new(EngineConnector(engine));
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(crate::REGION))
        .credentials_provider(Credentials::new(
            crate::ACCESS_KEY,
            crate::SECRET_KEY,
            None,
            None,
            "local",
        ))
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .http_client(http_client_fn(move |_, _| connector.clone()));
    Client::from_conf(harden(config).build())
}

struct EngineConnector<E>(Arc<E>);

impl<E> fmt::Debug for EngineConnector<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EngineConnector")
    }
}

impl<E: Engine> HttpConnector for EngineConnector<E> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let engine = Arc::clone(&self.0);
        HttpConnectorFuture::new(async move {
            let request = WireRequest::from_http(&request)
                .ok_or_else(|| ConnectorError::user("not a DynamoDB JSON request".into()))?;
            engine.call(request).await.and_then(WireResponse::into_http)
        })
    }
}
