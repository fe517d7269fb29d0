//! Code, template and documentation know the same variables and the same error codes.

use super::iam::plain;
use super::{read, template};
use local::template::SEVER;
use serde_json::Value;
use shared::config::VARIABLES;
use shared::http::error::Code;
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn the_template_sets_every_variable_and_no_other() {
    let known: BTreeSet<_> = VARIABLES.iter().map(|variable| variable.name.to_owned()).collect();
    let template = template();
    let environments = template.functions.values().map(|function| &function.environment);
    let set: BTreeSet<_> = environments.flat_map(BTreeMap::keys).cloned().collect();
    assert_eq!(set, known);
}

#[test]
fn a_default_of_the_template_is_the_default_of_the_code() {
    let template = template();
    let strict = &template.functions["VerifySessionFunction"].environment;
    for variable in VARIABLES {
        match (strict.get(variable.name).map(String::as_str), variable.default) {
            // Nothing set: the code's default holds.
            (Some("") | None, _) | (_, "required") => {}
            (Some(set), default) => assert_eq!(set, default, "{}", variable.name),
        }
    }
}

/// First and second cell.
pub(super) type Rows = BTreeSet<(String, String)>;

/// The rows of the tables under the one heading with `word` in it: the first cell, which is in
/// backticks, and the second.
pub(super) fn table(document: &str, word: &str) -> Rows {
    let mut fenced = false;
    let mut lines = document.lines().filter(|line| {
        let fence = line.starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    });
    let heading = lines.by_ref().find(|line| line.starts_with('#') && line.contains(word));
    assert!(heading.is_some(), "no heading with {word}");
    let mut rows = Rows::new();
    for line in lines.take_while(|line| !line.starts_with('#')) {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let [_, first, second, ..] = cells.as_slice() else { continue };
        let Some(name) = first.strip_prefix('`').and_then(|name| name.strip_suffix('`')) else {
            continue;
        };
        let new = rows.insert((name.to_owned(), second.replace('`', "")));
        assert!(new, "{name} stands twice");
    }
    rows
}

pub(super) fn same_rows(told: &Rows, expected: impl Iterator<Item = (String, String)>) {
    let expected: Rows = expected.collect();
    let missing: Vec<_> = expected.difference(told).collect();
    let wrong: Vec<_> = told.difference(&expected).collect();
    assert!(missing.is_empty() && wrong.is_empty(), "missing {missing:?}, wrong {wrong:?}");
}

#[test]
fn the_documentation_tells_every_variable_and_its_default() {
    let expected = VARIABLES.iter().map(|variable| {
        assert!(!variable.default.is_empty() && !variable.allowed.is_empty());
        (variable.name.to_owned(), variable.default.to_owned())
    });
    same_rows(&table(&read("docs/reference/configuration.md"), "Environment"), expected);
}

#[test]
fn the_documentation_tells_every_error_code_and_its_status() {
    let expected =
        Code::ALL.iter().map(|code| (code.as_str().to_owned(), code.status().as_str().to_owned()));
    same_rows(&table(&read("docs/reference/errors.md"), "Errors"), expected);
}

#[test]
fn the_documentation_tells_every_parameter_and_its_default() {
    let template = plain(serde_norway::from_str(SEVER).expect("YAML"));
    let parameters = template["Parameters"].as_object().expect("parameters");
    let default = |parameter: &Value| match &parameter["Default"] {
        Value::Null => "required".to_owned(),
        Value::String(text) if text.is_empty() => "empty".to_owned(),
        Value::String(text) => text.clone(),
        number => number.to_string(),
    };
    let expected = parameters.iter().map(|(name, parameter)| (name.clone(), default(parameter)));
    same_rows(&table(&read("docs/reference/configuration.md"), "Parameters"), expected);
}

#[test]
fn a_table_is_read_under_its_heading_alone() {
    let document = "# A\n| `x` | 1 |\n## The Errors\n|code|status|\n|---|---|\n| `a-b` | `404` | no |\n```\n# no\n```\n| `c` | 5 |\n## B\n| `y` | 2 |\n";
    let rows = [("a-b", "404"), ("c", "5")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(table(document, "Errors"), rows.into());
}
