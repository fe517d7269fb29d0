//! What functions write on Lambda, seen line by line.

use crate::World;
use serde_json::Value;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use tracing::Metadata;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;

/// The table of every bundle.
pub const TABLE: &str = "sever-SessionTable";

/// The lines that the functions of this thread write while it lives.
pub struct Lines {
    written: Written,
    _while: DefaultGuard,
}

impl Lines {
    /// Listens from now on.
    #[must_use]
    pub fn of(world: &World) -> Self {
        let written = Written::default();
        let kept = written.clone();
        let writer = move || kept.clone();
        let lines = shared::lambda::lines("no-function", TABLE, world.clock.clock(), writer);
        let subscriber =
            tracing_subscriber::registry().with(lines.with_filter(filter_fn(is_of_a_function)));
        Self { written, _while: tracing::subscriber::set_default(subscriber) }
    }

    /// Everything since the last time this was asked, as it was written.
    pub fn take_text(&self) -> String {
        std::mem::take(&mut self.written.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The same, each line as JSON.
    #[must_use]
    pub fn take(&self) -> Vec<Value> {
        parsed(&self.take_text())
    }

    /// The audit records among them.
    #[must_use]
    pub fn take_records(&self) -> Vec<Value> {
        let lines = self.take().into_iter();
        lines.filter_map(|mut line| line.get_mut("audit").map(Value::take)).collect()
    }

    /// The metrics among them: name and value, sorted.
    pub fn take_metrics(&self) -> Vec<(String, u64)> {
        let mut metrics: Vec<_> = self.take().iter().filter_map(metric).collect();
        metrics.sort();
        metrics
    }
}

/// The gateway is none. And with no connection the SDK has none to mark, which it calls an error.
fn is_of_a_function(event: &Metadata<'_>) -> bool {
    let others = ["local", "aws_smithy_runtime::client::http::connection_poisoning"];
    !others.iter().any(|other| event.target().starts_with(other))
}

/// Lines as JSON.
#[must_use]
pub fn parsed(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

/// Name and value of a line that is a metric.
#[must_use]
pub fn metric(line: &Value) -> Option<(String, u64)> {
    let name = line.pointer("/_aws/CloudWatchMetrics/0/Metrics/0/Name")?.as_str()?;
    Some((name.to_owned(), line[name].as_u64().expect("a whole number")))
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<String>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_str(text);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
