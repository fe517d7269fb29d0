//! What every answer must be, whatever was asked.

use lambda_runtime::Diagnostic;
use serde_json::Value;
use serde_json::value::RawValue;
use shared::http::error::Code;

pub(super) type Answer = Result<Box<RawValue>, Diagnostic>;

/// Who could have made the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    /// Anybody who can reach the API: API Gateway writes the event, the client fills in path, query,
    /// headers and body. A function error would be a 502 to them.
    Client,
    /// Whoever may invoke the function: they write all of it, and are told by a stable code what is
    /// wrong with it.
    Invoker,
}

/// An answer that was understood.
#[derive(Debug)]
pub(super) enum Said {
    /// Over HTTP: the status and the body, which is JSON or text.
    Http(u16, Value),
    /// By direct invoke, or by an authorizer.
    Plain(Value),
    /// An error of this type.
    Error(String),
}

/// Reads an answer of `function`, which must be one that its asker can do something with.
pub(super) fn sound(function: &str, asker: Asker, answer: &Answer) -> Said {
    match answer {
        Ok(answer) => {
            let answer: Value = serde_json::from_str(answer.get()).expect("answers are JSON");
            match answer.get("statusCode") {
                Some(status) => {
                    let status = status.as_u64().and_then(|status| u16::try_from(status).ok());
                    sound_reply(function, asker, status.expect("a status"), &answer)
                }
                None => sound_value(answer),
            }
        }
        Err(error) => {
            assert_eq!(asker, Asker::Invoker, "a client is answered 502: {error:?}");
            let told =
                |code: &Code| code.as_str() == error.error_type && !code.status().is_server_error();
            let known = Code::ALL.iter().any(told) || error.error_type == "Unauthorized";
            assert!(known, "{error:?}");
            Said::Error(error.error_type.clone())
        }
    }
}

fn sound_reply(function: &str, asker: Asker, status: u16, answer: &Value) -> Said {
    let body = answer["body"].as_str().expect("a body of text");
    assert_eq!(answer["isBase64Encoded"], false, "{body}");
    for (name, value) in headers(answer) {
        assert!(!value.contains(['\r', '\n']), "{name}: {value}");
    }
    let kind = headers(answer).find(|(name, _)| *name == "content-type");
    let kind = kind.expect("a content type").1.to_ascii_lowercase();
    let body = if kind.starts_with("text/html") {
        Value::from(body)
    } else {
        // An application's own objects may be deeper than a `Value`.
        let is_json = serde_json::from_str::<&RawValue>(body).is_ok();
        assert!(is_json, "a body of JSON: {body}");
        serde_json::from_str(body).unwrap_or_default()
    };
    if kind == "application/problem+json" {
        let known = Code::ALL.iter().find(|code| body["code"] == code.as_str());
        assert_eq!(known.expect("a stable code").status(), status, "{body}");
    }
    // The route is not behind an authorizer: only who sets it up can make that so.
    let protected = ["own-sessions", "whoami"].contains(&function);
    let operators = protected && asker == Asker::Invoker && body["code"] == "no-principal";
    assert!(status < 500 || operators, "{status} {body}");
    assert!(matches!(status, 200 | 400 | 401 | 403 | 404 | 405 | 409) || operators, "{status}");
    Said::Http(status, body)
}

fn sound_value(answer: Value) -> Said {
    let done = answer["status"] == "OK";
    assert!(done || answer.get("policyDocument").is_some(), "{answer}");
    Said::Plain(answer)
}

/// Payload 1.0 has lists of values, 2.0 has values.
fn headers(answer: &Value) -> impl Iterator<Item = (&str, &str)> {
    let single = answer["headers"].as_object().into_iter().flatten();
    let single = single.filter_map(|(name, value)| Some((&**name, value.as_str()?)));
    let multi = answer["multiValueHeaders"].as_object().into_iter().flatten();
    let multi = multi.flat_map(|(name, values)| {
        let values = values.as_array().into_iter().flatten();
        values.filter_map(|value| Some((&**name, value.as_str()?)))
    });
    single.chain(multi)
}

impl Said {
    /// The status of an HTTP answer; 0 of any other.
    pub(super) fn status(&self) -> u16 {
        if let Self::Http(status, _) = self { *status } else { 0 }
    }

    /// What it says: the body, or the answer itself.
    pub(super) fn value(&self) -> &Value {
        match self {
            Self::Http(_, value) | Self::Plain(value) => value,
            Self::Error(_) => &Value::Null,
        }
    }
}

/// All that an answer shows, but for new tokens in their own places. While the clock stands still,
/// a token that is issued anew for the same session is the very same.
pub(super) fn shown(answer: &Answer) -> String {
    let Ok(answer) = answer else { return format!("{answer:?}") };
    let mut answer: Value = serde_json::from_str(answer.get()).expect("answers are JSON");
    let body = answer["body"].as_str().and_then(|body| serde_json::from_str::<Value>(body).ok());
    if let Some(mut body) = body {
        for place in ["/accessToken/token", "/refreshToken/token", "/antiCsrfToken"] {
            if let Some(token) = body.pointer_mut(place) {
                *token = Value::Null;
            }
        }
        answer["body"] = body;
    }
    answer.to_string()
}
