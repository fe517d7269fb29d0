//! The API Gateway authorizer: allows a live session, refuses everything else.
//!
//! A refusal is the error `Unauthorized`, letter by letter: a REST API answers 401 to that alone,
//! and browsers refresh on 401 alone. Whatever keeps us from finding out is any other error, which
//! a REST API answers with 500: unknown means no.

mod event;
mod policy;

use event::Event;
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::value::{RawValue, to_raw_value};
use shared::app::App;
use shared::http::credentials::{AccessCredential, Credentials};
use shared::http::error::ApiError;
use shared::lambda::Function;
use shared::session::{SessionError, Verdict};
use std::sync::Arc;

/// The function, composed over `app`.
#[must_use]
pub fn function(app: Arc<App>) -> Function {
    Function::from_fn(move |event| handle(Arc::clone(&app), event))
}

async fn handle(
    app: Arc<App>,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<Box<RawValue>, Diagnostic> {
    let event = Event::read(event.payload.get()).map_err(|error| {
        tracing::error!(%error, "authorizer invoked with an event it does not know");
        Diagnostic { error_type: "unknown-event".to_owned(), error_message: error.to_string() }
    })?;
    match check(&app, &event).await {
        Ok(Some(Verdict::Allowed(principal))) => {
            to_raw_value(&policy::allow(&event.method_arn, &principal)).map_err(|_| unauthorized())
        }
        Ok(Some(Verdict::Refused(refusal))) => {
            tracing::info!(?refusal, "refused");
            Err(unauthorized())
        }
        Ok(None) => {
            tracing::info!("refused: no single access token");
            Err(unauthorized())
        }
        Err(error) => {
            let error = ApiError::from(error);
            error.log();
            Err(error.to_diagnostic())
        }
    }
}

/// `None` when the request carries no access token, or more than one.
async fn check(app: &App, event: &Event) -> Result<Option<Verdict>, SessionError> {
    let credentials = Credentials::of(&event.headers);
    let AccessCredential::Present(token, transfer) = credentials.access() else {
        return Ok(None);
    };
    let evidence = credentials.evidence(transfer, &event.method);
    let verdict = if app.check_policy.is_strict(&event.method, &event.route) {
        app.sessions.verify_strict(*token, evidence).await?
    } else {
        app.sessions.verify_fast(*token, evidence).await?
    };
    Ok(Some(verdict))
}

fn unauthorized() -> Diagnostic {
    Diagnostic { error_type: "Unauthorized".to_owned(), error_message: "Unauthorized".to_owned() }
}
