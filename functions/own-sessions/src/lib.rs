//! Shows signed-in users their own sessions, and ends them.
//!
//! `GET {apiBasePath}/sessions` and `POST {apiBasePath}/sessions/revoke`, both behind
//! `StrictSession`. Whose sessions is the authorizer's word alone: nothing that a client sends names
//! a user (OWASP API1:2023).

mod revoke;

use http::{Method, StatusCode};
use journal::JournaledApp;
use lambda_http::Request;
use serde::Deserialize;
use serde_json::{Value, json};
use shared::app::App;
use shared::http::Reply;
use shared::http::command::{from_query, present};
use shared::http::error::{ApiError, Code};
use shared::http::listing::{limit, read_cursor, shown, write_cursor};
use shared::http::reply::json as json_reply;
use shared::lambda::{Function, allow, principal, route_of};
use shared::model::{Scope, Summary};
use shared::session::Principal;
use std::sync::Arc;

/// The function, composed over `app`.
#[must_use]
pub fn function(app: Arc<App>) -> Function {
    Function::routes(JournaledApp::new(app), handle)
}

async fn handle(state: Arc<JournaledApp>, request: Request) -> Result<Reply, ApiError> {
    let route = route_of(&request);
    if route.ends_with("/sessions") {
        allow(&Method::GET, request.method())?;
        let who = principal(&request)?;
        list(&state.app, &who, request.uri().query().unwrap_or_default()).await
    } else if route.ends_with("/sessions/revoke") {
        allow(&Method::POST, request.method())?;
        let who = principal(&request)?;
        revoke::answer(&state, &who, &request).await
    } else {
        Err(ApiError::new(Code::NotFound, "this function shows and ends a user's own sessions"))
    }
}

#[derive(Deserialize)]
struct Page {
    #[serde(default, deserialize_with = "present")]
    limit: Option<u64>,
    #[serde(default, deserialize_with = "present")]
    cursor: Option<String>,
}

async fn list(app: &App, who: &Principal, query: &str) -> Result<Reply, ApiError> {
    let page: Page = from_query(query, &["limit"])?;
    let limit = limit(page.limit)?;
    let after = page.cursor.map(|text| read_cursor(&text, &Scope::User)).transpose()?;
    let listing = app.store.list_own(who, limit, after.as_ref()).await?;
    let sessions = listing.sessions.iter().map(|session| shown_to(who, session));
    let body = json!({
        "status": "OK",
        "sessions": sessions.collect::<Vec<_>>(),
        "cursor": listing.next.as_ref().map(write_cursor),
    });
    Ok(json_reply(StatusCode::OK, &body))
}

fn shown_to(who: &Principal, session: &Summary) -> Value {
    let mut shown = shown(session);
    shown["current"] = (session.handle == who.handle).into();
    shown
}
