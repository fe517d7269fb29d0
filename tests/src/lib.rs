//! The harness: a bundle with a clock that stands still, driven as its callers drive it.

pub mod clock;
pub mod faults;
pub mod lag;
pub mod logs;
pub mod request;
pub mod world;

pub use clock::HandClock;
pub use faults::{Fault, Faulty};
pub use lag::Lagging;
pub use request::Reply;
pub use world::{Opened, World};
