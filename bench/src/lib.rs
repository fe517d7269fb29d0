//! The instruments: a Lambda Runtime API and a table on loopback that add as little as they can, a
//! look at what a process has used, quantiles, plots. What is measured with them is in `main.rs`.
//!
//! Nothing here knows Sever or the SDK.

pub mod floor;
pub mod message;
pub mod plot;
pub mod process;
pub mod replay;
pub mod runtime_api;
pub mod spread;
pub mod tls;
pub mod verdict;

use std::time::Instant;

/// The present moment: what is measured here is time itself.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock to measure")]
pub fn instant() -> Instant {
    Instant::now()
}

/// A variable of this process's environment.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the floors are configured as functions are")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
