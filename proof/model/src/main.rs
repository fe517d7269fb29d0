//! Prints what the model checker explored and what it found.

use model::{
    CATCHES, CONFIGURATIONS, Catch, Configuration, LARGE, LIMITS, PROMISES, Told, explore, hunt,
    named, unreached,
};
use std::process::ExitCode;
use std::time::{Duration, Instant};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let large = match arguments.as_slice() {
        [] => false,
        [one] if one == "--large" => true,
        _ => {
            eprintln!("usage: model [--large]");
            return ExitCode::from(2);
        }
    };
    println!("PROMISES, each in every state of every configuration");
    for promise in PROMISES {
        println!("  - {}", promise.name());
    }
    println!("\nTHE TRUE PROTOCOL, every interleaving");
    let mut good = true;
    let mut states = 0;
    for configuration in CONFIGURATIONS.iter().chain(large.then_some(LARGE).into_iter().flatten()) {
        let (holds, explored) = report(configuration);
        good &= holds;
        states += explored;
    }
    println!("  {states} states in all");
    println!("\nMUTANTS, each with the shortest way to a broken promise");
    for catch in CATCHES {
        good &= show(catch);
    }
    println!("\nLIMITS: what is not promised, and how the true protocol breaks it");
    for limit in LIMITS {
        good &= show(limit);
    }
    println!("{}", if good { "\nAll as it must be." } else { "\nNOT AS IT MUST BE: see above." });
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether every promise holds, and in how many states.
fn report(configuration: &'static Configuration) -> (bool, usize) {
    println!("  {}: {}", configuration.name, configuration.about);
    let (explored, took) = timed(|| explore(configuration, 2));
    println!(
        "      {} processes, {} states, {} steps, {} deep, {:.1} s",
        configuration.roles.len(),
        explored.states,
        explored.steps,
        explored.depth,
        took.as_secs_f64(),
    );
    for (promise, timeline) in &explored.broken {
        println!("      BROKEN: {}", promise.name());
        print!("{}", Told { configuration, timeline });
    }
    let unreached = unreached(configuration);
    for what in &unreached {
        println!("      NEVER HAPPENS: {what}");
    }
    (explored.broken.is_empty() && unreached.is_empty(), explored.states)
}

/// Whether the promise was found broken, as it should.
fn show(catch: &Catch) -> bool {
    let Some(configuration) = named(catch.configuration) else { return false };
    println!("\n  {:?}, in `{}`: {}", catch.mutant, configuration.name, catch.mutant.about());
    println!("     breaks: {}", catch.promise.name());
    let (found, took) = timed(|| hunt(catch, configuration));
    let Some(timeline) = found else {
        println!("     NOT FOUND in {:.1} s", took.as_secs_f64());
        return false;
    };
    let (steps, states) = (timeline.length(), timeline.states);
    println!("     found in {steps} steps, among {states} states, in {} ms", took.as_millis());
    print!("{}", Told { configuration, timeline: &timeline });
    true
}

#[expect(clippy::disallowed_methods, reason = "a stopwatch for people: nothing rests on it")]
fn timed<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = run();
    (result, start.elapsed())
}
