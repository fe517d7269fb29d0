//! Start-up.

use super::event_loop::{self, Environment};
use super::runtime_api::RuntimeApi;
use super::{Function, lines};
use crate::app::App;
use crate::config::{Config, ConfigError};
use crate::error_chain;
use crate::time::{Clock, Entropy};
use aws_config::BehaviorVersion;
use lambda_runtime::Diagnostic;
use std::env;
use std::process::ExitCode;
use std::sync::Arc;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Runs `function` on Lambda until the execution environment ends. What is dangerous in the
/// configuration is logged in a line each. What is wrong with it is logged whole, is what Lambda says
/// of every invocation, and fails the start.
pub async fn serve(name: &'static str, function: fn(Arc<App>) -> Function) -> ExitCode {
    let config = Config::from_env();
    let table = config.as_ref().map_or("", |config| &config.table_name);
    let lines = lines(name, table, Clock::system(), std::io::stdout);
    tracing_subscriber::registry().with(lines).init();
    log_panics();
    let Some(environment) = environment() else {
        let error = "AWS_LAMBDA_RUNTIME_API is missing: this program runs on AWS Lambda only";
        tracing::error!(error, "cannot start");
        return ExitCode::FAILURE;
    };
    let config = match config {
        Ok(config) => config,
        Err(error) => {
            tracing::error!(%error, "cannot start");
            report(&environment, &error).await;
            return ExitCode::FAILURE;
        }
    };
    if config.has_plain_api_keys {
        tracing::warn!(
            "API_KEYS has a key in plain text, which everyone who may read this function's \
             configuration can use; put its digest there, as `sever api-keys new` prints it"
        );
    }
    for warning in &config.warnings {
        tracing::warn!(warning, "check the configuration");
    }
    let aws = aws_config::defaults(BehaviorVersion::latest()).load().await;
    let dynamodb = crate::table::client(&aws);
    let app = App::new(config, dynamodb, aws, Clock::system(), Entropy::system());
    let function = function(Arc::new(app));
    match event_loop::run(function, environment).await {
        Ok(never) => match never {},
        Err(ended) => {
            tracing::error!(error = error_chain(&ended), "the Lambda runtime failed");
            ExitCode::FAILURE
        }
    }
}

/// What Lambda says in the environment; `None` anywhere else.
#[expect(clippy::disallowed_methods, reason = "what Lambda says is no configuration of ours")]
fn environment() -> Option<Environment> {
    let concurrency = env::var("AWS_LAMBDA_MAX_CONCURRENCY").unwrap_or_default();
    let initialization = env::var("AWS_LAMBDA_INITIALIZATION_TYPE").unwrap_or_default();
    Some(Environment {
        runtime_api: env::var("AWS_LAMBDA_RUNTIME_API").ok()?,
        concurrency: concurrency.parse().unwrap_or(1).max(1),
        snap_start: initialization == "snap-start",
        config: Arc::new(lambda_runtime::Config::from_env()),
    })
}

async fn report(environment: &Environment, error: &ConfigError) {
    let failure = Diagnostic {
        error_type: "Runtime.ConfigInvalid".to_owned(),
        error_message: error.to_string(),
    };
    if let Err(error) = RuntimeApi::at(&environment.runtime_api).cannot_start(&failure).await {
        tracing::error!(error = error_chain(&error), "Lambda could not be told");
    }
}

/// A panic's message may quote what it stumbled over, which may be a token: only one that stands in
/// the code as it is can be shown.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let at = panic.location().map(tracing::field::display);
        let why = panic.payload().downcast_ref::<&'static str>().copied();
        tracing::error!(at, why, "panicked");
    }));
}
