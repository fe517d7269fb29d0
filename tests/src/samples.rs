//! The events that functions are fed. Some are files in `events/`; every other is one of them with a change, by a line
//! in `tests/variants/`.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

const EVENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../events");
const VARIANTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/variants");

/// What stands in `events/` for the values of a session, and the placeholder of such a value.
const EXAMPLES: [(&str, &str); 8] = [
    ("eyJhbGciOiJSUzI1NiIsImtpZCI6ImQtMSJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl", "${accessToken}"),
    ("eyJhbGciOiJSUzI1NiIsImtpZCI6ImQtMSJ9.eyJzdWIiOiJncmFjZSJ9.c2lnbmF0dXJl", "${sdkAccessToken}"),
    ("0b8e1a52-6f53-4d7c-9a3e-2f4f5e8f0c11", "${sessionHandle}"),
    ("7d3c9f04-1a2b-4c5d-8e6f-0a1b2c3d4e5f", "${otherSessionHandle}"),
    ("5e6f7a8b-9c0d-4e1f-a2b3-c4d5e6f7a8b9", "${sdkSessionHandle}"),
    ("refresh-token-of-the-session", "${refreshToken}"),
    ("refresh-token-of-an-sdk", "${sdkRefreshToken}"),
    ("cursor-of-the-first-page", "${cursor}"),
];

/// The names in a folder of `events/`, sorted.
#[must_use]
pub fn names(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(PathBuf::from(EVENTS).join(folder)).expect("a folder of samples");
    let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("a sample").file_name();
    entries.map(|entry| name(entry).into_string().expect("UTF-8")).collect()
}

/// The names of all events of a function: its files, and what is made of them.
#[must_use]
pub fn cases(function: &str) -> BTreeSet<String> {
    let files = names(function).into_iter();
    let files = files.map(|name| name.strip_suffix(".json").expect("JSON").to_owned());
    let mut cases: BTreeSet<_> = files.collect();
    for name in variants(function).keys() {
        assert!(cases.insert(name.clone()), "{function}/{name}: a file and a variant");
    }
    cases
}

/// The text of an event, with placeholders.
#[must_use]
pub fn sample(function: &str, case: &str) -> String {
    match variants(function).get(case) {
        Some(variant) => variant_of(function, case, variant).to_string(),
        None => file(function, case),
    }
}

fn file(function: &str, case: &str) -> String {
    let path = format!("{EVENTS}/{function}/{case}.json");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    EXAMPLES.iter().fold(text, |text, (example, placeholder)| text.replace(example, placeholder))
}

/// The variants of each function by name: `{"of": file, "set": {pointer: value}, "remove": [pointer]}`, or
/// `{"event": value}` for one that resembles no file. Pointers are of RFC 6901.
fn variants(function: &str) -> &'static BTreeMap<String, Value> {
    static ALL: LazyLock<BTreeMap<String, BTreeMap<String, Value>>> = LazyLock::new(|| {
        let functions = names("").into_iter().filter(|name| name != "README.md");
        let read = |function: String| {
            let path = format!("{VARIANTS}/{function}.json");
            let text = fs::read_to_string(&path).unwrap_or_else(|fault| panic!("{path}: {fault}"));
            let variants = serde_json::from_str(&text);
            (function, variants.unwrap_or_else(|fault| panic!("{path}: {fault}")))
        };
        functions.map(read).collect()
    });
    ALL.get(function).unwrap_or_else(|| panic!("{function} has no folder of events"))
}

fn variant_of(function: &str, case: &str, variant: &Value) -> Value {
    if let Some(event) = variant.get("event") {
        return event.clone();
    }
    let of = variant["of"].as_str().unwrap_or_else(|| panic!("{function}/{case}: of what?"));
    let mut event: Value = serde_json::from_str(&file(function, of)).expect("samples are JSON");
    for (pointer, value) in variant["set"].as_object().into_iter().flatten() {
        let (members, name) = parent(&mut event, pointer);
        members.insert(name, value.clone());
    }
    for pointer in variant["remove"].as_array().into_iter().flatten() {
        let pointer = pointer.as_str().expect("a pointer");
        let (members, name) = parent(&mut event, pointer);
        assert!(members.remove(&name).is_some(), "{function}/{case}: no {pointer} to remove");
    }
    event
}

/// The object that has the member at `pointer`, and the member's name.
fn parent<'a>(
    event: &'a mut Value,
    pointer: &str,
) -> (&'a mut serde_json::Map<String, Value>, String) {
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer has a slash");
    let object = event.pointer_mut(parent).and_then(Value::as_object_mut);
    let name = name.replace("~1", "/").replace("~0", "~");
    (object.unwrap_or_else(|| panic!("{pointer}: no object")), name)
}
