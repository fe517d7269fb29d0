//! Who calls, since when, and under which request of Lambda's.

use crate::time::{Clock, Timestamp};
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};
use lambda_runtime::Context;

/// What is known of a call before its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// When the function began on it.
    pub arrived_at: Timestamp,
    /// Lambda's name for the request. CloudTrail has the same one for a direct invoke.
    pub request_id: String,
    /// By which way it came.
    pub way: Way,
}

/// By which way a call came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// API Gateway, which had checked a signature of this IAM principal (its ARN).
    Iam(String),
    /// API Gateway, which had checked no signature.
    Anyone,
    /// Direct invoke: Lambda had checked the permission.
    Direct,
}

impl Caller {
    /// Whoever sent this request through API Gateway.
    #[must_use]
    pub fn of(request: &Request, clock: &Clock) -> Self {
        let context = request.lambda_context_ref();
        let request_id = context.map(|context| context.request_id.clone()).unwrap_or_default();
        let way = principal(request).map_or(Way::Anyone, Way::Iam);
        Self { arrived_at: clock.now(), request_id, way }
    }

    /// Whoever invoked the function itself.
    pub(super) fn direct(context: &Context, arrived_at: Timestamp) -> Self {
        Self { arrived_at, request_id: context.request_id.clone(), way: Way::Direct }
    }
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
