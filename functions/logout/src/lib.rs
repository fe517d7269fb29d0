//! Ends the caller's own session and clears its client (PROTOCOL 1.10).
//!
//! `POST {apiBasePath}/signout` and `POST /logout`. A session that is already over is as good as
//! ended. An expired token clears nothing: the client refreshes and comes again, or else its
//! session would live on with nobody to end it.

use http::{Method, StatusCode};
use journal::JournaledApp;
use lambda_http::Request;
use serde_json::json;
use shared::app::App;
use shared::http::Reply;
use shared::http::credentials::{AccessCredential, Credentials};
use shared::http::error::ApiError;
use shared::http::reply::{json as json_reply, message, with_tokens};
use shared::http::tokens::ClientTokens;
use shared::lambda::metric;
use shared::lambda::{Caller, Function};
use shared::session::Verdict;
use std::sync::Arc;

/// The function, composed over `app`.
#[must_use]
pub fn function(app: Arc<App>) -> Function {
    Function::http(JournaledApp::new(app), Method::POST, handle)
}

async fn handle(state: Arc<JournaledApp>, request: Request) -> Result<Reply, ApiError> {
    let JournaledApp { app, journal } = &*state;
    let caller = Caller::of(&request, &app.clock);
    let credentials = Credentials::of(request.headers());
    let (token, transfer) = match credentials.access() {
        AccessCredential::Present(token, transfer) => (token, transfer),
        AccessCredential::Absent => return Ok(refuse("unauthorised")),
        AccessCredential::Duplicated => return Ok(refuse("try refresh token")),
    };
    let evidence = credentials.evidence(transfer, request.method());
    match app.tokens.verify_fast(*token, evidence).await? {
        Verdict::Refused(refusal) => {
            metric::refused(refusal.reason());
            Ok(refuse("try refresh token"))
        }
        Verdict::Allowed(principal) => {
            let ended = app.store.logout(&principal.handle).await;
            journal.logged_out(&caller, &principal, None, &ended).await;
            ended?;
            let tokens = ClientTokens::take(transfer, &app.web.cookies);
            Ok(with_tokens(json_reply(StatusCode::OK, &json!({"status": "OK"})), tokens))
        }
    }
}

fn refuse(text: &str) -> Reply {
    message(StatusCode::UNAUTHORIZED, text)
}
