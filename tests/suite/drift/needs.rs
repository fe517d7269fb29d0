//! What IAM is asked about a call of the table: action, kind of item, attributes.

use super::iam::{INDEX, TABLE, list, object};
use local::dynamodb::WireRequest;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// One thing that IAM is asked about a call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Need {
    pub(super) action: String,
    pub(super) resource: &'static str,
    /// The kind of the partition key, such as `session#`, or the whole of `apps`, where there is one.
    pub(super) kind: Option<String>,
    /// Of `UpdateItem`: the attributes that it writes, asks about and finds the item by.
    pub(super) attributes: BTreeSet<String>,
    /// Of `UpdateItem`: what it wants back.
    pub(super) return_values: Option<String>,
}

/// What IAM would be asked about this call.
pub(super) fn needs(call: &WireRequest) -> Vec<Need> {
    let body = call.json();
    match call.operation.as_str() {
        "UpdateItem" => vec![need_of_update(&body)],
        operation @ ("GetItem" | "DeleteItem") => vec![need(operation, &body["Key"])],
        "PutItem" => vec![need("PutItem", &body["Item"])],
        "BatchGetItem" => {
            let tables = object(&body["RequestItems"]).values();
            let keys = tables.flat_map(|table| list(&table["Keys"]));
            keys.map(|key| need("BatchGetItem", key)).collect()
        }
        "TransactWriteItems" => {
            let members = list(&body["TransactItems"]).iter();
            members.flat_map(object).map(need_of_member).collect()
        }
        "Query" => {
            assert_eq!(body["IndexName"], "user-tenant-index");
            vec![Need::of("dynamodb:Query", INDEX, None)]
        }
        other => panic!("{other}: no function calls this"),
    }
}

fn need(operation: &str, item: &Value) -> Need {
    let key = item["pk"]["S"].as_str().expect("a partition key");
    let kind = match key.split_once('#') {
        Some((kind, _)) => format!("{kind}#"),
        // The one item of its kind.
        None if key == "apps" => key.to_owned(),
        None => panic!("{key}: a key begins with its kind"),
    };
    Need::of(&format!("dynamodb:{operation}"), TABLE, Some(kind))
}

fn need_of_update(update: &Value) -> Need {
    Need {
        attributes: attributes(update),
        return_values: Some(update["ReturnValues"].as_str().unwrap_or("NONE").to_owned()),
        ..need("UpdateItem", &update["Key"])
    }
}

/// A transaction needs what its members need.
fn need_of_member((kind, member): (&String, &Value)) -> Need {
    match kind.as_str() {
        "Put" => need("PutItem", &member["Item"]),
        "Update" => need_of_update(member),
        "ConditionCheck" => need("ConditionCheckItem", &member["Key"]),
        kind => need(&format!("{kind}Item"), &member["Key"]),
    }
}

/// The attributes that an update names: its key's, and those of its two expressions.
fn attributes(update: &Value) -> BTreeSet<String> {
    const WORDS: [&str; 10] = [
        "SET",
        "REMOVE",
        "ADD",
        "DELETE",
        "AND",
        "OR",
        "NOT",
        "attribute_exists",
        "attribute_not_exists",
        "if_not_exists",
    ];
    let expressions = ["UpdateExpression", "ConditionExpression"];
    let expressions = expressions.iter().filter_map(|name| update[*name].as_str());
    let in_a_name = |letter: char| letter.is_ascii_alphanumeric() || "#:_".contains(letter);
    let words = expressions.flat_map(|text| text.split(move |letter| !in_a_name(letter)));
    let is_number = |word: &str| word.chars().all(|letter| letter.is_ascii_digit());
    let names =
        words.filter(|word| !word.starts_with(':') && !WORDS.contains(word) && !is_number(word));
    let names = names.map(|word| {
        let alias = update["ExpressionAttributeNames"].get(word).and_then(Value::as_str);
        alias.unwrap_or(word)
    });
    object(&update["Key"]).keys().map(String::as_str).chain(names).map(ToOwned::to_owned).collect()
}

impl Need {
    pub(super) fn of(action: &str, resource: &'static str, kind: Option<String>) -> Self {
        let attributes = BTreeSet::new();
        Self { action: action.to_owned(), resource, kind, attributes, return_values: None }
    }
}

#[test]
fn the_attributes_of_an_update_are_its_keys_and_those_of_its_expressions() {
    let update = json!({
        "Key": {"pk": {"S": "user#public#ada"}},
        "UpdateExpression": "SET #generation = #generation + :value, rotatedAt = :at REMOVE salt",
        "ConditionExpression": "attribute_exists(pk) AND (NOT digest = :seen OR #generation < :value)",
        "ExpressionAttributeNames": {"#generation": "generation"},
    });
    let expected = ["digest", "generation", "pk", "rotatedAt", "salt"].map(ToOwned::to_owned);
    assert_eq!(attributes(&update), expected.into());
}
