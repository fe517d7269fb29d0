//! A KMS where the network would be, so that the SDK's retries, timeouts and parsing all run for
//! real above it.

use crate::aws::reaching;
use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// A KMS that knows every key by its ARN. Clones share what was wrapped.
#[derive(Clone, Default)]
pub struct Kms(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// Which data keys were made: with which key, in which context, and the data key.
    wrapped: Vec<(String, Value, [u8; 32])>,
    calls: Vec<String>,
    refuses: Option<&'static str>,
}

impl Kms {
    /// From now on every call fails with this code, or none does.
    pub fn refuse(&self, code: Option<&'static str>) {
        self.state().refuses = code;
    }

    /// Every call since the last time this was asked, retries included: its operation.
    #[must_use]
    pub fn take_calls(&self) -> Vec<String> {
        std::mem::take(&mut self.state().calls)
    }

    /// The contexts for which data keys were made.
    #[must_use]
    pub fn contexts(&self) -> Vec<Value> {
        self.state().wrapped.iter().map(|(_, context, _)| context.clone()).collect()
    }

    /// Every data key that was made: what must be found in no table and in no log.
    #[must_use]
    pub fn data_keys(&self) -> Vec<[u8; 32]> {
        self.state().wrapped.iter().map(|(_, _, key)| *key).collect()
    }

    /// What makes functions find this KMS.
    #[must_use]
    pub fn aws(&self) -> SdkConfig {
        reaching(self.clone())
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// As KMS answers: the members, or the code of a refusal.
    fn answer(&mut self, operation: &str, asked: &Value) -> Result<Value, &'static str> {
        self.calls.push(operation.to_owned());
        if let Some(code) = self.refuses {
            return Err(code);
        }
        let (key, context) = (asked["KeyId"].as_str().expect("a key"), &asked["EncryptionContext"]);
        match operation {
            "GenerateDataKey" => {
                assert_eq!(asked["KeySpec"], "AES_256");
                let number = u8::try_from(self.wrapped.len()).expect("few data keys");
                let data_key = std::array::from_fn(|_| number.wrapping_add(0xa0));
                self.wrapped.push((key.to_owned(), context.clone(), data_key));
                Ok(json!({
                    "CiphertextBlob": STANDARD.encode([b"wrapped-", [number].as_slice()].concat()),
                    "Plaintext": STANDARD.encode(data_key),
                    "KeyId": key,
                }))
            }
            "Decrypt" => {
                let blob = STANDARD.decode(asked["CiphertextBlob"].as_str().expect("a blob"));
                let blob = blob.expect("base64");
                let number = blob.strip_prefix(b"wrapped-").and_then(|rest| rest.first());
                let found = number.and_then(|number| self.wrapped.get(usize::from(*number)));
                let (by, of, data_key) = found.ok_or("InvalidCiphertextException")?;
                if by != key {
                    return Err("IncorrectKeyException");
                }
                if of != context {
                    return Err("InvalidCiphertextException");
                }
                Ok(json!({"Plaintext": STANDARD.encode(data_key), "KeyId": key}))
            }
            other => panic!("{other}: nobody calls this"),
        }
    }
}

impl fmt::Debug for Kms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kms")
    }
}

impl HttpConnector for Kms {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").expect("a target");
        let operation = target.strip_prefix("TrentService.").expect("KMS").to_owned();
        let body = request.body().bytes().expect("a body that does not stream");
        let asked: Value = serde_json::from_slice(body).expect("JSON");
        let answer = self.state().answer(&operation, &asked);
        HttpConnectorFuture::ready(Ok(match answer {
            Ok(members) => respond(200, &members),
            Err("KMSInternalException") => respond(500, &json!({"__type": "KMSInternalException"})),
            Err(code) => respond(400, &json!({"__type": code, "message": "no"})),
        }))
    }
}

fn respond(status: u16, body: &Value) -> HttpResponse {
    let status = StatusCode::try_from(status).expect("a status");
    let mut response = HttpResponse::new(status, SdkBody::from(body.to_string()));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.1");
    response
}
