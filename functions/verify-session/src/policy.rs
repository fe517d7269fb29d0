//! The answer that lets a request pass.

use serde_json::{Value, json};
use shared::session::Principal;
use std::borrow::Cow;

/// The longest resource that a REST API takes in an authorizer's policy, in characters.
const MAX_RESOURCE: usize = 512;

/// An IAM policy for the one request that was asked about, and who asks, for the API behind.
///
/// The policy names that one request on purpose. Were the result cached against our advice, it
/// would refuse other routes rather than let a request through that nobody checked. (Where the path
/// is too long to be named, or has a `*` or `?` in it, the policy is wider than the request; the
/// advice is not to cache.) A REST API takes strings, numbers and booleans in a context, no
/// objects, so the payload is JSON text.
pub(crate) fn allow(method_arn: &str, principal: &Principal) -> Value {
    json!({
        "principalId": principal.user.as_str(),
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": resource(method_arn)}],
        },
        "context": {
            "userId": principal.user.as_str(),
            "tenantId": principal.tenant.as_str(),
            "sessionHandle": principal.handle.as_str(),
            "expiresAt": principal.expires_at.millis(),
            "payload": principal.payload.to_json(),
        },
    })
}

/// The request itself, or when its name is too long, every path under its method.
fn resource(method_arn: &str) -> Cow<'_, str> {
    if method_arn.len() <= MAX_RESOURCE {
        return method_arn.into();
    }
    // arn:aws:execute-api:<region>:<account>:<api>/<stage>/<method>/<path>
    let mut parts = method_arn.splitn(4, '/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(api), Some(stage), Some(method)) => format!("{api}/{stage}/{method}/*").into(),
        _ => method_arn.into(),
    }
}
