//! An index that lags, as DynamoDB's does: it shows the past until it is released.
//!
//! A second database answers index queries. Each write to the first is copied over at once, or,
//! while the index is held, when it is released.

use local::dynamodb::{ConnectorError, Embedded, Engine, OpenError, WireRequest, WireResponse};
use serde_json::{Map, Value, json};
use std::sync::{Mutex, PoisonError};

/// Two databases: one that is written, one that the index is read from.
pub struct Lagging {
    table: Embedded,
    index: Embedded,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: bool,
    /// Table and key of each item that was written and not yet copied.
    waiting: Vec<(String, Value)>,
}

impl Lagging {
    /// Both empty, and the index not held.
    pub fn new() -> Result<Self, OpenError> {
        let (table, index) = (Embedded::memory()?, Embedded::memory()?);
        Ok(Self { table, index, state: Mutex::default() })
    }

    /// From here on the index stands still.
    pub fn hold(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).held = true;
    }

    /// The index catches up, and follows again.
    pub fn release(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.held = false;
        self.catch_up(&mut state);
    }

    fn catch_up(&self, state: &mut State) {
        for (table, key) in state.waiting.drain(..) {
            let get = json!({"TableName": table, "Key": key, "ConsistentRead": true});
            let found = self.table.answer(&WireRequest::new("GetItem", &get));
            let found: Value = serde_json::from_str(&found.body).unwrap_or_default();
            let copy = match found.get("Item") {
                Some(item) => {
                    WireRequest::new("PutItem", &json!({"TableName": table, "Item": item}))
                }
                None => WireRequest::new("DeleteItem", &json!({"TableName": table, "Key": key})),
            };
            let copied = self.index.answer(&copy);
            assert_eq!(copied.status, 200, "the index refused a copy: {}", copied.body);
        }
    }

    fn write(&self, request: &WireRequest) -> WireResponse {
        // Held over write and note, so that copies are made in the order of the writes.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = self.table.answer(request);
        if answer.status == 200 {
            state.waiting.extend(touched(request));
            if !state.held {
                self.catch_up(&mut state);
            }
        }
        answer
    }
}

impl Engine for Lagging {
    async fn call(&self, request: WireRequest) -> Result<WireResponse, ConnectorError> {
        tokio::task::yield_now().await;
        Ok(match request.operation.as_str() {
            "Query" if request.json()["IndexName"].is_string() => self.index.answer(&request),
            "CreateTable" | "UpdateTimeToLive" => {
                let made = self.index.answer(&request);
                assert_eq!(made.status, 200, "no index: {}", made.body);
                self.table.answer(&request)
            }
            "PutItem" | "UpdateItem" | "DeleteItem" | "TransactWriteItems" => self.write(&request),
            _ => self.table.answer(&request),
        })
    }
}

/// The table and key of every item that a write names.
fn touched(request: &WireRequest) -> Vec<(String, Value)> {
    let body = request.json();
    let writes: Vec<&Value> = match body["TransactItems"].as_array() {
        Some(items) => items
            .iter()
            .flat_map(|item| item.as_object().into_iter().flat_map(Map::values))
            .collect(),
        None => vec![&body],
    };
    let key = |write: &Value| {
        let pk = write["Item"].get("pk").or_else(|| write["Key"].get("pk")).cloned();
        json!({ "pk": pk })
    };
    let table = |write: &Value| write["TableName"].as_str().unwrap_or_default().to_owned();
    writes.into_iter().map(|write| (table(write), key(write))).collect()
}
