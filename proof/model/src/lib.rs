//! The protocol of sessions and revocations, in small worlds of which a model checker
//! ([stateright](https://docs.rs/stateright)) explores **every** interleaving: not some histories
//! of the code, as `proof/checker` does, but all of those of the rules.
//!
//! ```text
//! cargo test -p model                       every configuration and every mutant
//! cargo run  -p model --release             the same, told: numbers, promises, counterexamples
//! cargo run  -p model --release -- --large  larger configurations too: minutes, and some GB
//! ```
//!
//! **A step is one DynamoDB call**, on the conditions of the code: `table.rs` has the writes of
//! `shared/src/table/{generations,sessions}.rs`, `verbs/` what `shared/src/session/` does
//! between them. Nothing of `shared` is used: what is written twice is compared twice.
//!
//! **What may happen between any two steps**: any step of another process; a crash, or an error
//! that the caller gets; a write that took effect and whose answer is lost, after which the SDK
//! repeats it (but for the put that opens a session); in some configurations a write that takes
//! effect when nobody waits for it any more, and a session's time coming to its end, with its row
//! deleted at any later time or never; in others, an item that holds the generation is lost or
//! restored. The index shows any past state of each session. The two items of a strict check are
//! read at two moments, in either order. Clocks show what they like, but that after a loss they show
//! more than what was lost.
//!
//! **What must hold**: [`PROMISES`]. **What shows that the checker can fail**: [`CATCHES`], a
//! counterexample for each of [`Mutant::ALL`]. **What is not promised**: [`LIMITS`].
//!
//! Not modelled: generations of a user and of a tenant at once (each counts by itself), the classic
//! exchange of the SuperTokens SDKs, listing, signing keys, more than one user (users share
//! no item), more than one opening at a time, more than one late write at a time, and that the
//! loops of the code are bounded (`LOOKS`, `ROUNDS`: beyond them, the caller gets an error). Being
//! a check of safety, it says nothing of how soon anything is answered.

mod configuration;
mod explore;
mod history;
mod limits;
mod moves;
mod mutant;
mod promise;
mod properties;
mod set;
mod state;
mod system;
mod table;
mod timeline;
mod verbs;

pub use configuration::{CONFIGURATIONS, Configuration, LARGE, Place, Presents, Role, named};
pub use explore::{Explored, Timeline, explore, hunt, unreached};
pub use limits::LIMITS;
pub use mutant::{CATCHES, Catch, Mutant};
pub use promise::{PROMISES, Promise};
pub use timeline::Told;
