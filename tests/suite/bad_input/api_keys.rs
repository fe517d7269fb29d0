//! Keys of `core-driver`, changed in every way and shown in every way: who shows none that is
//! accepted, letter by letter, is answered 401 and learns nothing.

use super::answers::{Asker, sound};
use super::cases::{Stage, every};
use super::events::{ClientChange, after_bearer, header_values};
use super::json::Tree;
use super::texts::{TextChange, short_text, text};
use crate::events::{Placeholders, sample};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use shared::api_keys::ApiKeys;

const KEYS: [&str; 2] = ["first-key-of-20-letters-", "second=key=of=20=letters"];
/// `{}` is a key.
const FORMS: [&str; 10] = [
    "{}",
    "Bearer {}",
    "bearer {}",
    "Bearer  {} ",
    " {} ",
    "Bearer Bearer {}",
    "Basic {}",
    "{},",
    "first-key-of-20-letters-,{}",
    "\"{}\"",
];

#[test]
fn a_changed_key_is_not_accepted() {
    let keys = ApiKeys::parse(&KEYS.join(", ")).expect("keys");
    every(2_000, &(select(&KEYS[..]), vec(TextChange::any(), 1..4)), |(key, changes)| {
        let presented = key.to_owned();
        let presented = changes.iter().fold(presented, |key, change| change.apply(&key));
        assert_eq!(keys.accept(&presented), KEYS.contains(&&*presented), "{presented}");
    });
}

#[test]
fn a_list_of_keys_is_one_or_is_refused_as_a_whole() {
    let item = (select(&KEYS[..]), proptest::option::of(TextChange::any()));
    let item = item.prop_map(|(key, change)| change.map_or(key.to_owned(), |by| by.apply(key)));
    every(2_000, &vec(prop_oneof![4 => item, 1 => text()], 0..4), |list| {
        let list = list.join(",");
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'=' || byte == b'-';
        let is_key = |key: &str| key.len() >= 20 && key.bytes().all(allowed);
        let keys = ApiKeys::parse(&list);
        assert_eq!(keys.is_some(), list.split(',').all(|key| is_key(key.trim())), "{list}");
        if let Some(keys) = keys {
            assert!(list.split(',').all(|key| keys.accept(key.trim())), "{list}");
            assert_eq!(ApiKeys::from_stored(&keys.to_stored()), Some(keys));
        }
        assert_eq!(ApiKeys::from_stored(&[list]), None, "a key is no digest of one");
    });
}

#[test]
fn nobody_is_let_in_without_a_key() {
    let stage = Stage::with(|builder| {
        builder.parameter("ApiKeys", &KEYS.join(",")).parameter("CoreDriverOpen", "false")
    });
    let filled = Placeholders::default();
    let cases =
        select(&["api-versions", "license", "tenant-list", "app-list", "key-set-with-status"][..]);
    let names = select(&["api-key", "API-Key", "Authorization", "authorization", "x-api-key"][..]);
    let shown =
        (names, select(&FORMS[..]), select(&KEYS[..]), proptest::option::of(TextChange::short()));
    let inputs = (cases, vec(shown, 0..3), vec((short_text(), short_text()), 0..2));
    every(500, &inputs, |(case, shown, strangers)| {
        let mut event = Tree::read(&filled.fill(&sample("core-driver", case))).expect("JSON");
        for (name, form, key, change) in shown {
            let value = form.replace("{}", key);
            let value = change.map_or(value.clone(), |change| change.apply(&value));
            ClientChange::Header(name.to_owned(), value).apply(&mut event);
        }
        for (name, value) in strangers {
            ClientChange::Header(format!("x-{name}"), value).apply(&mut event);
        }
        let event = event.write();
        let answer = stage.run(stage.world.bundle.invoke("core-driver", &event));
        let said = format!("{answer:?}");
        assert!(KEYS.iter().all(|key| !said.contains(key)), "a key is repeated: {said}");
        let status = sound("core-driver", Asker::Client, &answer).status();
        let event = serde_json::from_str(&event).expect("JSON");
        let values = ["api-key", "authorization"].map(|name| header_values(&event, name)).concat();
        let key = |value: &String| {
            let value = value.trim();
            let bare = after_bearer(value).unwrap_or(value);
            KEYS.contains(&bare)
        };
        let has_key = values.iter().any(key);
        assert!(
            if has_key { [200, 401].contains(&status) } else { status == 401 },
            "{status}: {values:?}"
        );
    });
}
