//! Lambda's Runtime API on loopback, as far as a function asks it:
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use local::server;
use std::net::SocketAddr;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};

/// What a function asks or says.
pub enum Call {
    /// It is ready for an event.
    Next(oneshot::Sender<Event>),
    /// It answers the event of this id.
    Response(String, Bytes),
    /// It fails at the event of this id.
    Error(String, Bytes),
    /// It cannot start: the error's type, which stands in a header, and the error.
    InitError(String, Bytes),
}

/// An event, and what Lambda tells along with it.
pub struct Event {
    /// The id of the request.
    pub id: String,
    /// The ARN of the function.
    pub arn: String,
    /// When its time will be over, in milliseconds since 1970.
    pub deadline: i64,
    /// What X-Ray knows it by.
    pub trace_id: String,
    /// What a direct invoker says of itself, in JSON.
    pub client_context: Option<String>,
    /// What the invoker sent.
    pub payload: Bytes,
}

/// The API that one sandbox sees.
pub struct RuntimeApi {
    /// Where it is.
    pub address: SocketAddr,
    calls: mpsc::UnboundedReceiver<Call>,
    /// Its own, so that it can go away with every connection.
    runtime: Option<Runtime>,
}

type Calls = State<mpsc::UnboundedSender<Call>>;

impl RuntimeApi {
    /// Listens on a free port.
    pub async fn start() -> Self {
        let (sender, calls) = mpsc::unbounded_channel();
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .with_state(sender);
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().expect("a runtime");
        let started = runtime.spawn(async move {
            let listener = server::listen(0).await.expect("a free port");
            let address = listener.local_addr().expect("its address");
            tokio::spawn(axum::serve(listener, router).into_future());
            address
        });
        let address = started.await.expect("the address of the API");
        Self { address, calls, runtime: Some(runtime) }
    }

    /// The next call, in the order in which they come.
    pub async fn call(&mut self) -> Call {
        self.calls.recv().await.expect("the API holds the other end")
    }

    /// Goes away: no connection stays, and none is accepted any more.
    pub fn stop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn next(State(calls): Calls) -> Response {
    let (give, event) = oneshot::channel();
    calls.send(Call::Next(give)).unwrap_or_default();
    let Ok(event) = event.await else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let headers = [
        ("Lambda-Runtime-Aws-Request-Id", event.id),
        ("Lambda-Runtime-Deadline-Ms", event.deadline.to_string()),
        ("Lambda-Runtime-Invoked-Function-Arn", event.arn),
        ("Lambda-Runtime-Trace-Id", event.trace_id),
    ];
    let client_context =
        event.client_context.map(|json| AppendHeaders([("Lambda-Runtime-Client-Context", json)]));
    (headers, client_context, event.payload).into_response()
}

async fn response(State(calls): Calls, Path(id): Path<String>, body: Bytes) -> Response {
    accept(&calls, Call::Response(id, body))
}

async fn error(State(calls): Calls, Path(id): Path<String>, body: Bytes) -> Response {
    accept(&calls, Call::Error(id, body))
}

async fn init_error(State(calls): Calls, headers: HeaderMap, body: Bytes) -> Response {
    let kind = headers.get("lambda-runtime-function-error-type");
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
    accept(&calls, Call::InitError(kind, body))
}

fn accept(calls: &mpsc::UnboundedSender<Call>, call: Call) -> Response {
    // Nobody listens any more only when the test is over.
    calls.send(call).unwrap_or_default();
    (StatusCode::ACCEPTED, r#"{"status":"OK"}"#).into_response()
}
