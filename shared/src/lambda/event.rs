//! API Gateway events, made fit for `lambda_http`, which panics on some when it makes a request of
//! them.
//!
//! It builds a URL from the `Host` and `X-Forwarded-Proto` headers, which a client may fill with
//! anything; no handler of ours asks for either. A path, query or body that is none only a direct
//! invoker can send.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{HOST, HeaderName, HeaderValue};
use lambda_http::request::LambdaRequest;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

/// Whether an event has the shape of API Gateway's: types cannot tell, members can. Anyone can write
/// one, so the shape says nothing about the sender; `entrance.rs` does.
pub(super) fn is_http(event: &str) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Event {
        http_method: Option<IgnoredAny>,
        request_context: Option<Context>,
    }
    #[derive(Deserialize)]
    struct Context {
        http: Option<IgnoredAny>,
    }
    serde_json::from_str::<Event>(event).is_ok_and(|event| {
        event
            .request_context
            .is_some_and(|context| event.http_method.is_some() || context.http.is_some())
    })
}

/// The event, if a request can be made of it.
pub(super) fn read(json: &str) -> Option<LambdaRequest> {
    let mut event: Map<String, Value> = serde_json::from_str(json).ok()?;
    if !fits_a_url(&event) {
        return None;
    }
    keep_sound_headers(&mut event);
    drop_empty_parameters(&mut event);
    match serde_json::from_str(&Value::Object(event).to_string()).ok()? {
        LambdaRequest::ApiGatewayV1(mut event) => {
            event.request_context.domain_name = None;
            let body = event.body.as_deref();
            let sound = is_path(event.path.as_deref()) && is_body(event.is_base64_encoded, body);
            sound.then_some(LambdaRequest::ApiGatewayV1(event))
        }
        LambdaRequest::ApiGatewayV2(mut event) => {
            event.request_context.domain_name = None;
            if let Some(cookies) = &mut event.cookies {
                // One odd cookie would hide all the others.
                let sound = |letter: u8| letter.is_ascii() && !letter.is_ascii_control();
                cookies.retain(|cookie| cookie.bytes().all(sound));
            }
            let body = event.body.as_deref();
            let sound = is_path(event.raw_path.as_deref())
                && is_query(event.raw_query_string.as_deref())
                && is_body(event.is_base64_encoded, body);
            sound.then_some(LambdaRequest::ApiGatewayV2(event))
        }
        _ => None,
    }
}

/// More than API Gateway lets through, and less than a URL or a header map can hold: either would
/// panic on more.
const MAX_URL_PART: usize = 10_240;
const MAX_HEADERS: usize = 1_000;

fn fits_a_url(event: &Map<String, Value>) -> bool {
    let stage = event.get("requestContext").and_then(|context| context.get("stage"));
    let names = [
        "path",
        "rawPath",
        "rawQueryString",
        "queryStringParameters",
        "multiValueQueryStringParameters",
    ];
    let parts = names.iter().filter_map(|name| event.get(*name)).chain(stage);
    let short = |part: &Value| part.to_string().len() <= MAX_URL_PART;
    let headers = ["headers", "multiValueHeaders"].iter().filter_map(|name| event.get(*name));
    let few = |headers: &Value| {
        let values = headers.as_object().into_iter().flat_map(Map::values);
        let count = |value: &Value| value.as_array().map_or(1, Vec::len);
        values.map(count).sum::<usize>() <= MAX_HEADERS
    };
    parts.into_iter().all(short) && headers.into_iter().all(few)
}

/// The event crate takes the first value of each.
fn drop_empty_parameters(event: &mut Map<String, Value>) {
    if let Some(Value::Object(parameters)) = event.get_mut("multiValueQueryStringParameters") {
        parameters.retain(|_, values| values.as_array().is_none_or(|values| !values.is_empty()));
    }
}

/// Leaves out what cannot be a header, for which the event crate would refuse the whole event, and
/// what names an origin. Of two forms it keeps the one with every value: the crate lets the last
/// value replace all others.
fn keep_sound_headers(event: &mut Map<String, Value>) {
    if let Some(Value::Object(headers)) = event.get_mut("multiValueHeaders") {
        for values in headers.values_mut() {
            match values {
                Value::Array(values) => values.retain(is_header_value),
                other => *other = Value::Array(Vec::new()),
            }
        }
        headers.retain(|name, _| is_header_name(name));
        if !headers.is_empty() {
            event.remove("headers");
        }
    }
    if let Some(Value::Object(headers)) = event.get_mut("headers") {
        headers.retain(|name, value| is_header_name(name) && is_header_value(value));
    }
}

/// A URL is built from the two that are left out.
fn is_header_name(name: &str) -> bool {
    name.parse().is_ok_and(|name: HeaderName| name != HOST && name != "x-forwarded-proto")
}

fn is_header_value(value: &Value) -> bool {
    value.as_str().is_some_and(|text| HeaderValue::from_bytes(text.as_bytes()).is_ok())
}

fn is_path(path: Option<&str>) -> bool {
    path.is_some_and(|path| path.starts_with('/'))
}

fn is_query(query: Option<&str>) -> bool {
    query.is_none_or(|query| format!("/?{query}").parse::<http::Uri>().is_ok())
}

fn is_body(is_base64: bool, body: Option<&str>) -> bool {
    !is_base64 || body.is_none_or(|body| STANDARD.decode(body).is_ok())
}
