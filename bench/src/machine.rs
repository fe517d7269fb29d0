//! What the figures were measured on.

use crate::root;
use serde_json::{Value, json};
use std::fs;
use std::process::Command;

/// The crates whose versions decide the figures.
const CRATES: [&str; 7] = [
    "lambda_runtime",
    "aws-sdk-dynamodb",
    "aws-config",
    "rustls",
    "jsonwebtoken",
    "aws-lc-rs",
    "tokio",
];

/// Date, processor, memory, versions.
pub(crate) fn describe() -> Value {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap_or_default();
    let versions = CRATES.map(|name| format!("{name} {}", version(&lock, name)));
    json!({
        "date": said("date", &["-u", "+%F"]),
        "commit": said("git", &["rev-parse", "--short", "HEAD"]),
        "processor": processor(),
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "memoryMb": memory_mb(),
        "system": said("uname", &["-srm"]),
        "rustc": rustc(),
        "crates": versions,
    })
}

/// The compiler that built this.
pub(crate) fn rustc() -> String {
    said("rustc", &["-V"])
}

/// The first line that a program says.
pub(crate) fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(root()).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    text.unwrap_or_default().lines().next().unwrap_or("unknown").to_owned()
}

fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = info.lines().find_map(|line| line.strip_prefix("model name"));
    line.map_or_else(
        || "unknown".to_owned(),
        |line| line.trim_start_matches([' ', '\t', ':']).to_owned(),
    )
}

fn memory_mb() -> Option<u64> {
    let info = fs::read_to_string("/proc/meminfo").ok()?;
    let line = info.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? / 1024)
}

fn version(lock: &str, name: &str) -> String {
    let entry = format!("name = \"{name}\"\nversion = \"");
    let found = lock.split_once(&entry).and_then(|(_, rest)| rest.split('"').next());
    found.unwrap_or("unknown").to_owned()
}
