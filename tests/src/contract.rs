//! What the table promises to the rules, case by case, over any DynamoDB client: conditions hold,
//! absence is a value, nothing resurrects. Each case uses users and handles of its own, so they may
//! share a table.

use shared::ids::{Generation, SessionHandle, TenantId, UserId};
use shared::json::Object;
use shared::model::{
    Device, Generations, IssuerClaim, Lineage, Rotation, Scope, Session, SessionData, Standing,
    UserGenerations,
};
use shared::table::{
    IndexCursor, Inserted, Kept, KeysWritten, Rotated, RotationWrite, SessionTable,
};
use shared::time::Timestamp;
use shared::token::anti_csrf::AntiCsrfToken;
use shared::token::payload::Payload;
use shared::token::refresh::{RefreshDigest, RefreshHash, RotationSalt, TokenKey};
use shared::token::signing::{KeyKind, KeyLifetimes, SigningKey, SigningKeys};
use std::time::Duration;

/// The moment at which every case plays.
pub const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn user(name: &str) -> UserId {
    UserId::parse(name).expect("a user id")
}

fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).expect("a tenant id")
}

fn handle(name: &str) -> SessionHandle {
    SessionHandle::parse(name).expect("a handle")
}

fn digest(text: &str) -> RefreshDigest {
    RefreshHash::from_text(text).digest()
}

fn session(name: &str, whose: &str, generation: i64) -> Session {
    let generation = Generation::from_number(generation);
    Session {
        handle: handle(name),
        recipe_user: user(whose),
        created_at: NOW,
        standing: Standing {
            user: user(whose),
            tenant: tenant("acme"),
            expires_at: NOW.plus(Duration::from_hours(1)),
            born: Generations { whole: generation, tenant: generation, everybody: generation },
            lineage: Lineage { current: digest(name), rotation: None },
        },
        token_key: TokenKey([7; 32]),
        payload: Payload::default(),
        data: SessionData::default(),
        device: Device::default(),
        anti_csrf: None,
        anti_csrf_since: None,
        key_kind: KeyKind::Static,
        issuer: IssuerClaim::Ours,
    }
}

async fn opened(table: &SessionTable, name: &str, whose: &str, generation: i64) -> SessionHandle {
    let session = session(name, whose, generation);
    assert_eq!(table.insert_new(&session).await.expect("an answer"), Inserted::Inserted);
    session.handle
}

fn rotation(previous: &str) -> Rotation {
    Rotation { previous: digest(previous), salt: Some(RotationSalt([9; 32])), at: NOW }
}

async fn rotated(table: &SessionTable, name: &str, seen: &str, next: &str) -> Rotated {
    let write = RotationWrite {
        next: digest(next),
        previous: digest(seen),
        salt: &RotationSalt([9; 32]),
        at: NOW,
        expires_at: NOW.plus(Duration::from_hours(2)),
        new_anti_csrf: None,
    };
    table.rotate(&handle(name), digest(seen), write).await.expect("an answer")
}

/// What is written is what is read, with and without the optional attributes.
pub async fn a_session_is_read_as_it_was_written(table: SessionTable) {
    let mut full = session("read-full", "read", 3);
    full.device = Device { ip: Some("::1".to_owned()), user_agent: Some("ü".to_owned()) };
    full.anti_csrf = Some(AntiCsrfToken::from_text("token"));
    full.anti_csrf_since = Some(NOW);
    full.key_kind = KeyKind::Dynamic;
    let rotation = Rotation { at: NOW.plus(Duration::from_millis(1)), ..rotation("older") };
    full.standing.lineage.rotation = Some(rotation);
    let members: Object = serde_json::from_str(r#"{"a":[1,null],"f":1.0}"#).expect("an object");
    full.issuer = IssuerClaim::Payloads;
    full.payload = Payload::new(members.clone()).expect("no protected name");
    full.data = SessionData(members);
    for written in [full, session("read-bare", "read", 0)] {
        assert_eq!(table.insert_new(&written).await.expect("an answer"), Inserted::Inserted);
        let read = table.find(&written.handle).await.expect("an answer").expect("a session");
        assert_eq!(read.handle, written.handle);
        assert_eq!(read.recipe_user, written.recipe_user);
        assert_eq!(read.created_at, written.created_at);
        assert_eq!(read.standing.expires_at, written.standing.expires_at);
        assert_eq!(read.standing.born, written.standing.born);
        assert_eq!(read.standing.lineage.current, written.standing.lineage.current);
        let rotated_at = |session: &Session| {
            session.standing.lineage.rotation.as_ref().map(|rotation| rotation.at)
        };
        assert_eq!(rotated_at(&read), rotated_at(&written));
        assert_eq!(read.anti_csrf_since, written.anti_csrf_since);
        assert_eq!(read.payload, written.payload);
        assert_eq!(read.data, written.data);
        assert_eq!(read.device, written.device);
        assert_eq!(read.anti_csrf.is_some(), written.anti_csrf.is_some());
        assert_eq!((read.key_kind, read.issuer), (written.key_kind, written.issuer));
    }
}

/// Creating is not saving.
pub async fn a_taken_handle_is_not_overwritten(table: SessionTable) {
    opened(&table, "taken", "first", 0).await;
    let mut second = session("taken", "second", 0);
    second.standing.lineage.current = digest("another token");
    assert_eq!(table.insert_new(&second).await.expect("an answer"), Inserted::HandleTaken);
    let kept = table.find(&handle("taken")).await.expect("an answer").expect("a session");
    assert_eq!(kept.standing.user, user("first"));
}

/// Absence is a value.
pub async fn what_does_not_exist_is_absent(table: SessionTable) {
    let nobody = handle("absent");
    assert!(table.find(&nobody).await.expect("an answer").is_none());
    assert!(table.remove(&nobody).await.expect("an answer").is_none());
    let read = table.read_strictly(&nobody, &user("absent"), &tenant("acme"), false).await;
    let read = read.expect("an answer");
    assert!(read.session.is_none() && read.keys.is_none());
    assert_eq!(read.generations, UserGenerations::default());
    assert_eq!(rotated(&table, "absent", "a", "b").await, Rotated::Gone);
    assert!(table.find(&nobody).await.expect("an answer").is_none(), "an update inserts nothing");
}

/// A token is exchanged once.
pub async fn of_two_rotations_one_wins(table: SessionTable) {
    opened(&table, "rotate", "rotate", 0).await;
    assert_eq!(rotated(&table, "rotate", "rotate", "second").await, Rotated::Rotated);
    assert_eq!(rotated(&table, "rotate", "rotate", "other").await, Rotated::Stale);
    assert_eq!(
        rotated(&table, "rotate", "rotate", "second").await,
        Rotated::Rotated,
        "our own write, again"
    );
    let read = table.find(&handle("rotate")).await.expect("an answer").expect("a session");
    assert_eq!(read.standing.lineage.current, digest("second"));
    assert_eq!(read.standing.expires_at, NOW.plus(Duration::from_hours(2)));
}

/// Ended is final.
pub async fn an_ended_session_is_not_rotated_back(table: SessionTable) {
    let ended = opened(&table, "ended", "ended", 0).await;
    let removed = table.remove(&ended).await.expect("an answer").expect("it was there");
    assert_eq!(removed.expires_at, NOW.plus(Duration::from_hours(1)));
    assert!(table.remove(&ended).await.expect("an answer").is_none(), "reported once");
    assert_eq!(rotated(&table, "ended", "ended", "next").await, Rotated::Gone);
    assert!(table.find(&ended).await.expect("an answer").is_none());
}

/// Generations only grow, whatever the clock says.
pub async fn a_generation_only_grows(table: SessionTable) {
    let (whose, acme) = (user("grow"), Scope::Tenant(tenant("acme")));
    let mut last = Generation::default();
    for now in [NOW, NOW, Timestamp::from_millis(5), NOW.plus(Duration::from_hours(1)), NOW] {
        let next = table.raise(&whose, &Scope::User, now).await.expect("an answer");
        assert!(next > last);
        last = next;
    }
    let acme = table.raise(&whose, &acme, NOW).await.expect("an answer");
    let tenants = ["acme", "globex"].map(tenant).into();
    let present = table.generations(&whose, &tenants).await.expect("an answer");
    let in_acme = Generations { whole: last, tenant: acme, ..Generations::default() };
    assert_eq!(present.in_tenant(&tenant("acme")), in_acme);
    let elsewhere = Generations { whole: last, ..Generations::default() };
    assert_eq!(present.in_tenant(&tenant("globex")), elsewhere);
}

/// The raise and the lifting are one, and rest on what was seen.
pub async fn keeping_a_session_raises_and_lifts_at_once_or_not_at_all(table: SessionTable) {
    let whose = user("keep");
    let kept = opened(&table, "keep", "keep", 0).await;
    let (born, unseen) = (Generations::default(), UserGenerations::default());
    let raise = async |seen: &UserGenerations, born| {
        table
            .raise_keeping(&whose, &Scope::User, seen, (&kept, born), NOW)
            .await
            .expect("an answer")
    };
    let Kept::Raised(first) = raise(&unseen, born).await else {
        panic!("nothing stood in the way")
    };
    let read = table.find(&kept).await.expect("an answer").expect("a session");
    assert_eq!(read.standing.born.whole, first);
    assert_eq!(raise(&unseen, born).await, Kept::Stale, "the generation is another by now");
    let seen = UserGenerations { whole: first, ..unseen };
    assert_eq!(raise(&seen, born).await, Kept::Stale, "the session is another by now");
    table.remove(&kept).await.expect("an answer");
    assert_eq!(raise(&seen, read.standing.born).await, Kept::Stale, "the session is gone");
    assert!(table.find(&kept).await.expect("an answer").is_none(), "and stays gone");
    let now = table.generations(&whose, &[].into()).await.expect("an answer");
    assert_eq!(now.whole, first, "no half of it was done");
}

/// The sweep removes what is behind and nothing else.
pub async fn the_sweep_is_conditional(table: SessionTable) {
    let old = opened(&table, "sweep-old", "sweep", 4).await;
    let new = opened(&table, "sweep-new", "sweep", 5).await;
    let five = Generation::from_number(5);
    for scope in [Scope::User, Scope::Tenant(tenant("acme"))] {
        assert!(table.sweep(&new, &scope, five).await.expect("an answer").is_none());
    }
    assert!(table.sweep(&old, &Scope::User, five).await.expect("an answer").is_some());
    assert!(table.sweep(&old, &Scope::User, five).await.expect("an answer").is_none());
    assert!(table.find(&new).await.expect("an answer").is_some());
}

/// The index pages to the end, for one user and no other.
pub async fn the_index_pages_through_one_users_sessions(table: SessionTable) {
    let mut expected = Vec::new();
    for i in 0..7 {
        expected.push(opened(&table, &format!("page-{i}"), "page", 0).await);
    }
    opened(&table, "page-other", "page-other", 0).await;
    let (mut seen, mut after): (Vec<_>, Option<IndexCursor>) = (Vec::new(), None);
    for _ in 0..10 {
        let page = table.find_handles(&user("page"), &Scope::User, Some(3), after.as_ref()).await;
        let page = page.expect("an answer");
        assert!(page.handles.len() <= 3);
        seen.extend(page.handles);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    seen.sort();
    assert_eq!(seen, expected);
    let elsewhere = Scope::Tenant(tenant("globex"));
    let none = table.find_handles(&user("page"), &elsewhere, None, None).await.expect("an answer");
    assert!(none.handles.is_empty() && none.next.is_none());
}

/// More keys than one batch takes are read all the same.
pub async fn many_sessions_are_read_in_one_call(table: SessionTable) {
    let mut handles = Vec::new();
    for i in 0..120 {
        handles.push(opened(&table, &format!("many-{i}"), "many", 0).await);
    }
    handles.push(handle("many-absent"));
    let generation = table.raise(&user("many"), &Scope::User, NOW).await.expect("an answer");
    let (found, generations) = table.find_all(&handles, &user("many")).await.expect("an answer");
    assert_eq!((found.len(), generations.whole), (120, generation));
}

/// Keys are written by one of those who would, private and public half together.
pub async fn of_two_writers_of_keys_one_wins(table: SessionTable) {
    assert!(table.signing_keys().await.expect("an answer").is_none());
    let first = SigningKeys::first(NOW, [1; 16]).expect("keys");
    let late = SigningKeys::first(NOW, [2; 16]).expect("keys");
    assert_eq!(table.write_keys(&first).await.expect("an answer"), KeysWritten::Written);
    assert_eq!(table.write_keys(&late).await.expect("an answer"), KeysWritten::Stale);

    let lifetimes = KeyLifetimes {
        update_interval: Duration::from_hours(1),
        access_token_validity: Duration::from_mins(1),
    };
    let read = table.signing_keys().await.expect("an answer").expect("keys");
    let next = || SigningKey::dynamic(NOW.plus(Duration::from_hours(2))).expect("a key");
    let (one, two) = (read.rotated(next(), lifetimes), first.rotated(next(), lifetimes));
    assert_eq!(table.write_keys(&one).await.expect("an answer"), KeysWritten::Written);
    assert_eq!(table.write_keys(&two).await.expect("an answer"), KeysWritten::Stale);

    let published = table.published_keys().await.expect("an answer").expect("keys");
    for key in one.public() {
        assert!(published.knows(&key.kid, NOW));
    }
    let read = table.signing_keys().await.expect("an answer").expect("keys");
    assert_eq!(read.public(), one.public());
}
