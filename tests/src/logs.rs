//! Everything that the whole suite logs, and the search for secrets in it.

use std::io::{self, Write};
use std::sync::{LazyLock, Mutex, PoisonError};
use tracing_subscriber::EnvFilter;

static LOGGED: LazyLock<Mutex<String>> = LazyLock::new(|| {
    // Our own crates say all they can; of the others, what an operator would turn on.
    let filter =
        EnvFilter::new("info,shared=trace,local=trace,verify_session=trace,refresh_session=trace");
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| Buffer);
    subscriber.with_ansi(false).init();
    Mutex::default()
});

/// Starts to listen, once for the process.
pub fn listen() {
    LazyLock::force(&LOGGED);
}

/// Whether `text` stands anywhere in what was logged since [`listen`].
#[must_use]
pub fn contain(text: &str) -> bool {
    LOGGED.lock().unwrap_or_else(PoisonError::into_inner).contains(text)
}

struct Buffer;

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut logged = LOGGED.lock().unwrap_or_else(PoisonError::into_inner);
        logged.push_str(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
