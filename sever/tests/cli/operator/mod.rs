//! A bundle that listens, and an operator before it.

mod bus;

pub(crate) use bus::Bus;

use bytes::Bytes;
use http::{Method, Request};
use local::bundle::Bundle;
use local::dynamodb::{ConnectorError, Embedded, Engine, WireRequest, WireResponse};
use local::server;
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// The longest that one command may take, whatever goes wrong: the SDK's own limit is 12 s.
const BOUND: Duration = Duration::from_mins(1);

/// A session by this handle is not for this operator to end.
pub(crate) const UNLUCKY: &str = "unlucky";

struct Guarded {
    table: Embedded,
    asked: Mutex<BTreeSet<String>>,
    no_second_page: AtomicBool,
}

impl Engine for Guarded {
    async fn call(&self, request: WireRequest) -> Result<WireResponse, ConnectorError> {
        let key = request.json()["Key"]["pk"]["S"].as_str().unwrap_or_default().to_owned();
        self.asked.lock().unwrap().extend(needs(&request));
        if request.operation == "DeleteItem" && key.ends_with(UNLUCKY) {
            return Ok(WireResponse::error(400, "AccessDeniedException", "no luck"));
        }
        let goes_on =
            request.operation == "Query" && !request.json()["ExclusiveStartKey"].is_null();
        if goes_on && self.no_second_page.swap(false, Ordering::SeqCst) {
            return Ok(WireResponse::error(400, "AccessDeniedException", "no second page"));
        }
        self.table.call(request).await
    }
}

/// What IAM would be asked: action, and the kind of the partition key or the index.
fn needs(request: &WireRequest) -> Vec<String> {
    let body = request.json();
    let need = |action: &str, item: &Value| {
        // The calls by which the bundle makes its table have no key.
        let key = item["pk"]["S"].as_str().unwrap_or_default();
        format!("{action} {}#", key.split('#').next().unwrap())
    };
    match request.operation.as_str() {
        "Query" => vec!["Query index".to_owned()],
        "BatchGetItem" => {
            let tables = body["RequestItems"].as_object().unwrap().values();
            let keys = tables.flat_map(|table| table["Keys"].as_array().unwrap());
            keys.map(|key| need("BatchGetItem", key)).collect()
        }
        "TransactWriteItems" => {
            let members = body["TransactItems"].as_array().unwrap().iter();
            let members = members.flat_map(|member| member.as_object().unwrap());
            let part = |(kind, write): (&String, &Value)| match kind.as_str() {
                "Put" => need("PutItem", &write["Item"]),
                kind => need(&format!("{kind}Item"), &write["Key"]),
            };
            members.map(part).collect()
        }
        operation => vec![need(operation, &body["Key"])],
    }
}

pub(crate) struct Bundled {
    bundle: Arc<Bundle>,
    engine: Arc<Guarded>,
    port: u16,
}

pub(crate) struct Opened {
    pub(crate) handle: String,
    pub(crate) access: String,
}

/// What one command came to.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    /// What was printed, if all went well.
    pub(crate) fn ok(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{}", self.out);
        self.out
    }

    pub(crate) fn json(self) -> Value {
        serde_json::from_str(&self.ok()).unwrap()
    }

    /// One line tells why.
    pub(crate) fn fails(&self, code: i32, why: &str) {
        assert_eq!(self.code, code, "{self:?}");
        assert_eq!(self.err.lines().count(), 1, "{self:?}");
        assert!(self.err.starts_with("error: ") && self.err.contains(why), "{self:?}");
    }
}

impl Bundled {
    pub(crate) async fn start() -> Self {
        let listener = server::listen(0).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let table = Embedded::memory().unwrap();
        let no_second_page = AtomicBool::new(false);
        let engine = Arc::new(Guarded { table, asked: Mutex::default(), no_second_page });
        let bundle = Bundle::builder().port(port).engine(Arc::clone(&engine));
        let bundle = bundle.build().await.unwrap();
        let bundle = Arc::new(bundle);
        tokio::spawn(server::serve(listener, Arc::clone(&bundle)));
        Self { bundle, engine, port }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn table(&self) -> String {
        self.bundle.template().table.name.clone()
    }

    /// The next page of a listing that is not its first cannot be read.
    pub(crate) fn fail_second_page(&self) {
        self.engine.no_second_page.store(true, Ordering::SeqCst);
    }

    /// What IAM would have been asked since the last time.
    pub(crate) fn take_needs(&self) -> BTreeSet<String> {
        std::mem::take(&mut self.engine.asked.lock().unwrap())
    }

    pub(crate) async fn invoke(&self, function: &str, payload: &Value) -> Value {
        let direct = format!("{function}:direct");
        let answer = self.bundle.invoke(&direct, &payload.to_string()).await.unwrap();
        serde_json::from_str(answer.get()).unwrap()
    }

    pub(crate) async fn open(&self, body: &Value) -> Opened {
        let json = self.invoke("create-session", body).await;
        let text = |path: &str| json.pointer(path).and_then(Value::as_str).unwrap().to_owned();
        Opened { handle: text("/session/handle"), access: text("/accessToken/token") }
    }

    /// The status of the strict route for this access token.
    pub(crate) async fn strict(&self, access: &str) -> u16 {
        let request = Request::builder().method(Method::GET).uri("/whoami");
        let request = request.header("authorization", format!("Bearer {access}"));
        self.bundle.request(request.body(Bytes::new()).unwrap()).await.status().as_u16()
    }

    /// `sever` with these words, at this bundle's table.
    pub(crate) async fn sever(&self, words: &str) -> Run {
        self.sever_with(words, "").await
    }

    pub(crate) async fn sever_with(&self, words: &str, input: &str) -> Run {
        self.run(&words.split_whitespace().collect::<Vec<_>>(), input, &[]).await
    }

    /// The same, with some of the environment otherwise.
    pub(crate) async fn run(
        &self,
        words: &[&str],
        input: &str,
        environment: &[(&str, &str)],
    ) -> Run {
        let (table, url) = (self.table(), self.url());
        let ours = [("SEVER_TABLE", table.as_str()), ("AWS_ENDPOINT_URL", &url)];
        self.start_sever(words, input, &[&ours, environment].concat()).await
    }

    /// The same, with nothing said of table and endpoint.
    pub(crate) async fn bare(&self, words: &[&str], environment: &[(&str, &str)]) -> Run {
        self.start_sever(words, "", environment).await
    }

    async fn start_sever(&self, words: &[&str], input: &str, environment: &[(&str, &str)]) -> Run {
        let nowhere = tempfile::tempdir().unwrap();
        let file = nowhere.path().join("none");
        let mut command = Command::new(env!("CARGO_BIN_EXE_sever"));
        command
            .args(words)
            .env_clear()
            // What this machine has of AWS is no part of the test.
            .envs([("AWS_CONFIG_FILE", &file), ("AWS_SHARED_CREDENTIALS_FILE", &file)])
            .envs([("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local")])
            .envs([("AWS_REGION", "us-east-1"), ("AWS_EC2_METADATA_DISABLED", "true")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        for (name, value) in environment {
            if value.is_empty() {
                command.env_remove(name);
            } else {
                command.env(name, value);
            }
        }
        let mut child = command.spawn().unwrap();
        // A command that fails early closes its input.
        let _closed = child.stdin.take().unwrap().write_all(input.as_bytes()).await;
        let output = tokio::time::timeout(BOUND, child.wait_with_output()).await.unwrap().unwrap();
        Run {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
