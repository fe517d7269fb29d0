//! Maps a function's proxy answer to an HTTP response.

use super::limits::MAX_PAYLOAD;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Headers API Gateway keeps for itself: a function's are renamed.
const REMAPPED: [&str; 13] = [
    "authorization",
    "connection",
    "content-length",
    "content-md5",
    "date",
    "expect",
    "host",
    "max-forwards",
    "proxy-authenticate",
    "server",
    "trailer",
    "upgrade",
    "www-authenticate",
];

/// Why an answer is no proxy answer. No part of the answer is in the text.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    #[error("it is larger than 6 MB")]
    TooLarge,
    #[error("its shape is another one")]
    Shape,
    #[error("its statusCode is no status")]
    Status,
    #[error("a header has a name or value that HTTP forbids")]
    Header,
    #[error("its body is not the base64 it says")]
    Base64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProxyAnswer {
    status_code: u16,
    headers: Option<BTreeMap<String, Scalar>>,
    multi_value_headers: Option<BTreeMap<String, Vec<Scalar>>>,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Number(serde_json::Number),
    Flag(bool),
}

impl Scalar {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
        }
    }
}

/// The response that `answer` describes.
pub(super) fn response(answer: &RawValue) -> Result<Response<Bytes>, Malformed> {
    if answer.get().len() > MAX_PAYLOAD {
        return Err(Malformed::TooLarge);
    }
    let answer: ProxyAnswer = serde_json::from_str(answer.get()).map_err(|_| Malformed::Shape)?;
    let status = StatusCode::from_u16(answer.status_code).ok();
    // An informational status would announce a response that never comes.
    let status = status.filter(|status| !status.is_informational() && status.as_u16() < 600);
    let mut response = Response::new(answer.bytes()?);
    *response.status_mut() = status.ok_or(Malformed::Status)?;
    *response.headers_mut() = answer.header_map()?;
    if matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        response.body_mut().clear();
    }
    Ok(response)
}

impl ProxyAnswer {
    fn bytes(&self) -> Result<Bytes, Malformed> {
        let body = self.body.clone().unwrap_or_default();
        if self.is_base64_encoded == Some(true) {
            let bytes = BASE64_STANDARD.decode(body).map_err(|_| Malformed::Base64)?;
            return Ok(Bytes::from(bytes));
        }
        Ok(Bytes::from(body))
    }

    /// Both lists in one; a pair that stands in both stands in the result once.
    fn header_map(&self) -> Result<HeaderMap, Malformed> {
        let mut merged = HeaderMap::new();
        for (name, values) in self.multi_value_headers.iter().flatten() {
            for value in values {
                append(&mut merged, name, &value.text())?;
            }
        }
        let several = merged.clone();
        for (name, value) in self.headers.iter().flatten() {
            let value = value.text();
            let same = |known: &HeaderValue| known.as_bytes() == value.as_bytes();
            if !several.get_all(remapped(name)).iter().any(same) {
                append(&mut merged, name, &value)?;
            }
        }
        merged.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
        Ok(merged)
    }
}

fn append(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), Malformed> {
    let name = HeaderName::from_bytes(remapped(name).as_bytes()).map_err(|_| Malformed::Header)?;
    // How the response is framed is the server's business.
    if name != TRANSFER_ENCODING {
        let value = HeaderValue::from_str(value).map_err(|_| Malformed::Header)?;
        headers.append(name, value);
    }
    Ok(())
}

fn remapped(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    if REMAPPED.contains(&name.as_str()) { format!("x-amzn-remapped-{name}") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn mapped(answer: &Value) -> Result<Response<Bytes>, Malformed> {
        response(&RawValue::from_string(answer.to_string()).unwrap())
    }

    fn all<'r>(response: &'r Response<Bytes>, name: &str) -> Vec<&'r str> {
        response.headers().get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
    }

    #[test]
    fn both_header_lists_are_merged_and_no_pair_is_doubled() {
        let response = mapped(&json!({
            "statusCode": 200,
            "headers": {"Set-Cookie": "b=2", "X-One": "1", "Cache-Control": "no-store", "x-n": 7},
            "multiValueHeaders": {"set-cookie": ["a=1", "b=2"], "x-one": ["2"]},
            "body": "{}",
        }));
        let response = response.unwrap();
        assert_eq!(all(&response, "set-cookie"), ["a=1", "b=2"]);
        assert_eq!(all(&response, "x-one"), ["2", "1"]);
        assert_eq!(all(&response, "cache-control"), ["no-store"]);
        assert_eq!(all(&response, "x-n"), ["7"]);
        assert_eq!(all(&response, "content-type"), ["application/json"]);
        assert_eq!(response.body(), "{}");
    }

    #[test]
    fn what_the_gateway_keeps_for_itself_is_renamed() {
        let headers = json!({"WWW-Authenticate": "Bearer", "Content-Length": "9", "Transfer-Encoding": "chunked"});
        let response = mapped(&json!({"statusCode": 401, "headers": headers})).unwrap();
        assert_eq!(all(&response, "x-amzn-remapped-www-authenticate"), ["Bearer"]);
        assert_eq!(all(&response, "x-amzn-remapped-content-length"), ["9"]);
        for gone in ["www-authenticate", "content-length", "transfer-encoding"] {
            assert_eq!(all(&response, gone), [""; 0], "{gone}");
        }
    }

    #[test]
    fn a_body_may_be_base64_and_no_content_has_none() {
        let encoded = json!({"statusCode": 200, "body": "/w==", "isBase64Encoded": true});
        assert_eq!(mapped(&encoded).unwrap().body().as_ref(), [0xff]);
        let empty = json!({"statusCode": 204, "body": "x"});
        assert_eq!(mapped(&empty).unwrap().body(), "");
    }

    #[test]
    fn what_is_no_proxy_answer_is_malformed() {
        for (answer, expected) in [
            (json!("hello"), Malformed::Shape),
            (json!({"status": "OK"}), Malformed::Shape),
            (json!({"statusCode": 200, "body": {"a": 1}}), Malformed::Shape),
            (json!({"statusCode": 200, "headers": {"a": []}}), Malformed::Shape),
            (json!({"statusCode": 99}), Malformed::Status),
            (json!({"statusCode": 101}), Malformed::Status),
            (json!({"statusCode": 600}), Malformed::Status),
            (json!({"statusCode": 200, "headers": {"a b": "c"}}), Malformed::Header),
            (json!({"statusCode": 200, "headers": {"a": "b\r\nc: d"}}), Malformed::Header),
            (json!({"statusCode": 200, "body": "%", "isBase64Encoded": true}), Malformed::Base64),
        ] {
            assert_eq!(mapped(&answer).unwrap_err(), expected, "{answer}");
        }
    }
}
