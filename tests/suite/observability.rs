//! What operators see: lines, metrics, audit records and events.

mod audit;
mod bus;
mod lines;
mod metrics;
