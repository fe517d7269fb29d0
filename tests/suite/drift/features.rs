//! One set of features for every build on a developer's machine, so that no library is compiled
//! twice. `features/Cargo.toml` says how.

use super::root;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Each library of a build with the features it has there.
fn libraries(build: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let tree = ["tree", "--offline", "--locked", "--prefix", "none", "--format", "{p}|{f}"];
    let told = Command::new(env!("CARGO")).args(tree).args(build).current_dir(root()).output();
    let told = told.expect("cargo runs");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let text = String::from_utf8(told.stdout).expect("UTF-8");
    let mut found = BTreeMap::<_, BTreeSet<String>>::new();
    for (library, features) in text.lines().filter_map(|line| line.split_once('|')) {
        let features = features.trim_end_matches(" (*)").split(',').map(ToOwned::to_owned);
        found.entry(library.to_owned()).or_default().extend(features);
    }
    found
}

#[test]
fn every_build_has_its_libraries_with_the_same_features() {
    let tests = libraries(&["--workspace", "--edges", "normal,build,dev"]);
    for package in ["local", "sever"] {
        let alone = libraries(&["--package", package, "--edges", "normal,build"]);
        let sdk = alone.keys().filter(|library| library.starts_with("aws-sdk-dynamodb ")).count();
        assert_eq!(sdk, 1, "{alone:?}");
        for (library, features) in alone {
            assert_eq!(features, tests[&library], "{library} for {package}, and for the tests");
        }
    }
}
