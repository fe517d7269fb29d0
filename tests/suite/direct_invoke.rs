//! An admin function tells API Gateway from a direct invoker by the ARN that was invoked, and by
//! nothing that either sends.

use crate::events::{Placeholders, rows_of, sample};
use lambda_runtime::Diagnostic;
use serde_json::{Value, json};
use tests::world::faulty;
use tests::{Lines, World};

const ADMIN_FUNCTIONS: [&str; 4] =
    ["create-session", "list-sessions", "revoke-handle", "revoke-user"];

/// The samples of a function that have this beginning.
fn samples(function: &str, begin: &str) -> Vec<&'static str> {
    let cases = rows_of(function).iter().map(|(case, _)| *case);
    let cases: Vec<_> = cases.filter(|case| case.starts_with(begin)).collect();
    assert!(!cases.is_empty(), "{function}: no sample begins with {begin}");
    cases
}

/// What a function refuses a payload with that came by the wrong ARN. Nothing is done, and nothing
/// recorded.
async fn refused(arn: &str, function: &str, begin: &str) -> Vec<Diagnostic> {
    let (world, engine) = faulty().await;
    let placeholders = Placeholders::prepare(&world).await;
    let lines = Lines::of(&world);
    let mut refusals = Vec::new();
    for case in samples(function, begin) {
        engine.take_calls();
        let event = placeholders.fill(&sample(function, case));
        let answer = world.bundle.invoke(arn, &event).await;
        let Err(refusal) = answer else { panic!("{arn} {case}: {answer:?}") };
        assert_eq!(refusal.error_type, "unknown-event", "{arn} {case}");
        assert!(engine.take_calls().is_empty(), "{arn} {case}");
        refusals.push(refusal);
    }
    assert_eq!(lines.take_records(), Vec::<Value>::new(), "{arn}");
    refusals
}

#[tokio::test]
async fn an_event_of_api_gateway_by_the_alias_is_refused_whoever_it_names() {
    for function in ADMIN_FUNCTIONS {
        for refusal in refused(&format!("{function}:direct"), function, "http-").await {
            let message = refusal.error_message;
            assert!(message.contains("send the command's own JSON"), "{function}: {message}");
        }
    }
}

#[tokio::test]
async fn a_command_to_the_function_itself_is_refused_and_told_of_the_alias() {
    for function in ADMIN_FUNCTIONS {
        for refusal in refused(function, function, "direct-").await {
            let message = refusal.error_message;
            assert!(message.contains("invoke its alias `direct`"), "{function}: {message}");
        }
    }
}

#[tokio::test]
async fn by_any_other_qualifier_nothing_is_answered() {
    for function in ADMIN_FUNCTIONS {
        for begin in ["http-", "direct-"] {
            refused(&format!("{function}:$LATEST"), function, begin).await;
        }
    }
}

#[tokio::test]
async fn a_forged_principal_reaches_no_audit_record() {
    let world = World::new().await;
    let session = world.open("ada").await;
    let lines = Lines::of(&world);
    let mut event: Value = serde_json::from_str(&sample("revoke-user", "http-all")).unwrap();
    let somebody = "arn:aws:iam::123456789012:user/somebody-else";
    event["requestContext"]["identity"]["userArn"] = json!(somebody);
    for arn in ["revoke-user:direct", "revoke-user:$LATEST"] {
        assert!(world.bundle.invoke(arn, &event.to_string()).await.is_err(), "{arn}");
    }
    assert!(!lines.take_text().contains(somebody));
    assert_eq!(world.strict(&session.access).await, 200);

    let command = json!({"userId": "ada", "requestContext": {"identity": {"userArn": somebody}}});
    drop(world.bundle.invoke("revoke-user:direct", &command.to_string()).await);
    assert!(!lines.take_text().contains(somebody));

    let command = json!({"userId": "ada"});
    world.bundle.invoke("revoke-user:direct", &command.to_string()).await.expect("a revocation");
    assert_eq!(lines.take_records()[0]["actor"], json!({"type": "direct-invoke"}));
}
