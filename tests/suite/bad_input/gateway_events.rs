//! Every sample event, fed to its function after it was changed. A change that a client can make is
//! answered over HTTP, and never by 5xx; any other at worst by an error of a stable code.

use super::answers::{Answer, Asker, shown, sound};
use super::cases::{Stage, every};
use super::events::{ClientChange, InvokerChange};
use super::json::{Odd, Tree, odd};
use super::texts::text;
use crate::events::{Placeholders, rows_of, sample};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::cell::{Cell, RefCell};

/// After so many cases new sessions are opened: the old ones have been revoked, refreshed and ended.
const NEW_SESSIONS_AFTER: u32 = 60;

/// Every function that answers API Gateway.
pub(super) const FUNCTIONS: [&str; 10] = [
    "core-driver",
    "create-session",
    "jwks",
    "list-sessions",
    "logout",
    "own-sessions",
    "refresh-session",
    "revoke-handle",
    "revoke-user",
    "whoami",
];

/// The samples and what they speak of.
struct Samples {
    stage: Stage,
    filled: RefCell<Placeholders>,
    used: Cell<u32>,
}

impl Samples {
    fn new() -> Self {
        let stage = Stage::new();
        let filled = stage.run(Placeholders::prepare(&stage.world));
        Self { stage, filled: RefCell::new(filled), used: Cell::new(0) }
    }

    /// The event of a sample.
    fn event(&self, function: &str, which: Index) -> Tree {
        self.used.set(self.used.get() + 1);
        if self.used.get().is_multiple_of(NEW_SESSIONS_AFTER) {
            *self.filled.borrow_mut() = self.stage.run(Placeholders::prepare(&self.stage.world));
        }
        self.fill(function, which.get::<&str>(&requests(function)))
    }

    fn fill(&self, function: &str, case: &str) -> Tree {
        let event = self.filled.borrow().fill(&sample(function, case));
        Tree::read(&event).expect("a sample is JSON")
    }

    fn ask(&self, function: &str, event: &str) -> Answer {
        let answer = self.stage.run(self.stage.world.bundle.invoke(function, event));
        let said = shown(&answer);
        assert!(!self.filled.borrow().any_secret_in(&said), "a token is repeated: {said}");
        assert!(!said.contains("sample-key-of"), "an API key is repeated: {said}");
        answer
    }
}

/// The samples that a client can have asked for.
fn requests(function: &str) -> Vec<&'static str> {
    let rows = rows_of(function).iter().map(|(name, _)| *name);
    rows.filter(|name| is_request(name)).collect()
}

/// Whether a sample is a request that came through API Gateway as the template has it.
fn is_request(sample: &str) -> bool {
    const NONE: [&str; 7] = [
        "malformed",
        "http-malformed",
        "no-authorizer",
        "revoke-no-authorizer",
        "incomplete-context",
        "expiry-not-number",
        "payload-not-json",
    ];
    !sample.starts_with("direct") && !NONE.contains(&sample)
}

#[test]
fn a_client_is_never_answered_5xx() {
    let samples = Samples::new();
    let inputs = (select(&FUNCTIONS[..]), any::<Index>(), vec(ClientChange::any(), 0..5));
    every(900, &inputs, |(function, which, changes)| {
        let mut event = samples.event(function, which);
        for change in &changes {
            change.apply(&mut event);
        }
        let event = event.write();
        sound(function, Asker::Client, &samples.ask(function, &event));
    });
}

#[test]
fn core_driver_answers_whatever_an_sdk_sends() {
    let samples = Samples::new();
    let inputs = (any::<Index>(), vec(ClientChange::any(), 1..4));
    every(900, &inputs, |(which, changes)| {
        let mut event = samples.event("core-driver", which);
        for change in &changes {
            change.apply(&mut event);
        }
        let event = event.write();
        sound("core-driver", Asker::Client, &samples.ask("core-driver", &event));
    });
}

#[test]
fn an_invoker_is_answered_by_a_stable_code_at_worst() {
    let samples = Samples::new();
    let inputs = (select(&FUNCTIONS[..]), any::<Index>(), vec(InvokerChange::any(), 1..5));
    every(900, &inputs, |(function, which, changes)| {
        let mut event = samples.event(function, which);
        for change in &changes {
            change.apply(&mut event);
        }
        let event = event.write();
        sound(function, Asker::Invoker, &samples.ask(function, &event));
    });
}

#[test]
fn what_is_no_event_at_all_is_refused_by_every_function() {
    let samples = Samples::new();
    let inputs = (select(&FUNCTIONS[..]), odd());
    every(150, &inputs, |(function, Odd(json))| {
        let answer = samples.ask(function, &json);
        assert!(answer.is_err(), "{function}: {answer:?}");
        sound(function, Asker::Invoker, &answer);
    });
}

#[test]
fn a_header_or_a_parameter_without_any_value_is_answered() {
    let samples = Samples::new();
    for function in FUNCTIONS {
        for (form, name) in [
            ("multiValueQueryStringParameters", "userId"),
            ("multiValueHeaders", "Authorization"),
            ("multiValueHeaders", "Cookie"),
        ] {
            let mut event = samples.fill(function, requests(function)[0]);
            *event.member_or_new(form).member_or_new(name) = Tree::List(Vec::new());
            sound(function, Asker::Invoker, &samples.ask(function, &event.write()));
        }
    }
}

#[test]
fn a_raw_query_of_any_letters_is_answered() {
    let samples = Samples::new();
    let functions = select(&["core-driver", "list-sessions", "jwks", "logout", "own-sessions"][..]);
    every(200, &(functions, text()), |(function, query)| {
        let mut event = samples.fill(function, "http-api");
        *event.member_or_new("rawQueryString") = Tree::text(&query);
        sound(function, Asker::Invoker, &samples.ask(function, &event.write()));
    });
}
