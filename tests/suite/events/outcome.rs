//! What an event is expected to be answered with.

use super::placeholders::Placeholders;
use lambda_runtime::Diagnostic;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// Text is JSON, with the same placeholders as the samples.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outcome {
    /// Over HTTP: the status, and members that the body has.
    Http(u16, &'static str),
    /// Over HTTP: the status, and a body of this message and nothing else.
    Message(u16, &'static str),
    /// Over HTTP: a problem of this status and code.
    Problem(u16, &'static str),
    /// By core-driver: 200 and the whole body, in which `"…"` stands for any text.
    Core(&'static str),
    /// By core-driver: the status, and this text and nothing else.
    Text(u16, &'static str),
    /// By direct invoke: members that the answer has.
    Answers(&'static str),
    /// By direct invoke: the whole answer.
    Exactly(&'static str),
    /// By an authorizer: the whole policy that allows `ada` what its name says after the stage.
    Allows(&'static str),
    /// By an authorizer: the whole policy that denies it.
    Denies(&'static str),
    /// An error of this type.
    Fails(&'static str),
    /// The one error that a REST API answers 401 to, letter by letter.
    Unauthorized,
}

/// What an authorizer hands on of `ada`'s session.
macro_rules! context {
    () => {
        r#"{
            "userId": "ada",
            "tenantId": "public",
            "sessionHandle": "${sessionHandle}",
            "expiresAt": "${accessTokenExpiresAt}",
            "payload": "{\"role\":\"admin\"}"
        }"#
    };
}
pub(super) use context;

const ALLOWED: &str = concat!(
    r#"{
        "principalId": "ada",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{
                "Action": "execute-api:Invoke",
                "Effect": "Allow",
                "Resource": "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod/${what}"
            }]
        },
        "context": "#,
    context!(),
    "}"
);

const DENIED: &str = r#"{
    "principalId": "nobody",
    "policyDocument": {
        "Version": "2012-10-17",
        "Statement": [{
            "Action": "execute-api:Invoke",
            "Effect": "Deny",
            "Resource": "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod/${what}"
        }]
    }
}"#;

type Answer = Result<Box<RawValue>, Diagnostic>;

impl Outcome {
    /// Says how `answer` is something else.
    pub(crate) fn check(self, answer: &Answer, filled: &Placeholders) -> Result<(), String> {
        match (self, answer) {
            (Self::Http(status, body), Ok(answer)) => http(answer, status)?.has(&filled.json(body)),
            (Self::Message(status, message), Ok(answer)) => {
                http(answer, status)?.is(&json!({ "message": message }))
            }
            (Self::Problem(status, code), Ok(answer)) => problem(answer, status, code),
            (Self::Core(expected), Ok(answer)) => core(answer, &filled.json(expected)),
            (Self::Text(status, expected), Ok(answer)) => {
                let text = core_text(answer, status, "text/html; charset=UTF-8")?;
                same(&text, expected)
            }
            (Self::Answers(expected), Ok(answer)) => Found::of(answer).has(&filled.json(expected)),
            (Self::Exactly(expected), Ok(answer)) => Found::of(answer).is(&filled.json(expected)),
            (Self::Allows(what), Ok(answer)) => {
                Found::of(answer).is(&filled.json(&ALLOWED.replace("${what}", what)))
            }
            (Self::Denies(what), Ok(answer)) => {
                Found::of(answer).is(&filled.json(&DENIED.replace("${what}", what)))
            }
            (Self::Fails(kind), Err(error)) => same(&error.error_type, kind),
            (Self::Unauthorized, Err(error)) => {
                same(&error.error_type, "Unauthorized")?;
                same(&error.error_message, "Unauthorized")
            }
            (expected, _) => Err(format!("expected {expected:?}")),
        }
    }
}

fn same(found: &str, expected: &str) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("expected {expected}, found {found}")) }
}

struct Found(Value);

impl Found {
    fn of(answer: &RawValue) -> Self {
        Self(serde_json::from_str(answer.get()).expect("answers are JSON"))
    }

    fn is(&self, expected: &Value) -> Result<(), String> {
        same(&self.0.to_string(), &expected.to_string())
    }

    fn has(&self, expected: &Value) -> Result<(), String> {
        if includes(&self.0, expected) { Ok(()) } else { Err(format!("expected {expected}")) }
    }
}

/// Objects may have more members than expected; everything else is equal.
fn includes(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => expected
            .iter()
            .all(|(name, value)| found.get(name).is_some_and(|found| includes(found, value))),
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len()
                && found.iter().zip(expected).all(|(found, value)| includes(found, value))
        }
        (found, expected) => found == expected,
    }
}

/// Equal, but for `"…"`.
fn matches(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::String(found), Value::String(any)) if any == "…" => !found.is_empty(),
        (Value::Object(found), Value::Object(expected)) => {
            found.len() == expected.len()
                && found.iter().all(|(name, value)| {
                    expected.get(name).is_some_and(|expected| matches(value, expected))
                })
        }
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len()
                && found.iter().zip(expected).all(|(found, value)| matches(found, value))
        }
        (found, expected) => found == expected,
    }
}

/// The body of an HTTP answer with this status.
fn http(answer: &RawValue, status: u16) -> Result<Found, String> {
    let answer = Found::of(answer).0;
    same(&answer["statusCode"].to_string(), &status.to_string())?;
    let body = answer["body"].as_str().ok_or("no body")?;
    let body = serde_json::from_str(body).map_err(|error| error.to_string())?;
    Ok(Found(body))
}

fn problem(answer: &RawValue, status: u16, code: &str) -> Result<(), String> {
    let content_type = &Found::of(answer).0["multiValueHeaders"]["content-type"];
    same(&content_type.to_string(), r#"["application/problem+json"]"#)?;
    let body = http(answer, status)?;
    body.has(
        &json!({"type": format!("urn:sever:problem:{code}"), "status": status, "code": code}),
    )?;
    let told = |member: &str| body.0[member].as_str().is_some_and(|text| !text.is_empty());
    if told("title") && told("detail") { Ok(()) } else { Err("no title or detail".to_owned()) }
}

fn core(answer: &RawValue, expected: &Value) -> Result<(), String> {
    let text = core_text(answer, 200, "application/json; charset=UTF-8")?;
    let found = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    if matches(&found, expected) { Ok(()) } else { Err(format!("expected {expected}")) }
}

/// What stands before the newline at the end of core-driver's answer.
fn core_text(answer: &RawValue, status: u16, content_type: &str) -> Result<String, String> {
    let answer = Found::of(answer).0;
    same(&answer["statusCode"].to_string(), &status.to_string())?;
    // Payload 1.0 has lists of values, 2.0 has values.
    let one = &answer["headers"]["content-type"];
    let found = answer.pointer("/multiValueHeaders/content-type/0").unwrap_or(one);
    same(found.as_str().unwrap_or_default(), content_type)?;
    let body = answer["body"].as_str().ok_or("no body")?;
    Ok(body.strip_suffix('\n').ok_or("no newline at the end")?.to_owned())
}

#[test]
fn three_dots_stand_for_text_and_for_nothing_else() {
    let expected = json!({"token": "…", "list": ["…", 1]});
    for (found, as_expected) in [
        (json!({"token": "t", "list": ["a", 1]}), true),
        (json!({"token": "", "list": ["a", 1]}), false),
        (json!({"token": null, "list": ["a", 1]}), false),
        (json!({"token": 7, "list": ["a", 1]}), false),
        (json!({"list": ["a", 1]}), false),
        (json!({"token": "t", "list": ["a", 1], "more": "x"}), false),
        (json!({"token": "t", "list": ["a"]}), false),
        (json!({"token": "t", "list": ["a", 2]}), false),
    ] {
        assert_eq!(matches(&found, &expected), as_expected, "{found}");
    }
}

#[test]
fn an_answer_of_core_driver_has_its_status_its_type_and_a_newline() {
    let check = |status: u16, content_type: &str, body: &str| {
        let answer = json!({
            "statusCode": status,
            "multiValueHeaders": {"content-type": [content_type]},
            "body": body,
        });
        let answer = RawValue::from_string(answer.to_string()).expect("JSON");
        Outcome::Text(404, "Not found").check(&Ok(answer), &Placeholders::default())
    };
    let html = "text/html; charset=UTF-8";
    assert_eq!(check(404, html, "Not found\n"), Ok(()));
    for (status, content_type, body) in [
        (400, html, "Not found\n"),
        (404, "text/plain", "Not found\n"),
        (404, html, "Not found"),
        (404, html, "Not found\n\n"),
        (404, html, "Found\n"),
    ] {
        assert!(check(status, content_type, body).is_err(), "{status} {content_type} {body:?}");
    }
}
