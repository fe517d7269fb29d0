//! What is wrong is said by its name and never by its value: a secret may have come in the wrong
//! place.

use super::answers::{Asker, Said, shown, sound};
use super::cases::{Stage, every};
use super::events::ClientChange;
use super::gateway_events::FUNCTIONS;
use super::json::{JsonChange, Odd, Tree};
use crate::events::{Placeholders, addressed, rows_of, sample};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use tests::logs;

/// No id of ours, so that no answer has a reason to name it.
const HUSH: &str = "Hush!Hush!Hush!Hush!Hush!Hush!Hush!";

fn hushed() -> BoxedStrategy<ClientChange> {
    let forms = [
        format!(r#""{HUSH}""#),
        format!(r#"["{HUSH}"]"#),
        format!(r#"{{"{HUSH}":1}}"#),
        format!(r#"{{"sub":"{HUSH}"}}"#),
        format!(r#""\u0000{HUSH}""#),
        format!(r#""{HUSH}{}""#, "x".repeat(2_000)),
    ];
    let names = ["Authorization", "Cookie", "cdi-version", "api-key", "rid", "anti-csrf"];
    let parameters = ["userId", "tenantId", "limit", "cursor", "sessionHandle"];
    let shown =
        select(vec![HUSH.to_owned(), format!("Bearer {HUSH}"), format!("sAccessToken={HUSH}")]);
    prop_oneof![
        6 => select(forms.to_vec()).prop_flat_map(|form| JsonChange::becomes(Odd(form)))
            .prop_map(ClientChange::Body),
        2 => (select(names.to_vec()), shown).prop_map(|(name, value)| ClientChange::Header(name.to_owned(), value)),
        2 => select(parameters.to_vec()).prop_map(|name| ClientChange::Query(name.to_owned(), HUSH.to_owned())),
    ]
    .boxed()
}

#[test]
fn a_refusal_repeats_nothing() {
    logs::listen();
    let stage = Stage::new();
    let filled = stage.run(Placeholders::prepare(&stage.world));
    let inputs = (select(&FUNCTIONS[..]), any::<Index>(), hushed());
    every(700, &inputs, |(function, which, hushed)| {
        let rows = rows_of(function);
        let (case, _) = which.get::<(&str, _)>(rows);
        let event = filled.fill(&sample(function, case));
        let mut event = Tree::read(&event).expect("JSON");
        // What an invoker sends is the body itself.
        match (&hushed, case.starts_with("direct")) {
            (ClientChange::Body(change), true) => change.apply(&mut event),
            _ => hushed.apply(&mut event),
        }
        let answer =
            stage.run(stage.world.bundle.invoke(&addressed(function, case), &event.write()));
        let refused = match sound(function, Asker::Invoker, &answer) {
            Said::Http(status, _) => status >= 400,
            Said::Plain(_) => false,
            Said::Error(_) => true,
        };
        let said = shown(&answer).to_lowercase();
        assert!(!refused || !said.contains("hush"), "{function} {case}: {said}");
    });
    let values = ["Bearer Hush!", "sAccessToken=Hush!"];
    assert!(!values.iter().any(|value| logs::contain(value)), "it was logged");
}
