//! Whether Sever keeps what it promises, whatever goes wrong: random concurrent programs run against
//! the real functions and the real AWS client, over a network that loses, delays, reorders and
//! repeats, with clocks that are off and functions that crash; and every history is checked.
//!
//! Everything comes from a seed: a history that breaks a promise can be run again, and is made small
//! before it is shown.

mod causes;
mod check;
mod cluster;
mod history;
mod index;
mod mutants;
mod network;
mod program;
mod run;
mod shrink;
mod table;
mod timeline;

pub use check::{Promise, Violation, check};
pub use history::{Call, History};
pub use mutants::Missing;
pub use program::Program;
pub use run::run;
pub use shrink::shrink;
pub use table::Tables;
pub use timeline::timeline;
