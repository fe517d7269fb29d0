//! Whatever ends a session ends all of it, for good.

use http::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Opened, World};

/// How a session ends before its time.
const WAYS: [&str; 9] = [
    "logout",
    "by handle",
    "by user",
    "by tenant of the user",
    "all but another",
    "theft",
    "by an SDK",
    "by user, by an SDK",
    "tenant removed",
];
/// How often a session that has ended is used again, in all.
const LATER_USES: usize = 1_000;

async fn core(world: &World, method: Method, path: &str, body: &Value) {
    let reply = world.call(method, &format!("/core{path}")).json(body).send().await;
    assert_eq!((reply.status, &reply.json()["status"]), (200, &json!("OK")), "{path}");
}

/// Ends the session of `ada` in `acme` in the way of this name.
async fn end(world: &World, session: &Opened, way: &str) {
    let (handle, user) = (&session.handle, "ada");
    match way {
        "logout" => {
            let reply = world.post("/logout").bearer(&session.access).send().await;
            assert_eq!(reply.status, 200);
        }
        "by handle" => {
            world.revoke("/revoke-handle", &json!({"sessionHandle": handle})).await;
        }
        "by user" => {
            world.revoke("/revoke-user", &json!({"userId": user})).await;
        }
        "by tenant of the user" => {
            world.revoke("/revoke-user", &json!({"userId": user, "tenantId": "acme"})).await;
        }
        "all but another" => {
            let kept = world.open(user).await;
            let body = json!({"userId": user, "exceptSessionHandle": kept.handle});
            world.revoke("/revoke-user", &body).await;
            assert_eq!(world.strict(&kept.access).await, 200);
        }
        "theft" => {
            world.refreshed(&session.refresh).await;
            world.pass(Duration::from_secs(31));
            assert_eq!(world.refresh(&session.refresh).await.code(), "token theft detected");
        }
        "by an SDK" => {
            let body = json!({"sessionHandles": [handle]});
            core(world, Method::POST, "/recipe/session/remove", &body).await;
        }
        "by user, by an SDK" => {
            core(world, Method::POST, "/recipe/session/remove", &json!({"userId": user})).await;
        }
        "tenant removed" => {
            let (tenant, base) = (json!({"tenantId": "acme"}), "/recipe/multitenancy/tenant");
            core(world, Method::PUT, &format!("{base}/v2"), &tenant).await;
            core(world, Method::POST, &format!("{base}/remove"), &tenant).await;
        }
        other => panic!("{other} is no way"),
    }
}

#[tokio::test]
async fn an_ended_session_is_refused_on_every_later_use_however_it_ended() {
    for way in WAYS {
        let world = World::new().await;
        let session = world.open_in("ada", "acme").await;
        assert_eq!(world.strict(&session.access).await, 200);
        end(&world, &session, way).await;
        for _ in 0..=LATER_USES / WAYS.len() {
            assert_eq!(world.strict(&session.access).await, 401, "{way}");
        }
        assert!(!world.listed("ada").await.contains(&session.handle), "{way}");
        let again = world.revoke("/revoke-handle", &json!({"sessionHandle": session.handle})).await;
        assert!(again.is_empty() || way == "tenant removed", "{way}: it had ended before");
    }
}

#[tokio::test]
async fn whatever_ends_a_session_ends_its_refresh_token_too() {
    for way in WAYS {
        let world = World::new().await;
        let session = world.open_in("ada", "acme").await;
        end(&world, &session, way).await;
        let reply = world.refresh(&session.refresh).await;
        assert_eq!((reply.status, reply.code().as_str()), (401, "unauthorised"), "{way}");
        assert!(reply.clears_cookies() && reply.clears_headers(), "{way}");
        let exchange = json!({
            "refreshToken": session.refresh, "enableAntiCsrf": false, "useDynamicSigningKey": true,
        });
        let path = "/core/recipe/session/refresh";
        let answer = world.post(path).json(&exchange).send().await.json();
        assert_eq!(answer["status"], "UNAUTHORISED", "{way}");
        let regenerate = json!({"accessToken": session.access});
        let path = "/core/recipe/session/regenerate";
        let answer = world.post(path).json(&regenerate).send().await.json();
        assert_eq!(answer["status"], "UNAUTHORISED", "{way}");
    }
}

/// Other texts that a lax reader of base64 takes for the same token.
fn same_bytes(token: &str) -> Vec<String> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (most, last) = token.split_at(token.len() - 1);
    let last = LETTERS.iter().position(|letter| [*letter] == last.as_bytes()).expect("base64url");
    // Of 342 letters for 256 bytes the last has four bits that belong to none.
    let letters = (1..16).map(|bits| char::from(LETTERS[last ^ bits]));
    let mut texts: Vec<_> = letters.map(|letter| format!("{most}{letter}")).collect();
    texts.extend([format!("{token}="), format!("{token}=="), format!("{token}.")]);
    texts
}

#[tokio::test]
async fn every_token_of_a_session_ends_with_it_however_it_is_written() {
    let world = World::new().await;
    let session = world.open("u1").await;
    world.pass(Duration::from_secs(1));
    let (second, _) = world.refreshed(&session.refresh).await;
    world.pass(Duration::from_secs(1));
    let (third, _) = world.refreshed(&session.refresh).await;
    let tokens = [&session.access, &second, &third];
    for token in tokens {
        assert_eq!(world.strict(token).await, 200);
        for other in same_bytes(token) {
            assert_eq!((world.strict(&other).await, world.fast(&other).await), (401, 401));
        }
    }
    world.revoke("/revoke-handle", &json!({"sessionHandle": session.handle})).await;
    for token in tokens {
        assert_eq!(world.strict(token).await, 401);
        for other in same_bytes(token) {
            assert_eq!(world.strict(&other).await, 401);
        }
    }
}
