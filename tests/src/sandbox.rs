//! A program as Lambda runs it: an environment, one event after another, an end.

use crate::runtime_api::{Call, Event, RuntimeApi};
use bytes::Bytes;
use lambda_runtime::Diagnostic;
use local::template::FunctionResource;
use serde_json::value::RawValue;
use shared::time::Clock;
use std::collections::BTreeMap;
use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{oneshot, watch};

/// How long a function may take to start, as on Lambda.
const INIT: Duration = Duration::from_secs(10);
/// How long it may take to end. Lambda waits 2 s; a machine that runs many tests has more to do.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// A function's process, and what Lambda holds of it.
pub struct Sandbox {
    function: FunctionResource,
    api: RuntimeApi,
    process: Child,
    written: Written,
    /// Where the process waits for events, while it does.
    waiting: Vec<oneshot::Sender<Event>>,
    events: u64,
}

/// What a function makes of an event.
pub type Answer = Result<Box<RawValue>, Diagnostic>;

/// What is left of a process.
#[derive(Debug)]
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote, from the start.
    pub log: String,
    /// What it wrote to standard error, where nothing belongs.
    pub errors: String,
}

impl Sandbox {
    /// Starts `program` as `function`, with the environment that the template gives it and the table
    /// at the address `dynamodb`.
    pub async fn start(program: &Path, function: &FunctionResource, dynamodb: &str) -> Self {
        let api = RuntimeApi::start().await;
        let mut command = command(program, function, dynamodb, api.address);
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("a program that was built");
        let written = Written::of(&mut process);
        Self { function: function.clone(), api, process, written, waiting: Vec::new(), events: 0 }
    }

    /// Waits until it asks for an event: the first time that is the end of its init.
    pub async fn ready(&mut self) {
        self.asks_for(1).await;
    }

    /// Waits until it asks for so many events at once.
    async fn asks_for(&mut self, events: usize) {
        while self.waiting.len() < events {
            match self.call(INIT, "asks for an event").await {
                Call::Next(next) => self.waiting.push(next),
                _ => self.fail("did something else than ask for an event"),
            }
        }
    }

    /// Hands it an event and waits for the answer, no longer than Lambda would.
    pub async fn invoke(&mut self, payload: impl Into<Bytes>) -> Answer {
        self.invoke_by(None, payload).await
    }

    /// The same for an event that comes by an alias.
    pub async fn invoke_by(
        &mut self,
        qualifier: Option<&str>,
        payload: impl Into<Bytes>,
    ) -> Answer {
        self.ready().await;
        let id = self.hand_out(qualifier, payload.into(), None);
        match self.call(self.function.timeout, "answers").await {
            Call::Response(answered, body) if answered == id => Ok(read(&body)),
            Call::Error(answered, body) if answered == id => Err(read(&body)),
            _ => self.fail("did something else than answer the event"),
        }
    }

    /// The same, with what a direct invoker says of itself.
    pub async fn invoke_with(&mut self, client_context: &str, payload: &'static str) -> Answer {
        self.ready().await;
        let id = self.hand_out(None, payload.into(), Some(client_context.to_owned()));
        self.answers(&[id]).await.remove(0)
    }

    /// Hands it these events at once, which it must have asked for, and waits for all answers.
    pub async fn invoke_at_once(&mut self, payloads: Vec<Bytes>) -> Vec<Answer> {
        self.asks_for(payloads.len()).await;
        let ids: Vec<_> =
            payloads.into_iter().map(|payload| self.hand_out(None, payload, None)).collect();
        self.answers(&ids).await
    }

    /// Hands it an event. Each is traced under an id of its own, as on Lambda.
    fn hand_out(
        &mut self,
        qualifier: Option<&str>,
        payload: Bytes,
        client_context: Option<String>,
    ) -> String {
        self.events += 1;
        let number = self.events;
        let id = format!("00000000-0000-4000-8000-{number:012x}");
        let event = Event {
            id: id.clone(),
            arn: self.function.qualified_arn(qualifier),
            deadline: Clock::system().now().plus(self.function.timeout).millis(),
            trace_id: format!(
                "Root=1-00000000-{number:024x};Parent={number:016x};Sampled=0;Lineage=1:a87bd80c:0"
            ),
            client_context,
            payload,
        };
        let next = self.waiting.pop().expect("it is ready");
        assert!(next.send(event).is_ok(), "it does not wait any more");
        id
    }

    /// Waits for the answers to these events, in whatever order they come.
    async fn answers(&mut self, ids: &[String]) -> Vec<Answer> {
        let mut answers = BTreeMap::new();
        while answers.len() < ids.len() {
            match self.call(self.function.timeout, "answers").await {
                Call::Next(next) => self.waiting.push(next),
                Call::Response(id, body) => drop(answers.insert(id, Ok(read(&body)))),
                Call::Error(id, body) => drop(answers.insert(id, Err(read(&body)))),
                Call::InitError(..) => self.fail("cannot start"),
            }
        }
        let answer = |id| answers.remove(id).expect("an answer to each event");
        ids.iter().map(answer).collect()
    }

    /// Waits for it to say why it cannot start, and to end. The error's type comes twice.
    pub async fn fails_to_start(mut self) -> (Diagnostic, Ended) {
        let Call::InitError(kind, body) = self.call(INIT, "says why it cannot start").await else {
            self.fail("started");
        };
        let error: Diagnostic = read(&body);
        assert_eq!(kind, error.error_type);
        (error, self.end().await)
    }

    /// Asks it to end once it is idle.
    pub async fn terminate(mut self) -> Ended {
        self.ready().await;
        let kill = format!("kill -TERM {}", self.process.id());
        let status = Command::new("sh").args(["-c", &kill]).status().expect("a shell");
        assert!(status.success(), "{kill}: {status}");
        self.end().await
    }

    /// Takes the Runtime API away once it is idle.
    pub async fn lose_api(mut self) -> Ended {
        self.ready().await;
        self.api.stop();
        self.end().await
    }

    /// Refuses to give it an event, as Lambda does that is about to end it.
    pub async fn refuse_event(mut self) -> Ended {
        self.ready().await;
        self.waiting.clear();
        self.end().await
    }

    /// What has been read so far of what it writes.
    fn log(&self) -> String {
        self.written.output.text() + &self.written.errors.text()
    }

    async fn call(&mut self, within: Duration, does: &str) -> Call {
        let call = tokio::select! {
            biased;
            call = self.api.call() => Ok(call),
            () = self.written.end() => Err("ended before it"),
            () = tokio::time::sleep(within) => Err("had no time left before it"),
        };
        call.unwrap_or_else(|fault| self.fail(&format!("{fault} {does}")))
    }

    async fn end(mut self) -> Ended {
        if tokio::time::timeout(SHUTDOWN, self.written.end()).await.is_err() {
            self.fail("does not end");
        }
        let status = self.process.wait().expect("a process of ours");
        Ended { status, log: self.log(), errors: self.written.errors.text() }
    }

    fn fail(&self, fault: &str) -> ! {
        panic!("{} {fault}\n{}", self.function.name, self.log());
    }
}

/// The command that runs `program` as `function`, with the environment that Lambda and the template
/// give it.
#[must_use]
pub fn command(
    program: &Path,
    function: &FunctionResource,
    dynamodb: &str,
    runtime_api: SocketAddr,
) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(&function.environment).envs([
        ("AWS_ACCESS_KEY_ID", local::ACCESS_KEY),
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &function.memory.to_string()),
        ("AWS_LAMBDA_FUNCTION_NAME", &function.full_name),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_RUNTIME_API", &runtime_api.to_string()),
        ("AWS_REGION", local::REGION),
        ("AWS_SECRET_ACCESS_KEY", local::SECRET_KEY),
    ]);
    command
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // Either fails only when it has ended already.
        self.process.kill().unwrap_or_default();
        self.process.wait().ok();
    }
}

fn read<T: serde::de::DeserializeOwned>(body: &Bytes) -> T {
    serde_json::from_slice(body)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(body)))
}

/// What a process writes, and whether it has ended: then both pipes have.
struct Written {
    output: Pipe,
    errors: Pipe,
}

impl Written {
    fn of(process: &mut Child) -> Self {
        let output = process.stdout.take().expect("a pipe");
        let errors = process.stderr.take().expect("a pipe");
        Self { output: Pipe::drain(output), errors: Pipe::drain(errors) }
    }

    async fn end(&mut self) {
        self.output.end().await;
        self.errors.end().await;
    }
}

struct Pipe {
    read: Arc<Mutex<Vec<u8>>>,
    /// Never changes; it closes.
    open: watch::Receiver<()>,
}

impl Pipe {
    /// Reads on in a thread, so that the process never waits for us.
    fn drain(mut pipe: impl Read + Send + 'static) -> Self {
        let (end, open) = watch::channel(());
        let read = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&read);
        std::thread::spawn(move || {
            let mut some = [0; 4096];
            while let Ok(bytes @ 1..) = pipe.read(&mut some) {
                all.lock().unwrap_or_else(PoisonError::into_inner).extend(&some[..bytes]);
            }
            drop(end);
        });
        Self { read, open }
    }

    async fn end(&mut self) {
        while self.open.changed().await.is_ok() {}
    }

    fn text(&self) -> String {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&read).into_owned()
    }
}
