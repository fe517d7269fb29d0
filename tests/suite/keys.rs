//! Signing keys: made once, published before they sign and after they stop.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::join_all;
use local::dynamodb::Embedded;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tests::world::faulty;
use tests::{Fault, Faulty, HandClock, World};

fn kid(access: &str) -> String {
    let header = URL_SAFE_NO_PAD.decode(access.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

async fn published(world: &World) -> Vec<String> {
    let jwks = world.get("/auth/jwt/jwks.json").send().await.json();
    let keys = jwks["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn two_first_callers_make_one_set_of_keys() {
    let engine = Arc::new(Faulty::new(Embedded::memory().unwrap()));
    let clock = HandClock::new();
    let start =
        async || World::with_clock(clock.clone(), |builder| builder.engine(engine.clone())).await;
    let (one, two) = (start().await, start().await);
    // Both have seen that there are no keys before either writes them.
    let gate = engine.hold("TransactWriteItems");
    let (first, second) = tokio::join!(one.open("u1"), async {
        gate.arrival().await;
        let second = two.open("u2").await;
        gate.open();
        second
    });
    assert_eq!(kid(&first.access), kid(&second.access));
    assert_eq!(published(&one).await.len(), 2);
    for world in [&one, &two] {
        assert_eq!(world.strict(&first.access).await, 200);
        assert_eq!(world.strict(&second.access).await, 200);
    }
}

#[tokio::test]
async fn many_first_callers_at_once_all_sign_with_published_keys() {
    let world = World::new().await;
    let users: Vec<_> = (0..20).map(|i| format!("u{i}")).collect();
    let sessions = join_all(users.iter().map(|user| world.open(user))).await;
    assert_eq!(published(&world).await.len(), 2);
    for session in &sessions {
        assert_eq!(world.strict(&session.access).await, 200);
    }
}

#[tokio::test]
async fn a_due_key_is_followed_by_one_that_is_published_first_and_nobody_is_refused() {
    let world = World::with_parameter("AccessTokenDynamicSigningKeyUpdateInterval", "2").await;
    let early = world.open("u1").await;
    let old = kid(&early.access);

    // A minute before its two hours are over the next key is made. It does not sign yet.
    world.pass(Duration::from_mins(119));
    let session = world.open("u1").await;
    assert_eq!(kid(&session.access), old);
    let keys = published(&world).await;
    assert_eq!(keys.len(), 3, "{keys:?}");

    world.pass(Duration::from_mins(1));
    let late = world.open("u1").await;
    assert_ne!(kid(&late.access), old);
    assert!(keys.contains(&kid(&late.access)), "it was published before it signed");
    for token in [&session.access, &late.access] {
        assert_eq!((world.strict(token).await, world.fast(token).await), (200, 200));
    }

    // The old key's last token lives for an hour after it stopped; then, and a margin, it goes.
    world.pass(Duration::from_mins(58));
    assert_eq!(world.fast(&session.access).await, 200);
    assert!(published(&world).await.contains(&old));
    world.pass(Duration::from_hours(2));
    world.open("u1").await;
    assert!(!published(&world).await.contains(&old));
}

#[tokio::test]
async fn after_a_long_silence_the_next_key_signs_at_once() {
    let world = World::new().await;
    let early = world.open("u1").await;
    assert_eq!(world.strict(&early.access).await, 200);
    world.pass(Duration::from_hours(24 * 30));
    let (access, _) = world.refreshed(&early.refresh).await;
    assert_ne!(kid(&access), kid(&early.access));
    assert_eq!((world.strict(&access).await, world.fast(&access).await), (200, 200));
}

#[tokio::test]
async fn a_static_key_never_rotates() {
    let world = World::new().await;
    let body = json!({"userId": "u1", "useDynamicSigningKey": false});
    let early = world.open_with(&body).await;
    world.pass(Duration::from_hours(24 * 30));
    let late = world.open_with(&body).await;
    assert_eq!(kid(&early.access), kid(&late.access));
    let (access, _) = world.refreshed(&early.refresh).await;
    assert_eq!(kid(&access), kid(&early.access), "a session keeps its kind of key");
}

#[tokio::test]
async fn another_sandbox_with_cached_keys_learns_of_a_new_one() {
    let engine = Arc::new(Embedded::memory().unwrap());
    let clock = HandClock::new();
    let start =
        async || World::with_clock(clock.clone(), |builder| builder.engine(engine.clone())).await;
    let (signing, verifying) = (start().await, start().await);
    let early = signing.open("u1").await;
    assert_eq!(verifying.fast(&early.access).await, 200);
    clock.pass(Duration::from_hours(24 * 8));
    let late = signing.open("u1").await;
    assert_eq!(
        (verifying.fast(&late.access).await, verifying.strict(&late.access).await),
        (200, 200)
    );
}

#[tokio::test]
async fn a_leaked_key_is_withdrawn_by_deleting_the_key_items_and_starting_anew() {
    use aws_sdk_dynamodb::types::AttributeValue;
    let engine = Arc::new(Embedded::memory().unwrap());
    let clock = HandClock::new();
    let start =
        async || World::with_clock(clock.clone(), |builder| builder.engine(engine.clone())).await;
    let before = start().await;
    let session = before.open("u1").await;
    let table = &before.bundle.template().table.name;
    for item in ["signing-keys#public", "public-keys#public"] {
        let delete = before.bundle.dynamodb().delete_item().table_name(table);
        delete.key("pk", AttributeValue::S(item.to_owned())).send().await.unwrap();
    }
    let after = start().await;
    assert_eq!(
        (after.strict(&session.access).await, after.fast(&session.access).await),
        (401, 401)
    );
    // The authorizers have looked for a key in vain.
    clock.pass(Duration::from_millis(500));
    let (access, _) = after.refreshed(&session.refresh).await;
    assert_eq!((after.strict(&access).await, after.fast(&access).await), (200, 200));
}

#[tokio::test]
async fn invented_kids_do_not_make_one_read_each_and_hide_no_new_key() {
    let (world, engine) = faulty().await;
    let session = world.open("u1").await;
    assert_eq!(world.fast(&session.access).await, 200);
    world.pass(Duration::from_secs(1));
    engine.take_calls();
    let (_, rest) = session.access.split_once('.').unwrap();
    let now = world.clock.now().millis();
    let invented = async |kid: String| {
        let header = json!({"alg": "RS256", "typ": "JWT", "version": "5", "kid": kid});
        let forged = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()));
        assert_eq!(world.fast(&forged).await, 401);
        engine.take_calls().len()
    };
    for i in 0..20 {
        assert_eq!(invented(format!("d-{i}")).await, 0, "a key of that age would be known");
    }
    let mut reads = 0;
    for i in 0..20 {
        reads += invented(format!("d-{}", now + i)).await + invented(format!("s-{i}")).await;
    }
    assert_eq!(reads, 1);
    let a_moment = Duration::from_millis(1);
    // Each read in vain is followed by a longer pause, up to five seconds.
    for pause in [500, 1_000, 2_000, 4_000, 5_000, 5_000] {
        world.pass(Duration::from_millis(pause).saturating_sub(a_moment));
        assert_eq!(invented(format!("s-{pause}")).await, 0, "{pause}");
        world.pass(a_moment);
        assert_eq!(invented(format!("s-{pause}")).await, 1, "{pause}");
    }
    // In a minute that is 12 reads, and not 120.
    let mut reads = 0;
    for i in 0..120 {
        world.pass(Duration::from_millis(500));
        reads += invented(format!("s-{i}")).await;
    }
    assert_eq!(reads, 12);
    // A clock that was set back does not make the pause longer.
    world.clock.set(world.clock.now().minus(Duration::from_hours(1)));
    assert_eq!(invented("s-back".to_owned()).await, 1);
    // After a quiet minute the pauses begin anew.
    world.pass(Duration::from_mins(1));
    assert_eq!(invented("s-1".to_owned()).await, 1);
    world.pass(Duration::from_millis(500));
    assert_eq!(invented("s-2".to_owned()).await, 1);
}

#[tokio::test]
async fn a_flood_of_requests_for_the_keys_is_answered_from_memory() {
    for path in ["/auth/jwt/jwks.json", "/core/.well-known/jwks.json"] {
        let (world, engine) = faulty().await;
        world.open("u1").await;
        engine.take_calls();
        let mut reads = 0;
        for _ in 0..150 {
            assert_eq!(world.get(path).send().await.status, 200);
            reads += engine.take_calls().len();
            world.pass(Duration::from_secs(2));
        }
        assert_eq!(reads, 10, "one every half minute: {path}");
    }
}

#[tokio::test]
async fn requests_for_the_keys_that_come_at_once_make_one_read() {
    let (world, engine) = faulty().await;
    world.open("u1").await;
    engine.take_calls();
    let gate = engine.hold("GetItem");
    let asked = (0..20).map(|_| world.get("/auth/jwt/jwks.json").send());
    let (replies, ()) = tokio::join!(join_all(asked), async {
        gate.arrival().await;
        gate.open();
    });
    assert!(replies.iter().all(|reply| reply.status == 200));
    assert_eq!(engine.take_operations(), ["GetItem"]);
}

#[tokio::test]
async fn before_there_are_keys_an_empty_set_is_answered_for_a_second() {
    let engine = Arc::new(Faulty::new(Embedded::memory().unwrap()));
    let clock = HandClock::new();
    let start =
        async || World::with_clock(clock.clone(), |builder| builder.engine(engine.clone())).await;
    let (signing, publishing) = (start().await, start().await);
    engine.take_calls();
    for _ in 0..20 {
        let reply = publishing.get("/auth/jwt/jwks.json").send().await;
        assert_eq!(reply.header("cache-control"), Some("max-age=1, must-revalidate"));
    }
    assert_eq!(engine.take_operations(), ["GetItem"]);
    let session = signing.open("u1").await;
    assert!(published(&publishing).await.is_empty());
    clock.pass(Duration::from_secs(1));
    assert!(published(&publishing).await.contains(&kid(&session.access)));
    assert_eq!(publishing.fast(&session.access).await, 200);
}

#[tokio::test(start_paused = true)]
async fn a_conflict_or_a_lost_answer_while_keys_are_made_does_no_harm() {
    for fault in [Fault::Conflict, Fault::AnswerLost, Fault::Throttled] {
        let (world, engine) = faulty().await;
        engine.fail("TransactWriteItems", 1, fault);
        let session = world.open("u1").await;
        assert_eq!(world.strict(&session.access).await, 200);
        assert_eq!(published(&world).await.len(), 2);
    }
}
