//! Building answers.

use super::Reply;
use super::tokens::ClientTokens;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE,
    HeaderName, SET_COOKIE, STRICT_TRANSPORT_SECURITY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

/// JSON as the SuperTokens SDKs send it.
const JSON: &str = "application/json; charset=utf-8";
/// RFC 9457.
pub(super) const PROBLEM_JSON: &str = "application/problem+json";

/// A JSON answer.
#[must_use]
pub fn json(status: StatusCode, body: &impl Serialize) -> Reply {
    typed(status, JSON, body)
}

/// `{"message": …}`: the body of every refusal a SuperTokens SDK knows (PROTOCOL 1.11).
#[must_use]
pub fn message(status: StatusCode, message: &str) -> Reply {
    json(status, &serde_json::json!({ "message": message }))
}

pub(super) fn typed(
    status: StatusCode,
    content_type: &'static str,
    body: &impl Serialize,
) -> Reply {
    // Every body is made of strings, numbers and maps with string keys, which always serialize.
    let body = serde_json::to_string(body).unwrap_or_default();
    let mut reply = Reply::new(body);
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}

/// Adds `tokens` to an answer. A value that cannot stand in a header is left out: ours are base64
/// and dates.
#[must_use]
pub fn with_tokens(mut reply: Reply, tokens: ClientTokens) -> Reply {
    let headers = reply.headers_mut();
    for (name, value) in tokens.headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    for line in tokens.cookies {
        if let Ok(line) = HeaderValue::try_from(line) {
            headers.append(SET_COOKIE, line);
        }
    }
    reply
}

/// Adds a header whose value is fixed text.
#[must_use]
pub fn with_header(mut reply: Reply, name: HeaderName, value: &str) -> Reply {
    if let Ok(value) = HeaderValue::try_from(value) {
        reply.headers_mut().insert(name, value);
    }
    reply
}

/// What every answer of ours has, unless it says otherwise: it is not cached, not sniffed, and
/// readable by the one website (a fixed origin: reflecting the asker's would let any site read it,
/// ASVS 3.4.2).
pub(crate) fn finish(reply: &mut Reply, website_origin: &str, api_is_https: bool) {
    let headers = reply.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if api_is_https {
        let one_year = HeaderValue::from_static("max-age=31536000");
        headers.insert(STRICT_TRANSPORT_SECURITY, one_year);
    }
    if !headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN)
        && let Ok(origin) = HeaderValue::try_from(website_origin)
    {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(VARY, HeaderValue::from_static("Origin"));
    }
}
