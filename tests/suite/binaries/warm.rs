//! A process keeps what it has learnt: the second invocation asks the table for less than the first.

use super::{function, now, start};
use crate::events::{Placeholders, sample};
use tests::world::faulty;

/// What each of three invocations of an authorizer asks the table: the operations, and how many keys
/// in all.
async fn asked(name: &str) -> Vec<Vec<(String, usize)>> {
    let (world, engine) = faulty().await;
    let function = function(&world, name);
    let mut sandbox = start(&function, &world.listen().await).await;
    let placeholders = Placeholders::prepare_at(&world, now()).await;
    let event = placeholders.fill(&sample(&function.binary, "header"));
    engine.take_calls();
    let mut asked = Vec::new();
    for _ in 0..3 {
        sandbox.invoke(event.clone()).await.expect("a session that lives");
        let calls = engine.take_calls().into_iter().map(|call| {
            let keys = call.json()["RequestItems"].as_object().map_or(1, |tables| {
                tables.values().filter_map(|table| table["Keys"].as_array()).map(Vec::len).sum()
            });
            (call.operation, keys)
        });
        asked.push(calls.collect());
    }
    asked
}

#[tokio::test]
async fn the_fast_authorizer_asks_the_table_for_the_keys_once() {
    let once = vec![("GetItem".to_owned(), 1)];
    assert_eq!(asked("verify-session-fast").await, [once, Vec::new(), Vec::new()]);
}

#[tokio::test]
async fn the_strict_authorizer_asks_for_the_session_each_time_and_for_the_keys_once() {
    let batch = |keys: usize| vec![("BatchGetItem".to_owned(), keys)];
    assert_eq!(asked("verify-session").await, [batch(3), batch(2), batch(2)]);
}
