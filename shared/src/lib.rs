//! What every Sever function shares: sessions, tokens, the table, HTTP and start-up.
//!
//! Arrows point one way: `lambda` knows `http` and `app`, they know `session`, it knows `table`;
//! `token`, `ids` and `time` know nobody. See `ARCHITECTURE.md`.

pub mod api_keys;
pub mod app;
pub mod check_database;
pub mod config;
pub mod http;
pub mod ids;
pub mod json;
pub mod lambda;
pub mod metric;
pub mod model;
pub mod session;
pub mod table;
pub mod tenancy;
pub mod time;
pub mod token;

/// The target of every audit record: a log line with the record, which is JSON, in its field `audit`.
pub const AUDIT_TARGET: &str = "sever::audit";

/// An error and everything that led to it, in one line for a log. Each link says only what it adds.
#[must_use]
pub fn error_chain(error: &dyn std::error::Error) -> String {
    let links = std::iter::successors(Some(error), |link| link.source());
    links.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
