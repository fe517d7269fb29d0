//! Direct invokes of the functions of administrators, with bodies that were good once: done, or
//! refused by a stable code, and nobody else's session is touched.

use super::answers::{Asker, Said, shown, sound};
use super::cases::{Stage, every};
use super::json::{JsonChange, Odd, Tree, odd};
use super::texts::text;
use crate::events::{Placeholders, rows_of, sample};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use shared::http::command::MAX_BODY_BYTES;
use shared::lambda::DIRECT;
use tests::Opened;

const FUNCTIONS: [&str; 4] = ["create-session", "list-sessions", "revoke-handle", "revoke-user"];

struct Administration {
    stage: Stage,
    filled: Placeholders,
    /// A session that no body speaks of.
    bystander: Opened,
}

impl Administration {
    fn new() -> Self {
        let stage = Stage::new();
        let filled = stage.run(Placeholders::prepare(&stage.world));
        let bystander = stage.run(stage.world.open("bystander"));
        Self { stage, filled, bystander }
    }

    fn body(&self, function: &str, which: Index) -> Tree {
        let rows = rows_of(function).iter().map(|(name, _)| *name);
        let rows: Vec<_> = rows.filter(|name| name.starts_with("direct")).collect();
        let body = self.filled.fill(&sample(function, which.get::<&str>(&rows)));
        Tree::read(&body).expect("a sample is JSON")
    }

    fn ask(&self, function: &str, body: &str) -> Said {
        let direct = format!("{function}:{DIRECT}");
        let answer = self.stage.run(self.stage.world.bundle.invoke(&direct, body));
        let said = shown(&answer);
        assert!(!self.filled.any_secret_in(&said), "a token is repeated: {said}");
        for mine in [&self.bystander.handle, &self.bystander.refresh] {
            assert!(!said.contains(mine.as_str()), "somebody else's session is shown: {said}");
        }
        sound(function, Asker::Invoker, &answer)
    }
}

impl Drop for Administration {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let status = self.stage.run(self.stage.world.strict(&self.bystander.access));
            assert_eq!(status, 200, "somebody else's session was ended");
        }
    }
}

#[test]
fn a_changed_body_is_done_or_refused_by_a_stable_code() {
    let administration = Administration::new();
    let inputs = (select(&FUNCTIONS[..]), any::<Index>(), vec(JsonChange::any(), 0..5));
    every(1_000, &inputs, |(function, which, changes)| {
        let mut body = administration.body(function, which);
        for change in &changes {
            change.apply(&mut body);
        }
        let body = body.write();
        let said = administration.ask(function, &body);
        if body.len() > MAX_BODY_BYTES {
            assert!(matches!(&said, Said::Error(code) if code == "body-too-large"), "{said:?}");
        }
    });
}

#[test]
fn what_is_no_object_is_refused() {
    let administration = Administration::new();
    every(150, &(select(&FUNCTIONS[..]), odd()), |(function, Odd(body))| {
        let said = administration.ask(function, &body);
        assert!(matches!(said, Said::Error(_)), "{function} {body:.100}: {said:?}");
    });
}

#[test]
fn a_member_that_nobody_knows_changes_nothing() {
    const GOOD: [(&str, &str); 4] = [
        ("create-session", "direct-full"),
        ("list-sessions", "direct-session-in-tenant"),
        ("revoke-handle", "direct-ended"),
        ("revoke-user", "direct-unknown-user"),
    ];
    let administration = Administration::new();
    let unknown = text().prop_map(|name| format!("x{name}"));
    every(150, &(select(&GOOD[..]), unknown, odd()), |((function, case), name, odd)| {
        let body = administration.filled.fill(&sample(function, case));
        let mut body = Tree::read(&body).expect("JSON");
        *body.member_or_new(&name) = Tree::Leaf(odd.0.clone());
        let body = body.write();
        let said = administration.ask(function, &body);
        // A member that is passed over may be any JSON: a number beyond all floats, half a letter,
        // 200 levels.
        let is_json = serde_json::from_str::<&serde_json::value::RawValue>(&body).is_ok();
        // What revokes refuses it, lest a misspelt restriction be overlooked.
        let revokes = function.starts_with("revoke-");
        let fine = body.len() <= MAX_BODY_BYTES && is_json && !revokes;
        let refused = matches!(&said, Said::Error(code) if code == "unknown-field");
        assert!(
            !is_json || body.len() > MAX_BODY_BYTES || refused == revokes,
            "{function}: {said:?}"
        );
        assert_eq!(matches!(said, Said::Plain(_)), fine, "{function} {odd:?}: {said:?}");
    });
}
