//! Arrows point one way: lambda -> http, app -> session -> table; token, ids, time and model know
//! none of these.

use super::{root, rust_files};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

/// Where, and the words that no line of code there may have.
const FORBIDDEN: [(&[&str], &[&str]); 5] = [
    (
        &["shared/src/session"],
        &[
            "aws_",
            "lambda_",
            "http",
            "crate::app",
            "lambda",
            "crate::config",
            "std::env",
            "SystemTime",
            "Instant",
        ],
    ),
    (
        &[
            "shared/src/token",
            "shared/src/ids.rs",
            "shared/src/time.rs",
            "shared/src/model.rs",
            "shared/src/tenancy.rs",
            "shared/src/api_keys.rs",
        ],
        &[
            "crate::session",
            "crate::table",
            "crate::http",
            "crate::app",
            "crate::lambda",
            "crate::config",
        ],
    ),
    (
        &["shared/src/table"],
        &["crate::session", "crate::http", "crate::app", "crate::lambda", "crate::config"],
    ),
    (&["shared/src/http"], &["crate::app", "crate::lambda", "aws_"]),
    // Rules and the table emit no metrics and no records: the edge does.
    (&["shared/src/session", "shared/src/table", "shared/src/token"], &["metric"]),
];

fn files(path: &str) -> Vec<PathBuf> {
    if root().join(path).is_file() { vec![root().join(path)] } else { rust_files(path) }
}

/// The text without comments.
fn code(text: &str) -> String {
    let lines = text.lines().map(|line| line.split_once("//").map_or(line, |(code, _)| code));
    lines.collect::<Vec<_>>().join("\n")
}

/// Whether a path of `code` begins with `word`, or goes on with it after `::`.
fn mentions(code: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        let ends = word.ends_with('_') || !after.is_some_and(part_of_name);
        ends && !before.is_some_and(part_of_name)
    })
}

#[test]
fn nobody_imports_against_the_arrows() {
    for (places, words) in FORBIDDEN {
        for file in places.iter().flat_map(|place| files(place)) {
            let code = code(&fs::read_to_string(&file).unwrap());
            for word in words {
                assert!(!mentions(&code, word), "{} mentions {word}", file.display());
            }
            // Grouped, an import would pass by unseen.
            for group in ["crate::{", "super::super"] {
                assert!(!code.contains(group), "{} has {group}", file.display());
            }
        }
    }
}

#[test]
fn no_files_of_token_import_each_other_in_a_ring() {
    let files = rust_files("shared/src/token").into_iter().map(|file| {
        let text = fs::read_to_string(&file).unwrap();
        let product = text.split("#[cfg(test)]").next().unwrap_or_default();
        let imported = product.lines().filter_map(|line| line.strip_prefix("use super::"));
        let imported = imported.flat_map(|paths| paths.trim_matches(['{', '}', ';']).split(", "));
        let imported = imported.filter_map(|path| path.split("::").next()).map(ToOwned::to_owned);
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        (name, imported.collect::<BTreeSet<_>>())
    });
    let mut left: BTreeMap<_, _> =
        files.filter(|(name, _)| !["mod", "tests"].contains(&name.as_str())).collect();
    let names = |left: &BTreeMap<String, _>| left.keys().cloned().collect::<BTreeSet<_>>();
    loop {
        let before = names(&left);
        left.retain(|_, imported| !imported.is_disjoint(&before));
        if left.len() == before.len() {
            break;
        }
    }
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_word_is_found_only_where_a_name_begins_and_ends() {
    for (code, word, found) in [
        ("use http::Method;", "http", true),
        ("use crate::http::Reply;", "http", true),
        ("https()", "http", false),
        ("let in_http = 1;", "http", false),
        ("aws_sdk_dynamodb::Client", "aws_", true),
        ("raws_", "aws_", false),
        ("use crate::tables;", "crate::table", false),
    ] {
        assert_eq!(mentions(code, word), found, "{word} in {code}");
    }
    assert_eq!(code("a // http\n/// http\nb"), "a \n\nb");
}
