//! `docs/reference/security.md` says how each requirement is held: by tests that there are, or not yet.

use super::{folders, read, root, rust_files};
use std::collections::BTreeSet;

/// The letter of each table's rows, and how many there are.
const TABLES: [(&str, usize); 3] = [("S", 34), ("B", 16), ("R", 11)];
/// What a row says of the part that no test holds; then comes what is missing.
const MISSING: &str = "not covered yet: ";

/// What stands before the first character that no identifier has.
fn identifier(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    &text[..end]
}

/// The module that `line` opens in its file.
fn inline_module(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("pub(crate) ").unwrap_or(line);
    rest.strip_prefix("mod ")?.strip_suffix(" {")
}

/// Whether `line` begins a call of the macro `name` over several lines.
fn calls(line: &str, name: &str) -> bool {
    let rest = line.strip_prefix(name).and_then(|rest| rest.strip_prefix('!'));
    rest.is_some_and(|rest| ["(", "{"].contains(&rest.trim()))
}

/// The names of the tests in a file, after the name of the module in it where they stand. Those
/// that a macro makes are the identifiers at the beginning of the lines of its call.
fn tests_in(text: &str) -> Vec<String> {
    let (mut found, mut macros, mut module) = (Vec::new(), Vec::new(), String::new());
    let (mut is_test, mut is_list) = (false, false);
    for line in text.lines() {
        let code = line.trim_start();
        if let Some(name) = line.strip_prefix("macro_rules! ") {
            macros.push(identifier(name));
        } else if macros.iter().any(|name| calls(line, name)) {
            is_list = true;
        } else if line.starts_with([')', '}']) {
            is_list = false;
            module.clear();
        } else if let Some(name) = inline_module(line) {
            module = format!("{name}::");
        } else if code.starts_with("#[test]") || code.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some((_, name)) = code.split_once("fn ").filter(|_| is_test) {
            is_test = false;
            if !name.starts_with('$') {
                found.push(format!("{module}{}", identifier(name)));
            }
        } else if is_list && !identifier(code).is_empty() {
            found.push(identifier(code).to_owned());
        }
    }
    found
}

/// The tests under `folder`, as `cargo test` prints them, after `of`.
fn tests_under(folder: &str, of: &str) -> Vec<String> {
    let mut found = Vec::new();
    for file in rust_files(folder) {
        let path = file.strip_prefix(root().join(folder)).unwrap().with_extension("");
        let module = path.iter().map(|part| part.to_str().unwrap());
        let module: Vec<_> = module.filter(|part| !["lib", "main", "mod"].contains(part)).collect();
        let module = module.iter().fold(of.to_owned(), |path, part| format!("{path}{part}::"));
        found.extend(tests_in(&read(&file)).iter().map(|test| format!("{module}{test}")));
    }
    found
}

/// Every test there is: those of the suite, and those of each other crate after its name.
fn every_test() -> BTreeSet<String> {
    let mut found = tests_under("tests/suite", "");
    let mut crates = ["shared", "journal", "local", "sever"].map(ToOwned::to_owned).to_vec();
    for folder in ["functions", "proof"] {
        crates.extend(folders(folder).into_iter().map(|name| format!("{folder}/{name}")));
    }
    for path in crates {
        let name = path.rsplit('/').next().unwrap_or_default().replace('-', "_");
        for folder in ["src", "tests"].map(|folder| format!("{path}/{folder}")) {
            if root().join(&folder).is_dir() {
                found.extend(tests_under(&folder, &format!("{name}::")));
            }
        }
    }
    found.into_iter().collect()
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// What is wrong with the document, given the tests that there are and the rows that it must have.
fn faults(document: &str, tests: &BTreeSet<String>, rows: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    let named = document.lines().flat_map(quoted).filter(|name| name.contains("::"));
    let unknown = named.filter(|name| !tests.contains(*name));
    faults.extend(unknown.map(|name| format!("there is no test `{name}`")));
    let mut found = Vec::new();
    for line in document.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let [_, id, requirement, source, held, _] = cells.as_slice() else {
            faults.push(format!("not a row of four cells: {line:.60}"));
            continue;
        };
        if *id == "#" || id.starts_with("--") {
            continue;
        }
        found.push((*id).to_owned());
        if requirement.is_empty() || source.is_empty() {
            faults.push(format!("{id} has no requirement or no source"));
        }
        let is_tested = quoted(held).any(|name| name.contains("::"));
        let missing = held.split_once(MISSING).map(|(_, missing)| missing);
        match missing {
            None if !is_tested => faults.push(format!("{id} names no test, nor what is missing")),
            Some(missing) if identifier(missing).is_empty() && !missing.starts_with('`') => {
                faults.push(format!("{id} does not say what is missing"));
            }
            None | Some(_) => {}
        }
    }
    if found != rows {
        faults.push(format!("the rows are {found:?}"));
    }
    faults
}

#[test]
fn every_requirement_names_tests_that_there_are_or_says_what_is_missing() {
    let rows = TABLES.map(|(letter, count)| (1..=count).map(move |i| format!("{letter}{i}")));
    let rows: Vec<_> = rows.into_iter().flatten().collect();
    let faults = faults(&read("docs/reference/security.md"), &every_test(), &rows);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn tests_are_found_by_the_names_that_cargo_prints() {
    let tests = every_test();
    for name in [
        "drift::security::tests_are_found_by_the_names_that_cargo_prints",
        "races::fifty_parallel_refreshes_of_one_token_get_one_successor",
        "core_driver::golden::a1_create",
        // Listed in a macro's call.
        "table::a_generation_only_grows",
        "events::verify_session_answers_its_samples",
        // Of a file, of a module in a file, and of a folder's own module.
        "shared::token::tests::time_has_no_leeway",
        "shared::model::tests::a_session_lives_until_the_second_it_expires",
        "shared::http::cookies::tests::lines_are_those_of_the_protocol",
        "verify_session::event::tests::other_events_are_refused",
        "checker::promises::no_history_breaks_a_promise",
        "checker::promises::weak_reads_are_noticed",
        "local::signature::tests::anything_else_is_refused",
        "local::gateway::tests::refusals::what_is_too_large_or_no_text_is_a_client_error",
    ] {
        assert!(tests.contains(name), "{name}");
    }
    for no_test in ["table::empty", "drift::security::faults", "events::feed", "table::contract"] {
        assert!(!tests.contains(no_test), "{no_test}");
    }
}

#[test]
fn a_fault_of_the_document_is_seen() {
    let tests = BTreeSet::from(["a::test".to_owned()]);
    let rows = ["S1".to_owned(), "S2".to_owned()];
    let head = "| # | requirement | source | held by |\n|---|---|---|---|\n";
    let check = |body: &str| faults(&format!("{head}{body}"), &tests, &rows);
    let first = "| S1 | x | y | `a::test` |\n";
    let good = "| S2 | x | y | not covered yet: all of it |\n";
    assert_eq!(check(&format!("{first}{good}")), Vec::<String>::new());
    for bad in [
        "",
        "| S3 | x | y | `a::test` |\n",
        "| S2 | x | y | `a::other` |\n",
        "| S2 | x | y | `a` |\n",
        "| S2 | x | y | not covered yet |\n",
        "| S2 | x | y | not covered yet:  |\n",
        "| S2 | x | | `a::test` |\n",
        "| S2 | x | `a::test` |\n",
        "| S2 | x | y | `a::test` |\n| S2 | x | y | `a::test` |\n",
    ] {
        assert!(!check(&format!("{first}{bad}")).is_empty(), "{bad}");
    }
    assert_eq!(check(&format!("{first}{good}`b::test`\n")).len(), 1, "outside of a table too");
}
