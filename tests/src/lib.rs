//! The harness: a bundle with a clock that stands still, driven as its callers drive it, and a
//! sandbox that runs the functions' binaries as Lambda does.

#![expect(clippy::missing_panics_doc, reason = "a test that fails panics")]

mod aws;
pub mod bus;
pub mod clock;
pub mod contract;
pub mod faults;
pub mod kms;
pub mod lag;
pub mod lines;
pub mod logs;
pub mod programs;
pub mod request;
pub mod rsa_keys;
pub mod runtime_api;
pub mod samples;
pub mod sandbox;
pub mod world;

pub use clock::HandClock;
pub use faults::{Fault, Faulty};
pub use lag::Lagging;
pub use lines::Lines;
pub use request::Reply;
pub use sandbox::Sandbox;
pub use world::{Opened, World};
