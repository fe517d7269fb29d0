//! Finding a user's sessions, and sweeping them away.

use super::{NOW, found, generation_at, handle, insert, opened, session, tenant, user};
use shared::ids::{Generation, SessionHandle};
use shared::model::{Generations, Scope, Summary};
use shared::table::{HandlePage, SessionTable};
use std::collections::BTreeSet;

/// The sweep removes what is behind and nothing else.
pub(super) async fn the_sweep_is_conditional(table: SessionTable) {
    let (whole, acme) = (Scope::User, Scope::Tenant(tenant("acme")));
    let new = opened(&table, "new", "u", 5).await;
    let old = opened(&table, "old", "u", 4).await;
    let mut behind_in_tenant = session("behind-in-tenant", "u", 5);
    behind_in_tenant.standing.born =
        Generations { tenant: Generation::from_number(4), ..behind_in_tenant.standing.born };
    insert(&table, &behind_in_tenant).await;
    let five = Generation::from_number(5);
    for (session, scope, swept) in [
        (&new, &whole, false),
        (&new, &acme, false),
        (&behind_in_tenant.handle, &whole, false),
        (&behind_in_tenant.handle, &acme, true),
        (&old, &whole, true),
        (&old, &whole, false),
    ] {
        let removed = table.sweep(session, scope, five).await.expect("an answer");
        assert_eq!(removed.is_some(), swept, "{session:?} {scope:?}");
    }
    found(&table, &new).await;
}

/// Goes through all pages; each may end before, but not after, `limit` sessions.
async fn all_pages(table: &SessionTable, whose: &str, limit: i32) -> Vec<SessionHandle> {
    let (whose, mut seen, mut after) = (user(whose), Vec::new(), None);
    loop {
        let page = table.find_handles(&whose, &Scope::User, Some(limit), after.as_ref()).await;
        let HandlePage { handles, next } = page.expect("an answer");
        assert!(handles.len() <= usize::try_from(limit).expect("a limit"));
        seen.extend(handles);
        assert!(seen.len() < 100, "the pages have an end");
        if next.is_none() {
            return seen;
        }
        after = next;
    }
}

/// The index pages to the end, for one user and no other.
pub(super) async fn the_index_pages_through_one_users_sessions(table: SessionTable) {
    let mut expected = BTreeSet::new();
    for i in 0..7 {
        expected.insert(opened(&table, &format!("page-{i}"), "page", 0).await);
    }
    for other in ["", "p", "pages", "public#page"] {
        opened(&table, &format!("of-{other}"), other, 0).await;
    }
    // What is no session is not in the index.
    table.raise(&user("page"), &Scope::User, generation_at(NOW)).await.expect("an answer");
    for limit in [1, 2, 3, 6, 7, 8] {
        let seen = all_pages(&table, "page", limit).await;
        assert_eq!(seen.len(), 7, "none twice, {limit} at a time");
        assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), expected);
    }
    assert_eq!(all_pages(&table, "p", 1).await, [handle("of-p")]);
}

/// A user's sessions in one tenant, and in all, grouped by tenant.
pub(super) async fn the_index_tells_tenants_apart(table: SessionTable) {
    let tenants = ["acme", "acme-2", "public"];
    for i in 0..3 {
        for name in tenants {
            let mut session = session(&format!("{i}_{name}"), "u", 0);
            session.standing.tenant = tenant(name);
            insert(&table, &session).await;
        }
    }
    for name in tenants {
        let scope = Scope::Tenant(tenant(name));
        let (mut seen, mut after) = (BTreeSet::new(), None);
        for _ in 0..3 {
            let page = table.find_handles(&user("u"), &scope, Some(1), after.as_ref()).await;
            let page = page.expect("an answer");
            seen.extend(page.handles);
            after = page.next;
        }
        assert_eq!(seen, (0..3).map(|i| handle(&format!("{i}_{name}"))).collect());
    }
    let none = Scope::Tenant(tenant("acm"));
    let none = table.find_handles(&user("u"), &none, None, None).await.expect("an answer");
    assert!(none.handles.is_empty() && none.next.is_none());
    let groups: Vec<_> =
        all_pages(&table, "u", 2).await.iter().map(SessionHandle::tenant).collect();
    assert_eq!(groups.len(), 9);
    let mut changes = groups.clone();
    changes.dedup();
    assert_eq!(changes.len(), 3, "{groups:?}");
}

/// The sweep removes a page and goes on where it ended.
pub(super) async fn a_page_goes_on_after_a_session_that_is_gone(table: SessionTable) {
    for i in 0..6 {
        opened(&table, &format!("page-{i}"), "u", 0).await;
    }
    let (mut seen, mut after) = (BTreeSet::new(), None);
    loop {
        let page = table.find_handles(&user("u"), &Scope::User, Some(2), after.as_ref()).await;
        let HandlePage { handles, next } = page.expect("an answer");
        for handle in handles {
            assert!(table.remove(&handle).await.expect("an answer").is_some());
            seen.insert(handle);
        }
        if next.is_none() {
            break;
        }
        after = next;
    }
    assert_eq!(seen.len(), 6);
    assert!(all_pages(&table, "u", 2).await.is_empty());
}

/// More keys than one batch takes are read all the same.
pub(super) async fn many_sessions_are_read_in_one_call(table: SessionTable) {
    let mut handles = vec![handle("absent")];
    for i in 0..120 {
        handles.push(opened(&table, &format!("many-{i}"), "u", 0).await);
    }
    let whole = table.raise(&user("u"), &Scope::User, generation_at(NOW)).await.expect("an answer");
    let found = table.find_all(&handles, &user("u")).await.expect("an answer");
    assert!(found.iter().all(|(_, generations)| generations.whole == whole));
    let found: BTreeSet<_> = found.into_iter().map(|(session, _)| session.handle).collect();
    assert_eq!(found, handles[1..].iter().cloned().collect());
}

/// An answer has a largest size, and leaves out what is beyond it: DynamoDB's is 16 MB, dynalite's
/// 1 MB, so that there these come in parts.
pub(super) async fn what_does_not_fit_into_one_answer_is_asked_for_again(table: SessionTable) {
    let mut handles = Vec::new();
    for i in 0..100 {
        let mut session = session(&format!("large-{i}"), "u", 0);
        session.device.user_agent = Some("a".repeat(25_000));
        insert(&table, &session).await;
        handles.push(session.handle);
    }
    let found = table.find_all(&handles, &user("u")).await.expect("an answer");
    let found: Vec<_> = found.into_iter().map(|(session, _)| session).collect();
    let whole =
        |one: &Summary| one.device.user_agent.as_ref().is_some_and(|text| text.len() == 25_000);
    assert!(found.iter().all(whole));
    let found: BTreeSet<_> = found.into_iter().map(|session| session.handle).collect();
    assert_eq!(found, handles.into_iter().collect());
}
