//! The answers, in the form that each kind of API understands. None has a `null` in it.

use lambda_runtime::Diagnostic;
use serde_json::{Value, json};
use shared::session::Principal;
use std::borrow::Cow;

/// The longest resource that a REST API takes in an authorizer's policy, in characters, and in bytes
/// as JSON writes it.
const MAX_RESOURCE: usize = 512;
/// Whom a policy names that allows nobody.
const NOBODY: &str = "nobody";

/// The refusal of a REST or WebSocket API, letter by letter.
pub(crate) const UNAUTHORIZED: &str = "Unauthorized";

/// How an answer looks. An ARN names what is asked for.
pub(crate) enum Form {
    /// An IAM policy; a refusal is the error `Unauthorized`, letter by letter: REST APIs and
    /// WebSocket APIs answer 401 to that alone.
    Raising(String),
    /// An IAM policy; a refusal is one that denies. An HTTP API takes an error for a failure.
    Policy(String),
    /// An HTTP API's simple response.
    Simple,
    /// `AppSync`'s own.
    AppSync,
}

impl Form {
    /// Lets the request pass, and tells the API behind who asks.
    pub(crate) fn allow(&self, principal: &Principal) -> Value {
        match self {
            Self::Raising(arn) | Self::Policy(arn) => {
                let mut policy = policy("Allow", arn, principal.user.as_str());
                policy["context"] = context(principal);
                policy
            }
            Self::Simple => json!({"isAuthorized": true, "context": context(principal)}),
            Self::AppSync => for_appsync(true, &context(principal)),
        }
    }

    /// Refuses it, so that a browser refreshes where the form can say so.
    ///
    /// # Errors
    /// The refusal itself, where the form asks for one.
    pub(crate) fn refuse(&self) -> Result<Value, Diagnostic> {
        match self {
            Self::Raising(_) => Err(unauthorized()),
            Self::Policy(_) | Self::Simple | Self::AppSync => Ok(self.deny()),
        }
    }

    /// Refuses it for good: another access token of the session would be refused too. Where there is
    /// a status, it is 403.
    pub(crate) fn deny(&self) -> Value {
        match self {
            Self::Raising(arn) | Self::Policy(arn) => policy("Deny", arn, NOBODY),
            Self::Simple => json!({"isAuthorized": false}),
            Self::AppSync => for_appsync(false, &json!({})),
        }
    }
}

fn unauthorized() -> Diagnostic {
    Diagnostic { error_type: UNAUTHORIZED.to_owned(), error_message: UNAUTHORIZED.to_owned() }
}

/// An IAM policy for the one request that was asked about.
///
/// It names that one request on purpose. Were the result cached against our advice, it would refuse
/// other routes rather than let a request through that nobody checked. (Where the path is too long
/// to be named, or has a `*` or `?` in it, the policy is wider than the request; the advice is not
/// to cache.)
fn policy(effect: &str, arn: &str, principal: &str) -> Value {
    json!({
        "principalId": principal,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource(arn)}],
        },
    })
}

/// Who asks, in strings alone, so that a function serves behind any API: a REST API takes no object
/// here and makes a string of a number, in a form of its own; `AppSync` takes nothing else.
fn context(principal: &Principal) -> Value {
    json!({
        "userId": principal.user.as_str(),
        "tenantId": principal.tenant.as_str(),
        "sessionHandle": principal.handle.as_str(),
        "expiresAt": principal.expires_at.millis().to_string(),
        "payload": principal.payload.to_json(),
    })
}

/// `ttlOverride` 0 keeps `AppSync` from caching the answer, whatever the API is configured to do.
fn for_appsync(is_authorized: bool, resolver_context: &Value) -> Value {
    json!({
        "isAuthorized": is_authorized,
        "resolverContext": resolver_context,
        "deniedFields": [],
        "ttlOverride": 0,
    })
}

/// The request itself, or when its name is too long, every path under its method.
fn resource(arn: &str) -> Cow<'_, str> {
    if arn.len() + arn.matches(['"', '\\']).count() <= MAX_RESOURCE {
        return arn.into();
    }
    // arn:aws:execute-api:<region>:<account>:<api>/<stage>/<method>/<path>
    let mut parts = arn.splitn(4, '/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(api), Some(stage), Some(method)) => format!("{api}/{stage}/{method}/*").into(),
        _ => arn.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::ids::{SessionHandle, TenantId, UserId};
    use shared::json::Object;
    use shared::time::Timestamp;
    use shared::token::payload::{MAX_ANSWER_BYTES, Payload};

    fn forms() -> [Form; 4] {
        let arn = "arn:aws:execute-api:us-east-1:000000000000:api/prod/GET/";
        let longest = || format!("{arn}{}", "\"".repeat((MAX_RESOURCE - arn.len()) / 2));
        [Form::Raising(longest()), Form::Policy(longest()), Form::Simple, Form::AppSync]
    }

    fn largest(principal: &Principal) -> usize {
        forms().iter().map(|form| form.allow(principal).to_string().len()).max().unwrap()
    }

    #[test]
    fn no_answer_is_larger_than_a_session_was_checked_for() {
        let mut principal = Principal {
            user: UserId::parse(&"\"\\ü".repeat(200)).unwrap(),
            tenant: TenantId::parse(&"t".repeat(64)).unwrap(),
            handle: SessionHandle::parse(&"h\"".repeat(40)).unwrap(),
            expires_at: Timestamp::from_millis(i64::MIN),
            payload: Payload::default(),
        };
        for padding in [0, 100, 1_000] {
            let mut members = Object::default();
            members.set("a\"\\\u{1}\u{7f}ü\n", &"\"\\\u{1}\u{7f}ü\n".repeat(30));
            members.set("padding", &"x".repeat(padding));
            principal.payload = Payload::from_object(members);
            assert_eq!(largest(&principal), principal.largest_answer());
        }
        // The largest answer that API Gateway takes, to the byte.
        let mut members = principal.payload.members().clone();
        members.set("padding", &"x".repeat(1_000 + MAX_ANSWER_BYTES - principal.largest_answer()));
        principal.payload = Payload::from_object(members);
        assert_eq!((largest(&principal), principal.largest_answer()), (8_192, 8_192));
    }

    #[test]
    fn a_resource_that_json_makes_too_long_is_widened() {
        let arn = "arn:aws:execute-api:us-east-1:000000000000:api/prod/GET/";
        let fits = format!("{arn}{}", "\\".repeat((MAX_RESOURCE - arn.len()) / 2));
        assert_eq!(resource(&fits), fits);
        assert_eq!(resource(&format!("{fits}\\")), format!("{arn}*"));
    }
}
