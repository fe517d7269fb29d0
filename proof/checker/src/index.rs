//! The index as DynamoDB has it: eventually consistent, without a bound. Each page of a query shows
//! the past of its own choice.

use fastrand::Rng;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Every change of the index, in the order of the writes.
#[derive(Default)]
pub(crate) struct IndexLog(Vec<Change>);

enum Change {
    Appeared { pk: String, user: String, tenant: String },
    Gone(String),
}

impl IndexLog {
    /// Notes an item that was put.
    pub(crate) fn appeared(&mut self, item: &Value) {
        let text = |name: &str| item[name]["S"].as_str().map(ToOwned::to_owned);
        if let (Some(pk), Some(user), Some(tenant)) =
            (text("pk"), text("userKey"), text("tenantId"))
        {
            self.0.push(Change::Appeared { pk, user, tenant });
        }
    }

    /// Notes an item that was deleted.
    pub(crate) fn gone(&mut self, pk: &str) {
        self.0.push(Change::Gone(pk.to_owned()));
    }

    /// The keys of all items there are now.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.at(self.0.len()).into_keys().collect()
    }

    /// What the index held after so many changes: key, and user and tenant.
    fn at(&self, position: usize) -> BTreeMap<String, (&str, &str)> {
        let mut items = BTreeMap::new();
        for change in &self.0[..position] {
            match change {
                Change::Appeared { pk, user, tenant } => {
                    items.insert(pk.clone(), (user.as_str(), tenant.as_str()));
                }
                Change::Gone(pk) => drop(items.remove(pk)),
            }
        }
        items
    }

    /// Answers a query: some past, in pages of some size.
    pub(crate) fn query(&self, request: &Value, rng: &mut Rng) -> Value {
        let now = self.0.len();
        let position = if rng.bool() { now } else { rng.usize(0..=now) };
        let values = &request["ExpressionAttributeValues"];
        let wanted = |name: &str| values[name]["S"].as_str();
        let mut found: Vec<_> = self
            .at(position)
            .into_iter()
            .filter(|(_, (user, tenant))| {
                Some(*user) == wanted(":user")
                    && wanted(":tenant").is_none_or(|wanted| wanted == *tenant)
            })
            .map(|(pk, (user, tenant))| (tenant.to_owned(), pk, user.to_owned()))
            .collect();
        found.sort();
        let start = &request["ExclusiveStartKey"];
        if let (Some(tenant), Some(pk)) =
            (start["tenantId"]["S"].as_str(), start["pk"]["S"].as_str())
        {
            found.retain(|item| (item.0.as_str(), item.1.as_str()) > (tenant, pk));
        }
        let limit = request["Limit"].as_u64().and_then(|limit| usize::try_from(limit).ok());
        let size = [1, 2, usize::MAX][rng.usize(0..3)].min(limit.unwrap_or(usize::MAX));
        let page: Vec<Value> = found.iter().take(size).map(item).collect();
        let mut answer = Map::new();
        // A full last page may say where to go on, too.
        if found.len() > size || (found.len() == size && rng.bool()) {
            answer.insert("LastEvaluatedKey".to_owned(), page.last().cloned().unwrap_or_default());
        }
        answer.insert("Count".to_owned(), page.len().into());
        answer.insert("ScannedCount".to_owned(), page.len().into());
        answer.insert("Items".to_owned(), page.into());
        Value::Object(answer)
    }
}

fn item((tenant, pk, user): &(String, String, String)) -> Value {
    json!({"pk": {"S": pk}, "userKey": {"S": user}, "tenantId": {"S": tenant}})
}
