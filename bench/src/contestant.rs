//! The functions as processes: built as they are deployed, in the environment that the template
//! gives them, each with a Runtime API and a table of its own.

use crate::sample::{Case, FAST, STRICT, Sample};
use crate::{Failure, root};
use bench::process::Process;
use bench::replay::Replay;
use bench::runtime_api::RuntimeApi;
use bench::tls::Tls;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Somebody who answers events.
pub(crate) struct Contestant {
    pub(crate) name: String,
    pub(crate) binary: PathBuf,
    pub(crate) event: String,
    /// What the right answer contains.
    pub(crate) expected: &'static str,
    environment: BTreeMap<String, String>,
    pub(crate) api: RuntimeApi,
    pub(crate) table: Replay,
}

/// Only answers.
pub(crate) const NOOP: &str = "floor: only answers";
/// Only answers, by the runtime crates.
pub(crate) const RUNTIME: &str = "floor: only answers, by lambda_runtime";
/// Only checks a signature.
pub(crate) const SIGNATURE: &str = "floor: checks a signature";
/// Does that and one raw call of the table.
pub(crate) const ROUND_TRIP: &str = "floor: a signature and a call";

/// A strict check whose table is reached as DynamoDB is.
pub(crate) const OVER_TLS: &str = "strict check, over TLS";
/// Where systems keep the certificates that they trust.
const SYSTEM_ROOTS: [&str; 2] =
    ["/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt"];

/// Every case, the floors first.
pub(crate) fn contestants(sample: &Sample, release: &Path) -> Result<Vec<Contestant>, Failure> {
    let floors = [
        (NOOP, FAST, "floor-noop", ""),
        (RUNTIME, FAST, "floor-runtime", "null"),
        (SIGNATURE, FAST, "floor-check", "Allow"),
        (ROUND_TRIP, STRICT, "floor-check", "Allow"),
    ];
    let mut contestants = Vec::new();
    for (name, as_case, binary, expected) in floors {
        let mut floor = Contestant::of(sample, sample.case(as_case)?, release)?;
        name.clone_into(&mut floor.name);
        floor.binary = release.join(binary);
        floor.expected = expected;
        floor.environment.extend(sample.floor.clone());
        if name == ROUND_TRIP {
            floor.environment.insert("FLOOR_TABLE".to_owned(), floor.table.address());
        }
        contestants.push(floor);
    }
    for case in &sample.cases {
        contestants.push(Contestant::of(sample, case, release)?);
        if case.name == STRICT {
            contestants.push(Contestant::over_tls(sample, case, release)?);
        }
    }
    Ok(contestants)
}

impl Contestant {
    /// The function of `case`, with a table that answers as `sample` says.
    pub(crate) fn of(sample: &Sample, case: &Case, release: &Path) -> Result<Self, Failure> {
        let table = Replay::start(&sample.recording, None);
        Self::with(table.map_err(Failure::io("starting a table"))?, "http", case, release)
    }

    /// The same, with a table that speaks TLS, and whose certificate is one of the system's many.
    fn over_tls(sample: &Sample, case: &Case, release: &Path) -> Result<Self, Failure> {
        let tls = Tls::new().map_err(Failure::io("making a certificate"))?;
        let roots = SYSTEM_ROOTS.iter().find_map(|path| fs::read_to_string(path).ok());
        let roots = roots.unwrap_or_default() + tls.certificate();
        let file = release.join("bench-roots.pem");
        fs::write(&file, roots).map_err(Failure::io("writing certificates"))?;
        let table = Replay::start(&sample.recording, Some(tls));
        let table = table.map_err(Failure::io("starting a table"))?;
        let mut contestant = Self::with(table, "https", case, release)?;
        OVER_TLS.clone_into(&mut contestant.name);
        contestant.trust(&file);
        Ok(contestant)
    }

    /// The certificates in `file` are the system's, whatever this machine has.
    pub(crate) fn trust(&mut self, file: &Path) {
        self.environment.insert("SSL_CERT_FILE".to_owned(), file.display().to_string());
    }

    fn with(table: Replay, scheme: &str, case: &Case, release: &Path) -> Result<Self, Failure> {
        let api = RuntimeApi::start(&case.arn()).map_err(Failure::io("starting a Runtime API"))?;
        let function = &case.function;
        let mut environment = function.environment.clone();
        for (name, value) in [
            ("AWS_LAMBDA_RUNTIME_API", api.address()),
            ("AWS_LAMBDA_FUNCTION_NAME", function.full_name.clone()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory.to_string()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", function.full_name)),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/21/[$LATEST]bench".to_owned()),
            ("AWS_REGION", local::REGION.to_owned()),
            ("AWS_DEFAULT_REGION", local::REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", local::ACCESS_KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", local::SECRET_KEY.to_owned()),
            ("AWS_SESSION_TOKEN", "session".repeat(100)),
            ("AWS_ENDPOINT_URL_DYNAMODB", format!("{scheme}://{}", table.address())),
            ("LAMBDA_TASK_ROOT", "/var/task".to_owned()),
            ("_HANDLER", "bootstrap".to_owned()),
            ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin".to_owned()),
            ("TZ", ":UTC".to_owned()),
        ] {
            environment.insert(name.to_owned(), value);
        }
        Ok(Self {
            name: case.name.to_owned(),
            binary: release.join(&function.binary),
            event: case.event.clone(),
            expected: case.expected,
            environment,
            api,
            table,
        })
    }

    /// Starts it, and waits until it asks for an event.
    pub(crate) fn start(&mut self) -> Result<Process, Failure> {
        self.start_as(&mut Command::new(&self.binary))
    }

    /// The same, by another command that runs it.
    pub(crate) fn start_as(&mut self, command: &mut Command) -> Result<Process, Failure> {
        self.api.dismiss();
        let process = Process::start(command, &self.environment);
        let process = process.map_err(Failure::io(format!("starting {}", self.name)))?;
        self.api.ready().map_err(Failure::io(format!("waiting for {}", self.name)))?;
        Ok(process)
    }

    /// Hands it its event, checks the answer, and says how long it took.
    pub(crate) fn ask(&mut self) -> Result<Duration, Failure> {
        let (answer, took) = self
            .api
            .invoke(self.event.as_bytes())
            .map_err(Failure::io(format!("waiting for an answer of {}", self.name)))?;
        let text = String::from_utf8_lossy(&answer.body);
        if text.contains(self.expected) {
            return Ok(took);
        }
        let seen = self.table.take_seen();
        let why =
            seen.unknown.map_or_else(|| text.into_owned(), |call| format!("not recorded: {call}"));
        Err(Failure::Wrong(self.name.clone(), why))
    }
}

/// Builds every function as it is deployed, for this machine, or the authorizer alone; and the
/// floors. Answers where they are.
pub(crate) fn build(authorizer_alone: bool) -> Result<PathBuf, Failure> {
    let mut packages: Vec<_> = local::functions::binaries().flat_map(|name| ["-p", name]).collect();
    if authorizer_alone {
        packages = vec!["-p", "verify-session"];
    }
    cargo(&packages)?;
    packages = vec![
        "-p",
        "bench",
        "--bin",
        "floor-noop",
        "--bin",
        "floor-runtime",
        "--bin",
        "floor-check",
    ];
    cargo(&packages)?;
    release()
}

/// Where release builds are: beside this program's own folder, or in it.
pub(crate) fn release() -> Result<PathBuf, Failure> {
    let me = std::env::current_exe().map_err(Failure::io("finding this program"))?;
    let target = me.ancestors().nth(2).map(Path::to_path_buf).unwrap_or_default();
    Ok(target.join("release"))
}

/// Builds `what` in release.
pub(crate) fn cargo(what: &[&str]) -> Result<(), Failure> {
    let cargo = bench::variable("CARGO").unwrap_or_else(|| "cargo".to_owned());
    let mut command = Command::new(cargo);
    let build = command.current_dir(root()).args(["build", "--release"]).args(what);
    let status = build.status().map_err(Failure::io("running cargo"))?;
    if status.success() { Ok(()) } else { Err(Failure::Missed("the build failed".to_owned())) }
}
