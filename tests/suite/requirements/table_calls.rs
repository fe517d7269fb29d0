//! What the functions ask of the table when their samples are fed to them: read strongly, write on
//! a condition, and know the index by the name it has.

use crate::events::{Prepared, addressed, rows_of, sample};
use local::dynamodb::{Embedded, WireRequest};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use tests::{Faulty, World};

/// Every call that the samples of all functions make, but for what the harness itself asks.
async fn calls() -> (World, Vec<WireRequest>) {
    let engine = Arc::new(Faulty::new(Embedded::memory().expect("a database")));
    let world = World::with(|builder| builder.engine(Arc::clone(&engine))).await;
    let prepared = Prepared::new(&world, engine.inner()).await;
    engine.take_calls();
    for binary in local::functions::binaries() {
        for (case, _) in rows_of(binary) {
            // Whether it is refused is the samples' own test.
            let event = prepared.anew(&world).fill(&sample(binary, case));
            drop(world.bundle.invoke(&addressed(binary, case), &event).await);
        }
    }
    (world, engine.take_calls())
}

/// Whether every read that is asked for is strongly consistent.
fn is_strong(body: &Value) -> bool {
    let asked = match body["RequestItems"].as_object() {
        Some(tables) => tables.values().collect(),
        None => vec![body],
    };
    asked.iter().all(|asked| asked["ConsistentRead"] == true)
}

fn has_condition(write: &Value) -> bool {
    write["ConditionExpression"].as_str().is_some_and(|condition| !condition.is_empty())
}

/// A transaction is one write: it takes place if the conditions of all its members hold.
fn is_conditional(body: &Value) -> bool {
    let Some(members) = body["TransactItems"].as_array() else { return has_condition(body) };
    members.iter().filter_map(Value::as_object).flat_map(|kinds| kinds.values()).any(has_condition)
}

#[tokio::test]
async fn every_read_is_strong_every_write_conditional_and_the_index_is_there() {
    let (world, calls) = calls().await;
    let mut seen = BTreeSet::new();
    let indexes = &world.bundle.template().table.indexes;
    let indexes: Vec<_> = indexes.iter().map(|index| index.name.as_str()).collect();
    for call in &calls {
        let body = call.json();
        seen.insert(call.operation.as_str());
        match call.operation.as_str() {
            "GetItem" | "BatchGetItem" => assert!(is_strong(&body), "{body}"),
            "PutItem" | "UpdateItem" | "DeleteItem" | "TransactWriteItems" => {
                assert!(is_conditional(&body), "{body}");
            }
            // Eventually consistent, always: nothing rests on it but which rows are read.
            "Query" => assert!(indexes.contains(&body["IndexName"].as_str().unwrap()), "{body}"),
            other => panic!("{other}: no function calls this"),
        }
    }
    assert_eq!(seen.len(), 7, "{seen:?}");
    let table = &world.bundle.template().table.name;
    let query = world.bundle.dynamodb().query().table_name(table).index_name("another-index");
    let query = query.key_condition_expression("userKey = :key");
    let key = aws_sdk_dynamodb::types::AttributeValue::S("public#u1".to_owned());
    let answer = query.expression_attribute_values(":key", key).send().await;
    assert!(answer.is_err(), "the table under the tests answers no index that is not there");
}
