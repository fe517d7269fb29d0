//! How many cases there are, and from which seed they come.

use local::bundle;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestError, TestRng, TestRunner};
use std::future::Future;
use tests::World;
use tokio::runtime::{Builder, Runtime};

/// Multiplies the cases of every property.
const MULTIPLIER: &str = "SEVER_FUZZ_CASES";
/// A failure is made smaller at most so often.
const MAX_SHRINKS: u32 = 2_000;

/// Checks `cases` inputs, times [`MULTIPLIER`]. The first that fails is shown as small as it gets.
pub(super) fn every<S: Strategy>(cases: u32, inputs: &S, check: impl Fn(S::Value)) {
    let config = Config {
        cases: cases.saturating_mul(multiplier()),
        failure_persistence: None,
        max_shrink_iters: MAX_SHRINKS,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    let outcome = TestRunner::new_with_rng(config, rng).run(inputs, |input| {
        check(input);
        Ok(())
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(why, input)) => panic!("{why}\nof {input:#?}"),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}

#[expect(clippy::disallowed_methods, reason = "the tester's wish, not configuration")]
fn multiplier() -> u32 {
    let wish = std::env::var(MULTIPLIER).ok();
    wish.map_or(1, |times| times.parse().expect("SEVER_FUZZ_CASES is a number"))
}

/// A bundle, and the runtime that drives it from within a property.
pub(super) struct Stage {
    pub(super) world: World,
    runtime: Runtime,
}

impl Stage {
    /// The bundle as `cargo run` starts it.
    pub(super) fn new() -> Self {
        Self::with(|builder| builder)
    }

    /// The bundle as `change` wants it.
    pub(super) fn with(change: impl FnOnce(bundle::Builder) -> bundle::Builder) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { world: runtime.block_on(World::with(change)), runtime }
    }

    /// Awaits what the bundle does.
    pub(super) fn run<T>(&self, doing: impl Future<Output = T>) -> T {
        self.runtime.block_on(doing)
    }
}
