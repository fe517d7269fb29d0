//! Small files, finished code, names that say something.

use super::{rust_files, tree};
use std::fs;

const LONGEST_FILE: usize = 400;

/// Written in two parts, so that this file does not have them.
const UNFINISHED: [(&str, &str); 4] =
    [("todo", "!("), ("unimplemented", "!("), ("dbg", "!("), ("#[", "ignore")];

const SAYS_NOTHING: [&str; 6] = ["util", "utils", "common", "helper", "helpers", "manager"];

#[test]
fn no_file_is_long() {
    let folders =
        ["shared/src", "functions", "journal/src", "local/src", "sealing/src", "sever/src"];
    for file in folders.into_iter().flat_map(rust_files) {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= LONGEST_FILE, "{} has {lines} lines", file.display());
    }
}

#[test]
fn nothing_is_unfinished_or_switched_off() {
    let folders = ["shared", "functions", "journal", "local", "sealing", "sever", "tests"];
    for file in folders.into_iter().flat_map(rust_files) {
        let text = fs::read_to_string(&file).unwrap();
        for (word, rest) in UNFINISHED {
            assert!(!text.contains(&format!("{word}{rest}")), "{} has {word}", file.display());
        }
    }
}

#[test]
fn no_name_says_nothing() {
    for path in tree("") {
        let stem = path.file_stem().unwrap().to_string_lossy();
        assert!(!SAYS_NOTHING.contains(&&*stem), "{}", path.display());
    }
}
