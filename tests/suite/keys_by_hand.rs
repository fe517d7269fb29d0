//! What an operator does to signing keys: shows them, rotates before the time, kills one. The clock
//! stands still unless a test moves it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::join_all;
use local::dynamodb::Embedded;
use serde_json::{Value, json};
use shared::ids::AppId;
use shared::session::{
    KEYRING_MAX_AGE, KeyKilled, KeyRotated, KeyServiceSlot, KeyStore, MAX_KEYS, ShownKey,
};
use shared::table::{KeysWritten, SessionTable};
use shared::time::Entropy;
use shared::token::key::{KeyKind, Kid};
use shared::token::signing::{SigningKey, SigningKeys};
use shared::token::stored_keys::StoredKey;
use std::sync::Arc;
use std::time::Duration;
use tests::world::faulty;
use tests::{Fault, Faulty, HandClock, World};

const A_MOMENT: Duration = Duration::from_millis(1);

/// An operator at the table of `world`, with nothing of its configuration.
fn operator(world: &World) -> KeyStore {
    let service = KeyServiceSlot::default();
    KeyStore::new(table(world), world.clock.clock(), Entropy::system(), service)
}

fn table(world: &World) -> SessionTable {
    let name = &world.bundle.template().table.name;
    SessionTable::new(world.bundle.dynamodb().clone(), name, &AppId::public())
}

fn kid(access: &str) -> Kid {
    let header = URL_SAFE_NO_PAD.decode(access.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    Kid::parse(header["kid"].as_str().unwrap()).unwrap()
}

async fn kill(world: &World, kid: &Kid) -> Option<Kid> {
    match operator(world).kill_key(kid).await.unwrap() {
        KeyKilled::Killed { replacement } => replacement,
        KeyKilled::Unknown => panic!("there is no {kid:?}"),
    }
}

/// Names of the keys that `wanted` picks.
async fn shown(world: &World, wanted: impl Fn(&ShownKey) -> bool) -> Vec<Kid> {
    let keys = operator(world).show_keys().await.unwrap();
    keys.into_iter().filter(|key| wanted(key)).map(|key| key.key.kid).collect()
}

async fn checks(world: &World, access: &str) -> (u16, u16) {
    (world.strict(access).await, world.fast(access).await)
}

/// Two sandboxes on one table.
async fn two() -> (World, World, Arc<Faulty<Embedded>>) {
    let engine = Arc::new(Faulty::new(Embedded::memory().unwrap()));
    let clock = HandClock::new();
    let start =
        async || World::with_clock(clock.clone(), |builder| builder.engine(engine.clone())).await;
    (start().await, start().await, engine)
}

#[tokio::test]
async fn a_killed_keys_tokens_are_refused_after_five_minutes_at_most_and_at_once_by_a_cold_sandbox()
{
    let (warm, cold, _) = two().await;
    let session = warm.open("u1").await;
    assert_eq!(checks(&warm, &session.access).await, (200, 200));
    let replacement = kill(&warm, &kid(&session.access)).await.expect("a replacement");

    assert_eq!(checks(&cold, &session.access).await, (401, 401));
    warm.pass(KEYRING_MAX_AGE.saturating_sub(A_MOMENT));
    assert_eq!(checks(&warm, &session.access).await, (200, 200), "it reads the keys no more often");
    warm.pass(A_MOMENT);
    assert_eq!(checks(&warm, &session.access).await, (401, 401));

    // The session lives on: its refresh token was not signed by the key.
    let (access, _) = warm.refreshed(&session.refresh).await;
    assert_eq!(kid(&access), replacement);
    for world in [&warm, &cold] {
        assert_eq!(checks(world, &access).await, (200, 200));
    }
}

#[tokio::test]
async fn the_replacement_signs_at_once_and_is_no_key_that_was_there_before() {
    let (warm, cold, _) = two().await;
    let session = warm.open("u1").await;
    let mut killed = kid(&session.access);
    for _ in 0..3 {
        let replacement = kill(&warm, &killed).await.expect("a replacement");
        assert_ne!(replacement, killed, "although no time has passed");
        assert!(!shown(&warm, |_| true).await.contains(&killed));
        assert!(shown(&warm, |key| key.signs_now).await.contains(&replacement));
        killed = replacement;
    }
    assert_eq!(kid(&cold.open("u1").await.access), killed);
    // Who signed by the killed key notices after five minutes.
    warm.pass(Duration::from_mins(5));
    assert_eq!(kid(&warm.open("u1").await.access), killed);
}

#[tokio::test]
async fn a_clock_that_was_set_back_does_not_let_a_killed_key_sign_on() {
    let (warm, _, _) = two().await;
    let killed = kid(&warm.open("u1").await.access);
    warm.clock.set(warm.clock.now().minus(Duration::from_hours(24)));
    let replacement = kill(&warm, &killed).await.expect("a replacement");
    assert_eq!(kid(&warm.open("u1").await.access), replacement);
}

#[tokio::test]
async fn a_static_key_is_killed_too_and_sessions_keep_their_kind() {
    let (warm, cold, _) = two().await;
    let body = json!({"userId": "u1", "useDynamicSigningKey": false});
    let session = warm.open_with(&body).await;
    let dynamic = warm.open("u1").await;
    let replacement = kill(&warm, &kid(&session.access)).await.expect("a replacement");
    assert!(replacement.as_str().starts_with("s-"));
    assert_eq!(checks(&cold, &session.access).await, (401, 401));
    assert_eq!(checks(&cold, &dynamic.access).await, (200, 200));
    assert_eq!(kid(&cold.refreshed(&session.refresh).await.0), replacement);
}

#[tokio::test]
async fn an_unknown_key_is_not_killed_and_one_that_does_not_sign_is_not_replaced() {
    let world = World::new().await;
    let unknown = Kid::parse("d-1").unwrap();
    assert_eq!(operator(&world).kill_key(&unknown).await.unwrap(), KeyKilled::Unknown, "no keys");
    let signs = kid(&world.open("u1").await.access);
    assert_eq!(operator(&world).kill_key(&unknown).await.unwrap(), KeyKilled::Unknown);

    let KeyRotated::Made(next) = operator(&world).rotate_key().await.unwrap() else {
        panic!("a key is made");
    };
    assert_eq!(kill(&world, &next.kid).await, None);
    // The one that was to be followed goes on, and is published for as long as it does.
    world.pass(Duration::from_hours(24 * 6));
    let session = world.open("u1").await;
    assert_eq!(kid(&session.access), signs);
    assert_eq!(checks(&world, &session.access).await, (200, 200));
    assert_eq!(operator(&world).kill_key(&next.kid).await.unwrap(), KeyKilled::Unknown);
}

#[tokio::test]
async fn a_key_whose_successor_is_killed_before_it_signs_stays_published() {
    let world = World::with_parameter("AccessTokenDynamicSigningKeyUpdateInterval", "2").await;
    let signs = kid(&world.open("u1").await.access);
    world.pass(Duration::from_mins(119));
    world.open("u1").await;
    let has_last_day = |key: &ShownKey| key.key.published_until.is_some();
    assert_eq!(shown(&world, has_last_day).await, std::slice::from_ref(&signs));
    let waiting = operator(&world).show_keys().await.unwrap().pop().unwrap().key;
    assert_eq!((waiting.kind, kill(&world, &waiting.kid).await), (KeyKind::Dynamic, None));
    assert_eq!(shown(&world, has_last_day).await, []);
    assert!(shown(&world, |key| key.signs_now).await.contains(&signs));
}

#[tokio::test]
async fn a_key_that_is_made_by_hand_is_published_for_a_minute_before_it_signs() {
    let (signing, warm, _) = two().await;
    let early = signing.open("u1").await;
    assert_eq!(checks(&warm, &early.access).await, (200, 200));
    let made = operator(&signing).rotate_key().await.unwrap();
    let KeyRotated::Made(next) = &made else { panic!("{made:?}") };
    assert_eq!(next.signs_from, signing.clock.now().plus(Duration::from_mins(1)));
    assert!(shown(&signing, |key| !key.signs_now).await.contains(&next.kid));
    // Asked again, it is the same one.
    let again = operator(&signing).rotate_key().await.unwrap();
    assert_eq!(again, KeyRotated::Waiting(next.clone()));

    signing.pass(Duration::from_mins(5));
    let late = signing.open("u1").await;
    assert_eq!(kid(&late.access), next.kid);
    for token in [&early.access, &late.access] {
        assert_eq!(checks(&warm, token).await, (200, 200));
    }
    // The next rotation gives the first key its last day. The operator could not know it.
    assert_eq!(shown(&signing, |key| key.key.published_until.is_some()).await, []);
    signing.pass(Duration::from_hours(24 * 7));
    signing.open("u1").await;
    let stopped = shown(&signing, |key| key.key.published_until.is_some()).await;
    assert_eq!(stopped, [kid(&early.access), next.kid.clone()]);
}

#[tokio::test]
async fn a_rotation_of_nothing_makes_the_first_keys() {
    let world = World::new().await;
    assert_eq!(shown(&world, |_| true).await, []);
    let made = operator(&world).rotate_key().await.unwrap();
    let KeyRotated::Made(next) = made else { panic!("{made:?}") };
    assert_eq!(next.signs_from, world.clock.now());
    assert_eq!(kid(&world.open("u1").await.access), next.kid);
    assert_eq!(shown(&world, |key| key.signs_now).await.len(), 2);
}

#[tokio::test]
async fn operators_who_rotate_at_once_make_one_key() {
    let world = World::new().await;
    let session = world.open("u1").await;
    let operators: Vec<_> = (0..4).map(|_| operator(&world)).collect();
    let rotated = join_all(operators.iter().map(KeyStore::rotate_key)).await;
    let mut made = 0;
    for rotated in rotated {
        made += usize::from(matches!(rotated.unwrap(), KeyRotated::Made(_)));
    }
    assert_eq!((made, shown(&world, |_| true).await.len()), (1, 3));
    assert_eq!(checks(&world, &session.access).await, (200, 200));
}

#[tokio::test]
async fn keys_are_not_rotated_by_hand_without_end() {
    for (there, made) in [(MAX_KEYS - 1, true), (MAX_KEYS, false)] {
        let world = World::new().await;
        let now = world.clock.now();
        let first = SigningKeys::first(now, &Entropy::system()).unwrap();
        let keys = (0..there).map(|i| {
            let kid = Kid::parse(&format!("d-{}", now.millis() + i64::try_from(i).unwrap()));
            let stored = first.keys[1].to_stored(None).unwrap();
            SigningKey::from_stored(StoredKey { kid: kid.unwrap(), ..stored }, None).unwrap()
        });
        let keys = SigningKeys { version: 1, sealing: None, keys: keys.collect() };
        assert_eq!(table(&world).write_keys(&keys).await.unwrap(), KeysWritten::Written);
        let rotated = operator(&world).rotate_key().await.unwrap();
        assert_eq!(matches!(rotated, KeyRotated::Made(_)), made, "{rotated:?}");
        assert_eq!(matches!(rotated, KeyRotated::TooMany), !made, "{rotated:?}");
    }
}

#[tokio::test]
async fn a_rotation_by_hand_while_a_create_rotates_leaves_one_next_key() {
    let (world, _, engine) = two().await;
    let early = world.open("u1").await;
    world.pass(Duration::from_hours(24 * 7) - Duration::from_secs(30));
    let gate = engine.hold("TransactWriteItems");
    let (session, rotated) = tokio::join!(world.open("u1"), async {
        gate.arrival().await;
        let rotated = operator(&world).rotate_key().await.unwrap();
        gate.open();
        rotated
    });
    let KeyRotated::Made(next) = rotated else { panic!("{rotated:?}") };
    assert_eq!(kid(&session.access), kid(&early.access), "the next key waits");
    assert_eq!(shown(&world, |_| true).await.len(), 3);
    world.pass(Duration::from_mins(5));
    assert_eq!(kid(&world.open("u1").await.access), next.kid);
    assert_eq!(checks(&world, &session.access).await, (200, 200));
}

#[tokio::test]
async fn a_key_that_is_killed_while_it_signs_leaves_a_session_that_refreshes() {
    let (world, cold, engine) = two().await;
    let signs = kid(&world.open("u1").await.access);
    let gate = engine.hold("PutItem");
    let (session, ()) = tokio::join!(world.open("u1"), async {
        gate.arrival().await;
        kill(&world, &signs).await;
        gate.open();
    });
    assert_eq!(kid(&session.access), signs);
    assert_eq!(checks(&cold, &session.access).await, (401, 401));
    let (access, _) = cold.refreshed(&session.refresh).await;
    assert_eq!(checks(&cold, &access).await, (200, 200));
}

#[tokio::test(start_paused = true)]
async fn a_conflict_or_a_lost_answer_while_a_key_is_killed_does_no_harm() {
    for fault in [Fault::Conflict, Fault::AnswerLost, Fault::Throttled] {
        let (world, engine) = faulty().await;
        let session = world.open("u1").await;
        engine.fail("TransactWriteItems", 1, fault.clone());
        let replacement = kill(&world, &kid(&session.access)).await.expect("a replacement");
        assert_eq!(shown(&world, |_| true).await.len(), 2);
        assert!(shown(&world, |key| key.signs_now).await.contains(&replacement));
        engine.fail("TransactWriteItems", 1, fault);
        operator(&world).rotate_key().await.unwrap();
        assert_eq!(shown(&world, |_| true).await.len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn keys_that_are_old_and_cannot_be_read_again_let_nobody_pass() {
    let (world, engine) = faulty().await;
    let session = world.open("u1").await;
    assert_eq!(checks(&world, &session.access).await, (200, 200));
    engine.fail("*", usize::MAX, Fault::Unreachable);
    assert_eq!(world.fast(&session.access).await, 200);
    world.pass(KEYRING_MAX_AGE);
    assert_eq!(checks(&world, &session.access).await, (500, 500));
    engine.heal();
    assert_eq!(checks(&world, &session.access).await, (200, 200));
}

#[tokio::test]
async fn keys_are_read_again_every_five_minutes_and_along_with_a_strict_check() {
    let (world, engine) = faulty().await;
    let session = world.open("u1").await;
    checks(&world, &session.access).await;
    engine.take_calls();
    let asked = async || {
        let (strict, fast) = (world.strict(&session.access).await, engine.take_calls());
        assert_eq!((strict, fast.len(), fast[0].operation.as_str()), (200, 1, "BatchGetItem"));
        let body = fast[0].json();
        let request = body["RequestItems"].as_object().unwrap().values().next().unwrap();
        request["Keys"].as_array().unwrap().len()
    };
    for _ in 0..2 {
        assert_eq!(asked().await, 2);
        world.pass(KEYRING_MAX_AGE);
        assert_eq!(asked().await, 3, "one round trip all the same");
    }
    world.pass(KEYRING_MAX_AGE);
    for operations in [vec!["GetItem"], vec![]] {
        assert_eq!(world.fast(&session.access).await, 200);
        assert_eq!(engine.take_operations(), operations);
    }
    // A clock that was set back makes no old keys young.
    world.clock.set(world.clock.now().minus(Duration::from_hours(24)));
    world.fast(&session.access).await;
    assert_eq!(engine.take_operations(), ["GetItem"]);
}

#[tokio::test]
async fn what_is_published_may_be_cached_for_five_minutes() {
    let world = World::new().await;
    world.open("u1").await;
    let reply = world.get("/auth/jwt/jwks.json").send().await;
    assert_eq!(reply.header("cache-control"), Some("max-age=300, must-revalidate"));
}

#[tokio::test]
async fn a_key_that_signs_at_once_is_kept_out_by_invented_kids_for_five_seconds_at_most() {
    let (signing, attacked, _) = two().await;
    let session = signing.open("u1").await;
    let (_, rest) = session.access.split_once('.').unwrap();
    let attack = async |i: u64| {
        let header = json!({"alg": "RS256", "typ": "JWT", "version": "5", "kid": format!("s-{i}")});
        let forged = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()));
        assert_eq!((attacked.fast(&forged).await, attacked.strict(&forged).await), (401, 401));
    };
    for i in 0..200 {
        attacked.pass(Duration::from_millis(100));
        attack(i).await;
    }
    kill(&signing, &kid(&session.access)).await.expect("a replacement");
    let (access, _) = signing.refreshed(&session.refresh).await;
    let mut kept_out = Duration::ZERO;
    while attacked.fast(&access).await == 401 {
        kept_out += Duration::from_millis(100);
        assert!(kept_out <= Duration::from_secs(5), "{kept_out:?}");
        attacked.pass(Duration::from_millis(100));
        attack(0).await;
    }
    assert_eq!(attacked.strict(&access).await, 200);
}

#[tokio::test]
async fn a_new_key_is_in_every_set_before_it_signs_and_a_killed_one_leaves_in_half_a_minute() {
    let (signing, publishing, _) = two().await;
    let published = async || {
        let reply = publishing.get("/auth/jwt/jwks.json").send().await;
        let age = reply.header("cache-control").unwrap().to_owned();
        (reply.json()["keys"].to_string(), age)
    };
    let session = signing.open("u1").await;
    published().await;
    let KeyRotated::Made(next) = operator(&signing).rotate_key().await.unwrap() else {
        panic!("a key is made");
    };
    publishing.pass(Duration::from_secs(30));
    assert!(published().await.0.contains(next.kid.as_str()), "it signs in half a minute");

    let killed = kid(&session.access);
    kill(&signing, &killed).await;
    publishing.pass(Duration::from_secs(29));
    let (keys, age) = published().await;
    assert!(keys.contains(killed.as_str()));
    assert_eq!(age, "max-age=271, must-revalidate", "five minutes later no cache has it");
    publishing.pass(Duration::from_secs(1));
    assert!(!published().await.0.contains(killed.as_str()));
}
