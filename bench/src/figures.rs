//! The table of goals, and what each function costs.
//!
//! All contestants are asked in turns, event by event, so that whatever else the machine does
//! befalls them alike; and all run on one processor, with the Runtime API and the table, as they do
//! on Lambda.

use crate::contestant::{
    Contestant, NOOP, OVER_TLS, ROUND_TRIP, RUNTIME, SIGNATURE, build, contestants, release,
};
use crate::report::{self, Row, goals, short, table};
use crate::sample::{FAST, STRICT, Sample};
use crate::{Failure, machine, one_thread};
use bench::instant;
use bench::process::{self, Process};
use bench::replay::Seen;
use bench::spread::Spread;
use clap::Args;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// Events that each is given before any counts.
const WARM_UP: u32 = 100;

/// What was measured of one contestant.
struct Figures {
    name: String,
    size: u64,
    /// From the start to the first answer.
    first_answer: Spread,
    /// From the start until it asked for an event.
    started: Spread,
    first_cpu: Spread,
    first_seen: Seen,
    warm: Spread,
    /// Of the processor's time, for each event.
    warm_cpu: Duration,
    /// For each event.
    warm_calls: f64,
    warm_consistent_keys: f64,
    peak_memory: u64,
}

/// How it is measured.
#[derive(Args)]
pub(crate) struct Options {
    /// How often each function is asked while it is warm
    #[arg(long, default_value_t = 2000)]
    events: u32,
    /// How often each function is started
    #[arg(long, default_value_t = 15)]
    starts: u32,
    /// Measure what has a goal, and nothing else
    #[arg(long, conflicts_with = "write")]
    goals: bool,
    /// Print JSON in place of tables
    #[arg(long)]
    json: bool,
    /// Put the tables into docs/reference/performance.md as well
    #[arg(long)]
    write: bool,
}

/// Measures and prints.
pub(crate) fn measure(options: &Options) -> Result<(), Failure> {
    let release = build(options.goals)?;
    let sample = one_thread()?.block_on(Sample::record())?;
    let mut machine = machine::describe();
    machine["pinnedTo"] = process::pin(1).into();
    let mut all = contestants(&sample, &release)?;
    let with_goals =
        all.iter().position(|contestant| contestant.name == OVER_TLS).map_or(0, |at| at + 1);
    if options.goals {
        all.truncate(with_goals);
    }
    let cold = cold(&mut all, options.starts)?;
    // What has a goal is asked in turns with the floors alone: each contestant more leaves less of
    // the processor's caches to the others.
    let (with_goals, others) = all.split_at_mut(with_goals);
    let warm =
        [warm(with_goals, options.events)?, warm(others, options.events)?].into_iter().flatten();
    let figures: Vec<_> = all
        .iter()
        .zip(cold)
        .zip(warm)
        .map(|((contestant, cold), warm)| join(contestant, cold, warm))
        .collect::<Result<_, _>>()?;
    let rows = rows(&figures)?;
    if options.json {
        let goals: Vec<_> = rows.iter().map(Row::to_json).collect();
        let each: Vec<_> = figures.iter().map(Figures::to_json).collect();
        let report = json!({"machine": machine, "goals": goals, "contestants": each});
        println!("{report:#}");
        return Ok(());
    }
    let tables = format!("{}\n{}\n{}", about(&machine), goals(&rows), each(&figures));
    println!("{tables}");
    if options.write { report::write("measured", &tables) } else { Ok(()) }
}

/// Which function is asked alone.
#[derive(Args)]
pub(crate) struct Ask {
    /// As the tables call it, such as "strict check, over TLS"
    name: String,
    /// How often it is started
    #[arg(long, default_value_t = 1)]
    starts: u32,
    /// How many events it is given after each start
    #[arg(long, default_value_t = 20_000)]
    events: u32,
}

/// Lets one function answer and measures nothing.
pub(crate) fn ask(ask: &Ask) -> Result<(), Failure> {
    let sample = one_thread()?.block_on(Sample::record())?;
    let mut all = contestants(&sample, &release()?)?;
    let found = all.iter_mut().find(|contestant| contestant.name == ask.name);
    let contestant = found.ok_or_else(|| Failure::Missed(format!("there is no {}", ask.name)))?;
    for _ in 0..ask.starts {
        let _process = contestant.start()?;
        for _ in 0..ask.events {
            contestant.ask()?;
        }
    }
    Ok(())
}

#[derive(Default)]
struct Cold {
    started: Vec<f64>,
    first_answer: Vec<f64>,
    cpu: Vec<f64>,
    seen: Seen,
}

fn cold(all: &mut [Contestant], starts: u32) -> Result<Vec<Cold>, Failure> {
    let mut measured: Vec<_> = all.iter().map(|_| Cold::default()).collect();
    for _ in 0..starts {
        for (contestant, cold) in all.iter_mut().zip(&mut measured) {
            let start = instant();
            let process = contestant.start()?;
            let started = start.elapsed();
            let answered = started + contestant.ask()?;
            cold.started.push(millis(started));
            cold.first_answer.push(millis(answered));
            cold.cpu.push(millis(cpu(&process)?));
            cold.seen = contestant.table.take_seen();
        }
    }
    Ok(measured)
}

struct Warm {
    times: Vec<f64>,
    cpu: Duration,
    seen: Seen,
    events: f64,
    peak_memory: u64,
}

fn warm(all: &mut [Contestant], events: u32) -> Result<Vec<Warm>, Failure> {
    let processes: Vec<_> = all.iter_mut().map(Contestant::start).collect::<Result<_, _>>()?;
    for contestant in all.iter_mut() {
        for _ in 0..WARM_UP {
            contestant.ask()?;
        }
        drop(contestant.table.take_seen());
    }
    let before: Vec<_> = processes.iter().map(cpu).collect::<Result<_, _>>()?;
    let mut times: Vec<_> = all.iter().map(|_| Vec::new()).collect();
    for _ in 0..events {
        for (contestant, times) in all.iter_mut().zip(&mut times) {
            times.push(contestant.ask()?.as_secs_f64() * 1e6);
        }
    }
    let mut measured = Vec::new();
    for (((contestant, process), before), times) in
        all.iter().zip(&processes).zip(before).zip(times)
    {
        measured.push(Warm {
            times,
            cpu: cpu(process)?.saturating_sub(before) / events,
            seen: contestant.table.take_seen(),
            events: events.into(),
            peak_memory: process.peak_memory().map_err(Failure::io("reading peak memory"))?,
        });
    }
    Ok(measured)
}

fn join(contestant: &Contestant, cold: Cold, warm: Warm) -> Result<Figures, Failure> {
    let spread =
        |values| Spread::of(values).ok_or(Failure::Missed("nothing was measured".to_owned()));
    Ok(Figures {
        name: contestant.name.clone(),
        size: size(&contestant.binary)?,
        started: spread(cold.started)?,
        first_answer: spread(cold.first_answer)?,
        first_cpu: spread(cold.cpu)?,
        first_seen: cold.seen,
        warm: spread(warm.times)?,
        warm_cpu: warm.cpu,
        warm_calls: count(warm.seen.calls) / warm.events,
        warm_consistent_keys: count(warm.seen.consistent_keys) / warm.events,
        peak_memory: warm.peak_memory,
    })
}

/// The table of the issue that set the goals.
fn rows(figures: &[Figures]) -> Result<Vec<Row>, Failure> {
    let of = |name: &str| {
        let found = figures.iter().find(|figures| figures.name == name);
        found.ok_or_else(|| Failure::Missed(format!("{name} was not measured")))
    };
    let (noop, fast, strict, tls) = (of(NOOP)?, of(FAST)?, of(STRICT)?, of(OVER_TLS)?);
    let (runtime, signature, round_trip) = (of(RUNTIME)?, of(SIGNATURE)?, of(ROUND_TRIP)?);
    // A figure, whose it is, how it is read, and what it should be at most.
    let row = |figure: &str, whose: &Figures, read: &Reading, goal: Option<f64>| Row {
        figure: figure.to_owned(),
        unit: read.0,
        spread: read.1(whose),
        floor: Some(read.1(noop).p50).filter(|floor| *floor > 0.0),
        goal,
    };
    let warm: Reading = ("µs", |f| f.warm);
    let warm_cpu: Reading = ("µs", |f| Spread::exactly(micros(f.warm_cpu)));
    let first: Reading = ("ms", |f| f.first_answer);
    let first_cpu: Reading = ("ms", |f| f.first_cpu);
    let memory: Reading = ("MB", |f| Spread::exactly(megabytes(f.peak_memory)));
    let size: Reading = ("MB", |f| Spread::exactly(megabytes(f.size)));
    let calls: Reading = ("", |f| Spread::exactly(f.warm_calls));
    let first_calls: Reading = ("", |f| Spread::exactly(count(f.first_seen.calls)));
    let units: Reading = ("", |f| Spread::exactly(f.warm_consistent_keys));
    let first_units: Reading = ("", |f| Spread::exactly(count(f.first_seen.consistent_keys)));
    Ok(vec![
        row("lambda_runtime and nothing else, warm", runtime, &warm, None),
        row("a signature and nothing else, warm", signature, &warm, None),
        row("the same and one raw call of the table, warm", round_trip, &warm, None),
        row("fast check, warm", fast, &warm, Some(50.0)),
        row("strict check, warm", strict, &warm, Some(120.0)),
        row("strict check over TLS, warm", tls, &warm, Some(120.0)),
        row("fast check, processor per call", fast, &warm_cpu, None),
        row("strict check, processor per call", strict, &warm_cpu, Some(120.0)),
        row("strict check over TLS, processor per call", tls, &warm_cpu, Some(120.0)),
        row("start and first fast answer", fast, &first, Some(7.0)),
        row("start and first strict answer", strict, &first, None),
        row("start and first strict answer, processor", strict, &first_cpu, Some(8.0)),
        row("start and first strict answer over TLS", tls, &first, None),
        row("start and first strict answer over TLS, processor", tls, &first_cpu, Some(8.0)),
        row("peak memory, fast", fast, &memory, None),
        row("peak memory, strict", strict, &memory, Some(14.0)),
        row("peak memory, strict over TLS", tls, &memory, Some(14.0)),
        row("table calls for a strict check, warm", strict, &calls, Some(1.0)),
        row("table calls for the first strict check", strict, &first_calls, Some(1.0)),
        row("read units for a strict check, warm", strict, &units, Some(2.0)),
        row("read units for the first strict check", strict, &first_units, None),
        row("authorizer, stripped", strict, &size, None),
    ])
}

/// A unit, and where a figure in it stands.
type Reading = (&'static str, fn(&Figures) -> Spread);

fn each(figures: &[Figures]) -> String {
    let head = [
        "function",
        "size MB",
        "start ms",
        "start and first answer ms",
        "processor of these ms",
        "table calls, first",
        "warm p10 µs",
        "**warm p50 µs**",
        "warm p90 µs",
        "× no-op",
        "processor per call µs",
        "table calls, warm",
        "peak MB",
    ];
    let noop = figures.first().map_or(1.0, |noop| noop.warm.p50);
    let rows = figures.iter().map(|f| {
        vec![
            f.name.clone(),
            short(megabytes(f.size)),
            short(f.started.p50),
            short(f.first_answer.p50),
            short(f.first_cpu.p50),
            f.first_seen.calls.to_string(),
            short(f.warm.p10),
            format!("**{}**", short(f.warm.p50)),
            short(f.warm.p90),
            short(f.warm.p50 / noop),
            short(micros(f.warm_cpu)),
            short(f.warm_calls),
            short(megabytes(f.peak_memory)),
        ]
    });
    table(&head, &rows.collect::<Vec<_>>())
}

fn about(machine: &Value) -> String {
    let text = |name: &str| machine[name].as_str().unwrap_or("unknown").to_owned();
    let crates = machine["crates"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let pinned = machine["pinnedTo"].as_str();
    let pinned =
        pinned.map_or_else(|| "any: there is no taskset here".to_owned(), ToOwned::to_owned);
    format!(
        "{} at {}, {}, {} cores, {} MB, {}; {}; {}.\nAll on one processor: {pinned}.\n",
        text("date"),
        text("commit"),
        text("processor"),
        machine["cores"],
        machine["memoryMb"],
        text("system"),
        text("rustc"),
        crates.collect::<Vec<_>>().join(", "),
    )
}

impl Figures {
    fn to_json(&self) -> Value {
        let spread = |s: Spread| json!({"p10": s.p10, "p50": s.p50, "p90": s.p90});
        json!({
            "name": self.name,
            "bytes": self.size,
            "startMs": spread(self.started),
            "startAndFirstAnswerMs": spread(self.first_answer),
            "startAndFirstAnswerProcessorMs": spread(self.first_cpu),
            "firstTableCalls": self.first_seen.calls,
            "firstReadUnits": self.first_seen.consistent_keys,
            "warmMicros": spread(self.warm),
            "warmProcessorMicros": micros(self.warm_cpu),
            "warmTableCalls": self.warm_calls,
            "warmReadUnits": self.warm_consistent_keys,
            "peakBytes": self.peak_memory,
        })
    }
}

fn cpu(process: &Process) -> Result<Duration, Failure> {
    process.cpu().map_err(Failure::io("reading the processor's time"))
}

fn size(path: &Path) -> Result<u64, Failure> {
    process::size(path).map_err(Failure::io(format!("looking at {}", path.display())))
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

#[expect(clippy::cast_precision_loss, reason = "no count here comes near 2^52")]
fn count(count: u64) -> f64 {
    count as f64
}

fn megabytes(bytes: u64) -> f64 {
    count(bytes) / 1e6
}
