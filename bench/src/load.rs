//! Mixed traffic against the local bundle over HTTP, every answer checked against what the client
//! itself has been told: above all, what was revoked is never let through again.
//!
//! Requests come at a rate, not one after another's answer, and a request that could not be sent in
//! time has waited: its time counts from when it was due.

use crate::contestant::{cargo, release};
use crate::report::{self, short, table};
use crate::{Failure, machine, said_by};
use bench::instant;
use bench::process::{self, Process};
use bench::spread::quantile;
use clap::Args;
use client::Client;
use population::{Kind, Population};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

mod client;
mod population;

/// What the load is to be.
#[derive(Args)]
pub(crate) struct Options {
    /// How long
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Requests a second
    #[arg(long, default_value_t = 1000)]
    rate: u32,
    /// Connections, each with one request at a time
    #[arg(long, default_value_t = 16)]
    connections: u32,
    /// Put what came of it into docs/reference/performance.md as well
    #[arg(long)]
    write: bool,
}

/// How many of the wrong answers are told in full.
const TOLD: usize = 10;

#[derive(Default)]
struct Done {
    /// Seconds, of each kind.
    times: BTreeMap<Kind, Vec<f64>>,
    /// How many of each kind were refused, and rightly.
    refused: BTreeMap<Kind, u64>,
    wrong: Vec<String>,
}

/// Builds and starts the bundle, sends the load, and prints what came of it.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    cargo(&["-p", "local"])?;
    let about = machine::describe();
    let pinned = process::pin(2);
    let port = free_port().map_err(Failure::io("finding a free port"))?;
    let mut local = Command::new(release()?.join("local"));
    local.args(["--port", &port.to_string()]);
    let server =
        Process::start(&mut local, &BTreeMap::new()).map_err(Failure::io("starting local"))?;
    let address = format!("127.0.0.1:{port}");
    let mut first = Client::until_it_listens(&address).map_err(Failure::io("waiting for local"))?;
    let population = Arc::new(Population::new());
    population.settle(&mut first).map_err(Failure::Missed)?;

    let memory = || server.memory().map_err(Failure::io("reading memory"));
    let mut memories = vec![memory()?];
    let done = Arc::new(Mutex::new(Done::default()));
    let start = instant();
    let length = Duration::from_secs(options.seconds.into());
    let between = Duration::from_secs(1) * options.connections / options.rate.max(1);
    let connections = options.connections;
    let workers: Vec<_> = (0..connections)
        .map(|i| {
            let (population, done, address) =
                (Arc::clone(&population), Arc::clone(&done), address.clone());
            thread::spawn(move || {
                let mut client = Client::connect(&address)?;
                let mut random = fastrand::Rng::with_seed(i.into());
                let mut due = between * i / connections;
                while due < length {
                    // Requests are due at times that are fixed beforehand.
                    thread::sleep((start + due).saturating_duration_since(instant()));
                    let (kind, answered) = population.step(&mut client, &mut random);
                    let took = (start + due).elapsed();
                    let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                    done.times.entry(kind).or_default().push(took.as_secs_f64());
                    match answered {
                        Ok(401) => *done.refused.entry(kind).or_default() += 1,
                        Ok(_) => {}
                        Err(wrong) => done.wrong.push(wrong),
                    }
                    due += between;
                }
                Ok::<_, std::io::Error>(())
            })
        })
        .collect();
    for quarter in 1..=3 {
        thread::sleep((start + length * quarter / 4).saturating_duration_since(instant()));
        memories.push(memory()?);
    }
    for worker in workers {
        let ended = worker.join().map_err(|_| Failure::Missed("a connection failed".to_owned()))?;
        ended.map_err(Failure::io("a connection"))?;
    }
    let took = start.elapsed();
    memories.push(memory()?);
    let done = std::mem::take(&mut *done.lock().unwrap_or_else(PoisonError::into_inner));
    let on = pinned.unwrap_or_else(|| "any: there is no taskset here".to_owned());
    let told = format!(
        "{}, {}, {}. Bundle and load on processors {on}.\n\n{}",
        said_by(&about, "/date"),
        said_by(&about, "/processor"),
        said_by(&about, "/rustc"),
        tell(options, &done, took, &memories),
    );
    println!("{told}");
    if options.write {
        report::write("load", &told)?;
    }
    if done.wrong.is_empty() {
        Ok(())
    } else {
        Err(Failure::Missed("there were wrong answers".to_owned()))
    }
}

fn tell(options: &Options, done: &Done, took: Duration, memories: &[u64]) -> String {
    let mut all: Vec<_> = done.times.values().flatten().copied().collect();
    let sent: f64 = all.iter().map(|_| 1.0).sum();
    let line = |name: &str, times: &mut Vec<f64>, refused: u64| {
        times.sort_by(f64::total_cmp);
        let at = |percent| short(quantile(times, percent).unwrap_or_default() * 1e3);
        let (sent, refused) = (times.len().to_string(), refused.to_string());
        vec![name.to_owned(), sent, refused, at(50), at(99), at(100)]
    };
    let refused = |kind| done.refused.get(kind).copied().unwrap_or_default();
    let each = done.times.iter();
    let mut rows: Vec<_> =
        each.map(|(kind, times)| line(kind.name(), &mut times.clone(), refused(kind))).collect();
    rows.push(line("**all**", &mut all, done.refused.values().sum()));
    let head = ["request", "sent", "rightly refused", "p50 ms", "p99 ms", "longest ms"];
    let memories = memories.iter().map(|bytes| (bytes / 1_000_000).to_string());
    let wrong: Vec<_> = done.wrong.iter().take(TOLD).map(|wrong| format!("- {wrong}\n")).collect();
    format!(
        "{}\n{} requests a second were due, {} were answered, for {} s, on {} connections.\n\
         Memory of the bundle, at the start and after each quarter: {} MB.\n**Wrong answers: {}.**\n{}",
        table(&head, &rows),
        options.rate,
        short(sent / took.as_secs_f64()),
        short(took.as_secs_f64()),
        options.connections,
        memories.collect::<Vec<_>>().join(", "),
        done.wrong.len(),
        wrong.concat(),
    )
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
