//! Cursors of a listing, changed in every way: refused, or a place in the listing of the user who was
//! asked for, and of nobody else.

use super::answers::{Asker, Said, sound};
use super::cases::{Stage, every};
use super::json::{JsonChange, Tree};
use super::texts::{TextChange, short_text, text};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

/// What is done to a cursor.
#[derive(Clone, Debug)]
enum Change {
    /// Its text is changed.
    Text(TextChange),
    /// What it says is changed.
    Json(JsonChange),
    /// It says that the last one was another session, in another tenant.
    Place(String, String),
    /// It is written in another base64.
    Alphabet(bool),
}

fn change() -> BoxedStrategy<Change> {
    let tenant = prop_oneof![3 => select(&["public", "acme", "globex"][..]).prop_map(String::from), 1 => text()];
    prop_oneof![
        3 => TextChange::any().prop_map(Change::Text),
        4 => JsonChange::any().prop_map(Change::Json),
        4 => (text(), tenant).prop_map(|(handle, tenant)| Change::Place(handle, tenant)),
        1 => any::<bool>().prop_map(Change::Alphabet),
    ]
    .boxed()
}

impl Change {
    fn apply(&self, cursor: &str) -> String {
        let said =
            URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|json| String::from_utf8(json).ok());
        match (self, said) {
            (Self::Text(change), _) => change.apply(cursor),
            (Self::Place(handle, tenant), _) => {
                URL_SAFE_NO_PAD.encode(json!([handle, tenant]).to_string())
            }
            (Self::Json(change), Some(json)) => Tree::read(&json).map_or(json, |mut tree| {
                change.apply(&mut tree);
                URL_SAFE_NO_PAD.encode(tree.write())
            }),
            (Self::Alphabet(true), Some(json)) => URL_SAFE.encode(json),
            (Self::Alphabet(false), Some(json)) => STANDARD.encode(json),
            (Self::Json(_) | Self::Alphabet(_), None) => cursor.to_owned(),
        }
    }
}

/// Sessions of two users in two tenants, and the cursors that listings of theirs have answered.
fn listed(stage: &Stage) -> Vec<String> {
    let mut cursors = Vec::new();
    for user in ["ada", "grace"] {
        for tenant in ["public", "public", "acme", "acme"] {
            stage.run(stage.world.open_in(user, tenant));
        }
        for scope in [json!({}), json!({"tenantId": "acme"})] {
            let mut body = json!({"userId": user, "limit": 1});
            body.as_object_mut()
                .expect("an object")
                .extend(scope.as_object().cloned().unwrap_or_default());
            let Said::Plain(page) = ask(stage, &body) else { panic!("a good listing") };
            cursors.push(page["cursor"].as_str().expect("there is more").to_owned());
        }
    }
    cursors
}

fn ask(stage: &Stage, body: &Value) -> Said {
    let answer = stage.run(stage.world.bundle.invoke("list-sessions:direct", &body.to_string()));
    sound("list-sessions", Asker::Invoker, &answer)
}

#[test]
fn a_changed_cursor_shows_nothing_of_anybody_else() {
    let stage = Stage::new();
    let cursors = listed(&stage);
    let user = prop_oneof![4 => Just("ada".to_owned()), 1 => short_text()];
    let tenant = proptest::option::of(select(&["public", "acme", "globex"][..]));
    let inputs = (any::<Index>(), user, tenant, 1..100_u8, vec(change(), 0..4));
    every(700, &inputs, |(which, user, tenant, limit, changes)| {
        let cursor: &String = which.get(&cursors);
        let cursor = changes.iter().fold(cursor.clone(), |cursor, change| change.apply(&cursor));
        let mut body = json!({"userId": user, "limit": limit, "cursor": cursor});
        if let Some(tenant) = tenant {
            body["tenantId"] = tenant.into();
        }
        match ask(&stage, &body) {
            Said::Plain(page) => {
                let sessions = page["sessions"].as_array().expect("sessions");
                assert!(sessions.len() <= usize::from(limit), "{page}");
                let of_the_user = |session: &Value| {
                    session["userId"] == user.as_str()
                        && tenant.is_none_or(|tenant| session["tenantId"] == tenant)
                };
                assert!(sessions.iter().all(of_the_user), "{page}");
            }
            Said::Error(code) => {
                let known = ["invalid-cursor", "invalid-user-id", "body-too-large"];
                assert!(known.contains(&code.as_str()), "{code}");
            }
            Said::Http(..) => panic!("it was invoked directly"),
        }
    });
}
