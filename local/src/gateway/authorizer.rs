//! Runs a Lambda authorizer and maps what it says, as a REST API does.

use super::Call;
use super::event;
use super::limits::MAX_AUTHORIZER_ANSWER;
use super::policy::{Decision, Policy, method_arn};
use super::refusal::Refusal;
use super::routes::Matched;
use crate::functions::Deployed;
use lambda_runtime::Diagnostic;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    principal_id: String,
    policy_document: Policy,
    #[serde(default)]
    context: Option<Map<String, Value>>,
}

/// Asks `authorizer` about `call`; the context for the function when it allows it.
pub(super) async fn ask(
    authorizer: &Deployed,
    call: &Call,
    matched: &Matched<'_>,
    stage: &str,
) -> Result<Map<String, Value>, Refusal> {
    let event = event::authorizer(call, matched, stage)?;
    let start = Instant::now();
    let answer = authorizer.invoke(&call.id, call.now, event).await;
    let latency = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    let arn = method_arn(stage, call.request.method().as_str(), call.request.uri().path());
    let verdict = judge(answer.as_deref(), &arn);
    if let (Err(Refusal::AuthorizerFailed), Err(error)) = (&verdict, &answer) {
        let (name, kind) = (&authorizer.resource.name, &error.error_type);
        tracing::warn!("{name} failed: {kind}: {}", error.error_message);
    }
    let mut context = verdict?;
    context.insert("integrationLatency".to_owned(), json!(latency));
    Ok(context)
}

/// What an authorizer's answer means for the method `arn`.
fn judge(answer: Result<&RawValue, &Diagnostic>, arn: &str) -> Result<Map<String, Value>, Refusal> {
    let answer = match answer {
        Ok(answer) => answer.get(),
        Err(error) if error.error_message == "Unauthorized" => return Err(Refusal::Unauthorized),
        Err(_) => return Err(Refusal::AuthorizerFailed),
    };
    if answer.len() > MAX_AUTHORIZER_ANSWER {
        return Err(Refusal::AuthorizerMisconfigured);
    }
    let answer: Answer =
        serde_json::from_str(answer).map_err(|_| Refusal::AuthorizerMisconfigured)?;
    match answer.policy_document.decide(arn) {
        Decision::Allowed => {}
        Decision::DeniedExplicitly => return Err(Refusal::AccessDenied { explicitly: true }),
        Decision::NotAllowed => return Err(Refusal::AccessDenied { explicitly: false }),
    }
    let mut context = Map::new();
    for (name, value) in answer.context.into_iter().flatten() {
        context.insert(name, Value::String(text(value)?));
    }
    context.insert("principalId".to_owned(), Value::String(answer.principal_id));
    Ok(context)
}

/// A REST API passes every value on as text, and takes no other kinds.
fn text(value: Value) -> Result<String, Refusal> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => Err(Refusal::AuthorizerMisconfigured),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:execute-api:us-east-1:000000000000:local/prod/GET/whoami";

    fn verdict(answer: &Value) -> Result<Map<String, Value>, Refusal> {
        let answer = RawValue::from_string(answer.to_string()).unwrap();
        judge(Ok(&answer), ARN)
    }

    fn answer(effect: &str, resource: &str, context: &Value) -> Value {
        let statement =
            json!([{"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}]);
        let document = json!({"Version": "2012-10-17", "Statement": statement});
        json!({"principalId": "u1", "policyDocument": document, "context": context})
    }

    #[test]
    fn allowed_passes_the_context_on_as_text() {
        let context = json!({"userId": "u1", "expiresAt": 1_790_000_000_000_i64, "strict": true});
        let passed = verdict(&answer("Allow", ARN, &context)).unwrap();
        let expected = json!({
            "principalId": "u1", "userId": "u1", "expiresAt": "1790000000000", "strict": "true"
        });
        assert_eq!(Value::Object(passed), expected);
    }

    #[test]
    fn every_other_answer_is_a_refusal() {
        let flat = json!({});
        let denied = |explicitly| Refusal::AccessDenied { explicitly };
        let long = json!({"payload": "x".repeat(9000)});
        for (answer, expected) in [
            (answer("Deny", "*", &flat), denied(true)),
            (answer("Allow", "arn:other", &flat), denied(false)),
            (answer("allow", "*", &flat), Refusal::AuthorizerMisconfigured),
            (answer("Allow", "*", &json!({"a": {}})), Refusal::AuthorizerMisconfigured),
            (answer("Allow", "*", &json!({"a": null})), Refusal::AuthorizerMisconfigured),
            (answer("Allow", "*", &json!([])), Refusal::AuthorizerMisconfigured),
            (answer("Allow", "*", &long), Refusal::AuthorizerMisconfigured),
            (json!({"isAuthorized": true}), Refusal::AuthorizerMisconfigured),
            (json!(null), Refusal::AuthorizerMisconfigured),
        ] {
            assert_eq!(verdict(&answer), Err(expected), "{answer}");
        }
    }

    #[test]
    fn only_the_one_word_is_a_401() {
        let failed = |message: &str| {
            let error =
                Diagnostic { error_type: "x".to_owned(), error_message: message.to_owned() };
            judge(Err(&error), ARN).unwrap_err()
        };
        assert_eq!(failed("Unauthorized"), Refusal::Unauthorized);
        for other in ["unauthorized", "Unauthorized.", "", "the table did not answer"] {
            assert_eq!(failed(other), Refusal::AuthorizerFailed, "{other}");
        }
    }
}
