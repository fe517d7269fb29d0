//! Faults where the network would be, so that the SDK's retries, timeouts and error parsing all run
//! for real above them.

use local::dynamodb::{ConnectorError, Engine, WireRequest, WireResponse};
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// What goes wrong with a call.
#[derive(Clone)]
pub enum Fault {
    /// The table refuses for lack of throughput; nothing happens to it.
    Throttled,
    /// The table refuses with this error, and would do so again; nothing happens to it.
    Refused(&'static str),
    /// The table cannot be reached; nothing happens to it.
    Unreachable,
    /// The table does as it is told, and the answer is lost.
    AnswerLost,
    /// Of a batch, only the first so many members are served; the others come back unprocessed,
    /// with HTTP 200.
    Unprocessed(usize),
    /// A transaction is cancelled because another is writing one of its items.
    Conflict,
    /// A write of one item is refused because a transaction is writing it.
    ItemConflict,
    /// The call arrives so much later.
    Late(Duration),
    /// A transaction is under way for so long. Any other write of its items is refused meanwhile.
    UnderWay(Duration),
    /// The call waits at the gate.
    Held(Arc<Gate>),
}

/// Where a call waits until a test lets it through.
#[derive(Default)]
pub struct Gate {
    arrived: Notify,
    open: Notify,
}

impl Gate {
    /// Waits until a call stands at the gate.
    pub async fn arrival(&self) {
        self.arrived.notified().await;
    }

    /// Lets it through.
    pub fn open(&self) {
        self.open.notify_one();
    }

    /// Waits here until it is let through.
    pub(crate) async fn pass(&self) {
        self.arrived.notify_one();
        self.open.notified().await;
    }
}

struct Rule {
    operation: &'static str,
    skip: usize,
    times: usize,
    fault: Fault,
}

/// An engine with faults by script, and a record of every call.
pub struct Faulty<E> {
    inner: E,
    rules: Mutex<Vec<Rule>>,
    calls: Mutex<Vec<WireRequest>>,
    /// The keys of items that a transaction is writing.
    under_way: Mutex<HashSet<String>>,
}

impl<E> Faulty<E> {
    /// No faults yet.
    #[must_use]
    pub fn new(inner: E) -> Self {
        let (rules, calls) = (Mutex::default(), Mutex::default());
        Self { inner, rules, calls, under_way: Mutex::default() }
    }

    /// The engine underneath.
    #[must_use]
    pub fn inner(&self) -> &E {
        &self.inner
    }

    /// The next `times` calls of `operation` (`*` for any) go wrong.
    pub fn fail(&self, operation: &'static str, times: usize, fault: Fault) {
        self.fail_after(operation, 0, times, fault);
    }

    /// After `skip` calls of `operation` that go right, the next `times` go wrong.
    pub fn fail_after(&self, operation: &'static str, skip: usize, times: usize, fault: Fault) {
        let rule = Rule { operation, skip, times, fault };
        self.rules.lock().unwrap_or_else(PoisonError::into_inner).push(rule);
    }

    /// All goes right again.
    pub fn heal(&self) {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The next call of `operation` waits at the gate.
    pub fn hold(&self, operation: &'static str) -> Arc<Gate> {
        let gate = Arc::new(Gate::default());
        self.fail(operation, 1, Fault::Held(Arc::clone(&gate)));
        gate
    }

    /// Every call since the last time this was asked.
    pub fn take_calls(&self) -> Vec<WireRequest> {
        std::mem::take(&mut self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Their names.
    pub fn take_operations(&self) -> Vec<String> {
        self.take_calls().into_iter().map(|call| call.operation).collect()
    }

    fn under_way(&self) -> MutexGuard<'_, HashSet<String>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_fault(&self, operation: &str) -> Option<Fault> {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        for rule in rules.iter_mut() {
            if rule.operation != "*" && rule.operation != operation {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
            } else if rule.times > 0 {
                rule.times -= 1;
                return Some(rule.fault.clone());
            }
        }
        None
    }
}

impl<E: Engine> Engine for Faulty<E> {
    async fn call(&self, request: WireRequest) -> Result<WireResponse, ConnectorError> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
        match self.next_fault(&request.operation) {
            None => self.serve(request, Duration::ZERO).await,
            Some(Fault::UnderWay(span)) => self.serve(request, span).await,
            Some(Fault::Late(span)) => {
                tokio::time::sleep(span).await;
                self.serve(request, Duration::ZERO).await
            }
            Some(Fault::Throttled) => {
                let kind = "ProvisionedThroughputExceededException";
                Ok(WireResponse::error(400, kind, "throttled"))
            }
            Some(Fault::Refused(kind)) => Ok(WireResponse::error(400, kind, "refused")),
            Some(Fault::Unreachable) => Err(ConnectorError::io("connection refused".into())),
            Some(Fault::AnswerLost) => {
                self.inner.call(request).await?;
                Err(ConnectorError::io("connection reset".into()))
            }
            Some(Fault::Unprocessed(served)) => self.partly(request, served).await,
            Some(Fault::Conflict | Fault::ItemConflict) => Ok(conflict(&request)),
            Some(Fault::Held(gate)) => {
                gate.pass().await;
                self.inner.call(request).await
            }
        }
    }
}

impl<E: Engine> Faulty<E> {
    /// Serves a call unless a transaction is writing one of its items. A transaction takes `span`.
    async fn serve(
        &self,
        request: WireRequest,
        span: Duration,
    ) -> Result<WireResponse, ConnectorError> {
        let written = written_by(&request);
        if written.iter().any(|key| self.under_way().contains(key)) {
            return Ok(conflict(&request));
        }
        if !span.is_zero() {
            self.under_way().extend(written.iter().cloned());
            tokio::time::sleep(span).await;
            self.under_way().retain(|key| !written.contains(key));
        }
        self.inner.call(request).await
    }

    async fn partly(
        &self,
        request: WireRequest,
        served: usize,
    ) -> Result<WireResponse, ConnectorError> {
        let mut body = request.json();
        let (now, later) = split(&body["RequestItems"], served);
        let mut answer = json!({"Responses": {}});
        if !now.is_empty() {
            body["RequestItems"] = Value::Object(now);
            let reply = self.inner.call(WireRequest::new(&request.operation, &body)).await?;
            if reply.status != 200 {
                return Ok(reply);
            }
            answer = serde_json::from_str(&reply.body).unwrap_or_default();
        }
        answer["UnprocessedKeys"] = Value::Object(later);
        Ok(WireResponse::ok(&answer))
    }
}

/// The first `served` keys of a batch, and the others.
fn split(tables: &Value, served: usize) -> (Map<String, Value>, Map<String, Value>) {
    let (mut now, mut later, mut left) = (Map::new(), Map::new(), served);
    for (table, request) in tables.as_object().into_iter().flatten() {
        let keys = request["Keys"].as_array().cloned().unwrap_or_default();
        let (first, rest) = keys.split_at(left.min(keys.len()));
        left -= first.len();
        for (half, keys) in [(&mut now, first), (&mut later, rest)] {
            if !keys.is_empty() {
                let mut part = request.clone();
                part["Keys"] = keys.into();
                half.insert(table.clone(), part);
            }
        }
    }
    (now, later)
}

/// The keys of the items that a request writes.
fn written_by(request: &WireRequest) -> Vec<String> {
    let body = request.json();
    let key = |write: &Value| write["Key"]["pk"]["S"].as_str().map(ToOwned::to_owned);
    match request.operation.as_str() {
        "UpdateItem" | "DeleteItem" => key(&body).into_iter().collect(),
        "TransactWriteItems" => {
            let items = body["TransactItems"].as_array().into_iter().flatten();
            let writes = items.filter_map(Value::as_object).flat_map(Map::values);
            writes.filter_map(key).collect()
        }
        _ => Vec::new(),
    }
}

/// What a write is answered that meets a transaction on one of its items: as a transaction itself,
/// or as a write of one item.
#[must_use]
pub fn conflict(request: &WireRequest) -> WireResponse {
    let message = "Transaction is ongoing for the item";
    let Some(items) = request.json()["TransactItems"].as_array().map(Vec::len) else {
        return WireResponse::error(400, "TransactionConflictException", message);
    };
    let reason = |i| match i {
        0 => json!({"Code": "TransactionConflict", "Message": message}),
        _ => json!({"Code": "None"}),
    };
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled",
        "CancellationReasons": (0..items).map(reason).collect::<Vec<_>>(),
    });
    WireResponse { status: 400, body: body.to_string() }
}
