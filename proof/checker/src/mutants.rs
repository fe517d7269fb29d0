//! Sever with one of its safeguards taken out, to prove that the checker would notice. Each is done
//! on the wire, so that the code under test is the very code that is shipped: a condition that the
//! table never sees is a condition that was never written.

use clap::ValueEnum;
use fastrand::Rng;
use local::dynamodb::{Embedded, WireRequest, WireResponse};
use serde_json::{Map, Value, json};
use shared::ids::{SessionHandle, Shard};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::sleep;

/// What is taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Missing {
    /// A user's generations are never found.
    Generations,
    /// A wall-clock cut-off stands in place of generations: a session carries its maker's time.
    GenerationsButClocks,
    /// Deleting a row does not ask that it is there.
    Existence,
    /// Reads are eventually consistent.
    StrongReads,
    /// Keys that come back unprocessed are taken for absent.
    UnprocessedKeys,
    /// A row lives until time to live deletes it.
    Expiry,
    /// A rotation does not ask for the token it has seen.
    RotationCondition,
    /// A sweep does not ask for the generation.
    SweepCondition,
    /// A new session is written again when its answer may have been lost.
    WrittenOnce,
    /// A session that is ahead of its generations lives.
    Ahead,
    /// The end of a tenant is written in 15 of the 16 copies.
    EveryCopy,
    /// A strict check reads another copy of the tenant's generation than the session saw at birth.
    OwnCopy,
}

/// A table with something missing between it and the client.
pub(crate) struct Mutant {
    missing: Missing,
    rng: Mutex<Rng>,
    /// The hex digit of the copy that is left out.
    copy: char,
    /// What each item has been, oldest first.
    past: Mutex<HashMap<String, Vec<Option<Value>>>>,
}

const NEVER: &str = "99999999999";

impl Mutant {
    pub(crate) fn new(missing: Missing, seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let copy = char::from_digit(rng.u32(0..16), 16).unwrap_or_default();
        Self { missing, rng: Mutex::new(rng), copy, past: Mutex::default() }
    }

    /// Answers one call.
    pub(crate) fn answer(&self, table: &Embedded, request: &WireRequest) -> WireResponse {
        let mut body = request.json();
        if self.missing == Missing::EveryCopy
            && request.operation == "UpdateItem"
            && is_copy(&body["Key"]["pk"])
            && body["Key"]["pk"]["S"].as_str().is_some_and(|pk| pk.ends_with(self.copy))
        {
            return WireResponse::ok(&json!({}));
        }
        self.change(&request.operation, &mut body);
        let request = WireRequest::new(&request.operation, &body);
        let answer = table.answer(&request);
        if answer.status != 200 {
            return answer;
        }
        if self.missing == Missing::WrittenOnce && is_session(&body["Item"]["pk"]) {
            self.write_again(table, body.clone());
        }
        if self.missing == Missing::StrongReads {
            return self.of_some_time(table, &request, &body, answer);
        }
        if request.operation != "GetItem" {
            return answer;
        }
        let mut found: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        if let Some(item) = found.get_mut("Item")
            && !self.show(table, &body["TableName"], item)
        {
            found = json!({});
        }
        WireResponse::ok(&found)
    }

    /// Changes the keys of a batch.
    pub(crate) fn keys(&self, keys: &mut [Value]) {
        if self.missing != Missing::OwnCopy || !keys.iter().any(|key| is_session(&key["pk"])) {
            return;
        }
        for key in keys.iter_mut().filter(|key| is_copy(&key["pk"])) {
            let mut pk = key["pk"]["S"].as_str().unwrap_or_default().to_owned();
            let own = pk.pop().and_then(|digit| digit.to_digit(16)).unwrap_or_default();
            pk.extend(char::from_digit((own + 1) % 16, 16));
            key["pk"]["S"] = pk.into();
        }
    }

    /// Changes the answer of a batch.
    pub(crate) fn batch(&self, mut answer: Value) -> WireResponse {
        if self.missing == Missing::UnprocessedKeys {
            answer["UnprocessedKeys"] = json!({});
        }
        WireResponse::ok(&answer)
    }

    fn change(&self, operation: &str, body: &mut Value) {
        let condition = body["ConditionExpression"].as_str().unwrap_or_default().to_owned();
        match (self.missing, operation) {
            (Missing::Existence, "DeleteItem") if condition == "attribute_exists(pk)" => {
                forget(body, "ConditionExpression");
            }
            (Missing::SweepCondition, "DeleteItem") if condition.contains("Generation <") => {
                body["ConditionExpression"] = "attribute_exists(pk)".into();
                forget(body, "ExpressionAttributeValues");
            }
            (Missing::RotationCondition, "UpdateItem") if condition.contains("refreshDigest") => {
                forget(body, "ConditionExpression");
                forget(&mut body["ExpressionAttributeValues"], ":seen");
            }
            (Missing::GenerationsButClocks, "PutItem") if is_session(&body["Item"]["pk"]) => {
                let born = body["Item"]["createdAt"].clone();
                body["Item"]["userGeneration"] = born.clone();
                body["Item"]["tenantGeneration"] = born;
            }
            _ => {}
        }
    }

    /// Whether an item is shown, and as what.
    fn show(&self, table: &Embedded, name: &Value, item: &mut Value) -> bool {
        let pk = item["pk"]["S"].as_str().unwrap_or_default();
        let is_user = pk.starts_with("user#") || pk.starts_with("user-tenant#");
        match self.missing {
            Missing::Generations => !is_user,
            Missing::Expiry if item.get("expiresAt").is_some() => {
                item["expiresAt"] = json!({ "N": NEVER });
                forget(item, "expiresAtMillis");
                true
            }
            Missing::Ahead | Missing::GenerationsButClocks if is_session(&item["pk"]) => {
                lower(table, name, item);
                true
            }
            _ => true,
        }
    }

    fn write_again(&self, table: &Embedded, mut put: Value) {
        forget(&mut put, "ConditionExpression");
        let table = table.clone();
        let delay = self.rng.lock().unwrap_or_else(PoisonError::into_inner).u64(10..1_000);
        tokio::spawn(async move {
            sleep(Duration::from_millis(delay)).await;
            drop(table.answer(&WireRequest::new("PutItem", &put)));
        });
    }

    /// Remembers what a write made of an item, and lets a read find any of it.
    fn of_some_time(
        &self,
        table: &Embedded,
        request: &WireRequest,
        body: &Value,
        answer: WireResponse,
    ) -> WireResponse {
        let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        if request.operation == "GetItem" {
            let pk = body["Key"]["pk"]["S"].as_str().unwrap_or_default();
            let Some(versions) = past.get(pk) else { return answer };
            let pick =
                self.rng.lock().unwrap_or_else(PoisonError::into_inner).usize(0..=versions.len());
            return match versions.get(pick) {
                Some(Some(item)) => WireResponse::ok(&json!({ "Item": item })),
                Some(None) => WireResponse::ok(&json!({})),
                None => answer,
            };
        }
        for (name, pk) in touched(body) {
            let get = json!({"TableName": name, "Key": {"pk": {"S": pk}}, "ConsistentRead": true});
            let now = table.answer(&WireRequest::new("GetItem", &get));
            let now: Value = serde_json::from_str(&now.body).unwrap_or_default();
            past.entry(pk).or_insert_with(|| vec![None]).push(now.get("Item").cloned());
        }
        answer
    }
}

/// Shows a session that is ahead of a generation as if it were not.
fn lower(table: &Embedded, name: &Value, session: &mut Value) {
    let text = |attribute: &str| session[attribute]["S"].as_str().unwrap_or_default().to_owned();
    let (user, tenant) = (text("userId"), text("tenantId"));
    let handle = text("pk").trim_start_matches("session#public#").to_owned();
    let Ok(handle) = SessionHandle::parse(&handle) else { return };
    let user_pk = format!("user#public#{user}");
    let tenant_generation = if tenant == "public" {
        (user_pk.clone(), "publicGeneration")
    } else {
        (format!("user-tenant#public#{tenant}#{user}"), "generation")
    };
    let copy = format!("tenant#public#{tenant}#{}", Shard::of(&handle));
    for (born, (pk, attribute)) in [
        ("userGeneration", (user_pk, "generation")),
        ("tenantGeneration", tenant_generation),
        ("everybodysGeneration", (copy, "generation")),
    ] {
        let get = json!({"TableName": name, "Key": {"pk": {"S": pk}}, "ConsistentRead": true});
        let answer = table.answer(&WireRequest::new("GetItem", &get));
        let answer: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let present = number(&answer["Item"][attribute]);
        if number(&session[born]) > present {
            session[born] = json!({ "N": present.to_string() });
        }
    }
}

/// The number in an attribute; 0 when it is not there.
pub(crate) fn number(attribute: &Value) -> i64 {
    attribute["N"].as_str().and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

/// Table and key of every item that a write names.
pub(crate) fn touched(body: &Value) -> Vec<(String, String)> {
    let writes: Vec<&Value> = match body["TransactItems"].as_array() {
        Some(items) => items
            .iter()
            .flat_map(|item| item.as_object().into_iter().flat_map(Map::values))
            .collect(),
        None => vec![body],
    };
    let pk = |write: &Value| {
        let key = write["Item"].get("pk").or_else(|| write["Key"].get("pk"))?;
        Some((write["TableName"].as_str()?.to_owned(), key["S"].as_str()?.to_owned()))
    };
    writes.into_iter().filter_map(pk).collect()
}

fn is_session(pk: &Value) -> bool {
    pk["S"].as_str().is_some_and(|pk| pk.starts_with("session#"))
}

fn is_copy(pk: &Value) -> bool {
    pk["S"].as_str().is_some_and(|pk| pk.starts_with("tenant#"))
}

fn forget(object: &mut Value, name: &str) {
    if let Some(members) = object.as_object_mut() {
        members.remove(name);
    }
}
