//! Start-up.

use super::{Function, lines};
use crate::app::App;
use crate::config::{Config, ConfigError};
use crate::time::{Clock, Entropy};
use aws_config::BehaviorVersion;
use futures_util::FutureExt as _;
use http::Method;
use lambda_runtime::{Diagnostic, service_fn};
use lambda_runtime_api_client::body::Body;
use lambda_runtime_api_client::{PooledClient, build_request};
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::Arc;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Runs `function` on Lambda until the sandbox ends. What is dangerous in the configuration is logged
/// in a line each. What is wrong with it is logged whole, is what Lambda says of every invocation, and fails the start. A handler that panics fails
/// its own invocation and no other.
pub async fn serve(name: &'static str, function: fn(Arc<App>) -> Function) -> ExitCode {
    let config = Config::from_env();
    let table = config.as_ref().map_or("", |config| &config.table_name);
    let lines = lines(name, table, Clock::system(), std::io::stdout);
    tracing_subscriber::registry().with(lines).init();
    log_panics();
    let config = match config {
        Ok(config) => config,
        Err(error) => {
            tracing::error!(%error, "cannot start");
            if let Err(error) = report(&error).await {
                tracing::error!(%error, "Lambda could not be told");
            }
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
    let app = App::new(config, dynamodb, Clock::system(), Entropy::system());
    let function = function(Arc::new(App { aws, ..app }));
    let handle = service_fn(move |event| {
        let function = function.clone();
        async move {
            let answer = AssertUnwindSafe(function.invoke(event)).catch_unwind().await;
            answer.unwrap_or_else(|_| Err(panicked()))
        }
    });
    match lambda_runtime::run(handle).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the Lambda runtime failed");
            ExitCode::FAILURE
        }
    }
}

/// Tells Lambda why there is nobody to answer. Otherwise all that an invoker is shown is that a
/// process has ended.
async fn report(error: &ConfigError) -> Result<(), lambda_runtime::Error> {
    let failure = Diagnostic {
        error_type: "Runtime.ConfigInvalid".to_owned(),
        error_message: error.to_string(),
    };
    let request = build_request()
        .method(Method::POST)
        .uri("/2018-06-01/runtime/init/error")
        .header("lambda-runtime-function-error-type", &failure.error_type)
        .body(Body::from(serde_json::to_vec(&failure)?))?;
    PooledClient::builder().build().call(request).await?;
    Ok(())
}

fn panicked() -> Diagnostic {
    Diagnostic {
        error_type: "Runtime.Panic".to_owned(),
        error_message: "the function panicked".to_owned(),
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
