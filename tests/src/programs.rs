//! The programs that Lambda runs: built as the running test was, or taken from a folder.

use serde_json::Value;
use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// The function of `tests/programs/panics`.
pub const PANICS: &str = "panics";

/// A folder of programs that are tested in place of those which cargo would build: what `deploy/build` has built, with
/// the flags of a deployment.
const GIVEN: &str = "SEVER_PROGRAMS";

/// Where the program of this name is: a binary of `functions/`, or [`PANICS`]. Cargo looks once for
/// each process whether it is up to date.
#[must_use]
pub fn built(name: &str) -> &'static Path {
    static BUILT: LazyLock<BTreeMap<String, PathBuf>> = LazyLock::new(programs);
    BUILT.get(name).unwrap_or_else(|| panic!("there is no program {name}"))
}

#[expect(clippy::disallowed_methods, reason = "the tester's wish, not configuration")]
fn programs() -> BTreeMap<String, PathBuf> {
    let Some(folder) = env::var_os(GIVEN).map(PathBuf::from) else { return build() };
    let names = local::functions::binaries().chain([PANICS]);
    let programs: BTreeMap<_, _> =
        names.map(|name| (name.to_owned(), folder.join(name).join("bootstrap"))).collect();
    for path in programs.values() {
        assert!(path.is_file(), "{GIVEN} has no {}", path.display());
    }
    programs
}

/// Builds into the folder and by the profile of the test that runs. Nothing is fetched, since the test has needed all of
/// it.
fn build() -> BTreeMap<String, PathBuf> {
    let test = env::current_exe().expect("the path of this test");
    // Such as target/debug/deps/suite-0123456789abcdef.
    let [_, _, folder, target, ..] = test.ancestors().collect::<Vec<_>>()[..] else {
        panic!("{} is not where cargo puts a test", test.display());
    };
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") => "dev",
        Some(profile) => profile,
        None => panic!("{} is not where cargo puts a test", test.display()),
    };
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    cargo.args(["build", "--frozen", "--workspace", "--message-format=json-render-diagnostics"]);
    cargo.args(["--profile", profile]).arg("--target-dir").arg(target);
    for binary in local::functions::binaries().chain([PANICS]) {
        cargo.args(["--bin", binary]);
    }
    let output = cargo.output().expect("cargo, which has built this test");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the functions do not build\n{said}");
    let messages = output.stdout.split(|byte| *byte == b'\n');
    messages.filter_map(|line| program(&serde_json::from_slice(line).ok()?)).collect()
}

/// Name and path, if cargo tells of a program.
fn program(message: &Value) -> Option<(String, PathBuf)> {
    let name = message["target"]["name"].as_str()?;
    Some((name.to_owned(), message["executable"].as_str()?.into()))
}
