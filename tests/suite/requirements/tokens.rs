//! What a token is made of, and what is none.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use std::collections::BTreeSet;
use tests::World;

/// How many are drawn. That one bit of 256 has the same value in all is as good as impossible.
const DRAWS: usize = 64;

/// The secret in a refresh token: what stands before its tag of 16 bytes.
fn secret(refresh: &str) -> [u8; 32] {
    let (_, body) = refresh.rsplit_once('.').unwrap();
    let body = URL_SAFE_NO_PAD.decode(body).unwrap();
    assert_eq!(body.len(), 32 + 16);
    body[..32].try_into().unwrap()
}

/// The bits that are set in some and not in others.
fn varying<const N: usize>(drawn: &[[u8; N]]) -> u32 {
    let (mut any, mut all) = ([0_u8; N], [u8::MAX; N]);
    for bytes in drawn {
        for (i, byte) in bytes.iter().enumerate() {
            any[i] |= byte;
            all[i] &= byte;
        }
    }
    any.iter().zip(all).map(|(any, all)| (any & !all).count_ones()).sum()
}

#[tokio::test]
async fn a_refresh_token_is_256_random_bits_and_a_handle_122() {
    let world = World::new().await;
    let (mut first, mut next, mut handles) = (Vec::new(), Vec::new(), BTreeSet::new());
    for _ in 0..DRAWS {
        let session = world.open("u1").await;
        first.push(secret(&session.refresh));
        next.push(secret(&world.refreshed(&session.refresh).await.1));
        handles.insert(session.handle);
    }
    assert_eq!((varying(&first), varying(&next)), (256, 256));
    let distinct: BTreeSet<_> = first.iter().chain(&next).collect();
    assert_eq!((distinct.len(), handles.len()), (2 * DRAWS, DRAWS));
    let bytes = |handle: &String| {
        let hex = handle.replace('-', "");
        u128::from_str_radix(&hex, 16).expect("a UUID").to_be_bytes()
    };
    let handles: Vec<_> = handles.iter().map(bytes).collect();
    // RFC 9562 5.4: four bits say the version, two the variant.
    assert_eq!(varying(&handles), 122);
}

#[tokio::test]
async fn what_a_caller_proposes_as_its_session_is_never_taken() {
    let world = World::new().await;
    let (planted, known) = ("11111111-1111-4111-8111-111111111111", world.open("u1").await);
    for handle in [planted, known.handle.as_str()] {
        let body = json!({
            "userId": "u1", "handle": handle, "sessionHandle": handle, "sessionId": handle,
            "refreshToken": known.refresh, "accessToken": known.access,
            "session": {"handle": handle}, "accessTokenPayload": {},
        });
        let call = world.post("/create-session").json(&body);
        let call = call.cookie("sAccessToken", &known.access).cookie("sRefreshToken", handle);
        let answer = call.signed().send().await.json();
        let text = |path: &str| answer.pointer(path).unwrap().as_str().unwrap().to_owned();
        let (new, access) = (text("/session/handle"), text("/accessToken/token"));
        assert!(new != planted && new != known.handle);
        assert_ne!(text("/refreshToken/token"), known.refresh);
        assert_eq!(world.strict(&access).await, 200);
    }
    let claim = json!({"userId": "u1", "accessTokenPayload": {"sessionHandle": planted}});
    let reply = world.admin("/create-session", &claim).await;
    assert_eq!((reply.status, reply.code().as_str()), (400, "protected-field"));
}

#[tokio::test]
async fn a_secret_that_does_not_change_is_no_session() {
    const KEY: &str = "a-key-of-this-deployment-0001";
    let world = World::with_parameter("ApiKeys", KEY).await;
    let session = world.open("u1").await;
    for lasting in [KEY, local::ACCESS_KEY, local::SECRET_KEY, &session.handle, "u1"] {
        assert_eq!((world.strict(lasting).await, world.fast(lasting).await), (401, 401));
        for path in ["/logout", "/auth/session/refresh"] {
            let reply = world.post(path).bearer(lasting).header("api-key", lasting).send().await;
            assert_eq!(reply.status, 401, "{path}");
        }
        for path in ["/whoami", "/whoami/fast"] {
            let call = world.get(path).header("api-key", lasting);
            let reply = call.cookie("sAccessToken", lasting).send().await;
            assert_eq!(reply.status, 401, "{path}");
        }
    }
}

#[tokio::test]
async fn a_token_in_a_query_or_a_body_is_nobodys() {
    let world = World::new().await;
    let session = world.open("u1").await;
    let (access, refresh) = (&session.access, &session.refresh);
    for name in ["access_token", "token", "sAccessToken", "authorization"] {
        for path in ["/whoami", "/whoami/fast"] {
            let reply = world.get(&format!("{path}?{name}={access}")).send().await;
            assert_eq!(reply.status, 401, "{name}");
        }
        let body = json!({name: access, "refreshToken": refresh, "sRefreshToken": refresh});
        for path in ["/logout", "/auth/session/refresh"] {
            let reply = world.post(&format!("{path}?{name}={access}")).json(&body).send().await;
            assert_eq!(reply.status, 401, "{path} {name}");
        }
    }
    assert_eq!(world.strict(access).await, 200);
    world.refreshed(refresh).await;
}
