//! What is **not** promised. The true protocol breaks these, and the model says how: a limit that
//! is known has a counterexample, and one that is gone is noticed.

use crate::mutant::{Catch, Mutant};
use crate::promise::Promise;

/// The limits, each with the configuration in which it shows.
pub const LIMITS: &[Catch] = &[
    // `step` adds one. An attempt that the SDK has given up and repeated may do so once more after
    // the answer, and then ends what was opened or kept in between.
    Catch { mutant: Mutant::None, configuration: "late", promise: Promise::NothingAfterTheAnswer },
    // DynamoDB has no clock to ask: an exchange that was sent in time may take effect when a check
    // has already said that the time is over. `refresh` notices and removes the session, if it
    // lives to do so.
    Catch { mutant: Mutant::None, configuration: "time", promise: Promise::TimeOverStaysOver },
];
