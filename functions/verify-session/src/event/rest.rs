//! A REST API asks, by the whole request or by the token alone.

use super::{Event, Fields, RequestContext, UnknownEvent, method, only_authorization};
use crate::answer::Form;
use shared::config::check_database::CheckTarget;

/// An authorizer of type `REQUEST`.
pub(super) fn request(fields: Fields, context: &RequestContext) -> Result<Event, UnknownEvent> {
    let headers = fields.headers()?;
    let method = method(fields.http_method.as_deref())?;
    Ok(Event {
        form: Form::Raising(fields.method_arn.ok_or(UnknownEvent::Arn)?),
        target: CheckTarget::http(method, fields.resource.as_deref(), context.stage.as_deref()),
        headers,
    })
}

/// An authorizer of type `TOKEN`. It is told no header but one, and the path of the request but not
/// the route: a rule for a route cannot be applied to it.
pub(super) fn token(fields: Fields) -> Result<Event, UnknownEvent> {
    let arn = fields.method_arn.ok_or(UnknownEvent::Arn)?;
    // arn:aws:execute-api:<region>:<account>:<api>/<stage>/<method>/<path>
    let method = method(arn.split('/').nth(2))?;
    Ok(Event {
        target: CheckTarget::Unrouted(method),
        form: Form::Raising(arn),
        headers: only_authorization(fields.authorization_token.as_deref())?,
    })
}
