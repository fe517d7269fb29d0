//! A violation made small: steps and troubles are taken away as long as a promise stays broken.

use crate::check::{Violation, check};
use crate::history::History;
use crate::program::Program;
use std::time::Duration;

/// The smallest program found that still breaks a promise, with its history.
pub fn shrink(
    program: Program,
    run: impl Fn(&Program) -> History,
) -> Option<(Program, History, Violation)> {
    let broken = |program: &Program| {
        let history = run(program);
        let violation = check(&history)?;
        Some((history, violation))
    };
    let (mut history, mut violation) = broken(&program)?;
    let mut smallest = program;
    loop {
        let smaller = candidates(&smallest).into_iter().find_map(|candidate| {
            broken(&candidate).map(|(history, violation)| (candidate, history, violation))
        });
        let Some(found) = smaller else { return Some((smallest, history, violation)) };
        (smallest, history, violation) = found;
    }
}

/// Every program that is one step simpler.
fn candidates(program: &Program) -> Vec<Program> {
    let mut simpler = Vec::new();
    let mut push = |change: &dyn Fn(&mut Program)| {
        let mut candidate = program.clone();
        change(&mut candidate);
        simpler.push(candidate);
    };
    for index in 0..program.steps.len() {
        push(&|candidate| {
            candidate.steps.remove(index);
        });
    }
    for index in 0..program.steps.len() {
        let step = &program.steps[index];
        if step.crash.is_some() {
            push(&|candidate| candidate.steps[index].crash = None);
        }
        if step.fault_rate > 0 {
            push(&|candidate| candidate.steps[index].fault_rate = 0);
        }
        if step.think > Duration::ZERO {
            push(&|candidate| candidate.steps[index].think = Duration::ZERO);
        }
    }
    for index in 0..program.skews.len() {
        if program.skews[index] != 0 {
            push(&|candidate| candidate.skews[index] = 0);
        }
    }
    simpler
}
