//! The events an authorizer is invoked with, read by small structs of our own that name only what
//! is needed: the event crate's types fail on a `null` or an odd header, and a failure here would
//! be a 500 where a refusal is due.

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Deserialize;
use std::collections::HashMap;

/// What a check needs, whichever way API Gateway put it.
#[derive(Debug)]
pub(crate) struct Event {
    /// What is asked for, as the answer's policy must name it.
    pub(crate) method_arn: String,
    /// The request's method.
    pub(crate) method: Method,
    /// The route as the API declares it, such as `/orders/{id}`.
    pub(crate) route: String,
    /// The request's headers.
    pub(crate) headers: HeaderMap,
}

/// More than API Gateway lets through, and less than a header map can hold.
const MAX_HEADERS: usize = 1_000;

/// The event is none of those that this authorizer answers.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnknownEvent {
    #[error("the event is not an authorizer event of API Gateway")]
    Shape(#[source] serde_json::Error),
    #[error("the event's type is not REQUEST: set the authorizer's payload type to REQUEST")]
    Type,
    #[error("the event names no HTTP method")]
    Method,
    #[error("the event has more than {MAX_HEADERS} headers")]
    Headers,
}

/// A REST API's `REQUEST` event.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RestRequest {
    #[serde(rename = "type")]
    kind: String,
    method_arn: String,
    http_method: String,
    resource: String,
    headers: Option<HashMap<String, Option<String>>>,
    multi_value_headers: Option<HashMap<String, Option<Vec<String>>>>,
}

impl Event {
    pub(crate) fn read(json: &str) -> Result<Self, UnknownEvent> {
        let event: RestRequest = serde_json::from_str(json).map_err(UnknownEvent::Shape)?;
        if event.kind != "REQUEST" {
            return Err(UnknownEvent::Type);
        }
        let method = Method::from_bytes(event.http_method.as_bytes());
        Ok(Self {
            headers: headers(&event).ok_or(UnknownEvent::Headers)?,
            method: method.map_err(|_| UnknownEvent::Method)?,
            method_arn: event.method_arn,
            route: event.resource,
        })
    }
}

/// All values of each header; the single-valued form only when the other is missing. What cannot be
/// a header is left out: a token in it would not be one either.
fn headers(event: &RestRequest) -> Option<HeaderMap> {
    let all = event.multi_value_headers.iter().flatten();
    let mut values: Vec<(&str, &str)> = all
        .flat_map(|(name, values)| {
            values.iter().flatten().map(|value| (name.as_str(), value.as_str()))
        })
        .collect();
    if event.multi_value_headers.is_none() {
        let single = event.headers.iter().flatten();
        values.extend(single.filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?))));
    }
    if values.len() > MAX_HEADERS {
        return None;
    }
    let mut headers = HeaderMap::new();
    for (name, value) in values {
        if let (Ok(name), Ok(value)) =
            (name.parse::<HeaderName>(), HeaderValue::from_bytes(value.as_bytes()))
        {
            headers.append(name, value);
        }
    }
    Some(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &serde_json::Value) -> Result<Event, UnknownEvent> {
        Event::read(&json.to_string())
    }

    fn rest() -> serde_json::Value {
        serde_json::json!({
            "type": "REQUEST",
            "methodArn": "arn:aws:execute-api:us-east-1:123456789012:api/prod/GET/whoami",
            "resource": "/whoami",
            "path": "/whoami",
            "httpMethod": "GET",
            "headers": {"Cookie": "b=2"},
            "multiValueHeaders": {"Cookie": ["a=1", "b=2"], "bad name": ["x"], "null": null},
            "requestContext": {"stage": "prod"},
        })
    }

    #[test]
    fn all_values_of_a_header_are_seen() {
        let event = read(&rest()).unwrap();
        assert_eq!(event.headers.get_all("cookie").iter().count(), 2);
        assert_eq!(event.route, "/whoami");
    }

    #[test]
    fn null_and_missing_headers_are_no_headers() {
        for headers in [serde_json::json!(null), serde_json::json!({"cookie": null})] {
            let mut event = rest();
            event["multiValueHeaders"] = serde_json::Value::Null;
            event["headers"] = headers;
            assert!(read(&event).unwrap().headers.is_empty());
        }
    }

    #[test]
    fn the_single_valued_form_is_a_fallback() {
        let mut event = rest();
        event.as_object_mut().unwrap().remove("multiValueHeaders");
        assert_eq!(read(&event).unwrap().headers["cookie"], "b=2");
    }

    #[test]
    fn other_events_are_refused() {
        for event in ["{}", "null", "[]", r#"{"type":"TOKEN"}"#, ""] {
            assert!(Event::read(event).is_err(), "{event}");
        }
        let mut event = rest();
        event["httpMethod"] = "GE T".into();
        assert!(matches!(read(&event), Err(UnknownEvent::Method)));
        let mut event = rest();
        event["type"] = "TOKEN".into();
        assert!(matches!(read(&event), Err(UnknownEvent::Type)));
    }
}
