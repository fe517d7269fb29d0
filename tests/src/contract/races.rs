//! The same, by many at once. An engine may answer them in any order.

use super::{
    NOW, app, digest, found, generation_at, handle, opened, present, rotated, session, tenant, user,
};
use futures_util::future::join_all;
use shared::ids::Generation;
use shared::model::{Generations, Scope};
use shared::table::{
    AppTable, AppWrite, AppWritten, Inserted, KeptSession, RaiseKeeping, Rotated, SessionTable,
};
use shared::tenancy::AppRecord;
use std::collections::BTreeSet;

const MANY: usize = 12;

async fn many<T>(call: impl AsyncFn(usize) -> T) -> Vec<T> {
    join_all((0..MANY).map(|i| call(i))).await
}

/// How many of the answers are this one.
fn count<T: PartialEq>(answers: &[T], answer: &T) -> usize {
    answers.iter().filter(|one| *one == answer).count()
}

pub(super) async fn of_many_sessions_with_one_handle_one_is_opened(table: SessionTable) {
    let whose = |i| format!("u{i}");
    let open = async |i| {
        let session = session("s", &whose(i), 0);
        table.insert_new(&session).await.expect("an answer")
    };
    let answers = many(open).await;
    assert_eq!(count(&answers, &Inserted::Inserted), 1);
    let winner = answers.iter().position(|one| *one == Inserted::Inserted).expect("one");
    assert_eq!(found(&table, &handle("s")).await.standing.user, user(&whose(winner)));
}

pub(super) async fn of_many_rotations_at_once_one_wins(table: SessionTable) {
    opened(&table, "s", "u", 0).await;
    let next = |i| format!("next-{i}");
    let answers = many(async |i| rotated(&table, "s", "s", &next(i)).await).await;
    assert_eq!(count(&answers, &Rotated::Rotated), 1);
    assert_eq!(count(&answers, &Rotated::Stale), MANY - 1);
    let winner = answers.iter().position(|one| *one == Rotated::Rotated).expect("one");
    let read = found(&table, &handle("s")).await.standing.lineage;
    assert_eq!(read.current, digest(&next(winner)));
}

pub(super) async fn of_many_removals_at_once_one_reports(table: SessionTable) {
    let session = opened(&table, "s", "u", 0).await;
    let late = Generation::from_number(1);
    let remove = async |i| match i % 2 {
        0 => table.remove(&session).await.expect("an answer").is_some(),
        _ => table.sweep(&session, &Scope::User, late).await.expect("an answer").is_some(),
    };
    assert_eq!(count(&many(remove).await, &true), 1);
}

/// Two revocations at the same moment are two.
pub(super) async fn every_revocation_has_a_generation_of_its_own(table: SessionTable) {
    for scope in [Scope::User, Scope::Tenant(tenant("acme"))] {
        let raise =
            async |_| table.raise(&user("u"), &scope, generation_at(NOW)).await.expect("an answer");
        let answers: BTreeSet<_> = many(raise).await.into_iter().collect();
        assert_eq!(answers.len(), MANY);
        let read = present(&table, "u", "acme", "s").await;
        assert_eq!(answers.last(), Some(&scope.of(read)));
    }
}

/// All have seen the same. Others revoke everything meanwhile, which no transaction may keep from
/// them.
pub(super) async fn of_many_who_keep_a_session_at_most_one_raises(table: SessionTable) {
    let (whose, kept) = (user("u"), opened(&table, "s", "u", 0).await);
    let act = async |i| {
        if i % 4 == 3 {
            table.raise(&whose, &Scope::User, generation_at(NOW)).await.expect("an answer");
            return None;
        }
        let unseen = Generations::default();
        let spared = KeptSession { handle: &kept, born: unseen };
        let raised =
            table.raise_keeping(&whose, &Scope::User, unseen, spared, generation_at(NOW)).await;
        match raised.expect("an answer") {
            RaiseKeeping::Raised(generation) => Some(generation),
            RaiseKeeping::Stale => None,
        }
    };
    let raised: Vec<_> = many(act).await.into_iter().flatten().collect();
    assert!(raised.len() <= 1, "{raised:?}");
    let lifted = found(&table, &kept).await.standing.born.whole;
    assert_eq!(lifted, raised.first().copied().unwrap_or_default());
    let read = present(&table, "u", "acme", "s").await;
    assert!(read.whole > lifted, "whoever revoked everything after that ended it too");
}

pub(super) async fn of_many_writers_of_an_app_at_most_one_wins(table: AppTable) {
    let first = app("one");
    let make = async |_| table.write(&first, AppWrite::Made).await.expect("an answer");
    assert!(count(&many(make).await, &AppWritten::Written) <= 1);
    let one = async || table.find(&first.id).await.expect("an answer");
    if one().await.is_none() {
        assert_eq!(make(0).await, AppWritten::Written, "nobody is in the way any more");
    }
    let change = async |i| {
        let tenants = [tenant(&format!("t{i}"))].into();
        let change = AppRecord { version: 2, tenants, ..first.clone() };
        table.write(&change, AppWrite::Changed).await.expect("an answer")
    };
    let answers = many(change).await;
    let written = count(&answers, &AppWritten::Written);
    assert!(written <= 1);
    let read = one().await.expect("an app");
    match answers.iter().position(|one| *one == AppWritten::Written) {
        Some(i) => assert_eq!(read.tenants, [tenant(&format!("t{i}"))].into()),
        None => assert_eq!(read.version, 1),
    }
}
