//! The events a REST API makes of a request: payload 1.0 for a function, `REQUEST` for an
//! authorizer.

use super::limits::MAX_PAYLOAD;
use super::refusal::Refusal;
use super::routes::Matched;
use super::{Call, policy};
use crate::{ACCESS_KEY, ACCOUNT, API_ID};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use http::header::{HOST, USER_AGENT};
use http::{HeaderMap, HeaderName};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The server listens on loopback only.
const SOURCE_IP: &str = "127.0.0.1";

/// On whose behalf a function is called.
pub(super) enum Caller {
    Anyone,
    Iam,
    /// With the authorizer's context.
    Authorized(Map<String, Value>),
}

type Multi = BTreeMap<String, Vec<String>>;

/// The event for the function behind the route. What is absent is `null`.
pub(super) fn proxy(
    call: &Call,
    matched: &Matched<'_>,
    stage: &str,
    caller: Caller,
) -> Result<Box<RawValue>, Refusal> {
    let mut event = common(call, matched, stage);
    for member in ["queryStringParameters", "multiValueQueryStringParameters", "pathParameters"] {
        if event[member] == json!({}) {
            event[member] = Value::Null;
        }
    }
    let body = call.request.body();
    let (body, encoded) = match std::str::from_utf8(body) {
        Ok("") => (Value::Null, false),
        Ok(text) => (json!(text), false),
        Err(_) => (json!(BASE64_STANDARD.encode(body)), true),
    };
    event["stageVariables"] = Value::Null;
    event["body"] = body;
    event["isBase64Encoded"] = json!(encoded);
    match caller {
        Caller::Anyone => {}
        Caller::Iam => {
            let identity = &mut event["requestContext"]["identity"];
            identity["accessKey"] = json!(ACCESS_KEY);
            identity["accountId"] = json!(ACCOUNT);
            identity["caller"] = json!(ACCESS_KEY);
            identity["user"] = json!(ACCESS_KEY);
            identity["userArn"] = json!(format!("arn:aws:iam::{ACCOUNT}:user/{ACCESS_KEY}"));
        }
        Caller::Authorized(context) => {
            event["requestContext"]["authorizer"] = Value::Object(context);
        }
    }
    raw(&event)
}

/// The event for the authorizer before the route. What is absent is `{}`; there is no body.
pub(super) fn authorizer(
    call: &Call,
    matched: &Matched<'_>,
    stage: &str,
) -> Result<Box<RawValue>, Refusal> {
    let mut event = common(call, matched, stage);
    let request = &call.request;
    event["type"] = json!("REQUEST");
    event["methodArn"] =
        json!(policy::method_arn(stage, request.method().as_str(), request.uri().path()));
    event["stageVariables"] = json!({});
    raw(&event)
}

fn raw(event: &Value) -> Result<Box<RawValue>, Refusal> {
    let event = event.to_string();
    if event.len() > MAX_PAYLOAD {
        return Err(Refusal::TooLarge);
    }
    RawValue::from_string(event).map_err(|_| Refusal::BadRequest)
}

fn common(call: &Call, matched: &Matched<'_>, stage: &str) -> Value {
    let headers = headers(call.request.headers());
    let query = query(call.request.uri().query().unwrap_or_default());
    json!({
        "resource": matched.target.route.path,
        "path": call.request.uri().path(),
        "httpMethod": call.request.method().as_str(),
        "headers": last(&headers),
        "multiValueHeaders": headers,
        "queryStringParameters": last(&query),
        "multiValueQueryStringParameters": query,
        "pathParameters": matched.parameters,
        "requestContext": context(call, matched, stage),
    })
}

fn context(call: &Call, matched: &Matched<'_>, stage: &str) -> Value {
    let text = |name: &HeaderName| call.request.headers().get(name)?.to_str().ok();
    let domain = text(&HOST).unwrap_or(SOURCE_IP);
    let now = call.now.millis();
    let time = DateTime::<Utc>::from_timestamp_millis(now).unwrap_or_default();
    json!({
        "accountId": ACCOUNT,
        "apiId": API_ID,
        "deploymentId": API_ID,
        "domainName": domain,
        "domainPrefix": domain.split('.').next(),
        "extendedRequestId": call.id,
        "httpMethod": call.request.method().as_str(),
        "identity": {
            "accessKey": null,
            "accountId": null,
            "caller": null,
            "cognitoAuthenticationProvider": null,
            "cognitoAuthenticationType": null,
            "cognitoIdentityId": null,
            "cognitoIdentityPoolId": null,
            "principalOrgId": null,
            "sourceIp": SOURCE_IP,
            "user": null,
            "userAgent": text(&USER_AGENT),
            "userArn": null,
        },
        "path": call.request.uri().path(),
        "protocol": "HTTP/1.1",
        "requestId": call.id,
        "requestTime": time.format("%d/%b/%Y:%H:%M:%S +0000").to_string(),
        "requestTimeEpoch": now,
        "resourceId": API_ID,
        "resourcePath": matched.target.route.path,
        "stage": stage,
    })
}

/// The client's headers, and the ones API Gateway adds.
fn headers(sent: &HeaderMap) -> Multi {
    let mut headers = Multi::new();
    for (name, value) in sent {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        headers.entry(name.as_str().to_owned()).or_default().push(value);
    }
    let mut via = headers.remove("x-forwarded-for").unwrap_or_default();
    via.push(SOURCE_IP.to_owned());
    let port = sent.get(HOST).and_then(|host| host.to_str().ok()?.rsplit_once(':'));
    let port = port.map_or("80", |(_, port)| port);
    headers.insert("X-Forwarded-For".to_owned(), vec![via.join(", ")]);
    headers.insert("X-Forwarded-Port".to_owned(), vec![port.to_owned()]);
    headers.insert("X-Forwarded-Proto".to_owned(), vec!["http".to_owned()]);
    headers
}

fn query(query: &str) -> Multi {
    let mut parameters = Multi::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        parameters.entry(name.into_owned()).or_default().push(value.into_owned());
    }
    parameters
}

fn last(multi: &Multi) -> BTreeMap<&str, &str> {
    multi
        .iter()
        .filter_map(|(name, values)| Some((name.as_str(), values.last()?.as_str())))
        .collect()
}
