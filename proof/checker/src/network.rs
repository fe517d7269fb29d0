//! The network between the real AWS client and the embedded table, and what goes wrong there.

use crate::index::IndexLog;
use crate::mutants::{Mutant, touched};
use crate::program::Crash;
use fastrand::Rng;
use local::dynamodb::{ConnectorError, Embedded, Engine, WireRequest, WireResponse};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tests::faults::conflict;
use tokio::sync::Notify;
use tokio::time::sleep;

tokio::task_local! {
    /// The call of a function on whose behalf the table is called.
    pub(crate) static ERRAND: Arc<Errand>;
}

/// What a call of a function meets on the network.
pub(crate) struct Errand {
    pub(crate) seed: u64,
    pub(crate) fault_rate: u16,
    pub(crate) crash: Option<Crash>,
    pub(crate) crashed: Notify,
    /// Whether a write of it was still under way when it was told that it had failed.
    pub(crate) late: AtomicBool,
    calls: AtomicU32,
}

impl Errand {
    pub(crate) fn new(seed: u64, fault_rate: u16, crash: Option<Crash>) -> Self {
        Self {
            seed,
            fault_rate,
            crash,
            crashed: Notify::new(),
            late: AtomicBool::new(false),
            calls: AtomicU32::new(0),
        }
    }
}

/// What goes wrong with one call of the table.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// Refused for lack of throughput.
    Throttled,
    /// Refused for no reason.
    InternalError,
    /// Never arrives.
    Unreachable,
    /// Never arrives, and nobody says so.
    Silence,
    /// Takes effect, and the answer is lost.
    AnswerLost,
    /// Takes effect, and the answer comes too late.
    AnswerLate,
    /// Is reported lost, and takes effect a while later.
    EffectLate,
    /// Another transaction is writing the item.
    Conflict,
    /// A part of the batch is left out.
    Unprocessed,
}

const FAULTS: [Fault; 9] = [
    Fault::Throttled,
    Fault::InternalError,
    Fault::Unreachable,
    Fault::Silence,
    Fault::AnswerLost,
    Fault::AnswerLate,
    Fault::EffectLate,
    Fault::Conflict,
    Fault::Unprocessed,
];

/// Longer than the client waits for one attempt.
const TOO_LONG: Duration = Duration::from_millis(1_200);

/// The network of one history. Clones share it.
#[derive(Clone)]
pub(crate) struct Network {
    table: Embedded,
    index: Arc<Mutex<IndexLog>>,
    /// What each item that holds a generation has been since it was first written, oldest first.
    past: Arc<Mutex<BTreeMap<String, Vec<Value>>>>,
    mutant: Option<Arc<Mutant>>,
}

/// An item before it became what it once was, and after; `Null` when it is not there.
pub(crate) struct Rolled {
    pub(crate) before: Value,
    pub(crate) after: Value,
}

impl Network {
    pub(crate) fn new(table: Embedded, mutant: Option<Arc<Mutant>>) -> Self {
        Self { table, index: Arc::default(), past: Arc::default(), mutant }
    }

    fn index(&self) -> MutexGuard<'_, IndexLog> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Deletes the rows whose time was over at `second`, as time to live does.
    pub(crate) fn expire(&self, table: &str, second: i64) {
        let keys = self.index().keys();
        for pk in keys {
            let delete = json!({
                "TableName": table, "Key": {"pk": {"S": pk}},
                "ConditionExpression": "expiresAt < :now",
                "ExpressionAttributeValues": {":now": {"N": second.to_string()}},
                "ReturnValues": "ALL_OLD",
            });
            drop(self.apply(&WireRequest::new("DeleteItem", &delete)));
        }
    }

    /// An item as it is; `Null` when it is not there. Nobody but the harness asks.
    pub(crate) fn item(&self, table: &str, pk: &str) -> Value {
        let get = json!({"TableName": table, "Key": {"pk": {"S": pk}}, "ConsistentRead": true});
        let answer = self.table.answer(&WireRequest::new("GetItem", &get));
        let mut answer: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        answer["Item"].take()
    }

    /// Makes an item what it once was: not there, or one of its states since. `None` when it has
    /// never been there.
    pub(crate) fn roll(&self, table: &str, pk: &str, state: usize) -> Option<Rolled> {
        let past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        let states = past.get(pk)?;
        let before = self.item(table, pk);
        let after = match state % states.len() {
            0 => Value::Null,
            later => states[later - 1].clone(),
        };
        let request = if after.is_null() {
            let delete = json!({"TableName": table, "Key": {"pk": {"S": pk}}});
            WireRequest::new("DeleteItem", &delete)
        } else {
            WireRequest::new("PutItem", &json!({"TableName": table, "Item": after}))
        };
        drop(self.table.answer(&request));
        Some(Rolled { before, after })
    }

    /// Notes what a write made of the items that hold generations.
    fn remember(&self, request: &WireRequest) {
        for (table, pk) in touched(&request.json()) {
            if ["user#", "user-tenant#", "tenant#"].iter().any(|kind| pk.starts_with(kind)) {
                let item = self.item(&table, &pk);
                let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
                past.entry(pk).or_default().push(item);
            }
        }
    }

    /// A write, or a read of one item, at once.
    fn apply(&self, request: &WireRequest) -> WireResponse {
        let answer = match &self.mutant {
            Some(mutant) => mutant.answer(&self.table, request),
            None => self.table.answer(request),
        };
        if answer.status == 200 {
            match request.operation.as_str() {
                "PutItem" => self.index().appeared(&request.json()["Item"]),
                "DeleteItem" => {
                    if let Some(pk) = request.json()["Key"]["pk"]["S"].as_str() {
                        self.index().gone(pk);
                    }
                }
                "UpdateItem" | "TransactWriteItems" => self.remember(request),
                _ => {}
            }
        }
        answer
    }

    /// The call as the table serves it.
    async fn serve(&self, request: WireRequest, rng: &mut Rng, whole: bool) -> WireResponse {
        match request.operation.as_str() {
            "Query" => WireResponse::ok(&self.index().query(&request.json(), rng)),
            "BatchGetItem" => self.batch(&request, rng, whole).await,
            _ => self.apply(&request),
        }
    }

    /// Items of a batch are read one by one, and others write in between.
    async fn batch(&self, request: &WireRequest, rng: &mut Rng, whole: bool) -> WireResponse {
        let body = request.json();
        let (mut found, mut left) = (Map::new(), Map::new());
        for (table, part) in body["RequestItems"].as_object().into_iter().flatten() {
            let mut keys = part["Keys"].as_array().cloned().unwrap_or_default();
            rng.shuffle(&mut keys);
            if let Some(mutant) = &self.mutant {
                mutant.keys(&mut keys);
            }
            let (mut items, mut unprocessed) = (Vec::new(), Vec::new());
            for key in keys {
                if !whole && rng.bool() {
                    unprocessed.push(key);
                    continue;
                }
                sleep(Duration::from_millis(rng.u64(0..4))).await;
                let mut get = part.clone();
                if let Some(get) = get.as_object_mut() {
                    get.remove("Keys");
                    get.insert("Key".to_owned(), key);
                    get.insert("TableName".to_owned(), table.as_str().into());
                }
                let answer = self.apply(&WireRequest::new("GetItem", &get));
                if answer.status != 200 {
                    return answer;
                }
                let answer: Value = serde_json::from_str(&answer.body).unwrap_or_default();
                items.extend(answer.get("Item").cloned());
            }
            found.insert(table.clone(), items.into());
            if !unprocessed.is_empty() {
                let mut part = part.clone();
                part["Keys"] = unprocessed.into();
                left.insert(table.clone(), part);
            }
        }
        let answer = json!({"Responses": found, "UnprocessedKeys": left});
        match &self.mutant {
            Some(mutant) => mutant.batch(answer),
            None => WireResponse::ok(&answer),
        }
    }

    async fn go_wrong(
        &self,
        fault: Fault,
        request: WireRequest,
        rng: &mut Rng,
        errand: &Errand,
    ) -> Result<WireResponse, ConnectorError> {
        let is_write = !matches!(request.operation.as_str(), "GetItem" | "BatchGetItem" | "Query");
        match fault {
            Fault::Throttled => {
                Ok(WireResponse::error(400, "ProvisionedThroughputExceededException", "throttled"))
            }
            Fault::InternalError => Ok(WireResponse::error(500, "InternalServerError", "broken")),
            Fault::Unreachable => Err(ConnectorError::io("connection refused".into())),
            Fault::Silence => {
                sleep(TOO_LONG).await;
                Err(ConnectorError::io("silence".into()))
            }
            Fault::AnswerLost => {
                self.serve(request, rng, true).await;
                Err(ConnectorError::io("connection reset".into()))
            }
            Fault::AnswerLate => {
                let answer = self.serve(request, rng, true).await;
                sleep(TOO_LONG).await;
                Ok(answer)
            }
            Fault::EffectLate if is_write => {
                errand.late.store(true, Ordering::Relaxed);
                let (network, delay) = (self.clone(), Duration::from_millis(rng.u64(1..3_000)));
                tokio::spawn(async move {
                    sleep(delay).await;
                    network.apply(&request);
                });
                Err(ConnectorError::io("connection reset".into()))
            }
            Fault::Conflict if is_write => Ok(conflict(&request)),
            Fault::Unprocessed if request.operation == "BatchGetItem" => {
                Ok(self.serve(request, rng, false).await)
            }
            Fault::EffectLate | Fault::Conflict | Fault::Unprocessed => {
                Ok(self.serve(request, rng, true).await)
            }
        }
    }
}

impl Engine for Network {
    async fn call(&self, request: WireRequest) -> Result<WireResponse, ConnectorError> {
        let Ok(errand) = ERRAND.try_with(Arc::clone) else {
            return Ok(self.serve(request, &mut Rng::with_seed(0), true).await);
        };
        let number = errand.calls.fetch_add(1, Ordering::Relaxed);
        let mut rng = Rng::with_seed(errand.seed ^ (u64::from(number) << 32));
        sleep(Duration::from_millis(rng.u64(0..30))).await;
        if let Some(crash) = errand.crash.filter(|crash| crash.at == number) {
            if crash.after {
                self.serve(request, &mut rng, true).await;
            }
            errand.crashed.notify_one();
            return pending().await;
        }
        let goes_wrong = rng.u16(0..1_000) < errand.fault_rate;
        let answer = if goes_wrong {
            let fault = FAULTS[rng.usize(0..FAULTS.len())];
            self.go_wrong(fault, request, &mut rng, &errand).await
        } else {
            Ok(self.serve(request, &mut rng, true).await)
        };
        sleep(Duration::from_millis(rng.u64(0..30))).await;
        answer
    }
}
