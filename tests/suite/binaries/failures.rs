//! What a process does when the table is not there, does not answer or cannot be reached, and when a
//! handler panics: it says so in time, and goes on.

use super::{function, functions, lines, now, start};
use crate::events::{Outcome, Placeholders, end_sessions, qualifier_of, rows_for, sample};
use futures_util::future::join_all;
use lambda_runtime::Diagnostic;
use local::dynamodb::Embedded;
use local::template::FunctionResource;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::sync::Arc;
use tests::programs::{PANICS, built};
use tests::world::faulty;
use tests::{Fault, Faulty, Sandbox, World};
use tokio::net::TcpSocket;

type Answer = Result<Box<RawValue>, Diagnostic>;

/// A function, and the first of its samples for which it asks the table.
struct Asking {
    function: FunctionResource,
    case: &'static str,
    event: String,
    outcome: Outcome,
}

/// All functions but those that never ask the table.
async fn all_asking(world: &World, engine: &Faulty<Embedded>) -> Vec<Asking> {
    let placeholders = Placeholders::prepare_at(world, now()).await;
    let (address, mut all) = (world.listen().await, Vec::new());
    for function in functions(world) {
        let mut sandbox = start(&function, &address).await;
        for (case, outcome) in rows_for(&function) {
            let event = placeholders.fill(&sample(&function.binary, case));
            engine.fail("*", usize::MAX, Fault::Unreachable);
            engine.take_calls();
            drop(sandbox.invoke_by(qualifier_of(case), event.clone()).await);
            engine.heal();
            if !engine.take_calls().is_empty() {
                all.push(Asking { function, case, event, outcome });
                break;
            }
        }
    }
    all
}

/// What a caller is told that may try again, and one that must not.
const UNAVAILABLE: (u16, &str) = (503, "table-unavailable");
const BROKEN: (u16, &str) = (500, "internal-error");

fn is(expected: (u16, &str), answer: &Answer) -> bool {
    match answer {
        Ok(answer) => {
            let answer: Value = serde_json::from_str(answer.get()).expect("answers are JSON");
            answer["statusCode"] == expected.0
        }
        Err(error) => error.error_type == expected.1,
    }
}

/// Asks it twice, so that it must go on after the first time. Each answer comes before the function
/// has no time left, or the sandbox fails the test.
async fn is_told(expected: (u16, &str), sandbox: &mut Sandbox, asking: &Asking) {
    for _ in 0..2 {
        let qualifier = qualifier_of(asking.case);
        let answer = sandbox.invoke_by(qualifier, asking.event.clone()).await;
        assert!(is(expected, &answer), "{}: {answer:?}", asking.function.name);
    }
}

/// Ends it, and finds the reason of both failures in its log.
async fn logs_twice(sandbox: Sandbox, reason: &str) {
    let log = sandbox.terminate().await.log;
    let told = |line: &Value| {
        let error = line["error"].as_str().unwrap_or_default();
        line["level"] == "ERROR" && error.contains(reason)
    };
    assert_eq!(lines(&log).iter().filter(|line| told(line)).count(), 2, "{log}");
}

#[tokio::test]
async fn without_a_table_that_answers_each_function_says_so_in_time_and_goes_on() {
    let (world, engine) = faulty().await;
    let all = all_asking(&world, &engine).await;
    assert_eq!(all.len() + 1, functions(&world).len(), "whoami alone asks for nothing");
    let address = world.listen().await;
    // Bound and not listening: nobody else takes the port, and nobody answers.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a free port");
    let nobody = format!("http://{}", socket.local_addr().expect("its address"));

    join_all(all.iter().map(async |asking| {
        let mut elsewhere = asking.function.clone();
        elsewhere.environment.insert("TABLE_NAME".to_owned(), "elsewhere".to_owned());
        let mut sandbox = start(&elsewhere, &address).await;
        is_told(BROKEN, &mut sandbox, asking).await;
        logs_twice(sandbox, "ResourceNotFoundException").await;
        let mut sandbox = start(&asking.function, &nobody).await;
        is_told(UNAVAILABLE, &mut sandbox, asking).await;
        logs_twice(sandbox, "dispatch failure").await;
    }))
    .await;

    // A table that takes every call and answers none, until it does again.
    engine.fail("*", usize::MAX, Fault::Held(Arc::default()));
    let waited = join_all(all.iter().map(async |asking| {
        let mut sandbox = start(&asking.function, &address).await;
        is_told(UNAVAILABLE, &mut sandbox, asking).await;
        sandbox
    }))
    .await;
    engine.heal();
    for (mut sandbox, asking) in waited.into_iter().zip(&all) {
        end_sessions(&world).await;
        let placeholders = Placeholders::prepare_at(&world, now()).await;
        let event = placeholders.fill(&sample(&asking.function.binary, asking.case));
        let answer = sandbox.invoke_by(qualifier_of(asking.case), event).await;
        let answer = answer.map(|answer| placeholders.at_once(&answer));
        asking.outcome.check(&answer, &placeholders).expect(asking.case);
        logs_twice(sandbox, "timeout").await;
    }
}

#[tokio::test]
async fn a_handler_that_panics_fails_one_invocation_and_repeats_nothing() {
    let world = World::new().await;
    let function = function(&world, "jwks");
    let mut sandbox = Sandbox::start(built(PANICS), &function, &world.listen().await).await;
    for event in [r#""over-a-token""#, r#"["over-a-token"]"#] {
        let error = sandbox.invoke(event).await.unwrap_err();
        assert_eq!(error.error_type, "Runtime.Panic");
        assert_eq!(error.error_message, "the function panicked");
        let answer = sandbox.invoke("{}").await.expect("an answer");
        assert_eq!(answer.get(), "{}");
    }
    let ended = sandbox.terminate().await;
    assert_eq!(ended.errors, "");
    let lines = lines(&ended.log);
    for line in &lines {
        assert_eq!([&line["level"], &line["message"]], [&json!("ERROR"), &json!("panicked")]);
        let at = line["at"].as_str().unwrap_or_default();
        assert!(at.contains("programs/panics/src/main.rs:"), "{line}");
    }
    let why: Vec<_> = lines.iter().map(|line| line["why"].as_str()).collect();
    assert_eq!(why, [None, Some("there is no place for a list")]);
    assert!(!ended.log.contains("over-a-token"), "{}", ended.log);
}

#[tokio::test]
async fn a_client_context_that_cannot_be_read_fails_one_invocation() {
    let world = World::new().await;
    let function = function(&world, "jwks");
    let mut sandbox = Sandbox::start(built(PANICS), &function, &world.listen().await).await;
    for context in ["{", "7", r#"{"custom":{"reason":7}}"#] {
        let error = sandbox.invoke_with(context, "{}").await.unwrap_err();
        assert_eq!(error.error_type, "Runtime.InvalidContext", "{context}");
        assert!(!error.error_message.contains("reason"), "{context}");
        assert_eq!(sandbox.invoke("{}").await.expect("an answer").get(), "{}");
    }
    for context in ["", "{}", r#"{"custom":{"reason":"7"},"unknown":7}"#] {
        assert_eq!(sandbox.invoke_with(context, "{}").await.expect("an answer").get(), "{}");
    }
    assert_eq!(sandbox.terminate().await.log, "");
}
