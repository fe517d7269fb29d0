//! What the functions are measured with: sessions that were really opened, events as in `events/`,
//! and what the embedded table answers to each call that they make.

use crate::{Failure, said_by};
use bench::replay::{Recording, key};
use local::bundle::Bundle;
use local::dynamodb::{ConnectorError, Embedded, Engine, WireRequest, WireResponse};
use local::template::FunctionResource;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// One function, what it is asked, and what its answer must contain to be the right one.
pub(crate) struct Case {
    /// What it is called in the tables.
    pub(crate) name: &'static str,
    pub(crate) function: FunctionResource,
    pub(crate) event: String,
    pub(crate) expected: &'static str,
    /// The calls of the table that it makes the first time, and each time after that.
    pub(crate) cold: Vec<Call>,
    pub(crate) warm: Vec<Call>,
}

impl Case {
    /// The alias by which it is invoked, if its function has one: the cases of those are commands.
    fn qualifier(&self) -> Option<&str> {
        self.function.aliases.first().map(String::as_str)
    }

    /// The ARN by which it is invoked.
    pub(crate) fn arn(&self) -> String {
        self.function.qualified_arn(self.qualifier())
    }
}

/// A call of the table.
pub(crate) struct Call {
    pub(crate) request: String,
    pub(crate) answer: String,
}

/// All cases, and the table's answers to them.
pub(crate) struct Sample {
    pub(crate) cases: Vec<Case>,
    pub(crate) recording: Recording,
    /// What the floor is given: the public key and the strict check's one call.
    pub(crate) floor: BTreeMap<String, String>,
}

/// The one check that looks at the token alone.
pub(crate) const FAST: &str = "fast check";
/// The one that asks the table as well.
pub(crate) const STRICT: &str = "strict check";
/// An event in which the fast check finds no token: what reading an event and refusing it costs.
pub(crate) const REFUSED: &str = "event without a token";
/// How many sessions are listed and revoked.
const SEVERAL: usize = 10;

impl Sample {
    /// Opens the sessions, and lets each function answer its event once cold and once warm.
    pub(crate) async fn record() -> Result<Self, Failure> {
        let engine = Embedded::memory().map_err(Failure::sample)?;
        let bundle = Bundle::builder().engine(Arc::new(engine.clone())).build().await;
        let bundle = bundle.map_err(Failure::sample)?;
        let mut cases = cases(&bundle).await?;
        // Nothing of the first bundle's keys is known to the second: its first calls are those of a
        // cold start.
        let recorder = Arc::new(Recorder { inner: engine, answers: Mutex::default() });
        let cold = Bundle::builder().engine(Arc::clone(&recorder)).build().await;
        let cold = cold.map_err(Failure::sample)?;
        let mut floor = floor_key(&cold).await?;
        recorder.take();
        for case in &mut cases {
            let arn = case.arn();
            for calls in [&mut case.cold, &mut case.warm] {
                invoke(&cold, &arn, &case.event).await?;
                *calls = recorder.take();
            }
        }
        let strict =
            cases.iter().find(|case| case.name == STRICT).and_then(|case| case.warm.first());
        let strict = strict.map(|call| call.request.clone()).unwrap_or_default();
        floor.insert("FLOOR_REQUEST".to_owned(), strict);
        Ok(Self { cases, recording: recorder.recording(), floor })
    }

    /// The case called `name`.
    pub(crate) fn case(&self, name: &str) -> Result<&Case, Failure> {
        let found = self.cases.iter().find(|case| case.name == name);
        found.ok_or_else(|| Failure::Sample(format!("there is no case {name}")))
    }
}

async fn cases(bundle: &Bundle) -> Result<Vec<Case>, Failure> {
    let open = |user: &'static str| open(bundle, user);
    let function = |name: &str| {
        let mut functions = bundle.template().functions.values();
        let found = functions.find(|function| function.name == name).cloned();
        found.ok_or_else(|| Failure::Sample(format!("the template has no function {name}")))
    };
    let checked = open("ada").await?;
    let check = event("verify-session", "header", &checked)?;
    let refused = event("verify-session", "no-token", &checked)?;
    let leaving = event("logout", "header", &open("ada").await?)?;
    let refreshed = event("refresh-session", "header", &open("ada").await?)?;
    let ended = json!({"sessionHandle": open("ada").await?["session"]["handle"]}).to_string();
    for user in ["grace", "linus"] {
        for _ in 0..SEVERAL {
            open(user).await?;
        }
    }
    let key_set = event("jwks", "key-set", &checked)?;
    let hello = event("core-driver", "hello", &checked)?;
    let protected = event("whoami", "fast", &checked)?;
    let own = event("own-sessions", "list", &checked)?;
    let case = |name, at, event, expected| {
        let (cold, warm) = (Vec::new(), Vec::new());
        function(at).map(|function| Case { name, function, event, expected, cold, warm })
    };
    Ok(vec![
        case(FAST, "verify-session-fast", check.clone(), "Allow")?,
        case(STRICT, "verify-session", check, "Allow")?,
        case(REFUSED, "verify-session-fast", refused, "Unauthorized")?,
        case("refresh-session", "refresh-session", refreshed, r#""st-access-token":["ey"#)?,
        case("create-session", "create-session", r#"{"userId":"ada"}"#.to_owned(), "accessToken")?,
        case("logout", "logout", leaving, r#"\"OK\""#)?,
        case("revoke-handle", "revoke-handle", ended, r#"Revoked":[""#)?,
        case(
            "revoke-user, 10 sessions",
            "revoke-user",
            r#"{"userId":"grace"}"#.to_owned(),
            r#"Complete":true"#,
        )?,
        case(
            "list-sessions, 10 sessions",
            "list-sessions",
            r#"{"userId":"linus"}"#.to_owned(),
            "createdAt",
        )?,
        case("own-sessions, a list", "own-sessions", own, "createdAt")?,
        case("jwks", "jwks", key_set, "RS256")?,
        case("core-driver, hello", "core-driver", hello, "Hello")?,
        case("whoami", "whoami", protected, "sessionHandle")?,
    ])
}

async fn open(bundle: &Bundle, user: &str) -> Result<Value, Failure> {
    let command = json!({"userId": user, "accessTokenPayload": {"role": "editor"}});
    let opened = invoke(bundle, "create-session:direct", &command.to_string()).await?;
    serde_json::from_str(&opened).map_err(Failure::sample)
}

/// A sample event with the tokens of a session in it.
fn event(folder: &str, case: &str, session: &Value) -> Result<String, Failure> {
    // As the gateway hands it over: without the spaces of a file that people read.
    let event: Value =
        serde_json::from_str(&tests::samples::sample(folder, case)).map_err(Failure::sample)?;
    Ok(event
        .to_string()
        .replace("${accessToken}", said_by(session, "/accessToken/token"))
        .replace("${refreshToken}", said_by(session, "/refreshToken/token"))
        .replace("${sessionHandle}", said_by(session, "/session/handle")))
}

/// A refusal is an answer, too.
async fn invoke(bundle: &Bundle, function: &str, event: &str) -> Result<String, Failure> {
    match bundle.invoke(function, event).await {
        Ok(answer) => Ok(answer.get().to_owned()),
        Err(refusal) if refusal.error_type == "Unauthorized" => Ok(refusal.error_type),
        Err(failure) => Err(Failure::Sample(format!("{function}: {}", failure.error_message))),
    }
}

/// The public key that the floor checks by, from the published set: the dynamic one, which signs.
async fn floor_key(bundle: &Bundle) -> Result<BTreeMap<String, String>, Failure> {
    let answer = invoke(bundle, "jwks", &event("jwks", "key-set", &Value::Null)?).await?;
    let answer: Value = serde_json::from_str(&answer).map_err(Failure::sample)?;
    let set = answer["body"].as_str().unwrap_or_default();
    let set: Value = serde_json::from_str(set).map_err(Failure::sample)?;
    let dynamic = |key: &&Value| key["kid"].as_str().is_some_and(|kid| kid.starts_with("d-"));
    let key = set["keys"].as_array().and_then(|keys| keys.iter().find(dynamic));
    let key = key.ok_or_else(|| Failure::Sample("no key is published".to_owned()))?;
    let part = |name: &str, part: &str| {
        (name.to_owned(), key[part].as_str().unwrap_or_default().to_owned())
    };
    Ok([part("FLOOR_MODULUS", "n"), part("FLOOR_EXPONENT", "e")].into())
}

/// The embedded table, and the first answer to each call that it was asked, which it repeats: a
/// second event finds what the first one found.
struct Recorder {
    inner: Embedded,
    answers: Mutex<Answers>,
}

#[derive(Default)]
struct Answers {
    recording: Recording,
    calls: Vec<Call>,
}

impl Recorder {
    /// Every call since the last time this was asked.
    fn take(&self) -> Vec<Call> {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut answers.calls)
    }

    fn recording(&self) -> Recording {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).recording.clone()
    }
}

impl Engine for Recorder {
    async fn call(&self, request: WireRequest) -> Result<WireResponse, ConnectorError> {
        let operation = request.operation.clone();
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let key = key(&operation, &body);
        let known = self
            .answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recording
            .get(&key)
            .cloned();
        let answer = match known {
            Some(body) => WireResponse { status: 200, body },
            None => self.inner.call(request).await?,
        };
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answer.status == 200 {
            if operation == "PutItem" {
                // A new session has another handle each time.
                answers.recording.insert(operation, answer.body.clone());
            }
            answers.recording.insert(key, answer.body.clone());
        }
        answers.calls.push(Call { request: body, answer: answer.body.clone() });
        Ok(answer)
    }
}
