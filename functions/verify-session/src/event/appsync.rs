//! `AppSync` asks about a GraphQL operation.

use super::{Event, Fields, RequestContext, UnknownEvent, only_authorization};
use crate::answer::Form;
use shared::config::check_database::CheckTarget;

/// The event has neither type nor version, and a GraphQL document. The document and the name of the
/// operation are the client's own words: no rule rests on them.
pub(super) fn operation(fields: &Fields, context: &RequestContext) -> Result<Event, UnknownEvent> {
    if context.query_string.is_none() || context.api_id.is_none() {
        return Err(UnknownEvent::Shape);
    }
    Ok(Event {
        form: Form::AppSync,
        target: CheckTarget::GraphQl,
        headers: only_authorization(fields.authorization_token.as_deref())?,
    })
}
