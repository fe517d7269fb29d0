//! The answer that lets a request pass.

use serde_json::{Value, json};
use shared::session::Principal;

/// An IAM policy for the one method that was asked for, and who asks, for the API behind.
///
/// The policy names that one method on purpose. Were the result cached against our advice, it would
/// refuse other routes rather than let a request through that nobody checked. A REST API takes
/// strings, numbers and booleans in a context, no objects, so the payload is JSON text.
pub(crate) fn allow(method_arn: &str, principal: &Principal) -> Value {
    json!({
        "principalId": principal.user.as_str(),
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": method_arn}],
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
