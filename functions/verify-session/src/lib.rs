//! The authorizer of REST, HTTP and WebSocket APIs and of `AppSync`: allows a live session, refuses
//! everything else. Which of them asks is told by the event; each is answered in its own form
//! (`docs/reference/authorizer.md`).
//!
//! A refusal has the form that comes closest to 401, on which alone browsers refresh. Whatever keeps
//! us from finding out is an error that is no refusal, in every form: the API answers 500, and
//! nobody passes. Unknown means no.

mod answer;
mod event;

use answer::Form;
use event::{Event, is_opened_by};
use lambda_runtime::{Diagnostic, LambdaEvent};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use shared::app::App;
use shared::config::check_database::CheckTarget;
use shared::http::credentials::{AccessCredential, Credentials, Transfer};
use shared::http::error::{ApiError, Code};
use shared::lambda::Function;
use shared::lambda::metric::{self, CountOnDrop, Metric};
use shared::session::{Evidence, Principal, SessionError, Verdict};
use shared::token::payload::MAX_ANSWER_BYTES;
use std::sync::Arc;

/// The function, composed over `app`.
#[must_use]
pub fn function(app: Arc<App>) -> Function {
    Function::from_fn(move |event| counted(handle(Arc::clone(&app), event)))
}

/// Counts an answer that is neither an allowance nor a refusal, and none at all, as by a panic.
async fn counted(
    answer: impl Future<Output = Result<Box<RawValue>, Diagnostic>>,
) -> Result<Box<RawValue>, Diagnostic> {
    let errors = CountOnDrop::armed(Metric::AuthorizerErrors);
    let answer = answer.await;
    if answer.as_ref().err().is_none_or(|error| error.error_type == answer::UNAUTHORIZED) {
        errors.disarm();
    }
    answer
}

async fn handle(
    app: Arc<App>,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<Box<RawValue>, Diagnostic> {
    let event = Event::read(event.payload.get(), &app.authorizer).map_err(|error| {
        tracing::error!(%error, "authorizer invoked with an event it does not know");
        ApiError::new(Code::UnknownEvent, error.to_string()).to_diagnostic()
    })?;
    let answer = match check(&app, &event).await {
        Ok(Some(principal)) => return allow(&event.form, &principal),
        Ok(None) => event.form.refuse()?,
        Err(error) => {
            let error = ApiError::from(error);
            error.log();
            return Err(error.to_diagnostic());
        }
    };
    written(&answer)
}

fn written(answer: &Value) -> Result<Box<RawValue>, Diagnostic> {
    to_raw_value(answer).map_err(|_| {
        ApiError::new(Code::InternalError, "the answer could not be written").to_diagnostic()
    })
}

/// Lets a request pass, unless the API could not take the answer: then it would answer 500, and
/// nobody would know why. A session is not given such a payload, but may have had it before.
fn allow(form: &Form, principal: &Principal) -> Result<Box<RawValue>, Diagnostic> {
    let answer = written(&form.allow(principal))?;
    let bytes = answer.get().len();
    if bytes <= MAX_ANSWER_BYTES {
        return Ok(answer);
    }
    metric::refused("answer-too-large");
    let (user, session) = (principal.user.as_str(), principal.handle.fingerprint());
    tracing::error!(
        user,
        session,
        bytes,
        "refused: the session's access token payload makes the authorizer's answer larger than \
         {MAX_ANSWER_BYTES} bytes; set a smaller one, or revoke the session"
    );
    written(&form.deny())
}

/// Who asks, when that is good enough.
async fn check(app: &App, event: &Event) -> Result<Option<Principal>, SessionError> {
    let credentials = Credentials::of(&event.headers);
    let AccessCredential::Present(token, transfer) = credentials.undisputed_access() else {
        metric::refused("no-single-token");
        return Ok(None);
    };
    let Some(evidence) = evidence(app, event, &credentials, transfer) else {
        metric::refused("foreign-web-socket");
        return Ok(None);
    };
    let verdict = if app.authorizer.check_policy.is_strict(&event.target) {
        app.tokens.verify_strict(*token, evidence).await?
    } else {
        app.tokens.verify_fast(*token, evidence).await?
    };
    let principal = match verdict {
        Verdict::Allowed(principal) => principal,
        Verdict::Refused(refusal) => {
            metric::refused(refusal.reason());
            return Ok(None);
        }
    };
    for rival in credentials.rivals(transfer) {
        if app.tokens.is_known_of_another_session(rival, &principal.handle) {
            metric::refused("no-single-token");
            return Ok(None);
        }
    }
    Ok(Some(principal))
}

/// What shows that the request was meant; `None` when that alone refuses it.
fn evidence<'a>(
    app: &App,
    event: &Event,
    credentials: &Credentials<'a>,
    transfer: Transfer,
) -> Option<Evidence<'a>> {
    match &event.target {
        CheckTarget::Route(method, _) | CheckTarget::Unrouted(method) => {
            Some(credentials.evidence(transfer, method))
        }
        // Cross-site WebSocket hijacking: any page can open a WebSocket to any host, the browser
        // sends the cookies along, and no CORS keeps the page from reading what comes back. No page
        // can send a header as a proof, ours neither; but the browser says whose page it is.
        CheckTarget::WebSocket if transfer == Transfer::Cookie => {
            is_opened_by(&app.web.website_origin, &event.headers).then_some(Evidence::NotNeeded)
        }
        CheckTarget::WebSocket | CheckTarget::GraphQl => Some(Evidence::NotNeeded),
    }
}
