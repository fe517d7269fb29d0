//! The command line as an operator runs it: the real binary against the local bundle, over TCP.

#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

mod audit;
mod failures;
mod keys;
mod operator;
mod output;
mod rights;
mod sessions;
mod users;

use serde_json::Value;

/// The texts of a JSON array, sorted.
pub(crate) fn sorted(list: &Value) -> Vec<&str> {
    let mut texts: Vec<_> =
        list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    texts.sort_unstable();
    texts
}

pub(crate) fn handles(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|session| session["handle"].as_str().unwrap()).collect()
}
