//! Apps and tenants: made, changed, removed, and what goes with them.

use super::{NOW, app, generation_at, handle, insert, opened, present, session, tenant, user};
use shared::ids::{AppId, Generation};
use shared::model::{Ended, Generations, Scope};
use shared::table::{AppTable, AppWrite, AppWritten, KeysWritten, SessionTable};
use shared::tenancy::{AppRecord, AppSettings, MAX_TENANTS};
use shared::time::Entropy;
use shared::token::signing::SigningKeys;

async fn written(table: &AppTable, app: &AppRecord, write: AppWrite) -> AppWritten {
    table.write(app, write).await.expect("an answer")
}

async fn made(table: &AppTable, app: &AppRecord) {
    assert_eq!(written(table, app, AppWrite::Made).await, AppWritten::Written);
}

async fn found(table: &AppTable, id: &AppId) -> AppRecord {
    table.find(id).await.expect("an answer").expect("an app")
}

async fn listed(table: &AppTable) -> Vec<AppId> {
    let mut ids = table.list().await.expect("an answer");
    ids.sort();
    ids
}

/// The same app, one write later.
fn next(app: &AppRecord) -> AppRecord {
    AppRecord { version: app.version + 1, ..app.clone() }
}

/// What is written is what is read, with as many tenants as there may be.
pub(super) async fn an_app_is_read_as_it_was_written(table: AppTable) {
    let bare = app("bare");
    assert!(table.find(&bare.id).await.expect("an answer").is_none());
    let mut full = app("full");
    full.settings = AppSettings {
        api_keys: Some(vec!["a".repeat(64), "b".repeat(64)]),
        refresh_token_validity: Some(0.1),
        ..AppSettings::default()
    };
    let name = |i| format!("{i:0>64}");
    full.tenants = (0..MAX_TENANTS).map(|i| tenant(&name(i))).collect();
    full.incarnation = 7;
    for mut app in [bare, full] {
        made(&table, &app).await;
        for removed in [false, true] {
            app = AppRecord { removed, ..next(&app) };
            let became = written(&table, &app, AppWrite::Changed).await;
            assert_eq!(became, AppWritten::Written);
            let read = found(&table, &app.id).await;
            assert_eq!((&read.id, &read.tenants), (&app.id, &app.tenants));
            assert_eq!((read.version, read.incarnation), (app.version, app.incarnation));
            assert_eq!((read.removed, &read.settings), (removed, &app.settings));
        }
    }
}

/// A change rests on what was seen.
pub(super) async fn of_two_writers_of_an_app_one_wins(table: AppTable) {
    let first = app("one");
    let changed = next(&first);
    for (app, became) in [
        (&changed, AppWritten::Stale),
        (&first, AppWritten::Written),
        (&first, AppWritten::Stale),
        (&next(&changed), AppWritten::Stale),
        (&changed, AppWritten::Written),
        (&changed, AppWritten::Stale),
        (&first, AppWritten::Stale),
    ] {
        let write = written(&table, app, AppWrite::Changed).await;
        assert_eq!(write, became, "version {}", app.version);
    }
    assert_eq!(found(&table, &first.id).await.version, 2);
}

/// An app goes on the list with its first write and off it with its last, or neither happens.
pub(super) async fn the_list_has_the_apps_that_there_are(table: AppTable) {
    assert!(listed(&table).await.is_empty());
    let (one, two) = (app("one"), app("two"));
    made(&table, &one).await;
    made(&table, &two).await;
    assert_eq!(written(&table, &one, AppWrite::Made).await, AppWritten::Stale);
    assert_eq!(listed(&table).await, [one.id.clone(), two.id.clone()]);
    let early = next(&next(&one));
    assert_eq!(written(&table, &early, AppWrite::Removed).await, AppWritten::Stale);
    assert_eq!(listed(&table).await, [one.id.clone(), two.id.clone()]);
    let gone = AppRecord { removed: true, ..next(&one) };
    assert_eq!(written(&table, &gone, AppWrite::Removed).await, AppWritten::Written);
    assert_eq!(listed(&table).await, std::slice::from_ref(&two.id));
    // The last one: DynamoDB knows no empty set.
    let last = AppRecord { removed: true, ..next(&two) };
    assert_eq!(written(&table, &last, AppWrite::Removed).await, AppWritten::Written);
    assert!(listed(&table).await.is_empty());
    let again = AppRecord { removed: false, incarnation: 2, ..next(&gone) };
    assert_eq!(written(&table, &again, AppWrite::Made).await, AppWritten::Written);
    assert_eq!(listed(&table).await, [one.id]);
}

async fn with_keys(sessions: &SessionTable) {
    let keys = SigningKeys::first(NOW, &Entropy::system()).expect("keys");
    assert_eq!(sessions.write_keys(&keys).await.expect("an answer"), KeysWritten::Written);
}

/// Nothing that an app issued can be verified once it is gone, and the next of its name shares
/// nothing with it.
pub(super) async fn a_removed_app_takes_its_keys_along(table: AppTable) {
    let (first, other) = (app("one"), app("one-2"));
    for app in [&first, &other] {
        made(&table, app).await;
        with_keys(&table.sessions_of(app)).await;
    }
    let before = table.sessions_of(&first);
    opened(&before, "s", "u", 0).await;
    before.raise(&user("u"), &Scope::User, generation_at(NOW)).await.expect("an answer");
    let gone = AppRecord { removed: true, ..next(&first) };
    for became in [AppWritten::Written, AppWritten::Stale] {
        assert_eq!(written(&table, &gone, AppWrite::Removed).await, became);
        assert!(before.signing_keys().await.expect("an answer").is_none());
        assert!(before.published_keys().await.expect("an answer").is_none());
    }
    assert!(table.sessions_of(&other).signing_keys().await.expect("an answer").is_some());

    let again = AppRecord { removed: false, incarnation: 2, ..next(&gone) };
    made(&table, &again).await;
    let after = table.sessions_of(&again);
    assert!(after.find(&handle("s")).await.expect("an answer").is_none());
    let page = after.find_handles(&user("u"), &Scope::User, None, None).await;
    assert!(page.expect("an answer").handles.is_empty());
    assert_eq!(present(&after, "u", "acme", "s").await, Generations::default());
    with_keys(&after).await;
}

/// By a generation, which everything reads that judges a session.
pub(super) async fn the_end_of_a_tenant_ends_everybodys_sessions_in_it(table: AppTable) {
    let (acme, globex) = (tenant("acme"), tenant("globex"));
    let first = app("one");
    let other = table.sessions_of(&app("two"));
    let sessions = table.sessions_of(&first);
    sessions.raise_tenant(&acme, generation_at(NOW)).await.expect("an answer");
    assert_eq!(present(&other, "u", "acme", "after").await, Generations::default());
    assert_eq!(present(&sessions, "u", "globex", "after").await, Generations::default());
    assert_eq!(present(&sessions, "u", "public", "after").await, Generations::default());
    let raised = present(&sessions, "u", "acme", "after").await;
    assert_eq!(raised, Generations { everybody: raised.everybody, ..Generations::default() });
    assert!(raised.everybody > Generation::default());

    let (before, after) = (session("before", "u", 0), {
        let mut after = session("after", "u", 0);
        after.standing.born = raised;
        after
    });
    let mut elsewhere = session("elsewhere", "u", 0);
    elsewhere.standing.tenant = globex.clone();
    let mut handles = Vec::new();
    for (session, verdict) in [(before, Err(Ended::Revoked)), (after, Ok(())), (elsewhere, Ok(()))]
    {
        insert(&sessions, &session).await;
        let tenant = &session.standing.tenant;
        let read = sessions.read_strictly(&session.handle, &user("u"), tenant, false).await;
        let read = read.expect("an answer");
        let standing = read.session.expect("a session");
        assert_eq!(standing.judge(read.generations, NOW), verdict, "{tenant}");
        assert_eq!(standing.born, session.standing.born);
        handles.push(session.handle);
    }
    // With a user's own generations, and whichever of the items comes first.
    sessions
        .raise(&user("u"), &Scope::Tenant(globex), generation_at(NOW))
        .await
        .expect("an answer");
    let found = sessions.find_all(&handles, &user("u")).await.expect("an answer");
    assert_eq!(found.len(), 3);
    let alive = found.iter().filter(|(one, present)| one.standing.judge(*present, NOW).is_ok());
    assert_eq!(alive.map(|(one, _)| one.handle.clone()).collect::<Vec<_>>(), [handle("after")]);
}

/// Whatever they call alike.
pub(super) async fn one_app_sees_nothing_of_another(table: AppTable) {
    let apps = [app("public"), app("one"), AppRecord { incarnation: 2, ..app("one") }];
    for app in &apps {
        let sessions = table.sessions_of(app);
        let none = sessions.read_strictly(&handle("s"), &user("u"), &tenant("acme"), true).await;
        let none = none.expect("an answer");
        assert!(none.session.is_none() && none.keys.is_none());
        assert_eq!(none.generations, Generations::default());
        let session = opened(&sessions, "s", "u", 0).await;
        sessions.raise(&user("u"), &Scope::User, generation_at(NOW)).await.expect("an answer");
        with_keys(&sessions).await;
        let page = sessions.find_handles(&user("u"), &Scope::User, None, None).await;
        assert_eq!(page.expect("an answer").handles, [session]);
    }
    for app in &apps {
        let sessions = table.sessions_of(app);
        assert!(sessions.remove(&handle("s")).await.expect("an answer").is_some());
    }
}
