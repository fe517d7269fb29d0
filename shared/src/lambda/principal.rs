//! Who asks, as an authorizer of ours has found out. What a client sends proves nothing by itself.

use crate::http::error::{ApiError, Code};
use crate::ids::{SessionHandle, TenantId, UserId};
use crate::session::Principal;
use crate::time::Timestamp;
use crate::token::payload::Payload;
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};
use serde_json::Value;
use std::collections::HashMap;

/// The principal that the authorizer handed on. Nothing else of the request is looked at.
///
/// # Errors
/// [`Code::NoPrincipal`]: the route is not behind one of our authorizers.
pub fn principal(request: &Request) -> Result<Principal, ApiError> {
    handed_on(request).ok_or_else(|| {
        let detail = "this route is not behind StrictSession or FastSession";
        ApiError::new(Code::NoPrincipal, detail)
    })
}

fn handed_on(request: &Request) -> Option<Principal> {
    let context = context(request)?;
    let text = |name: &str| context.get(name)?.as_str();
    // A REST API hands every value of the context on as text.
    let expires_at = match context.get("expiresAt")? {
        Value::String(text) => text.parse().ok()?,
        other => other.as_i64()?,
    };
    Some(Principal {
        // SDKs open sessions without a user id.
        user: UserId::parse_or_empty(text("userId")?).ok()?,
        tenant: TenantId::parse(text("tenantId")?).ok()?,
        handle: SessionHandle::parse(text("sessionHandle")?).ok()?,
        expires_at: Timestamp::from_millis(expires_at),
        payload: Payload::from_object(serde_json::from_str(text("payload")?).ok()?),
    })
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
