//! The events an authorizer is invoked with, told apart by what stands in them, and read by a small
//! struct of our own that names only what is needed: the event crate's types fail on a `null` or an
//! odd header, and a failure here would be a 500 where a refusal is due.

mod appsync;
mod http_api;
mod rest;
mod websocket;

pub(crate) use websocket::is_opened_by;

use crate::answer::Form;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Deserialize;
use shared::config::AuthorizerSettings;
use shared::config::check_database::CheckTarget;
use shared::http::credentials::after_bearer;
use std::collections::HashMap;

/// What a check needs, whoever asks.
pub(crate) struct Event {
    /// How it is answered.
    pub(crate) form: Form,
    /// What is asked for.
    pub(crate) target: CheckTarget,
    /// The request's headers. Cookies stand in `Cookie`, and a token that came by any other way in
    /// an `Authorization` more, so that one place decides whether they agree.
    pub(crate) headers: HeaderMap,
}

/// More than API Gateway lets through, and less than a header map can hold.
const MAX_HEADERS: usize = 1_000;

/// The event is none of those that this authorizer answers.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnknownEvent {
    #[error("the event is not JSON as API Gateway or AppSync send it to an authorizer")]
    Json(#[source] serde_json::Error),
    #[error("the event is of no authorizer that is known here")]
    Shape,
    #[error("the event does not name what is asked for")]
    Arn,
    #[error("the event names no HTTP method")]
    Method,
    #[error("the event is of a WebSocket, and not its $connect")]
    NotConnect,
    #[error("the event has more than {MAX_HEADERS} headers")]
    Headers,
}

type One = Option<HashMap<String, Option<String>>>;
type Many = Option<HashMap<String, Option<Vec<String>>>>;

/// What is read of any of them. Each has some of these.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    version: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    method_arn: Option<String>,
    route_arn: Option<String>,
    route_key: Option<String>,
    http_method: Option<String>,
    resource: Option<String>,
    authorization_token: Option<String>,
    cookies: Option<Vec<Option<String>>>,
    headers: One,
    multi_value_headers: Many,
    query_string_parameters: One,
    multi_value_query_string_parameters: Many,
    request_context: Option<RequestContext>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    connection_id: Option<String>,
    event_type: Option<String>,
    stage: Option<String>,
    api_id: Option<String>,
    query_string: Option<String>,
    http: Option<HttpContext>,
}

#[derive(Deserialize)]
struct HttpContext {
    method: Option<String>,
}

impl Event {
    pub(crate) fn read(json: &str, settings: &AuthorizerSettings) -> Result<Self, UnknownEvent> {
        let mut fields: Fields = serde_json::from_str(json).map_err(UnknownEvent::Json)?;
        let context = fields.request_context.take().unwrap_or_default();
        match (fields.version.as_deref(), fields.kind.as_deref()) {
            (None, Some("TOKEN")) => rest::token(fields),
            (None, Some("REQUEST")) if websocket::is_of_one(&context) => {
                websocket::connect(fields, &context, settings.websocket_token_in_query)
            }
            (None, Some("REQUEST")) => rest::request(fields, &context),
            (Some("1.0"), Some("REQUEST")) => http_api::format_1(fields, &context),
            (Some("2.0"), Some("REQUEST")) => {
                http_api::format_2(fields, &context, settings.http_api_response)
            }
            (None, None) => appsync::operation(&fields, &context),
            _ => Err(UnknownEvent::Shape),
        }
    }
}

impl Fields {
    /// All values of each header.
    fn headers(&self) -> Result<HeaderMap, UnknownEvent> {
        let mut headers = HeaderMap::new();
        for (name, value) in values(self.headers.as_ref(), self.multi_value_headers.as_ref()) {
            if let Ok(name) = name.parse() {
                append(&mut headers, name, value)?;
            }
        }
        Ok(headers)
    }
}

/// All values of each name; the single-valued form only when the other is missing.
fn values<'a>(
    one: Option<&'a HashMap<String, Option<String>>>,
    many: Option<&'a HashMap<String, Option<Vec<String>>>>,
) -> Vec<(&'a str, &'a str)> {
    let Some(many) = many else {
        let each = one.into_iter().flatten();
        return each.filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?))).collect();
    };
    let each = many.iter().flat_map(|(name, values)| {
        values.iter().flatten().map(move |value| (name.as_str(), value.as_str()))
    });
    each.collect()
}

/// What cannot be a header is left out: a token in it would not be one either.
fn append(headers: &mut HeaderMap, name: HeaderName, value: &str) -> Result<(), UnknownEvent> {
    if headers.len() >= MAX_HEADERS {
        return Err(UnknownEvent::Headers);
    }
    if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
        headers.append(name, value);
    }
    Ok(())
}

/// A token that came by another way than `Authorization`.
fn append_token(headers: &mut HeaderMap, token: &str) -> Result<(), UnknownEvent> {
    append(headers, AUTHORIZATION, &format!("Bearer {token}"))
}

/// The headers of a client of which nothing is known but its token, with the scheme or without.
fn only_authorization(text: Option<&str>) -> Result<HeaderMap, UnknownEvent> {
    let mut headers = HeaderMap::new();
    if let Some(text) = text {
        append_token(&mut headers, after_bearer(text).unwrap_or(text))?;
    }
    Ok(headers)
}

fn method(name: Option<&str>) -> Result<Method, UnknownEvent> {
    let method = name.and_then(|name| Method::from_bytes(name.as_bytes()).ok());
    method.ok_or(UnknownEvent::Method)
}

#[cfg(test)]
mod tests;
