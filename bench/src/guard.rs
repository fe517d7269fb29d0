//! A guard against regressions that does not flake: instructions, which do not depend on what else
//! the machine does, of the very binaries that are deployed, and their sizes. What was accepted is
//! in `bench/baseline.json`.

use crate::contestant::Contestant;
use crate::report::table;
use crate::sample::{Call, FAST, REFUSED, STRICT, Sample};
use crate::{Failure, machine, one_thread, root};
use bench::process;
use bench::tls::Tls;
use bench::verdict::Verdict;
use clap::Args;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the guard is asked for.
#[derive(Args)]
pub(crate) struct Options {
    /// Where hot-paths and the functions are, built as for a deployment
    #[arg(long, value_name = "FOLDER")]
    programs: PathBuf,
    /// Take what is measured for the new baseline
    #[arg(long)]
    update: bool,
}

/// What is counted in process, without a network. Together they read every kind of event, check,
/// sign, read and write.
const CASES: [&str; 4] = [FAST, STRICT, "refresh-session", "create-session"];
/// How many events a case's second run has more than its first.
const EVENTS: u32 = 40;
/// By how much of the baseline instructions may exceed it, in percent: another processor is given other code to copy
/// memory and to compute with by the libraries.
const MARGIN: u64 = 5;
/// By how much of a binary's size its ceiling is above it when the baseline is taken, in percent.
const HEADROOM: u64 = 1;

/// What was measured, by what is measured.
type Figures = BTreeMap<String, u64>;

/// Measures, and compares or updates.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let functions: Vec<_> = local::functions::binaries().collect();
    let programs = &options.programs;
    let sample = one_thread()?.block_on(Sample::record())?;
    let samples = write_samples(&sample, programs)?;
    let mut instructions = Figures::new();
    let mut note = |name: &str, first: u64, more: u64| {
        instructions.insert(format!("{name}: start and first answer"), first);
        let each = more.saturating_sub(first) / u64::from(EVENTS);
        instructions.insert(format!("{name}: each event"), each);
    };
    for name in CASES {
        let count = |events| count_in_process(&samples, name, events, programs);
        note(name, count(1)?, count(1 + EVENTS)?);
    }
    // What the runtime crates take, the start of the process included: an event that needs no table,
    // since under an instrument a call of one could run out of time.
    let count = |events| count_as_deployed(&sample, events, programs);
    note("verify-session as deployed, no token", count(1)?, count(1 + EVENTS)?);
    let mut bytes = Figures::new();
    for name in functions {
        let path = program(programs, name);
        let size = process::size(&path).map_err(Failure::io(path.display().to_string()))?;
        bytes.insert(name.to_owned(), size);
    }
    if options.update { update(&instructions, &bytes) } else { compare(&instructions, &bytes) }
}

/// What the cases are made of, for `hot-paths`.
fn write_samples(sample: &Sample, programs: &Path) -> Result<PathBuf, Failure> {
    let mut samples = Map::new();
    for name in CASES {
        let case = sample.case(name)?;
        let answers =
            |calls: &[Call]| calls.iter().map(|call| call.answer.clone()).collect::<Vec<_>>();
        let event: Value = serde_json::from_str(&case.event).map_err(Failure::sample)?;
        let parts = json!({
            "binary": case.function.binary,
            "environment": case.function.environment,
            "event": event,
            "arn": case.arn(),
            "expected": case.expected,
            "cold": answers(&case.cold),
            "warm": answers(&case.warm),
        });
        samples.insert(name.to_owned(), parts);
    }
    let path = programs.join("hot-paths.json");
    let written = fs::write(&path, Value::Object(samples).to_string());
    written.map_err(Failure::io("writing the samples")).map(|()| path)
}

/// The instructions of a process that answers so many events.
fn count_in_process(
    samples: &Path,
    case: &str,
    events: u32,
    programs: &Path,
) -> Result<u64, Failure> {
    let log = log_in(programs, case, events);
    let mut valgrind = valgrind(&log);
    valgrind.arg(program(programs, "hot-paths")).arg(samples).arg(case).arg(events.to_string());
    let output = valgrind.output().map_err(Failure::io("running valgrind"))?;
    if output.status.success() {
        return read(&log);
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(Failure::Wrong(case.to_owned(), said))
}

/// The instructions of the authorizer's own binary, until it waits for another event.
fn count_as_deployed(sample: &Sample, events: u32, programs: &Path) -> Result<u64, Failure> {
    let mut contestant = Contestant::of(sample, sample.case(REFUSED)?, programs)?;
    // They are read at the start, and each machine has another number of them.
    let roots = programs.join("guard-roots.pem");
    let tls = Tls::new().map_err(Failure::io("making a certificate"))?;
    fs::write(&roots, tls.certificate()).map_err(Failure::io("writing a certificate"))?;
    contestant.trust(&roots);
    contestant.binary = program(programs, "verify-session");
    let log = log_in(programs, "deployed", events);
    let process = contestant.start_as(valgrind(&log).arg(contestant.binary.clone()))?;
    for _ in 0..events {
        contestant.ask()?;
    }
    process.terminate().map_err(Failure::io("ending valgrind"))?;
    read(&log)
}

/// Where cargo-lambda has put a program.
fn program(programs: &Path, name: &str) -> PathBuf {
    programs.join(name).join("bootstrap")
}

fn log_in(programs: &Path, case: &str, events: u32) -> PathBuf {
    programs.join(format!("guard-{}-{events}.log", case.replace(' ', "-")))
}

fn valgrind(log: &Path) -> Command {
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"])
        .arg(format!("--log-file={}", log.display()));
    command
}

/// The count that valgrind wrote.
fn read(log: &Path) -> Result<u64, Failure> {
    let text = fs::read_to_string(log).map_err(Failure::io("reading what valgrind says"))?;
    let line = text.lines().find_map(|line| line.split_once("refs:"));
    let digits = line.map(|(_, count)| count.replace(',', ""));
    digits
        .and_then(|digits| digits.trim().parse().ok())
        .ok_or_else(|| Failure::Missed(format!("valgrind counted nothing: {text}")))
}

fn baseline() -> PathBuf {
    root().join("bench/baseline.json")
}

fn update(instructions: &Figures, bytes: &Figures) -> Result<(), Failure> {
    let ceilings: Figures = bytes
        .iter()
        .map(|(name, size)| (name.clone(), (size + size * HEADROOM / 100).next_multiple_of(1000)))
        .collect();
    let baseline_is = json!({
        "rustc": machine::rustc(),
        "valgrind": machine::said("valgrind", &["--version"]),
        "instructions": instructions,
        "ceilings": ceilings,
    });
    let text = format!("{baseline_is:#}\n");
    fs::write(baseline(), text).map_err(Failure::io("writing the baseline"))?;
    println!("{} is what was measured now", baseline().display());
    Ok(())
}

fn compare(instructions: &Figures, bytes: &Figures) -> Result<(), Failure> {
    let text = fs::read_to_string(baseline()).map_err(Failure::io("reading the baseline"))?;
    let accepted: Value =
        serde_json::from_str(&text).map_err(|error| Failure::Missed(error.to_string()))?;
    let none = Map::new();
    let part = |name: &str| accepted[name].as_object().unwrap_or(&none);
    let mut rows = Vec::new();
    let mut missed = Vec::new();
    for (what, measured, accepted, margin) in [
        ("instructions", instructions, part("instructions"), MARGIN),
        ("bytes", bytes, part("ceilings"), 0),
    ] {
        for name in
            measured.keys().chain(accepted.keys().filter(|name| !measured.contains_key(*name)))
        {
            let found = measured.get(name).copied();
            let wanted = accepted.get(name).and_then(Value::as_u64);
            let verdict = Verdict::on(found, wanted, margin);
            if !verdict.passes() {
                missed.push(name.clone());
            }
            let shown =
                |number: Option<u64>| number.map_or_else(|| "none".to_owned(), |n| n.to_string());
            rows.push(vec![
                name.clone(),
                what.to_owned(),
                shown(wanted),
                shown(found),
                verdict.text().to_owned(),
            ]);
        }
    }
    println!("{}", table(&["figure", "of", "accepted", "measured", ""], &rows));
    if missed.is_empty() {
        return Ok(());
    }
    let with = |name: &str| accepted[name].as_str().unwrap_or_default().to_owned();
    Err(Failure::Missed(format!(
        "{} cost more than was accepted with {} and {}. If that is meant, run bench/guard --update and commit it",
        missed.join(", "),
        with("rustc"),
        with("valgrind"),
    )))
}
