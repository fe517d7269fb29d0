//! Which key signs, which keys are published, and JWTs for other purposes: PROTOCOL 3.4.1, 3.4.6,
//! 3.4.11 and 4.9.

use super::row::Row;
use super::sdk::{
    Sdk, checked, claims, creation, exchange, header, kid, new_access, opened, status,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tests::World;
use tests::world::faulty;

fn is_static(access: &str) -> bool {
    match kid(access).split_at(2) {
        ("s-", _) => true,
        ("d-", _) => false,
        other => panic!("{other:?}"),
    }
}

/// A body without this member, or with this value for it.
fn with(mut body: Value, wish: Option<bool>) -> Value {
    body.as_object_mut().unwrap().remove("useDynamicSigningKey");
    if let Some(wish) = wish {
        body["useDynamicSigningKey"] = json!(wish);
    }
    body
}

#[tokio::test]
async fn a_session_is_opened_with_the_changing_key_unless_it_is_said_otherwise() {
    let world = World::new().await;
    for version in ["2.21", "3.1", "4.0", "5.4"] {
        let sdk = Sdk::new(&world).speaking(version);
        for (wish, expected) in [(None, false), (Some(true), false), (Some(false), true)] {
            let session = sdk.open_with(&with(creation("u1"), wish)).await;
            assert_eq!(is_static(&session.access), expected, "{version} {wish:?}");
            let row = Row::find(&world, "public", &session.handle).await.unwrap();
            assert_eq!(row.is_static(), expected);
        }
    }
}

#[tokio::test]
async fn a_refresh_may_change_the_kind_of_key_for_good() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open_with(&with(creation("u1"), Some(true))).await;
    let mut refresh = session.refresh.clone();
    for (version, wish, expected) in [
        ("3.0", None, false),
        ("3.1", Some(false), true),
        ("4.0", None, true),
        ("3.1", Some(true), false),
        // Before 3.0 nobody asks.
        ("2.21", Some(false), false),
        ("5.0", Some(false), true),
        ("2.21", Some(true), true),
        ("5.4", Some(true), false),
        ("5.4", Some(false), true),
    ] {
        let body = with(exchange(&refresh), wish);
        let speaking = sdk.speaking(version);
        let pair = opened(&speaking.ask("/recipe/session/refresh", &body).await);
        assert_eq!(is_static(&pair.access), expected, "{version} {wish:?}");
        let row = Row::find(&world, "public", &session.handle).await.unwrap();
        assert_eq!(row.is_static(), expected, "{version} {wish:?}");
        let promoted = sdk.verify(&pair.access, false).await;
        assert_eq!(is_static(new_access(&promoted).unwrap()), expected, "{version} {wish:?}");
        refresh = pair.refresh;
    }
}

#[tokio::test]
async fn from_5_0_on_a_refresh_says_which_key_it_wants() {
    let world = World::new().await;
    let session = Sdk::new(&world).open("u1").await;
    for version in ["5.0", "5.1", "5.2", "5.3", "5.4"] {
        let sdk = Sdk::new(&world).speaking(version);
        let body = with(exchange(&session.refresh), None);
        let reply = sdk.post("/recipe/session/refresh", &body).await;
        let text = "Field name 'useDynamicSigningKey' is invalid in JSON input\n";
        assert_eq!((reply.status, reply.body.as_str()), (400, text), "{version}");
    }
}

#[tokio::test]
async fn the_public_keys_are_there_for_anyone() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let dynamic = sdk.open("u1").await;
    let fixed = sdk.open_with(&with(creation("u1"), Some(false))).await;
    // An SDK fetches them with neither version nor key.
    let reply = world.get("/core/.well-known/jwks.json").send().await;
    assert_eq!(reply.status, 200);
    // A killed key is forgotten in five minutes, here as everywhere.
    assert_eq!(reply.header("cache-control"), Some("max-age=300, must-revalidate"));
    let reply = checked(reply);
    let jwks = reply.json();
    assert_eq!(jwks.as_object().unwrap().len(), 1);
    for key in jwks["keys"].as_array().unwrap() {
        let members = key.as_object().unwrap();
        let text = |name: &str| members[name].as_str().unwrap();
        assert_eq!((text("kty"), text("alg"), text("use")), ("RSA", "RS256", "sig"));
        assert_eq!(text("e"), "AQAB");
        assert_eq!(text("n").len(), 342, "2048 bits in base64url");
        assert_eq!(members.len(), 6, "and kid, and nothing that is private");
    }
    let mut signing = vec![kid(&dynamic.access), kid(&fixed.access)];
    signing.sort();
    assert_eq!(sdk.kids().await, signing);
    let mut older_way = sdk.read("/recipe/jwt/jwks").await;
    assert_eq!(older_way["status"], "OK");
    older_way.as_object_mut().unwrap().remove("status");
    assert_eq!(older_way["keys"].as_array().unwrap().len(), 2);
    for key in older_way["keys"].as_array().unwrap() {
        assert!(jwks["keys"].as_array().unwrap().contains(key), "the same keys");
    }
    // A new key is due a minute before a week has passed.
    world.pass(Duration::from_secs(604_700));
    let reply = world.get("/core/.well-known/jwks.json").send().await;
    assert_eq!(reply.header("cache-control"), Some("max-age=40, must-revalidate"));
}

#[tokio::test]
async fn a_due_key_is_published_before_it_signs_and_nobody_is_refused() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let early = sdk.open("u1").await;
    let old = kid(&early.access);
    let minutes_of_a_week = 7 * 24 * 60;
    world.pass(Duration::from_mins(minutes_of_a_week - 1));
    let session = sdk.open("u1").await;
    assert_eq!(kid(&session.access), old, "it does not sign yet");
    let published = sdk.kids().await;
    assert_eq!(published.len(), 3, "{published:?}");
    world.pass(Duration::from_secs(61));
    let late = sdk.open("u1").await;
    assert_ne!(kid(&late.access), old);
    assert!(published.contains(&kid(&late.access)));
    for access in [&session.access, &late.access] {
        for check in [false, true] {
            assert_eq!(status(&sdk.verify(access, check).await), "OK");
        }
    }
    let child = sdk.refreshed(&early.refresh).await;
    assert_eq!(kid(&child.access), kid(&late.access));
    assert_eq!(sdk.checked(&child.access).await, "OK");
    let fixed = sdk.open_with(&with(creation("u1"), Some(false))).await;
    assert!(published.contains(&kid(&fixed.access)), "the other one never changes");
    // A week and two lives of a token after it was made it is forgotten.
    world.pass(Duration::from_hours(3));
    sdk.open("u1").await;
    assert!(!sdk.kids().await.contains(&old));
}

#[tokio::test]
async fn a_jwt_is_signed_for_whatever_an_application_wants_one_for() {
    let world = World::new().await;
    world.pass(Duration::from_millis(999));
    let sdk = Sdk::new(&world);
    let now = world.clock.now().millis() / 1000;
    let body = json!({
        "payload": {"a": {"b": null}, "sub": "u1"}, "algorithm": "RS256",
        "jwksDomain": "http://localhost:3001/auth", "validity": 3_153_600_000_u64,
    });
    for (wish, expected) in [(None, true), (Some(true), true), (Some(false), false)] {
        let mut body = body.clone();
        if let Some(wish) = wish {
            body["useStaticSigningKey"] = json!(wish);
        }
        let answer = sdk.ask("/recipe/jwt", &body).await;
        let jwt = answer["jwt"].as_str().unwrap();
        assert_eq!(answer, json!({"status": "OK", "jwt": jwt}));
        assert_eq!(is_static(jwt), expected);
        assert_eq!(header(jwt), json!({"alg": "RS256", "typ": "JWT", "kid": kid(jwt)}));
        assert!(sdk.kids().await.contains(&kid(jwt)));
        let said = json!({
            "a": {"b": null}, "sub": "u1", "iat": now, "exp": now + 3_153_600_000,
            "iss": "http://localhost:3001/auth",
        });
        assert_eq!(claims(jwt), said);
        for check in [false, true] {
            let verified = sdk.verify(jwt, check).await;
            assert_eq!(status(&verified), "TRY_REFRESH_TOKEN", "it is no access token");
        }
    }
    let mut own = body.clone();
    own["payload"]["iss"] = json!("me");
    let answer = sdk.ask("/recipe/jwt", &own).await;
    assert_eq!(claims(answer["jwt"].as_str().unwrap())["iss"], "me");
}

#[tokio::test]
async fn a_jwt_of_another_kind_is_not_signed() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let body = json!({"payload": {}, "algorithm": "RS256", "jwksDomain": "x", "validity": 1});
    for algorithm in ["HS256", "ES256", "none", "", "rs256x"] {
        let mut body = body.clone();
        body["algorithm"] = json!(algorithm);
        let answer = sdk.ask("/recipe/jwt", &body).await;
        assert_eq!(answer, json!({"status": "UNSUPPORTED_ALGORITHM_ERROR"}), "{algorithm}");
    }
    for validity in [0, -1, -3_600] {
        let mut body = body.clone();
        body["validity"] = json!(validity);
        let reply = sdk.post("/recipe/jwt", &body).await;
        let text = "validity must be greater than or equal to 0\n";
        assert_eq!((reply.status, reply.body.as_str()), (400, text), "{validity}");
    }
}

#[tokio::test]
async fn invented_tokens_do_not_make_one_read_each() {
    let (world, engine) = faulty().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open("u1").await;
    assert_eq!(status(&sdk.verify(&session.access, false).await), "OK");
    let old = sdk.speaking("2.18").open("u1").await;
    assert_eq!(status(&sdk.verify(&old.access, false).await), "OK");
    engine.take_calls();
    let (head, rest) = session.access.split_once('.').unwrap();
    let (message, _) = old.access.rsplit_once('.').unwrap();
    let signature = STANDARD.encode([1; 256]);
    let forge = |i: usize| {
        let kid = format!("s-{i}");
        let named = json!({"alg": "RS256", "typ": "JWT", "version": "5", "kid": kid});
        let named = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(named.to_string()));
        // Version 2 names no key, so that any may have signed it.
        [named, format!("{message}.{signature}"), format!("{head}.{rest}")]
    };
    let mut reads = 0;
    for i in 0..120 {
        let [named, of_any_key, good] = forge(i);
        for forged in [named, of_any_key] {
            assert_eq!(status(&sdk.verify(&forged, false).await), "TRY_REFRESH_TOKEN");
        }
        assert_eq!(status(&sdk.verify(&good, false).await), "OK");
        reads += engine.take_calls().len();
        world.pass(Duration::from_millis(500));
    }
    // At 0, 0.5, 1.5, 3.5 and 7.5 s, and every five seconds from then on.
    assert_eq!(reads, 15);
}

#[tokio::test]
async fn nobody_is_known_by_name() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    sdk.open("u1").await;
    for user in ["u1", "nobody", "", "%C3%BC"] {
        for version in ["4.0", "5.0", "5.4"] {
            let call = sdk.speaking(version).call(Method::GET, &format!("/user/id?userId={user}"));
            let reply = checked(call.send().await);
            assert_eq!(reply.json(), json!({"status": "UNKNOWN_USER_ID_ERROR"}), "{version}");
        }
    }
}
