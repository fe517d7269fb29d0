//! What functions do to the table when their samples are fed to them, held against what their
//! policies let them do. The embedded table asks nobody for permission: nothing else would show a
//! missing statement before a deployment does.

use super::iam::{BUS, statements};
use super::needs::{Need, needs};
use super::template;
use crate::events::{Placeholders, Prepared, addressed, rows_of, sample};
use local::bundle::Builder;
use local::dynamodb::{Embedded, WireRequest};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tests::bus::Bus;
use tests::{Faulty, World};

/// Longer than a dynamic key signs.
const KEYS_ARE_DUE: Duration = Duration::from_hours(200);

/// What IAM is asked at once, and one statement must therefore allow: a batch as a whole, a
/// transaction member by member.
type Question = BTreeSet<Need>;

fn questions(call: &WireRequest) -> Vec<Question> {
    match call.operation.as_str() {
        "BatchGetItem" => vec![needs(call).into_iter().collect()],
        _ => needs(call).into_iter().map(|need| BTreeSet::from([need])).collect(),
    }
}

/// Everything `function` does: on an empty table, on each sample, and once more when the keys are
/// due.
async fn needs_of(function: &str, binary: &str, fast_checks: &str) -> BTreeSet<Question> {
    let engine = Arc::new(Faulty::new(Embedded::memory().expect("a database")));
    let bus = Bus::default();
    let world = World::with(|builder| {
        builder
            .engine(Arc::clone(&engine))
            .aws(bus.aws())
            .parameter("EventBus", "sessions")
            .parameter("FastSessionCheckDatabase", fast_checks)
    });
    let world = world.await;
    let mut found = BTreeSet::new();
    let mut feed = async |case: &str, event: &str| {
        engine.take_calls();
        bus.take_calls();
        // Whether it is refused is the samples' own test.
        drop(world.bundle.invoke(&addressed(function, case), event).await);
        found.extend(engine.take_calls().iter().flat_map(questions));
        found.extend(bus.take_calls().iter().map(|call| {
            assert_eq!(call["Entries"][0]["EventBusName"], "sessions");
            Question::from([Need::of("events:PutEvents", BUS, None)])
        }));
    };
    if binary == "create-session" {
        feed("direct-minimal", &sample(binary, "direct-minimal")).await;
    }
    let prepared = Prepared::new(&world, engine.inner()).await;
    for (case, _) in rows_of(binary) {
        let placeholders = prepared.anew(&world);
        feed(case, &placeholders.fill(&sample(binary, case))).await;
    }
    let placeholders = Placeholders::prepare(&world).await;
    world.pass(KEYS_ARE_DUE);
    for (case, _) in rows_of(binary) {
        feed(case, &placeholders.fill(&sample(binary, case))).await;
    }
    let raises = match binary {
        "own-sessions" => &["revoke-all"][..],
        "core-driver" => &["tenant-remove", "remove-user-in-tenant"],
        _ => &[],
    };
    for case in raises {
        // Then by a clock that is behind, so that the generation is raised by a step.
        world.pass(Duration::from_millis(10));
        let placeholders = Placeholders::prepare(&world).await;
        feed(case, &placeholders.fill(&sample(binary, case))).await;
        world.clock.set(world.clock.now().minus(Duration::from_millis(5)));
        feed(case, &placeholders.fill(&sample(binary, case))).await;
    }
    found
}

/// A cookie session from before the operator asked for anti-CSRF tokens is given one when it is
/// refreshed.
async fn needs_of_an_old_cookie_session() -> BTreeSet<Question> {
    let engine = Arc::new(Faulty::new(Embedded::memory().expect("a database")));
    let before = World::with(|builder| builder.engine(Arc::clone(&engine))).await;
    let session = before.open_with(&json!({"userId": "ada", "transfer": "cookie"})).await;
    let asks =
        |builder: Builder| builder.engine(Arc::clone(&engine)).parameter("AntiCsrf", "VIA_TOKEN");
    let world = World::with_clock(before.clock.clone(), asks).await;
    engine.take_calls();
    let refresh = world.post("/auth/session/refresh").cookie("sRefreshToken", &session.refresh);
    assert_eq!(refresh.send().await.status, 200);
    engine.take_calls().iter().flat_map(questions).collect()
}

#[tokio::test]
async fn a_function_may_do_what_it_does_and_nothing_else() {
    let statements = statements();
    let mut faults = Vec::new();
    for function in template().functions.values() {
        let (name, binary) = (&function.name, &function.binary);
        let mut asked = needs_of(name, binary, "never").await;
        if name == "verify-session-fast" {
            asked.extend(needs_of(name, binary, "always").await);
        }
        if name == "refresh-session" {
            asked.extend(needs_of_an_old_cookie_session().await);
        }
        let own = &statements[name];
        let allowed = |question: &&Question| {
            own.iter().any(|statement| question.iter().all(|need| statement.allows(need)))
        };
        let refused = asked.iter().filter(|question| !allowed(question));
        faults.extend(refused.map(|question| format!("{name} may not {question:?}")));
        for statement in own {
            let unused = statement.unused(asked.iter().flatten()).into_iter();
            let at = &statement.sid;
            faults.extend(unused.map(|grant| format!("{name}/{at}: never needs {grant}")));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
