//! The event loop: it hands each event that Lambda has to the function, and the answer to Lambda.
//!
//! `lambda_runtime` has one too, which sets the environment variable `_X_AMZN_TRACE_ID` for every
//! event. The C library keeps every value that a variable ever had, so that a process grows until
//! Lambda ends it (decision 0023). This loop sets no variable.

use super::Function;
use super::runtime_api::{Invocation, RuntimeApi, RuntimeApiError};
use crate::error_chain;
use crate::http::error::{ApiError, Code};
use crate::json::without_mark;
use futures_util::FutureExt as _;
use lambda_runtime::{Config, Context, Diagnostic, LambdaEvent};
use serde_json::value::RawValue;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio::task::JoinSet;

/// What Lambda tells a process of itself.
pub(super) struct Environment {
    /// Where the Runtime API is.
    pub(super) runtime_api: String,
    /// How many events it hands out at once: more than one on Lambda Managed Instances alone.
    pub(super) concurrency: usize,
    /// Whether the process is to be restored from a snapshot before its first event.
    pub(super) snap_start: bool,
    /// Its name and limits.
    pub(super) config: Arc<Config>,
}

/// The last of the loops has ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    #[error(transparent)]
    RuntimeApi(#[from] RuntimeApiError),
    #[error("the event loop panicked")]
    Panicked,
}

/// Answers events until the Runtime API goes away. Each loop has one event at a time and a
/// connection of its own; when one breaks, the events of the others are still answered.
pub(super) async fn run(function: Function, environment: Environment) -> Result<Infallible, Ended> {
    if environment.snap_start {
        RuntimeApi::at(&environment.runtime_api).restored().await?;
    }
    let mut loops = JoinSet::new();
    for _ in 0..environment.concurrency {
        let api = RuntimeApi::at(&environment.runtime_api);
        loops.spawn(one_after_another(api, function.clone(), Arc::clone(&environment.config)));
    }
    let mut ended = Ended::Panicked;
    while let Some(outcome) = loops.join_next().await {
        ended = match outcome {
            Ok(Ok(never)) => match never {},
            Ok(Err(error)) => error.into(),
            Err(_) => Ended::Panicked,
        };
        if !loops.is_empty() {
            tracing::error!(error = error_chain(&ended), left = loops.len(), "an event loop ended");
        }
    }
    Err(ended)
}

async fn one_after_another(
    mut api: RuntimeApi,
    function: Function,
    config: Arc<Config>,
) -> Result<Infallible, RuntimeApiError> {
    loop {
        let invocation = api.next().await?;
        let answer = match event_of(&invocation, &config) {
            Ok(event) => invoke(&function, event).await,
            Err(failure) => Err(failure),
        };
        api.answer(&invocation, answer).await?;
    }
}

/// A handler that panics fails its own invocation and no other.
async fn invoke(
    function: &Function,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<Box<RawValue>, Diagnostic> {
    let answer = AssertUnwindSafe(async { function.invoke(event).await }).catch_unwind().await;
    answer.unwrap_or_else(|_| {
        Err(Diagnostic {
            error_type: "Runtime.Panic".to_owned(),
            error_message: "the function panicked".to_owned(),
        })
    })
}

fn event_of(
    invocation: &Invocation,
    config: &Arc<Config>,
) -> Result<LambdaEvent<Box<RawValue>>, Diagnostic> {
    let id = &invocation.request_id;
    // A direct invoker writes the client context.
    let context = Context::new(id, Arc::clone(config), &invocation.headers).map_err(|_| {
        let message = "the client context is invalid: expected a JSON object with text values in \
                       its members `custom` and `environment`";
        Diagnostic {
            error_type: "Runtime.InvalidContext".to_owned(),
            error_message: message.to_owned(),
        }
    })?;
    let payload = serde_json::from_slice(without_mark(&invocation.payload))
        .map_err(|_| ApiError::new(Code::InvalidJson, "the event is not JSON").to_diagnostic())?;
    Ok(LambdaEvent { payload, context })
}
