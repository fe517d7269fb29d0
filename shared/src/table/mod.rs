//! The one table: its keys, its items, and every DynamoDB call there is.
//!
//! Each write carries its condition, because `UpdateItem` and `PutItem` would otherwise bring an
//! ended session back. Each read on which a decision rests is strongly consistent. The index serves
//! finding; no promise rests on it.

mod apps;
mod batch;
mod classic;
mod client;
mod error;
mod generations;
mod hot_read;
mod index;
mod item;
mod keys;
mod schema;
mod session_item;
mod sessions;

pub use apps::{AppTable, AppWrite, AppWritten};
pub use classic::{Promoted, Promotion};
pub(crate) use client::PATIENCE;
pub use client::{call_retries, call_timeouts, client, harden};
pub use error::{Said, TableError};
pub use generations::{KeptSession, RaiseKeeping};
pub use index::{HandlePage, IndexCursor};
pub use keys::KeysWritten;
pub use sessions::{Inserted, Removed, Rotated, RotationWrite, StrictRead};

use crate::ids::AppId;
use crate::tenancy::AppRecord;
use client::Tried;
use hot_read::HotRead;

/// The session table of one app.
#[derive(Clone)]
pub struct SessionTable {
    dynamodb: aws_sdk_dynamodb::Client,
    name: Box<str>,
    /// What stands for the app in every key.
    prefix: Box<str>,
    hot: HotRead,
    tried: Tried,
}

impl SessionTable {
    /// The table `name`, as `app` sees it.
    #[must_use]
    pub fn new(dynamodb: aws_sdk_dynamodb::Client, name: &str, app: &AppId) -> Self {
        Self::prefixed(dynamodb, name, app.as_str())
    }

    /// The table as this incarnation of an app sees it: of an app that was removed and made again,
    /// nothing is left but what the next one never looks at.
    #[must_use]
    pub fn of_app(dynamodb: aws_sdk_dynamodb::Client, name: &str, app: &AppRecord) -> Self {
        let prefix = match app.incarnation {
            1 => app.id.as_str().to_owned(),
            // No app id has a dot.
            again => format!("{}.{again}", app.id.as_str()),
        };
        Self::prefixed(dynamodb, name, &prefix)
    }

    fn prefixed(dynamodb: aws_sdk_dynamodb::Client, name: &str, prefix: &str) -> Self {
        let (hot, tried) = (HotRead::default(), Tried::default());
        Self { dynamodb, name: name.into(), prefix: prefix.into(), hot, tried }
    }

    /// The same table for writes that end sessions, which are tried for some 10 s.
    #[must_use]
    pub fn patient(&self) -> Self {
        Self { tried: Tried::Patiently, ..self.clone() }
    }
}
