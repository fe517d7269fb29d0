//! `cargo run -p checker --release -- --histories N --seed S`

use checker::{Missing, Program, Tables, Violation, check, shrink, timeline};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// Runs random concurrent histories against the real functions, with faults, and checks each.
#[derive(Parser)]
struct Arguments {
    /// How many.
    #[arg(long, default_value_t = 1_000)]
    histories: u64,
    /// The first seed; the others follow.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Takes a safeguard out of Sever, to see it noticed.
    #[arg(long)]
    without: Option<Missing>,
    /// How many at once.
    #[arg(long, default_value_t = thread::available_parallelism().map_or(1, usize::from))]
    threads: usize,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let bar = ProgressBar::new(arguments.histories);
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {pos}/{len} {per_sec} {eta}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(500));
    let (next, found) = (AtomicU64::new(0), Mutex::new(None::<u64>));
    thread::scope(|scope| {
        for _ in 0..arguments.threads {
            scope.spawn(|| work(&arguments, &next, &found, &bar));
        }
    });
    bar.finish_and_clear();
    let seconds = bar.elapsed().as_secs_f64();
    let run = next.into_inner().min(arguments.histories);
    println!("{run} histories from seed {} in {seconds:.1} s", arguments.seed);
    match found.into_inner() {
        Ok(None) => {
            println!("no promise was broken");
            ExitCode::SUCCESS
        }
        Ok(Some(seed)) => {
            show(seed, arguments.without);
            ExitCode::FAILURE
        }
        Err(_) => {
            eprintln!("a thread panicked");
            ExitCode::FAILURE
        }
    }
}

/// One history after another, until all have been run or a promise is broken.
fn work(arguments: &Arguments, next: &AtomicU64, found: &Mutex<Option<u64>>, bar: &ProgressBar) {
    let Ok(mut tables) = Tables::new() else { return };
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= arguments.histories || found.lock().is_ok_and(|found| found.is_some()) {
            return;
        }
        let seed = arguments.seed.wrapping_add(number);
        let Ok(history) = tables.run(&Program::of(seed), arguments.without) else { return };
        bar.inc(1);
        if check(&history).is_some()
            && let Ok(mut found) = found.lock()
        {
            found.get_or_insert(seed);
        }
    }
}

fn show(seed: u64, without: Option<Missing>) {
    println!("seed {seed} breaks a promise; made small:\n");
    let run = |program: &Program| {
        Tables::new().and_then(|mut tables| tables.run(program, without)).unwrap_or_default()
    };
    match shrink(Program::of(seed), run) {
        Some((program, history, violation)) => {
            let Violation { promise, .. } = &violation;
            println!("{}", timeline(&history, &violation));
            println!(
                "{} steps; again: --histories 1 --seed {seed} ({promise})",
                program.steps.len()
            );
        }
        None => println!("it does not do so again"),
    }
}
