//! The names that tokens keep to themselves, version by version (PROTOCOL 2.2).

use super::sdk::{Sdk, claims, creation_with, new_access, status};
use serde_json::{Value, json};
use tests::{Reply, World};

const REFUSED: &str = "The user payload contains protected field\n";
const ALWAYS: [&str; 7] = [
    "sub",
    "exp",
    "iat",
    "sessionHandle",
    "refreshTokenHash1",
    "parentRefreshTokenHash1",
    "antiCsrfToken",
];
/// What an application may use, though it sounds like ours.
const FREE: [&str; 9] =
    ["iss", "stt", "aud", "userId", "expiryTime", "timeCreated", "SUB", "tid", "role"];

/// The names that a version adds.
const VERSIONS: [(&str, &[&str], &[&str]); 7] = [
    ("2.21", &[], &["tId", "rsub"]),
    ("3.0", &["tId"], &["rsub"]),
    ("3.1", &["tId"], &["rsub"]),
    ("4.0", &["tId", "rsub"], &[]),
    ("5.0", &["tId", "rsub"], &[]),
    ("5.3", &["tId", "rsub"], &[]),
    ("5.4", &["tId", "rsub"], &[]),
];

fn is_refused(reply: &Reply) -> bool {
    match (reply.status, reply.body.as_str()) {
        (400, REFUSED) => true,
        (200, _) => false,
        other => panic!("{other:?}"),
    }
}

fn named(name: &str) -> Value {
    json!({"a": 1, name: "mine"})
}

#[tokio::test]
async fn they_are_refused_when_a_session_is_opened_and_when_its_payload_is_changed() {
    let world = World::new().await;
    for (version, more, free) in VERSIONS {
        let sdk = Sdk::new(&world).speaking(version);
        let session = sdk.open("u1").await;
        let refused = ALWAYS.iter().chain(more).map(|name| (name, true));
        for (name, refused) in refused.chain(FREE.iter().chain(free).map(|name| (name, false))) {
            let payload = named(name);
            let created = sdk.post("/recipe/session", &creation_with("u1", &payload)).await;
            assert_eq!(is_refused(&created), refused, "{version} {name}");

            let put = json!({"sessionHandle": session.handle, "userDataInJWT": payload});
            let put = sdk.put("/recipe/jwt/data", &put).await;
            assert_eq!(is_refused(&put), refused, "{version} {name}");

            // Here it is the token's version that counts, and it is this one's.
            let body = json!({"accessToken": session.access, "userDataInJWT": payload});
            let regenerated = sdk.post("/recipe/session/regenerate", &body).await;
            assert_eq!(is_refused(&regenerated), refused, "{version} {name}");

            let stored = sdk.session(&session.handle).await["userDataInJWT"].clone();
            assert_eq!(stored == payload, !refused, "{version} {name}");
        }
        let nested = json!({"deep": {"sub": 1, "tId": 2}});
        sdk.open_with(&creation_with("u1", &nested)).await;
    }
}

#[tokio::test]
async fn a_regenerated_token_is_judged_by_its_own_version() {
    let world = World::new().await;
    let (old, new) = (Sdk::new(&world).speaking("2.21"), Sdk::new(&world));
    let (third, fifth) = (old.open("u1").await, new.open("u1").await);
    let body = |access: &str| json!({"accessToken": access, "userDataInJWT": named("rsub")});
    for sdk in [&old, &new] {
        assert!(!is_refused(&sdk.post("/recipe/session/regenerate", &body(&third.access)).await));
        assert!(is_refused(&sdk.post("/recipe/session/regenerate", &body(&fifth.access)).await));
    }
}

#[tokio::test]
async fn tokens_of_the_second_version_nest_the_payload_and_have_no_such_names() {
    let world = World::new().await;
    for version in ["2.18", "2.8"] {
        for name in ALWAYS.iter().chain(&["userId", "expiryTime", "timeCreated", "tId", "rsub"]) {
            let sdk = Sdk::new(&world).speaking(version);
            let body = creation_with("u1", &named(name));
            let answer = sdk.ask("/recipe/session", &body).await;
            assert_eq!(answer["session"]["userDataInJWT"], named(name), "{version} {name}");
        }
    }
}

#[tokio::test]
async fn what_an_older_version_stored_is_refused_by_a_newer_refresh() {
    let world = World::new().await;
    for (writer, name, readers, refusers) in [
        ("2.21", "tId", ["2.21"].as_slice(), ["3.0", "3.1", "4.0", "5.4"].as_slice()),
        ("2.21", "rsub", &["2.21", "3.0", "3.1"], &["4.0", "5.0", "5.4"]),
        ("3.1", "rsub", &["2.21", "3.1"], &["4.0", "5.4"]),
    ] {
        let writer = Sdk::new(&world).speaking(writer);
        let session = writer.open_with(&creation_with("u1", &named(name))).await;
        for version in refusers {
            let answer = Sdk::new(&world).speaking(version).refresh(&session.refresh).await;
            let message = answer["message"].as_str().unwrap();
            let expected = json!({"status": "UNAUTHORISED", "message": message});
            assert_eq!(answer, expected, "{version} {name}");
        }
        for version in readers {
            let child = Sdk::new(&world).speaking(version).refreshed(&session.refresh).await;
            assert_eq!(claims(&child.access)[name], "mine", "{version} {name}");
        }
        let shown = Sdk::new(&world).session(&session.handle).await;
        assert_eq!(shown["userDataInJWT"], named(name), "it is kept as it is");
    }
}

#[tokio::test]
async fn a_verification_that_would_mint_such_a_token_is_refused() {
    let world = World::new().await;
    let (old, new) = (Sdk::new(&world).speaking("2.21"), Sdk::new(&world));
    let session = new.open("u1").await;
    let put = json!({"sessionHandle": session.handle, "userDataInJWT": named("rsub")});
    old.change("/recipe/jwt/data", &put).await;
    let verify = |check: bool| {
        json!({
            "accessToken": session.access, "doAntiCsrfCheck": false, "enableAntiCsrf": false,
            "checkDatabase": check,
        })
    };
    assert!(is_refused(&new.post("/recipe/session/verify", &verify(true)).await));
    let answer = new.ask("/recipe/session/verify", &verify(false)).await;
    assert_eq!((status(&answer).as_str(), new_access(&answer)), ("OK", None));
}

#[tokio::test]
async fn a_claim_of_an_older_token_that_a_newer_one_keeps_to_itself_is_the_applications() {
    let world = World::new().await;
    let old = Sdk::new(&world).speaking("2.21");
    let session = old.open_with(&creation_with("u1", &named("tId"))).await;
    for check in [false, true] {
        let answer = Sdk::new(&world).verify(&session.access, check).await;
        assert_eq!((status(&answer).as_str(), new_access(&answer)), ("OK", None), "{check}");
        assert_eq!(answer["session"]["tenantId"], "public", "before version 4 it names no tenant");
        assert_eq!(answer["session"]["userDataInJWT"], named("tId"));
    }
}
