//! Every sample of `events/` is answered by the binary as by the function in process.

use super::{function, functions, lines, now, opaque_words, start};
use crate::events::{Prepared, qualifier_of, rows_for, sample};
use serde_json::Value;
use std::collections::BTreeSet;
use tests::World;
use tests::world::faulty;

/// What is no event of any function of ours. Lambda itself lets JSON alone through.
const NO_EVENTS: [&[u8]; 10] = [
    b"",
    b"{",
    b"\xff",
    b"null",
    b"true",
    b"7",
    br#""text""#,
    b"[]",
    b"{}",
    br#"{"requestContext":7}"#,
];

async fn feed(name: &str) {
    let (world, engine) = faulty().await;
    let function = function(&world, name);
    let mut sandbox = start(&function, &world.listen().await).await;
    let mut secret = String::new();
    let prepared = Prepared::at(&world, engine.inner(), now()).await;
    for (case, outcome) in rows_for(&function) {
        let placeholders = prepared.anew(&world);
        let event = placeholders.fill(&sample(&function.binary, case));
        let answer = sandbox.invoke_by(qualifier_of(case), event.clone()).await;
        let said = format!("{answer:?}");
        assert!(!placeholders.any_secret_in(&said), "{name}/{case}: repeats a token");
        let answer = answer.map(|answer| placeholders.at_once(&answer));
        if let Err(fault) = outcome.check(&answer, placeholders) {
            panic!("{name}/{case}: {fault}\n{said}");
        }
        secret.extend([event, said]);
    }
    for event in NO_EVENTS {
        let answer = sandbox.invoke(event).await;
        assert!(answer.is_err(), "{name}: {} is answered", String::from_utf8_lossy(event));
    }
    let ended = sandbox.terminate().await;
    assert_eq!((ended.status.code(), ended.errors.as_str()), (None, ""), "{name}: by the signal");
    let of_a_request = |line: &Value| line["requestId"].is_string();
    assert!(lines(&ended.log).iter().all(of_a_request), "{}", ended.log);
    for call in engine.take_calls() {
        secret.push_str(&String::from_utf8_lossy(&call.body));
    }
    for word in opaque_words(&secret) {
        assert!(!ended.log.contains(word), "{name} writes {word}\n{}", ended.log);
    }
}

macro_rules! feed_each {
    ($($test:ident: $function:literal),* $(,)?) => {
        const FED: &[&str] = &[$($function),*];
        $(
            #[tokio::test]
            async fn $test() {
                feed($function).await;
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
    verify_session_fast_answers_its_samples: "verify-session-fast",
    whoami_answers_its_samples: "whoami",
}

#[tokio::test]
async fn every_function_that_is_deployed_is_fed() {
    let functions = functions(&World::new().await);
    let deployed: BTreeSet<_> = functions.iter().map(|function| function.name.as_str()).collect();
    assert_eq!(deployed, FED.iter().copied().collect());
}
