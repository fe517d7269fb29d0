//! `cargo run`: the whole bundle on one machine.

use clap::Parser;
use local::bundle::{Bundle, BundleError};
use local::dynamodb::{Embedded, OpenError};
use local::{server, walkthrough};
use shared::error_line;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{Directive, LevelFilter};

#[derive(Parser)]
#[command(
    name = "local",
    version,
    about = "Sever on one machine: the real functions, a gateway and an embedded DynamoDB"
)]
struct Options {
    /// Port on 127.0.0.1 to listen on; 0 takes a free one
    #[arg(long, default_value_t = 3000, value_parser = port)]
    port: u16,
    /// Keep the table in this file; without it the table is in memory
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Set a parameter of template.yaml, such as AccessTokenValidity=60; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = name_and_value)]
    parameter: Vec<(String, String)>,
}

fn port(text: &str) -> Result<u16, &'static str> {
    text.parse().map_err(|_| "expected a whole number from 0 to 65535")
}

fn name_and_value(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("it must be NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("cannot listen on 127.0.0.1:{port}")]
    Listen { port: u16, source: io::Error },
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Bundle(#[from] BundleError),
    #[error("the server failed")]
    Serve(#[source] io::Error),
    #[error("cannot write to standard output")]
    Print(#[source] io::Error),
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(usage) => return explain(&usage),
    };
    start_logging();
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {}", error_line(&failure));
            ExitCode::FAILURE
        }
    }
}

/// Help and version are answers; anything else is a mistake, told in one line.
fn explain(usage: &clap::Error) -> ExitCode {
    if !usage.use_stderr() {
        print!("{usage}");
        return ExitCode::SUCCESS;
    }
    let text = usage.to_string();
    eprintln!("{} (try --help)", text.lines().next().unwrap_or_default());
    ExitCode::from(2)
}

async fn run(options: Options) -> Result<(), Failure> {
    let unbound = |source| Failure::Listen { port: options.port, source };
    let listener = server::listen(options.port).await.map_err(unbound)?;
    let port = listener.local_addr().map_err(unbound)?.port();
    let engine = match &options.data {
        Some(path) => {
            let engine = Embedded::file(path)?;
            if let Some(mode) = open_to_others(path) {
                let name = path.display();
                tracing::warn!(
                    "other users of this machine can read or write the data file {name} (mode {mode:03o}), which holds private signing keys. Run: chmod 600 {name}"
                );
            }
            engine
        }
        None => Embedded::memory()?,
    };
    let mut bundle = Bundle::builder().port(port).engine(Arc::new(engine)).taking_odd_lifetimes();
    for (name, value) in &options.parameter {
        bundle = bundle.parameter(name, value);
    }
    let bundle = bundle.build().await?;
    // One write, so that who waits for the last line has all of it.
    let text = walkthrough::text(port, &bundle.template().table.name);
    io::stdout().write_all(text.as_bytes()).map_err(Failure::Print)?;
    io::stdout().flush().map_err(Failure::Print)?;
    server::serve(listener, Arc::new(bundle)).await.map_err(Failure::Serve)
}

/// The mode of a file that others than its owner may read or write.
#[cfg(unix)]
fn open_to_others(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

/// Elsewhere a file has no mode.
#[cfg(not(unix))]
fn open_to_others(_path: &Path) -> Option<u32> {
    None
}

/// Standard output is the walk-through's; logs go to standard error. The SDK's own logs show what
/// is stored, so they stay quiet unless they are asked for by name.
fn start_logging() {
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .from_env_lossy()
        .add_directive(directive("aws=info"))
        // With no connection there is none to mark; the SDK calls that an error.
        .add_directive(directive("aws_smithy_runtime::client::http::connection_poisoning=off"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .init();
}

fn directive(text: &str) -> Directive {
    text.parse().unwrap_or_else(|_| Directive::from(LevelFilter::INFO))
}
