//! An EventBridge bus where the network would be, so that the SDK's retries, timeouts and parsing
//! all run for real above it.

use crate::aws::reaching;
use crate::faults::Gate;
use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// What the bus does with a call.
#[derive(Clone)]
pub enum Turn {
    /// It fails with this status.
    Status(u16),
    /// It never answers.
    Silence,
    /// It answers 200, and that it has not taken the event.
    Refused,
    /// The call waits at the gate, and is taken then.
    Held(Arc<Gate>),
}

/// A bus that takes everything but for what it is told to do otherwise.
#[derive(Clone, Default)]
pub struct Bus {
    turns: Arc<Mutex<VecDeque<Turn>>>,
    calls: Arc<Mutex<Vec<Value>>>,
}

impl Bus {
    /// The next call goes like this.
    pub fn next(&self, turn: Turn) {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner).push_back(turn);
    }

    /// The next call waits at the gate.
    #[must_use]
    pub fn hold(&self) -> Arc<Gate> {
        let gate = Arc::new(Gate::default());
        self.next(Turn::Held(Arc::clone(&gate)));
        gate
    }

    /// Every call since the last time this was asked, whatever became of it: the entries, each with
    /// its detail as JSON.
    pub fn take_calls(&self) -> Vec<Value> {
        std::mem::take(&mut self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What makes functions find this bus.
    #[must_use]
    pub fn aws(&self) -> SdkConfig {
        reaching(self.clone())
    }

    fn record(&self, request: &HttpRequest) {
        assert_eq!(request.headers().get("x-amz-target"), Some("AWSEvents.PutEvents"));
        let body = request.body().bytes().expect("a body that does not stream");
        let mut call: Value = serde_json::from_slice(body).expect("JSON");
        for entry in call["Entries"].as_array_mut().expect("entries") {
            let detail = entry["Detail"].as_str().expect("text");
            entry["Detail"] = serde_json::from_str(detail).expect("JSON in the detail");
        }
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bus")
    }
}

impl HttpConnector for Bus {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.record(&request);
        let turn = self.turns.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        HttpConnectorFuture::new(async move {
            let taken = json!({"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]});
            let (status, body) = match turn {
                None => (200, taken),
                Some(Turn::Status(status)) => (status, json!({"__type": "InternalException"})),
                Some(Turn::Silence) => std::future::pending().await,
                Some(Turn::Refused) => {
                    let entry = json!({"ErrorCode": "ThrottlingException", "ErrorMessage": "no"});
                    (200, json!({"FailedEntryCount": 1, "Entries": [entry]}))
                }
                Some(Turn::Held(gate)) => {
                    gate.pass().await;
                    (200, taken)
                }
            };
            let status = StatusCode::try_from(status).expect("a status");
            let mut response = HttpResponse::new(status, SdkBody::from(body.to_string()));
            response.headers_mut().insert("content-type", "application/x-amz-json-1.1");
            Ok(response)
        })
    }
}
