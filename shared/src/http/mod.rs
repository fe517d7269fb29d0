//! HTTP: credentials in, cookies and replies out, and the one table that turns errors into answers.

pub mod command;
pub mod cookies;
pub mod credentials;
pub mod error;
pub mod listing;
pub mod reply;
pub mod revoked;
pub mod tokens;

/// A function's answer over HTTP.
pub type Reply = http::Response<String>;
