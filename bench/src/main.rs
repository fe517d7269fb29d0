//! `cargo run --release -p bench`: what Sever costs. `docs/reference/performance.md` says how to read it.

mod contestant;
mod curves;
mod figures;
mod guard;
mod load;
mod machine;
mod report;
mod sample;

use clap::{Parser, Subcommand};
use serde_json::Value;
use std::fmt::Display;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Parser)]
#[command(about = "What Sever costs, measured on this machine")]
struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    figures: figures::Options,
}

#[derive(Subcommand)]
enum What {
    /// How cost grows with the number of sessions and of callers; writes the plots in docs/reference/performance
    Curves,
    /// Mixed traffic against the local bundle, every answer checked
    Load(load::Options),
    /// One function alone, for a profiler to look at: perf record -- target/release/bench ask ...
    Ask(figures::Ask),
    /// Instructions and sizes against bench/baseline.json; see bench/guard
    Guard(guard::Options),
}

/// The bench could not measure, or what it measured was wrong.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{doing}: {source}")]
    Io { doing: String, source: io::Error },
    #[error("no sample to measure with: {0}")]
    Sample(String),
    #[error("{0} answered wrongly: {1}")]
    Wrong(String, String),
    #[error("{0}")]
    Missed(String),
}

impl Failure {
    fn sample(error: impl Display) -> Self {
        Self::Sample(error.to_string())
    }

    fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }
}

/// The repository.
fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The text at `path` of an answer; empty when there is none.
fn said_by<'a>(answer: &'a Value, path: &str) -> &'a str {
    answer.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.what {
        None => figures::measure(&arguments.figures),
        Some(What::Curves) => curves::measure(),
        Some(What::Load(load)) => load::run(load),
        Some(What::Ask(ask)) => figures::ask(ask),
        Some(What::Guard(guard)) => guard::run(guard),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// A runtime on one thread, as the functions have it.
fn one_thread() -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(Failure::io("starting a runtime"))
}
