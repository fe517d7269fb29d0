//! A WebSocket API asks, once, when a connection is opened.

use super::{Event, Fields, RequestContext, UnknownEvent, append_token, values};
use crate::answer::Form;
use http::header::{ORIGIN, SEC_WEBSOCKET_PROTOCOL};
use http::{HeaderMap, HeaderValue};
use shared::config::check_database::CheckTarget;

/// A browser can set no header on a WebSocket but the names of the protocols it offers: a token is
/// offered as a protocol of this name.
const SUBPROTOCOL: &str = "access-token.";
/// The parameter of RFC 6750 2.3.
const PARAMETER: &str = "access_token";

/// A REST API's event has neither.
pub(super) fn is_of_one(context: &RequestContext) -> bool {
    context.connection_id.is_some() || context.event_type.is_some()
}

/// The route `$connect`: a token may come in `Authorization`, in a cookie, as a protocol, and in
/// the URL where the operator allows that.
pub(super) fn connect(
    fields: Fields,
    context: &RequestContext,
    token_in_query: bool,
) -> Result<Event, UnknownEvent> {
    if context.event_type.as_deref() != Some("CONNECT") {
        return Err(UnknownEvent::NotConnect);
    }
    let mut headers = fields.headers()?;
    for token in offered(&headers) {
        append_token(&mut headers, &token)?;
    }
    if token_in_query {
        let one = fields.query_string_parameters.as_ref();
        let all = values(one, fields.multi_value_query_string_parameters.as_ref());
        for (_, token) in all.into_iter().filter(|(name, _)| *name == PARAMETER) {
            append_token(&mut headers, token)?;
        }
    }
    Ok(Event {
        form: Form::Raising(fields.method_arn.ok_or(UnknownEvent::Arn)?),
        target: CheckTarget::WebSocket,
        headers,
    })
}

/// The tokens that are offered as protocols.
fn offered(headers: &HeaderMap) -> Vec<String> {
    let lines = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    let protocols = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
    let tokens = protocols.filter_map(|protocol| protocol.trim().strip_prefix(SUBPROTOCOL));
    tokens.map(ToOwned::to_owned).collect()
}

/// Whether a page of the website opens the connection, by the word of its browser.
pub(crate) fn is_opened_by(website_origin: &str, headers: &HeaderMap) -> bool {
    let origins: Vec<_> = headers.get_all(ORIGIN).iter().map(HeaderValue::as_bytes).collect();
    origins == [website_origin.as_bytes()]
}
