//! `DynamoDB` on one machine: the real SDK client over an embedded engine, in process.

mod connector;
mod endpoint;
mod engine;
mod table;
mod wire;

pub use aws_smithy_runtime_api::client::result::ConnectorError;
pub use connector::client;
pub(crate) use endpoint::Endpoint;
pub use engine::{Embedded, Engine, OpenError};
pub use table::{TableError, create_table_if_absent};
pub use wire::{WireRequest, WireResponse};
