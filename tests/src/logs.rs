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

/// A place in what the suite logs: the end of it when the mark was made.
#[derive(Clone, Copy, Debug)]
pub struct Mark(usize);

/// Starts to listen, once for the process, and marks what is logged from now on.
pub fn listen() -> Mark {
    Mark(LOGGED.lock().unwrap_or_else(PoisonError::into_inner).len())
}

impl Mark {
    /// Which of `texts` were logged since the mark was made, by any test of the process.
    ///
    /// A text that did not exist before the mark needs no search of what came earlier. Searching
    /// the whole log in each test would take most of the suite's time.
    #[must_use]
    pub fn found(self, texts: &[String]) -> Vec<&str> {
        let logged = LOGGED.lock().unwrap_or_else(PoisonError::into_inner);
        let since = &logged[self.0..];
        texts.iter().map(String::as_str).filter(|text| since.contains(text)).collect()
    }
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
