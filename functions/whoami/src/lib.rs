//! The example of a protected API: answers the principal that the authorizer found.
//!
//! `GET /whoami` behind `StrictSession` and `GET /whoami/fast` behind `FastSession`. It looks at
//! the authorizer's context and nowhere else: what a client sends proves nothing by itself.

use http::{Method, StatusCode};
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};
use serde_json::Value;
use shared::app::App;
use shared::http::Reply;
use shared::http::error::{ApiError, Code};
use shared::http::reply::json as json_reply;
use shared::json::Object;
use shared::lambda::Function;
use std::collections::HashMap;
use std::sync::Arc;

/// The function, composed over `app`.
#[must_use]
pub fn function(app: Arc<App>) -> Function {
    Function::http(app, Method::GET, handle)
}

async fn handle(_app: Arc<App>, request: Request) -> Result<Reply, ApiError> {
    let who = principal(&request).ok_or_else(|| {
        let detail = "this route is not behind StrictSession or FastSession";
        ApiError::new(Code::NoPrincipal, detail)
    })?;
    Ok(json_reply(StatusCode::OK, &who))
}

fn principal(request: &Request) -> Option<Object> {
    let context = context(request)?;
    let text = |name: &str| context.get(name)?.as_str();
    // A REST API hands every value of the context on as text.
    let expires_at: i64 = match context.get("expiresAt")? {
        Value::String(text) => text.parse().ok()?,
        other => other.as_i64()?,
    };
    let mut principal = Object::default();
    for name in ["userId", "tenantId", "sessionHandle"] {
        principal.set(name, &text(name)?);
    }
    principal.set("expiresAt", &expires_at);
    principal.set("payload", &serde_json::from_str::<Object>(text("payload")?).ok()?);
    Some(principal)
}

fn context(request: &Request) -> Option<HashMap<String, Value>> {
    match request.request_context_ref()? {
        RequestContext::ApiGatewayV1(context) => Some(context.authorizer.fields.clone()),
        RequestContext::ApiGatewayV2(context) => {
            context.authorizer.as_ref().map(|authorizer| authorizer.fields.clone())
        }
        _ => None,
    }
}
