//! The exact answers to each kind of API, beside this file in `golden/`: `<API>-<outcome>.json`,
//! with the placeholders of `events/`. An error is what Lambda makes of it.

use super::shapes::has_no_null;
use crate::events::{Placeholders, sample};
use local::dynamodb::Embedded;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use tests::{Fault, Faulty, World};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/suite/verify/golden");

/// The kind of API, `HttpApiResponse`, a sample that is allowed, and one that is refused.
const KINDS: [[&str; 4]; 7] = [
    ["rest", "simple", "header", "ended-session"],
    ["token", "simple", "token", "token-ended-session"],
    ["http-api-simple", "simple", "http-api-header", "http-api-ended-session"],
    ["http-api-iam", "iam", "http-api-header", "http-api-ended-session"],
    ["http-api-1", "simple", "http-api-1-header", "http-api-1-ended-session"],
    ["websocket", "simple", "websocket-subprotocol", "websocket-ended-session"],
    ["appsync", "simple", "appsync-query", "appsync-ended-session"],
];

const OUTCOMES: [&str; 3] = ["allow", "refuse", "fail"];

async fn answer(world: &World, filled: &Placeholders, case: &str) -> Value {
    let event = filled.fill(&sample("verify-session", case));
    match world.bundle.invoke("verify-session", &event).await {
        Ok(answer) => serde_json::from_str(answer.get()).expect("answers are JSON"),
        Err(error) => {
            json!({"errorType": error.error_type, "errorMessage": error.error_message})
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_kind_of_api_is_answered_to_the_letter() {
    for [kind, response, allowed, refused] in KINDS {
        let engine = Arc::new(Faulty::new(Embedded::memory().expect("a database")));
        let world = World::with(|builder| {
            builder.engine(Arc::clone(&engine)).parameter("HttpApiResponse", response)
        });
        let world = world.await;
        let filled = Placeholders::prepare(&world).await;
        for outcome in OUTCOMES {
            if outcome == "fail" {
                engine.fail("*", usize::MAX, Fault::Unreachable);
            }
            let case = if outcome == "refuse" { refused } else { allowed };
            let found = answer(&world, &filled, case).await;
            let path = format!("{GOLDEN}/{kind}-{outcome}.json");
            let golden =
                fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
            assert_eq!(found, filled.json(&golden), "{kind}-{outcome}");
            assert!(has_no_null(&found), "{kind}-{outcome}");
        }
    }
}

#[test]
fn every_golden_file_is_compared() {
    let files = fs::read_dir(GOLDEN)
        .expect("golden files")
        .map(|file| file.expect("a file").file_name().into_string().expect("UTF-8"));
    let names = KINDS
        .iter()
        .flat_map(|[kind, ..]| OUTCOMES.map(|outcome| format!("{kind}-{outcome}.json")));
    assert_eq!(files.collect::<BTreeSet<_>>(), names.collect());
}
