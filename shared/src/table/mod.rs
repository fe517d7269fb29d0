//! The one table: its keys, its items, and every DynamoDB call there is.
//!
//! Each write carries its condition, because `UpdateItem` and `PutItem` would otherwise bring an
//! ended session back. Each read on which a decision rests is strongly consistent. The index serves
//! finding; no promise rests on it.

mod batch;
mod client;
mod error;
mod generations;
mod index;
mod item;
mod keys;
mod schema;
mod session_item;
mod sessions;

pub use client::{client_from_env, harden};
pub use error::TableError;
pub use generations::Kept;
pub use index::{HandlePage, IndexCursor};
pub use keys::KeysWritten;
pub use sessions::{Inserted, Removed, Rotated, RotationWrite, StrictRead};

use crate::ids::AppId;

/// The session table of one app.
#[derive(Clone)]
pub struct SessionTable {
    dynamodb: aws_sdk_dynamodb::Client,
    name: Box<str>,
    app: AppId,
}

impl SessionTable {
    /// The table `name`, as `app` sees it.
    #[must_use]
    pub fn new(dynamodb: aws_sdk_dynamodb::Client, name: &str, app: AppId) -> Self {
        Self { dynamodb, name: name.into(), app }
    }
}
