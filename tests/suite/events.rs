//! Every file in `events/`, and every variant of one, is fed to its function, so that no sample is dead and none is
//! answered by chance.

mod answers;
mod authorizer;
mod core_driver;
mod core_outcomes;
mod outcome;
mod placeholders;
mod prepared;
mod sdk;

use answers::{FUNCTIONS, Row};
use authorizer::ENDED_BUT_FAST;
use local::dynamodb::Embedded;
use local::template::FunctionResource;
pub(crate) use outcome::Outcome;
pub(crate) use placeholders::Placeholders;
pub(crate) use prepared::Prepared;
use serde_json::{Value, json};
use shared::lambda::DIRECT;
use std::collections::BTreeSet;
use std::sync::Arc;
use tests::World;
pub(crate) use tests::samples::sample;
use tests::samples::{cases, names};

const FAST: &str = "verify-session-fast";

#[test]
fn every_sample_has_a_row_and_every_row_a_sample() {
    let mut folders = names("");
    assert!(folders.remove("README.md"), "events/README.md says how samples are filled");
    assert_eq!(folders, FUNCTIONS.iter().map(|(name, _)| (*name).to_owned()).collect());
    for (function, rows) in FUNCTIONS {
        let expected: BTreeSet<_> = rows.iter().map(|(case, _)| (*case).to_owned()).collect();
        assert_eq!(expected.len(), rows.len(), "{function}: a row stands twice");
        assert_eq!(cases(function), expected, "{function}");
    }
}

#[test]
fn the_readme_of_the_samples_names_every_folder() {
    let readme = include_str!("../../events/README.md");
    for (function, _) in FUNCTIONS {
        assert!(readme.contains(&format!("`{function}`")), "{function}");
    }
}

/// The alias by which a sample is invoked: those called `direct-…` are commands to admin functions.
pub(crate) fn qualifier_of(case: &str) -> Option<&'static str> {
    case.starts_with("direct-").then_some(DIRECT)
}

/// What a sample is invoked by: `revoke-user:direct`, or `revoke-user` as API Gateway does it.
pub(crate) fn addressed(function: &str, case: &str) -> String {
    match qualifier_of(case) {
        Some(qualifier) => format!("{function}:{qualifier}"),
        None => function.to_owned(),
    }
}

async fn feed(function: &str, binary: &str, rows: &[Row]) {
    let engine = Embedded::memory().expect("a database");
    let world = World::with(|builder| builder.engine(Arc::new(engine.clone()))).await;
    let prepared = Prepared::new(&world, &engine).await;
    for (case, outcome) in rows {
        let placeholders = prepared.anew(&world);
        let event = placeholders.fill(&sample(binary, case));
        let answer = world.bundle.invoke(&addressed(function, case), &event).await;
        let said = format!("{answer:?}");
        assert!(!placeholders.any_secret_in(&said), "{binary}/{case}: repeats a token");
        if let Err(fault) = outcome.check(&answer, placeholders) {
            panic!("{binary}/{case}: {fault}\n{said}");
        }
    }
}

/// The next sample finds its own sessions and no others.
pub(crate) async fn end_sessions(world: &World) {
    for user in ["ada", "grace"] {
        world.revoke("/revoke-user", &json!({ "userId": user })).await;
    }
}

/// The samples of a binary.
pub(crate) fn rows_of(binary: &str) -> &'static [Row] {
    let (_, rows) = FUNCTIONS.iter().find(|(name, _)| *name == binary).expect("a folder");
    rows
}

/// The same for a function: the fast authorizer differs only in sessions that have ended.
pub(crate) fn rows_for(function: &FunctionResource) -> Vec<Row> {
    let mut rows = rows_of(&function.binary).to_vec();
    if function.name == FAST {
        for ended in ENDED_BUT_FAST {
            let row = rows.iter_mut().find(|(case, _)| *case == ended.0).expect("a sample");
            *row = *ended;
        }
    }
    rows
}

macro_rules! feed_each {
    ($($test:ident: $function:literal),* $(,)?) => {
        const FED: &[&str] = &[$($function),*];
        $(
            #[tokio::test]
            async fn $test() {
                feed($function, $function, rows_of($function)).await;
            }
        )*
    };
}

feed_each! {
    core_driver_answers_its_samples: "core-driver",
    create_session_answers_its_samples: "create-session",
    jwks_answers_its_samples: "jwks",
    list_sessions_answers_its_samples: "list-sessions",
    logout_answers_its_samples: "logout",
    own_sessions_answers_its_samples: "own-sessions",
    refresh_session_answers_its_samples: "refresh-session",
    revoke_handle_answers_its_samples: "revoke-handle",
    revoke_user_answers_its_samples: "revoke-user",
    verify_session_answers_its_samples: "verify-session",
    whoami_answers_its_samples: "whoami",
}

#[test]
fn every_folder_is_fed() {
    assert_eq!(FUNCTIONS.iter().map(|(name, _)| *name).collect::<Vec<_>>(), FED);
}

#[tokio::test]
async fn the_fast_authorizer_differs_only_in_sessions_that_have_ended() {
    let world = World::new().await;
    let mut functions = world.bundle.template().functions.values();
    let fast = functions.find(|function| function.name == FAST).expect("a function");
    feed(FAST, "verify-session", &rows_for(fast)).await;
}

/// The limits that no sample is written out for.
#[tokio::test]
async fn a_body_over_64_kib_is_refused_by_every_way_in() {
    const TOO_LARGE: usize = 64 * 1024 + 1;
    let world = World::new().await;
    for function in ["create-session", "revoke-handle", "revoke-user"] {
        let body = json!({"userId": "ada", "sessionHandle": "nobody", "more": "x"}).to_string();
        let body = body.replace('x', &"x".repeat(TOO_LARGE - body.len() + 1));
        assert_eq!(body.len(), TOO_LARGE);
        let direct = format!("{function}:{DIRECT}");
        let error = world.bundle.invoke(&direct, &body).await.unwrap_err();
        assert_eq!(error.error_type, "body-too-large", "{function}");

        let mut event: Value = serde_json::from_str(&sample(function, "http-no-body")).unwrap();
        event["body"] = body.into();
        let answer = world.bundle.invoke(function, &event.to_string()).await;
        let refused = Outcome::Problem(400, "body-too-large");
        refused.check(&answer, &Placeholders::default()).unwrap();
    }
    let mut event: Value = serde_json::from_str(&sample("core-driver", "no-body")).unwrap();
    event["body"] = "x".repeat(TOO_LARGE).into();
    let answer = world.bundle.invoke("core-driver", &event.to_string()).await;
    let refused = Outcome::Text(400, "The body is too long: 65536 bytes are allowed");
    refused.check(&answer, &Placeholders::default()).unwrap();
}

#[tokio::test]
async fn a_payload_that_makes_the_token_too_large_is_refused() {
    let world = World::new().await;
    let command = json!({"userId": "ada", "accessTokenPayload": {"more": "x".repeat(10_000)}});
    let create = "create-session:direct";
    let error = world.bundle.invoke(create, &command.to_string()).await.unwrap_err();
    assert_eq!(error.error_type, "access-token-too-large");
    assert!(world.listed("ada").await.is_empty(), "no session is opened");
}
