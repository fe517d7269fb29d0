//! Runs the checker: breadth first, in one thread, so that what it finds first is short.

use crate::configuration::Configuration;
use crate::moves::Move;
use crate::mutant::{Catch, Mutant};
use crate::promise::{PROMISES, Promise};
use crate::properties::REACHES;
use crate::state::State;
use crate::system::{Search, System};
use stateright::{Checker, HasDiscoveries, Model};
use std::num::NonZeroUsize;

/// What a whole exploration found.
#[derive(Debug)]
pub struct Explored {
    /// How many different states there are.
    pub states: usize,
    /// How many steps lead from one to another.
    pub steps: usize,
    /// The most steps from the start.
    pub depth: usize,
    /// The promises that were broken, each with the way there.
    pub broken: Vec<(Promise, Timeline)>,
}

/// How a promise comes to be broken: from a state, step by step.
#[derive(Debug)]
pub struct Timeline {
    /// Where it begins.
    pub(crate) start: State,
    /// What happens.
    pub(crate) steps: Vec<Move>,
    /// How many states had been seen when it was found.
    pub states: usize,
}

impl Timeline {
    /// How many steps it has.
    #[must_use]
    pub fn length(&self) -> usize {
        self.steps.len()
    }
}

/// Explores every state of the true protocol in `configuration`.
#[must_use]
pub fn explore(configuration: &'static Configuration, threads: usize) -> Explored {
    let system = System { configuration, mutant: Mutant::None, search: Search::Promises };
    let checker = system.checker().threads(threads).spawn_bfs().join();
    let mut discoveries = checker.discoveries();
    let broken = PROMISES.into_iter().filter_map(|promise| {
        let path = discoveries.remove(promise.name())?;
        Some((promise, timeline(path.into_vec(), checker.unique_state_count())?))
    });
    Explored {
        broken: broken.collect(),
        states: checker.unique_state_count(),
        steps: checker.state_count(),
        depth: checker.max_depth(),
    }
}

/// Looks for the shortest way in which a mutant breaks a promise.
#[must_use]
pub fn hunt(catch: &Catch, configuration: &'static Configuration) -> Option<Timeline> {
    let search = Search::One(catch.promise);
    let system = System { configuration, mutant: catch.mutant, search };
    let mut found = None;
    let mut bound = None;
    // The checker looks for a while longer when it has found a way, and keeps the last one.
    loop {
        let mut builder = system.checker().finish_when(HasDiscoveries::Any);
        if let Some(bound) = bound {
            builder = builder.target_max_depth(bound);
        }
        let checker = builder.spawn_bfs().join();
        let Some(path) = checker.discovery(catch.promise.name()) else { return found };
        let path = path.into_vec();
        bound = NonZeroUsize::new(path.len()).map(NonZeroUsize::get);
        found = timeline(path, checker.unique_state_count());
    }
}

/// What ought to happen in `configuration` and cannot.
#[must_use]
pub fn unreached(configuration: &'static Configuration) -> Vec<&'static str> {
    let system = System { configuration, mutant: Mutant::None, search: Search::Reached };
    let checker = system.checker().spawn_bfs().join();
    let reached = checker.discoveries();
    let here = REACHES.iter().filter(|r| r.configurations.contains(&configuration.name));
    here.map(|reach| reach.name).filter(|name| !reached.contains_key(name)).collect()
}

fn timeline(path: Vec<(State, Option<Move>)>, states: usize) -> Option<Timeline> {
    let start = path.first()?.0.clone();
    let steps = path.into_iter().filter_map(|(_, step)| step).collect();
    Some(Timeline { start, steps, states })
}
