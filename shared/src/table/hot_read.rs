//! The strict check's read once more, without the SDK's orchestration, which costs more than all the
//! rest of a strict check (`docs/decisions/0017-hot-read.md`).
//!
//! What the SDK found out for a call of its own is kept: where the table is, how it is connected to,
//! and whose credentials are used. The next read is written and signed here and goes over the SDK's
//! own connections. It answers everything that it was asked for, or nothing: whatever is out of the
//! ordinary (no answer, not in time, not 200, a part unprocessed, an attribute of a type that is not
//! read here) is asked for again by the SDK, which waits, tries again, and says what is wrong.

use super::batch::projection;
use super::client::ATTEMPT;
use super::schema::Attributes;
use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    ConfigBag, HttpClient as _, Intercept, Region, ResolveCachedIdentity as _, RuntimeComponents,
};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::auth::{AuthScheme as _, AuthSchemeId};
use aws_smithy_runtime_api::client::http::{
    HttpConnector as _, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::identity::SharedIdentityResolver;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

const CONTENT: &str = "application/x-amz-json-1.0";
const TARGET: &str = "DynamoDB_20120810.BatchGetItem";

/// The way to the table, as soon as it is known. Clones share it.
#[derive(Clone, Default)]
pub(super) struct HotRead(Arc<Mutex<Option<Arc<Way>>>>);

/// How the SDK went to the table.
struct Way {
    uri: String,
    region: Region,
    connector: SharedHttpConnector,
    credentials: SharedIdentityResolver,
    components: RuntimeComponents,
    no_overrides: ConfigBag,
}

impl HotRead {
    /// The attributes `names` of the items at `keys` in `table`, read strongly: all of those that
    /// exist. `None` when the SDK is to be asked.
    pub(super) async fn read(
        &self,
        table: &str,
        keys: &[AttributeValue],
        names: &[&str],
    ) -> Option<Vec<Attributes>> {
        let way = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let asked = tokio::time::timeout(ATTEMPT, way.ask(request(table, keys, names)?));
        match asked.await.map_err(BoxError::from).flatten() {
            Ok(found) => Some(found),
            Err(error) => {
                tracing::debug!(%error, "the SDK is asked instead");
                // What was known may no longer be so: the SDK finds out anew.
                self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
                None
            }
        }
    }
}

/// A `BatchGetItem`, as the SDK writes it too.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Request<'a> {
    request_items: HashMap<&'a str, Reading<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Reading<'a> {
    keys: Vec<Key<'a>>,
    consistent_read: bool,
    projection_expression: String,
    expression_attribute_names: HashMap<String, &'a str>,
}

#[derive(Serialize)]
struct Key<'a> {
    pk: Text<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Text<'a> {
    s: &'a str,
}

fn request<'a>(table: &'a str, keys: &'a [AttributeValue], names: &[&'a str]) -> Option<String> {
    let key = |key: &'a AttributeValue| Some(Key { pk: Text { s: key.as_s().ok()? } });
    let (projection_expression, expression_attribute_names) = projection(names);
    let reading = Reading {
        keys: keys.iter().map(key).collect::<Option<_>>()?,
        consistent_read: true,
        projection_expression,
        expression_attribute_names,
    };
    serde_json::to_string(&Request { request_items: HashMap::from([(table, reading)]) }).ok()
}

impl Way {
    async fn ask(&self, body: String) -> Result<Vec<Attributes>, BoxError> {
        let (cache, resolver) = (self.components.identity_cache(), self.credentials.clone());
        let identity =
            cache.resolve_cached_identity(resolver, &self.components, &self.no_overrides).await?;
        let time = self.components.time_source().ok_or("no time")?.now();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(self.region.as_ref())
            .name("dynamodb")
            .time(time)
            .settings(SigningSettings::default())
            .build()?
            .into();
        let mut request = http::Request::post(&self.uri)
            .header(CONTENT_TYPE, CONTENT)
            .header("x-amz-target", TARGET)
            .body(())?;
        let headers = [("content-type", CONTENT), ("x-amz-target", TARGET)].into_iter();
        let signable =
            SignableRequest::new("POST", &self.uri, headers, SignableBody::Bytes(body.as_bytes()))?;
        let (instructions, _) = sign(signable, &params)?.into_parts();
        instructions.apply_to_request_http1x(&mut request);
        let request = request.map(|()| SdkBody::from(body));
        let response = self.connector.call(request.try_into()?).await?;
        if response.status().as_u16() != 200 {
            return Err(format!("the table answered {}", response.status()).into());
        }
        let answer = ByteStream::new(response.into_body()).collect().await?.into_bytes();
        items(&answer)
    }
}

/// An answer to a `BatchGetItem` of one table.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    responses: HashMap<String, Vec<HashMap<String, Value>>>,
    #[serde(default)]
    unprocessed_keys: serde_json::Map<String, serde_json::Value>,
}

/// An attribute of a type that a strict check reads.
#[derive(Deserialize)]
enum Value {
    S(String),
    N(String),
    B(String),
}

fn items(answer: &[u8]) -> Result<Vec<Attributes>, BoxError> {
    let answer: Answer = serde_json::from_slice(answer)?;
    if !answer.unprocessed_keys.is_empty() {
        return Err("a part was left unprocessed".into());
    }
    let items = answer.responses.into_values().flatten();
    items.map(|item| item.into_iter().map(attribute).collect()).collect()
}

fn attribute((name, value): (String, Value)) -> Result<(String, AttributeValue), BoxError> {
    let value = match value {
        Value::S(text) => AttributeValue::S(text),
        Value::N(number) => AttributeValue::N(number),
        Value::B(bytes) => AttributeValue::B(Blob::new(STANDARD.decode(bytes)?)),
    };
    Ok((name, value))
}

/// Looks over the SDK's shoulder while it sends a `BatchGetItem`.
impl Intercept for HotRead {
    fn name(&self) -> &'static str {
        "the way to the table"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_none() {
            *known = Way::of(context.request().uri(), components, config).map(Arc::new);
        }
        Ok(())
    }
}

impl Way {
    fn of(uri: &str, components: &RuntimeComponents, config: &ConfigBag) -> Option<Self> {
        let mut settings = HttpConnectorSettings::builder();
        // As the SDK itself asks for a connector: the same settings give the same connections.
        let timeouts = config.load::<TimeoutConfig>()?;
        settings.set_connect_timeout(timeouts.connect_timeout());
        settings.set_read_timeout(timeouts.read_timeout());
        let connector = components.http_client()?.http_connector(&settings.build(), components);
        let scheme = components.auth_scheme(AuthSchemeId::new("sigv4"))?;
        Some(Self {
            uri: uri.to_owned(),
            region: config.load::<Region>()?.clone(),
            connector,
            credentials: scheme.identity_resolver(components)?,
            components: components.clone(),
            no_overrides: ConfigBag::base(),
        })
    }
}

impl fmt::Debug for HotRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HotRead")
    }
}

#[cfg(test)]
mod tests;
