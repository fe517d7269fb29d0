//! Who calls, since when, and under which request of Lambda's.

use crate::time::{Clock, Timestamp};
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};
use lambda_runtime::Context;
use std::collections::BTreeMap;

/// What is known of a call before its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// When the function began to handle the call.
    pub arrived_at: Timestamp,
    /// Lambda's name for the request. CloudTrail has the same one for a direct invoke.
    pub request_id: String,
    pub source: CallSource,
    /// What whoever invoked the function itself says of itself, by the `custom` members of Lambda's
    /// client context. It proves nothing. Empty for a call through API Gateway.
    pub claimed: BTreeMap<String, String>,
}

/// The most claims that are kept.
const MAX_CLAIMS: usize = 8;
/// The longest name of a claim that is kept, in bytes.
const MAX_CLAIM_NAME: usize = 32;
/// The longest value of a claim, in characters: a longer one is cut.
const MAX_CLAIM: usize = 256;

/// How a call reached the function, and who had checked what by then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallSource {
    /// API Gateway, which had checked a signature of this IAM principal (its ARN). The event says so, and
    /// only API Gateway may invoke the function without a qualifier.
    Iam(String),
    /// API Gateway, which had checked no signature.
    Anyone,
    /// The alias `direct`: Lambda had checked the permission to invoke it.
    Direct,
}

impl Caller {
    /// Whoever sent this request through API Gateway.
    #[must_use]
    pub fn of(request: &Request, clock: &Clock) -> Self {
        let context = request.lambda_context_ref();
        let request_id = context.map(|context| context.request_id.clone()).unwrap_or_default();
        let source = principal(request).map_or(CallSource::Anyone, CallSource::Iam);
        Self { arrived_at: clock.now(), request_id, source, claimed: BTreeMap::new() }
    }

    /// Whoever invoked the function itself.
    pub(super) fn direct(context: &Context, arrived_at: Timestamp) -> Self {
        let request_id = context.request_id.clone();
        Self { arrived_at, request_id, source: CallSource::Direct, claimed: claims(context) }
    }
}

/// The claims that may stand in a record: a few, short, in plain names and without control
/// characters.
fn claims(context: &Context) -> BTreeMap<String, String> {
    let custom = context.client_context.as_ref().map(|client| &client.custom);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let named = |name: &str| (1..=MAX_CLAIM_NAME).contains(&name.len()) && name.bytes().all(plain);
    let mut claims: BTreeMap<_, _> = custom
        .into_iter()
        .flatten()
        .filter(|(name, _)| named(name))
        .map(|(name, text)| {
            let text = text.chars().filter(|c| !c.is_control()).take(MAX_CLAIM);
            (name.clone(), text.collect::<String>())
        })
        .collect();
    // The first by name, so that the same claims are kept of the same call.
    while claims.len() > MAX_CLAIMS {
        claims.pop_last();
    }
    claims
}

fn principal(request: &Request) -> Option<String> {
    let arn = match request.request_context_ref()? {
        RequestContext::ApiGatewayV1(context) => context.identity.user_arn.clone(),
        RequestContext::ApiGatewayV2(context) => {
            context.authorizer.as_ref()?.iam.as_ref()?.user_arn.clone()
        }
        _ => None,
    };
    arn.filter(|arn| !arn.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claimed(custom: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut context = Context::default();
        let custom = custom.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        let custom: serde_json::Map<_, _> =
            custom.map(|(name, text)| (name, text.into())).collect();
        let client = serde_json::json!({"custom": custom, "client": {
            "installationId": "", "appTitle": "", "appVersionName": "", "appVersionCode": "",
            "appPackageName": "",
        }});
        context.client_context = Some(serde_json::from_value(client).unwrap());
        Caller::direct(&context, Timestamp::from_millis(0)).claimed.into_iter().collect()
    }

    #[test]
    fn what_an_invoker_claims_is_kept_short_and_plain() {
        let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        assert_eq!(claimed(&[]), []);
        let long = "n".repeat(33);
        let odd = ["", "a b", "a.b", "actor\u{7}", &long].map(|name| (name, "x"));
        assert_eq!(claimed(&odd), []);
        assert_eq!(claimed(&[("actor", "a\u{1b}[2J\nb")]), [pair("actor", "a[2Jb")]);
        let long = "é".repeat(257);
        assert_eq!(claimed(&[("actor", &long)]), [pair("actor", &"é".repeat(256))]);
        let names: Vec<_> = (0..10).map(|number| format!("n{number}")).collect();
        let many: Vec<_> = names.iter().map(|name| (name.as_str(), "x")).collect();
        assert_eq!(claimed(&many).len(), 8);
        let context = Context::default();
        assert!(Caller::direct(&context, Timestamp::from_millis(0)).claimed.is_empty());
    }
}
