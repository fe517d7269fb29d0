//! `hot-paths SAMPLES CASE COUNT`: lets a function answer the event of a recorded case so many
//! times, and nothing else.
//!
//! `bench guard` writes the samples, and counts the instructions of two runs that differ in COUNT
//! alone. The table's answers are recorded, and there at once: however slow an instrument makes
//! this process, no time limit passes.

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::{Client, Config as ClientConfig};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use lambda_runtime::{Context, LambdaEvent};
use serde::Deserialize;
use serde_json::value::RawValue;
use shared::app::{App, SdkConfig};
use shared::config::Config;
use shared::lambda::Function;
use shared::table::harden;
use shared::time::{Clock, Entropy};
use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A case as `bench guard` wrote it.
#[derive(Deserialize)]
struct Sample {
    binary: String,
    environment: HashMap<String, String>,
    event: Box<RawValue>,
    /// By which it is invoked.
    arn: String,
    /// What every answer contains.
    expected: String,
    /// The table's answers to the calls of the first event, in their order.
    cold: Vec<String>,
    /// And to those of each further one.
    warm: Vec<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [path, case, count] = arguments.as_slice() else {
        return Err("usage: hot-paths SAMPLES CASE COUNT".into());
    };
    let mut samples: HashMap<String, Sample> = serde_json::from_slice(&std::fs::read(path)?)?;
    let sample = samples.remove(case).ok_or("there is no such case")?;
    let constructor: fn(Arc<App>) -> Function = match sample.binary.as_str() {
        "create-session" => create_session::function,
        "refresh-session" => refresh_session::function,
        "verify-session" => verify_session::function,
        _ => return Err("no such function is linked here".into()),
    };
    let config = Config::from_vars(|name| sample.environment.get(name).cloned())?;
    let table = Table { cold: sample.cold, warm: sample.warm, calls: AtomicUsize::new(0) };
    let client = client(SharedHttpConnector::new(table));
    let aws = SdkConfig::builder().build();
    let app = App::new(config, client, aws, Clock::system(), Entropy::system());
    let function = constructor(Arc::new(app));
    let mut context = Context::default();
    context.invoked_function_arn = sample.arn;
    for _ in 0..count.parse()? {
        let event = LambdaEvent::new(sample.event.clone(), context.clone());
        let answer = match function.invoke(event).await {
            Ok(answer) => answer.get().to_owned(),
            Err(refusal) => refusal.error_type,
        };
        if !answer.contains(&sample.expected) {
            return Err(answer.into());
        }
    }
    Ok(())
}

fn client(table: SharedHttpConnector) -> Client {
    let builder = ClientConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "hot-paths"))
        .http_client(http_client_fn(move |_, _| table.clone()));
    Client::from_conf(harden(builder).build())
}

/// Answers call after call as was recorded, whatever is asked.
#[derive(Debug)]
struct Table {
    cold: Vec<String>,
    warm: Vec<String>,
    calls: AtomicUsize,
}

impl HttpConnector for Table {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let answer = match call.checked_sub(self.cold.len()) {
            None => self.cold.get(call),
            Some(warm) => self.warm.get(warm % self.warm.len().max(1)),
        };
        let answer = answer.cloned().unwrap_or_default();
        HttpConnectorFuture::ready(respond(answer))
    }
}

fn respond(answer: String) -> Result<HttpResponse, ConnectorError> {
    let status =
        StatusCode::try_from(200).map_err(|error| ConnectorError::other(error.into(), None))?;
    let mut response = HttpResponse::new(status, SdkBody::from(answer));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    Ok(response)
}
