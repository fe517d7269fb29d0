//! The engine under the client: the embedded database, or a layer over it that injects faults.

use super::wire::{WireRequest, WireResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use dynoxide::{Database, DynoxideError};
use serde::de::DeserializeOwned;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Answers `DynamoDB` wire requests. This is where the network would be, and where a test puts
/// throttling, lost answers and a lagging index.
pub trait Engine: Send + Sync + 'static {
    /// Answers one call, or fails as the network would.
    fn call(
        &self,
        request: WireRequest,
    ) -> impl Future<Output = Result<WireResponse, ConnectorError>> + Send;
}

/// The embedded database.
///
/// Every read is strong, the index follows at once and nothing throttles: a test that needs
/// `DynamoDB`'s weaker promises puts a layer over this one.
#[derive(Clone)]
pub struct Embedded {
    database: Database,
    /// Held while the file is in use: two bundles must not share one.
    _lock: Option<Arc<File>>,
}

/// The embedded database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Not even in memory.
    #[error("cannot open a database in memory")]
    Memory(#[source] DynoxideError),
    /// The file may not be read, written or made.
    #[error("cannot open the data file {}", path.display())]
    File {
        /// The file asked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another bundle has it open.
    #[error("the data file {} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// The file is something else.
    #[error("the data file {} is no database", .0.display())]
    NoDatabase(PathBuf),
    /// The database refuses the file.
    #[error("cannot use the data file {}", path.display())]
    Database {
        /// The file asked for.
        path: PathBuf,
        /// What the database said.
        source: DynoxideError,
    },
    /// The database takes its file's name as text.
    #[error("cannot open the data file {}: its name is not UTF-8", .0.display())]
    FileName(PathBuf),
}

impl Embedded {
    /// A database that lives as long as this value and its clones.
    pub fn memory() -> Result<Self, OpenError> {
        Ok(Self { database: Database::memory().map_err(OpenError::Memory)?, _lock: None })
    }

    /// A database kept in `path`, which is created when it is absent.
    pub fn file(path: &Path) -> Result<Self, OpenError> {
        let name = path.to_str().ok_or_else(|| OpenError::FileName(path.to_owned()))?;
        let unusable = |source| OpenError::File { path: path.to_owned(), source };
        let mut file = touch(path).map_err(unusable)?;
        if file.try_lock().is_err() {
            return Err(OpenError::InUse(path.to_owned()));
        }
        if !is_database(&mut file).map_err(unusable)? {
            return Err(OpenError::NoDatabase(path.to_owned()));
        }
        let database = Database::new(name)
            .map_err(|source| OpenError::Database { path: path.to_owned(), source })?;
        Ok(Self { database, _lock: Some(Arc::new(file)) })
    }

    /// Answers one call at once. A fault layer that must hold its own lock over a call and what
    /// follows uses this.
    #[must_use]
    pub fn answer(&self, request: &WireRequest) -> WireResponse {
        match dispatch(&self.database, &request.operation, &request.body) {
            Ok(body) => WireResponse { status: 200, body },
            Err(error) => WireResponse { status: error.status_code(), body: error.to_json() },
        }
    }

    /// Writes a copy of the database to `path`, where no file is yet.
    pub fn save(&self, path: &str) -> Result<(), DynoxideError> {
        self.database.vacuum_into(path)
    }

    /// Takes a copy that [`Embedded::save`] has written in place of all that is here.
    pub fn restore(&self, path: &str) -> Result<(), DynoxideError> {
        self.database.restore_from(path)
    }

    /// Deletes what has expired by the machine's clock, as `DynamoDB` does days later, and says how
    /// many items that were.
    pub fn sweep_expired(&self) -> Result<usize, DynoxideError> {
        self.database.sweep_ttl()
    }
}

/// Makes the file, if it is absent, for its owner's eyes alone: private signing keys are kept in
/// it.
fn touch(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Whether it is one by its first bytes, or empty and yet to become one.
fn is_database(file: &mut File) -> io::Result<bool> {
    let mut start = Vec::new();
    file.take(16).read_to_end(&mut start)?;
    Ok(start.is_empty() || start == b"SQLite format 3\0")
}

impl Engine for Embedded {
    async fn call(&self, request: WireRequest) -> Result<WireResponse, ConnectorError> {
        // Lets tasks on one thread interleave between calls, as they would over a network. There is
        // no second yield: a busy thread could then let the client's attempt time out after the
        // call was applied.
        tokio::task::yield_now().await;
        Ok(self.answer(&request))
    }
}

/// The engine has no public entry point for "this operation with this JSON", so the names are
/// matched here.
macro_rules! operations {
    ($database:expr, $operation:expr, $body:expr; $($name:literal => $call:ident),* $(,)?) => {
        match $operation {
            $($name => serde_json::to_string(&$database.$call(decode($body)?)?)
                .map_err(|error| DynoxideError::InternalServerError(error.to_string())),)*
            other => Err(DynoxideError::ValidationException(format!("{other} is not served here"))),
        }
    };
}

fn dispatch(database: &Database, operation: &str, body: &[u8]) -> Result<String, DynoxideError> {
    operations!(database, operation, body;
        "CreateTable" => create_table,
        "DeleteTable" => delete_table,
        "DescribeTable" => describe_table,
        "ListTables" => list_tables,
        "UpdateTable" => update_table,
        "UpdateTimeToLive" => update_time_to_live,
        "DescribeTimeToLive" => describe_time_to_live,
        "PutItem" => put_item,
        "GetItem" => get_item,
        "UpdateItem" => update_item,
        "DeleteItem" => delete_item,
        "BatchGetItem" => batch_get_item,
        "BatchWriteItem" => batch_write_item,
        "Query" => query,
        "Scan" => scan,
        "TransactGetItems" => transact_get_items,
        "TransactWriteItems" => transact_write_items,
    )
}

fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, DynoxideError> {
    serde_json::from_slice(body).map_err(|error| refuse(&error.to_string()))
}

/// The engine marks why it cannot decode a request by a prefix; its own HTTP server turns those
/// into these exceptions.
fn refuse(error: &str) -> DynoxideError {
    let message = error.split(" at line ").next().unwrap_or(error);
    let marked = |markers: &[&str]| markers.iter().find_map(|marker| message.strip_prefix(marker));
    if let Some(rest) = marked(&["VALIDATION:", "VALIDATION_REQUEST:", "VALIDATION_AS_READ:"]) {
        return DynoxideError::ValidationException(rest.to_owned());
    }
    if let Some(rest) = marked(&["SERIALIZATION:", "SERIALIZATION_AS_READ:"]) {
        return DynoxideError::SerializationException(rest.to_owned());
    }
    let invalid = ["missing field", "unknown variant", "invalid type: null", "AttributeValue"];
    if invalid.iter().any(|sign| message.contains(sign)) {
        DynoxideError::ValidationException(message.to_owned())
    } else {
        DynoxideError::SerializationException(message.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("sever-{name}-{}.db", std::process::id()))
    }

    #[test]
    fn a_file_that_cannot_be_a_database_is_named() {
        let letter = scratch("letter");
        std::fs::write(&letter, "a letter to my aunt, and no database at all".repeat(40)).unwrap();
        let refusal = Embedded::file(&letter).err().unwrap();
        std::fs::remove_file(&letter).unwrap();
        assert!(matches!(refusal, OpenError::NoDatabase(_)), "{refusal}");
        assert!(refusal.to_string().contains("sever-letter"), "{refusal}");

        let refusal = Embedded::file(&std::env::temp_dir()).err().unwrap();
        assert!(matches!(refusal, OpenError::File { .. }), "{refusal}");
    }

    #[cfg(unix)]
    #[test]
    fn a_new_file_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let path = scratch("private");
        Embedded::file(&path).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn an_operation_that_is_not_served_is_refused() {
        let request = WireRequest::new("ExportTable", &serde_json::json!({}));
        let answer = Embedded::memory().unwrap().answer(&request);
        // Not a 5xx: the client would try again.
        assert_eq!(answer.status, 400, "{}", answer.body);
    }
}
