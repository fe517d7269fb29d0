//! The classic exchange, and what an application changes of its own.

use super::{NOW, assert_same, digest, found, handle, insert, opened, rotated, salt, session};
use shared::json::Object;
use shared::model::{Rotation, SessionData};
use shared::table::{Promoted, Promotion, Rotated, SessionTable};
use shared::time::Timestamp;
use shared::token::key::KeyKind;
use shared::token::payload::Payload;
use std::time::Duration;

fn promotion(seen: &str, next: &str, at: Timestamp) -> Promotion {
    let expires_at = NOW.plus(Duration::from_millis(10_800_007));
    Promotion { seen: digest(seen), next: digest(next), at, expires_at }
}

async fn promoted(table: &SessionTable, name: &str, seen: &str, next: &str) -> Promoted {
    table.promote(&handle(name), &promotion(seen, next, NOW)).await.expect("an answer")
}

/// The one before is remembered, and that the next does not follow from it.
pub(super) async fn a_promotion_makes_a_token_current(table: SessionTable) {
    let mut expected = session("first", "u", 4);
    insert(&table, &expected).await;
    assert_eq!(rotated(&table, "first", "first", "second").await, Rotated::Rotated);
    let at = NOW.plus(Duration::from_millis(1));
    let written = table.promote(&expected.handle, &promotion("second", "third", at)).await;
    assert_eq!(written.expect("an answer"), Promoted::Promoted);
    expected.standing.expires_at = NOW.plus(Duration::from_millis(10_800_007));
    expected.standing.lineage.current = digest("third");
    expected.standing.lineage.rotation =
        Some(Rotation { previous: digest("second"), salt: None, at });
    assert_same(&found(&table, &expected.handle).await, &expected);

    // It may go on by the other way of exchange.
    assert_eq!(rotated(&table, "first", "third", "fourth").await, Rotated::Rotated);
    let read = found(&table, &expected.handle).await.standing.lineage;
    let rotation = read.rotation.expect("an exchange");
    assert_eq!((read.current, rotation.previous), (digest("fourth"), digest("third")));
    assert_eq!(rotation.salt.map(|salt| salt.0), Some(salt("fourth").0));
}

/// Of the many successors of a token the first to be used becomes current.
pub(super) async fn of_two_promotions_one_wins(table: SessionTable) {
    opened(&table, "first", "u", 0).await;
    assert_eq!(promoted(&table, "first", "first", "one").await, Promoted::Promoted);
    assert_eq!(promoted(&table, "first", "first", "two").await, Promoted::Stale);
    assert_eq!(promoted(&table, "first", "first", "one").await, Promoted::Promoted, "again");
    let read = found(&table, &handle("first")).await;
    assert_eq!(read.standing.lineage.current, digest("one"));
    assert_eq!(rotated(&table, "first", "first", "other").await, Rotated::Stale);
}

/// Nothing is given more time that had none left, to the millisecond.
pub(super) async fn a_session_whose_time_is_over_is_not_promoted(table: SessionTable) {
    let mut session = session("first", "u", 0);
    // Within a second, so that the second alone could not tell.
    session.standing.expires_at = NOW.plus(Duration::from_millis(500));
    insert(&table, &session).await;
    for late in [500, 501, 1_000, 86_400_000] {
        let at = NOW.plus(Duration::from_millis(late));
        let became = table.promote(&session.handle, &promotion("first", "next", at)).await;
        assert_eq!(became.expect("an answer"), Promoted::Gone, "{late} ms late");
        assert_same(&found(&table, &session.handle).await, &session);
    }
    let at = NOW.plus(Duration::from_millis(499));
    let became = table.promote(&session.handle, &promotion("first", "next", at)).await;
    assert_eq!(became.expect("an answer"), Promoted::Promoted);
}

/// Each of the three changes by itself; what else happened meanwhile stays.
pub(super) async fn what_an_application_changes_is_replaced_and_nothing_else(table: SessionTable) {
    let mut expected = session("first", "u", 0);
    insert(&table, &expected).await;
    let members = |json| -> Object { serde_json::from_str(json).expect("an object") };
    expected.payload = Payload::new(members(r#"{"n":1e400,"": null}"#)).expect("not protected");
    let written = table.set_payload(&expected.handle, &expected.payload).await;
    assert!(written.expect("an answer"));
    expected.data = SessionData(members(r#"{"list":[{}],"big":123456789012345678901234567890}"#));
    assert!(table.set_data(&expected.handle, &expected.data).await.expect("an answer"));
    expected.key_kind = KeyKind::Dynamic;
    assert!(table.set_key_kind(&expected.handle, expected.key_kind).await.expect("an answer"));
    assert_same(&found(&table, &expected.handle).await, &expected);

    assert_eq!(rotated(&table, "first", "first", "second").await, Rotated::Rotated);
    for json in [r#"{"a":1}"#, "{}"] {
        expected.data = SessionData(members(json));
        assert!(table.set_data(&expected.handle, &expected.data).await.expect("an answer"));
    }
    let read = found(&table, &expected.handle).await;
    assert_eq!(read.standing.lineage.current, digest("second"));
    assert_eq!((read.payload, read.data), (expected.payload, expected.data));
    assert_eq!(read.key_kind, KeyKind::Dynamic);
}
