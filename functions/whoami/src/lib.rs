//! The example of a protected API: answers the principal that the authorizer found.
//!
//! `GET /whoami` behind `StrictSession` and `GET /whoami/fast` behind `FastSession`. It looks at
//! the authorizer's context and nowhere else: what a client sends proves nothing by itself.

use http::{Method, StatusCode};
use lambda_http::Request;
use shared::app::App;
use shared::http::Reply;
use shared::http::error::ApiError;
use shared::http::reply::json as json_reply;
use shared::json::Object;
use shared::lambda::{Function, principal};
use std::sync::Arc;

/// The function, composed over `app`.
#[must_use]
pub fn function(app: Arc<App>) -> Function {
    Function::http(app, Method::GET, handle)
}

async fn handle(_app: Arc<App>, request: Request) -> Result<Reply, ApiError> {
    let principal = principal(&request)?;
    let mut who = Object::default();
    who.set("userId", &principal.user.as_str());
    who.set("tenantId", &principal.tenant.as_str());
    who.set("sessionHandle", &principal.handle.as_str());
    who.set("expiresAt", &principal.expires_at.millis());
    who.set("payload", principal.payload.members());
    Ok(json_reply(StatusCode::OK, &who))
}
