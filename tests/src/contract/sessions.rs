//! Sessions: opened, read, rotated, ended.

use super::{
    NOW, assert_same, assert_same_standing, digest, found, generation_at, handle, insert, opened,
    present, rotated, salt, session, tenant, user,
};
use shared::ids::{Generation, SessionHandle, UserId};
use shared::json::Object;
use shared::model::{
    Device, Generations, IssuerClaim, Place, Rotation, Scope, SessionData, Summary,
};
use shared::table::{
    Inserted, Promoted, Promotion, Rotated, RotationWrite, SessionTable, StrictRead,
};
use shared::time::Timestamp;
use shared::token::anti_csrf::AntiCsrfToken;
use shared::token::key::KeyKind;
use shared::token::payload::Payload;
use std::time::Duration;

/// The same row, read in each of the three ways.
async fn read(table: &SessionTable, whose: &UserId, name: &SessionHandle) -> (StrictRead, Summary) {
    let strict = table.read_strictly(name, whose, &tenant("acme"), false).await;
    let all = table.find_all(std::slice::from_ref(name), whose).await.expect("an answer");
    let strict = strict.expect("an answer");
    let [(summary, generations)] = all.as_slice() else { panic!("one session") };
    assert_eq!(*generations, strict.generations);
    (strict, summary.clone())
}

/// What is written is what is read, with and without the optional attributes, whole or in part.
pub(super) async fn a_session_is_read_as_it_was_written(table: SessionTable) {
    let mut full = session("full", "u", 3);
    full.recipe_user = user("recipe");
    full.created_at = NOW.plus(Duration::from_millis(1));
    full.standing.expires_at = NOW.plus(Duration::from_millis(3_600_001));
    full.device = Device { ip: Some("::1".to_owned()), user_agent: Some("ü".to_owned()) };
    full.anti_csrf = Some(AntiCsrfToken::from_text("token"));
    full.anti_csrf_since = Some(NOW);
    full.key_kind = KeyKind::Dynamic;
    let rotation = Rotation { previous: digest("older"), salt: Some(salt("s")), at: NOW };
    full.standing.lineage.rotation = Some(rotation.clone());
    let members: Object = serde_json::from_str(r#"{"a":[1,null],"f":1.0}"#).expect("an object");
    full.issuer = IssuerClaim::Payloads;
    full.payload = Payload::new(members.clone()).expect("no protected name");
    full.data = SessionData(members);
    let mut classic = session("classic", "u", 3);
    classic.standing.lineage.rotation = Some(Rotation { salt: None, ..rotation });
    for written in [full, classic, session("bare", "u", 0)] {
        insert(&table, &written).await;
        assert_same(&found(&table, &written.handle).await, &written);
        let (strict, summary) = read(&table, &user("u"), &written.handle).await;
        assert_same_standing(&strict.session.expect("a session"), &written.standing);
        assert_same_standing(&summary.standing, &written.standing);
        assert_eq!((summary.handle, summary.created_at), (written.handle, written.created_at));
        assert_eq!(summary.device, written.device);
    }
}

/// Names as long as they may be fit into the keys of table and index.
pub(super) async fn the_longest_names_are_kept(table: SessionTable) {
    let mut longest = session(&"h".repeat(128), &"é".repeat(512), 0);
    longest.standing.tenant = tenant(&"t".repeat(64));
    insert(&table, &longest).await;
    assert_same(&found(&table, &longest.handle).await, &longest);
    let (whose, tenant) = (&longest.standing.user, &longest.standing.tenant);
    let scope = Scope::Tenant(tenant.clone());
    let raised = table.raise(whose, &scope, generation_at(NOW)).await.expect("an answer");
    let page = table.find_handles(whose, &scope, None, None).await.expect("an answer");
    assert_eq!(page.handles, [longest.handle.clone()]);
    let read = table.read_strictly(&longest.handle, whose, tenant, false).await;
    let read = read.expect("an answer");
    assert!(read.session.is_some());
    assert_eq!(read.generations.tenant, raised);
}

/// The SuperTokens SDKs know a user of no name. It is one like the others.
pub(super) async fn a_user_may_have_no_name(table: SessionTable) {
    let nobody = user("");
    let own = opened(&table, "own", "", 0).await;
    opened(&table, "other", "u", 0).await;
    assert_eq!(found(&table, &own).await.standing.user, nobody);
    let page = table.find_handles(&nobody, &Scope::User, None, None).await.expect("an answer");
    assert_eq!(page.handles, std::slice::from_ref(&own));
    let raised = table.raise(&nobody, &Scope::User, generation_at(NOW)).await.expect("an answer");
    let (strict, summary) = read(&table, &nobody, &own).await;
    assert_eq!(strict.generations.whole, raised);
    assert_eq!(strict.session.expect("a session").user, nobody);
    assert_eq!(summary.standing.user, nobody);
    assert!(table.sweep(&own, &Scope::User, raised).await.expect("an answer").is_some());
    assert_eq!(present(&table, "u", "acme", "other").await, Generations::default());
}

/// Text comes back as it went, in keys as in values, and however much the caller may send.
pub(super) async fn every_character_is_kept(table: SessionTable) {
    let odd = "a#b \"c\" \\ {d} 'é' e\u{301} \u{10FFFF} :x #y 😀";
    let mut written = session(odd, odd, 0);
    written.standing.user = user(odd);
    written.device = Device { ip: Some(odd.to_owned()), user_agent: Some("\u{b}\n".to_owned()) };
    let mut members = Object::default();
    members.set(odd, &odd);
    members.set("long", &odd.repeat(1_000));
    written.data = SessionData(members);
    insert(&table, &written).await;
    // The same letters, otherwise composed, are another name.
    let composed = odd.replace("e\u{301}", "é");
    assert!(table.find(&handle(&composed)).await.expect("an answer").is_none());
    assert_same(&found(&table, &written.handle).await, &written);
    let page = table.find_handles(&user(odd), &Scope::User, None, None).await;
    assert_eq!(page.expect("an answer").handles, [written.handle]);
    let none = table.find_handles(&user(&composed), &Scope::User, None, None).await;
    assert!(none.expect("an answer").handles.is_empty());
}

/// Creating is not saving.
pub(super) async fn a_taken_handle_is_not_overwritten(table: SessionTable) {
    opened(&table, "taken", "first", 0).await;
    let mut second = session("taken", "second", 0);
    second.standing.lineage.current = digest("another token");
    assert_eq!(table.insert_new(&second).await.expect("an answer"), Inserted::HandleTaken);
    assert_same(&found(&table, &handle("taken")).await, &session("taken", "first", 0));
}

/// Tries every write that takes a session to be there, and finds that none makes one.
async fn refuses_every_write(table: &SessionTable, name: &str) {
    let session = handle(name);
    assert_eq!(rotated(table, name, name, "next").await, Rotated::Gone);
    let promotion = Promotion {
        seen: digest(name),
        next: digest("next"),
        at: NOW,
        expires_at: NOW.plus(Duration::from_hours(2)),
    };
    let promoted = table.promote(&session, &promotion).await.expect("an answer");
    assert_eq!(promoted, Promoted::Gone);
    assert!(!table.set_payload(&session, &Payload::default()).await.expect("an answer"));
    assert!(!table.set_data(&session, &SessionData::default()).await.expect("an answer"));
    assert!(!table.set_key_kind(&session, KeyKind::Dynamic).await.expect("an answer"));
    let late = Generation::from_number(i64::MAX);
    let swept = table.sweep(&session, &Scope::User, late).await.expect("an answer");
    assert!(swept.is_none() && table.remove(&session).await.expect("an answer").is_none());
    assert!(table.find(&session).await.expect("an answer").is_none(), "an update inserts nothing");
}

/// Absence is a value.
pub(super) async fn what_does_not_exist_is_absent(table: SessionTable) {
    let (session, whose, acme) = (handle("absent"), user("absent"), tenant("acme"));
    refuses_every_write(&table, "absent").await;
    let read = table.read_strictly(&session, &whose, &acme, true).await.expect("an answer");
    assert!(read.session.is_none() && read.keys.is_none());
    assert_eq!(read.generations, Generations::default());
    assert!(table.find_all(&[session], &whose).await.expect("an answer").is_empty());
    for tenant in ["public", "acme"] {
        let generations = present(&table, "absent", tenant, "absent").await;
        assert_eq!(generations, Generations::default());
    }
    let page = table.find_handles(&whose, &Scope::User, None, None).await.expect("an answer");
    assert!(page.handles.is_empty() && page.next.is_none());
    assert!(table.signing_keys().await.expect("an answer").is_none());
    assert!(table.published_keys().await.expect("an answer").is_none());
}

/// A token is exchanged once.
pub(super) async fn of_two_rotations_one_wins(table: SessionTable) {
    let session = opened(&table, "first", "u", 0).await;
    assert_eq!(rotated(&table, "first", "first", "second").await, Rotated::Rotated);
    assert_eq!(rotated(&table, "first", "first", "other").await, Rotated::Stale);
    let again = rotated(&table, "first", "first", "second").await;
    assert_eq!(again, Rotated::Rotated, "our own write, again");
    let read = found(&table, &session).await.standing;
    assert_eq!(read.expires_at, NOW.plus(Duration::from_hours(2)));
    let Place::Previous(rotation) = read.lineage.place(digest("first")) else {
        panic!("the token before is remembered");
    };
    assert_eq!(read.lineage.current, digest("second"));
    assert_eq!(rotation.salt.as_ref().map(|salt| salt.0), Some(salt("second").0));
    assert_eq!(rotation.at, NOW);
}

/// A write whose answer was lost may be met by the exchange that followed it.
pub(super) async fn a_rotation_that_was_followed_by_another_is_known_again(table: SessionTable) {
    opened(&table, "first", "u", 0).await;
    for (seen, next, became) in [
        ("first", "second", Rotated::Rotated),
        ("second", "third", Rotated::Rotated),
        ("first", "second", Rotated::Rotated),
        ("first", "other", Rotated::Stale),
        ("third", "fourth", Rotated::Rotated),
        ("first", "second", Rotated::Stale),
    ] {
        assert_eq!(rotated(&table, "first", seen, next).await, became, "{seen} to {next}");
    }
    let read = found(&table, &handle("first")).await;
    assert_eq!(read.standing.lineage.current, digest("fourth"));
}

/// A session that had none may be given one along the way.
pub(super) async fn a_rotation_may_bring_an_anti_csrf_token(table: SessionTable) {
    let session = opened(&table, "first", "u", 0).await;
    let (token, at) = (AntiCsrfToken::from_text("token"), NOW.plus(Duration::from_millis(7)));
    let (seen, salt) = (digest("first"), salt("second"));
    let write = || RotationWrite {
        next: digest("second"),
        previous: seen,
        salt: &salt,
        at,
        expires_at: NOW.plus(Duration::from_hours(2)),
        new_anti_csrf: Some(&token),
    };
    let written = table.rotate(&session, seen, write()).await.expect("an answer");
    assert_eq!(written, Rotated::Rotated);
    let read = found(&table, &session).await;
    assert_eq!(read.anti_csrf.as_ref().map(AntiCsrfToken::expose), Some("token"));
    assert_eq!(read.anti_csrf_since, Some(at));
}

/// Ended is final.
pub(super) async fn an_ended_session_is_not_rotated_back(table: SessionTable) {
    let ended = opened(&table, "ended", "u", 0).await;
    let removed = table.remove(&ended).await.expect("an answer").expect("it was there");
    assert_eq!(removed.expires_at, NOW.plus(Duration::from_hours(1)));
    assert!(table.remove(&ended).await.expect("an answer").is_none(), "reported once");
    refuses_every_write(&table, "ended").await;

    let over = Timestamp::from_millis(NOW.plus(Duration::from_hours(1)).millis() - 999);
    let mut session = session("swept", "u", 1);
    session.standing.expires_at = over;
    insert(&table, &session).await;
    let two = Generation::from_number(2);
    let swept = table.sweep(&session.handle, &Scope::User, two).await.expect("an answer");
    assert_eq!(swept.expect("it was there").expires_at, over);
    refuses_every_write(&table, "swept").await;
}
