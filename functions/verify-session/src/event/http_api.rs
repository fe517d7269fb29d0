//! An HTTP API asks, in either payload format. Nothing turns its answer into a 401: a refusal is
//! 403, and an error of any name 500.

use super::{Event, Fields, RequestContext, UnknownEvent, append, method};
use crate::answer::Form;
use http::header::COOKIE;
use shared::config::HttpApiResponse;
use shared::config::check_database::CheckTarget;

/// The route that takes what no other does. It has no path, so that no rule can name it.
const DEFAULT: &str = "$default";

/// Payload format 1.0: a REST API's event, but for what a refusal is. `authorizationToken` is what
/// the API's identity sources are, joined by commas, and is not looked at.
pub(super) fn format_1(fields: Fields, context: &RequestContext) -> Result<Event, UnknownEvent> {
    let headers = fields.headers()?;
    let method = method(fields.http_method.as_deref())?;
    let route = fields.resource.as_deref().filter(|route| route.trim_start_matches('/') != DEFAULT);
    Ok(Event {
        target: CheckTarget::http(method, route, context.stage.as_deref()),
        form: Form::Policy(fields.method_arn.ok_or(UnknownEvent::Arn)?),
        headers,
    })
}

/// Payload format 2.0: cookies stand apart from the headers.
pub(super) fn format_2(
    fields: Fields,
    context: &RequestContext,
    response: HttpApiResponse,
) -> Result<Event, UnknownEvent> {
    let mut headers = fields.headers()?;
    for cookie in fields.cookies.iter().flatten().flatten() {
        append(&mut headers, COOKIE, cookie)?;
    }
    let method = method(context.http.as_ref().and_then(|http| http.method.as_deref()))?;
    let arn = fields.route_arn.ok_or(UnknownEvent::Arn)?;
    let route = fields.route_key.as_deref().and_then(|key| key.split_once(' '));
    Ok(Event {
        target: CheckTarget::http(method, route.map(|(_, path)| path), context.stage.as_deref()),
        form: match response {
            HttpApiResponse::Simple => Form::Simple,
            HttpApiResponse::Iam => Form::Policy(arn),
        },
        headers,
    })
}
