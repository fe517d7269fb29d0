//! How things are built. A developer's builds share one set of features, so that no library is
//! compiled twice (`features/Cargo.toml` says how), and a deployment's profile is our own.

use super::{read, root};
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

/// Where one of these is not written down, cargo-lambda builds with a value of its own. It also builds for `haswell` or
/// `neoverse-n1`, which no profile can say: `bench/programs` builds as it does.
#[test]
fn cargo_lambda_has_nothing_to_add_to_the_release_profile() {
    let manifest = read("Cargo.toml");
    let profile = manifest.split("\n[profile.release]\n").nth(1).expect("a release profile");
    let profile = profile.split("\n[").next().expect("a table");
    for key in ["codegen-units", "lto", "panic", "strip"] {
        let set = profile.lines().any(|line| line.starts_with(&format!("{key} = ")));
        assert!(set, "profile.release has no {key}");
    }
    assert!(
        profile.contains("panic = \"unwind\""),
        "a handler that panics must not end its process"
    );
}
