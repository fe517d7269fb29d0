//! The SDKs and Sever's own functions work on the same sessions: whoever opened one, everybody
//! sees it, and whoever ends one has ended it for everybody.

use super::sdk::{ISSUER, Sdk, claims, creation, creation_with, new_access, status};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tests::{Lagging, Opened, World};

async fn add_tenant(world: &World, tenant: &str) {
    let body = json!({"tenantId": tenant});
    Sdk::administrator(world).change("/recipe/multitenancy/tenant/v2", &body).await;
}

/// Whether nobody takes the session for a living one, and nobody shows it.
async fn assert_over(world: &World, session: &Opened, user: &str) {
    let sdk = Sdk::new(world);
    assert_eq!(world.strict(&session.access).await, 401);
    let reply = world.refresh(&session.refresh).await;
    assert_eq!((reply.status, reply.code().as_str()), (401, "unauthorised"));
    assert!(!world.listed(user).await.contains(&session.handle));
    assert_eq!(sdk.checked(&session.access).await, "UNAUTHORISED");
    assert_eq!(status(&sdk.refresh(&session.refresh).await), "UNAUTHORISED");
    assert_eq!(status(&sdk.session(&session.handle).await), "UNAUTHORISED");
    assert!(!sdk.list(user).await.contains(&session.handle));
}

#[tokio::test]
async fn a_session_of_an_sdk_passes_the_authorizers_and_is_listed() {
    let world = World::new().await;
    add_tenant(&world, "acme").await;
    for (version, dynamic, prefix, tenant) in [
        ("5.4", true, "", "public"),
        ("5.4", false, "/public", "public"),
        ("5.4", true, "/acme", "acme"),
        ("4.0", true, "", "public"),
        ("3.1", true, "/acme", "acme"),
        ("3.1", false, "", "public"),
        ("2.21", true, "", "public"),
    ] {
        let sdk = Sdk::new(&world).speaking(version).under(prefix);
        let mut body = creation_with("u1", &json!({"role": "x", "iss": ISSUER, "n": null}));
        body["useDynamicSigningKey"] = json!(dynamic);
        let session = sdk.open_with(&body).await;
        for path in ["/whoami", "/whoami/fast"] {
            let reply = world.get(path).bearer(&session.access).send().await;
            assert_eq!(reply.status, 200, "{version} {path}");
            let who = reply.json();
            assert_eq!(who["userId"], "u1", "{version} {path}");
            assert_eq!(who["tenantId"], tenant, "{version} {path}");
            assert_eq!(who["sessionHandle"], session.handle.as_str(), "{version} {path}");
            assert_eq!(who["payload"]["role"], "x", "{version} {path}");
            assert_eq!(who["expiresAt"], claims(&session.access)["exp"].as_i64().unwrap() * 1000);
        }
        assert!(world.listed("u1").await.contains(&session.handle));
        let path = "/list-sessions?limit=100&userId=u1";
        let list = world.get(path).signed().send().await.json();
        let sessions = list["sessions"].as_array().unwrap().clone();
        let shown = sessions.iter().find(|one| one["handle"] == session.handle.as_str()).unwrap();
        let known = sdk.session(&session.handle).await;
        assert_eq!(shown["tenantId"], tenant);
        assert_eq!(shown["createdAt"], known["timeCreated"]);
        assert_eq!(shown["expiresAt"], known["expiry"]);
    }
}

#[tokio::test]
async fn the_authorizers_believe_the_issuers_that_the_operator_names() {
    for (trusted, expected) in [
        ("any", 200),
        ("", 401),
        (ISSUER, 200),
        ("https://elsewhere.example/auth", 401),
        ("https://elsewhere.example/auth,http://localhost:3001/auth", 200),
        ("http://localhost:3001", 401),
    ] {
        let world = World::with_parameter("TrustedIssuers", trusted).await;
        let sdk = Sdk::new(&world);
        let session = sdk.open("u1").await;
        let both = (world.strict(&session.access).await, world.fast(&session.access).await);
        assert_eq!(both, (expected, expected), "{trusted}");
        // The SDKs themselves take what they put in.
        assert_eq!(sdk.checked(&session.access).await, "OK", "{trusted}");
        // A session of our own does not lose our name by being refreshed through an SDK.
        let own = world.open("u2").await;
        let child = sdk.refreshed(&own.refresh).await;
        let promoted = sdk.verify(&child.access, false).await;
        for access in [&own.access, &child.access, new_access(&promoted).unwrap()] {
            assert_eq!((world.strict(access).await, world.fast(access).await), (200, 200));
        }
    }
}

#[tokio::test]
async fn a_session_of_an_sdk_is_ended_by_every_other_function() {
    let world = World::new().await;
    add_tenant(&world, "acme").await;
    let sdk = Sdk::new(&world).under("/acme");
    for way in ["handle", "user", "tenant", "/logout", "/auth/signout"] {
        let (session, bystander) = (sdk.open("u1").await, sdk.open("u2").await);
        let handles = [session.handle.clone()];
        match way {
            "handle" => {
                let body = json!({"sessionHandle": session.handle});
                assert_eq!(world.revoke("/revoke-handle", &body).await, handles);
            }
            "user" => {
                let body = json!({"userId": "u1"});
                assert_eq!(world.revoke("/revoke-user", &body).await, handles);
            }
            "tenant" => {
                let body = json!({"userId": "u1", "tenantId": "acme"});
                assert_eq!(world.revoke("/revoke-user", &body).await, handles);
            }
            path => {
                let reply = world.post(path).bearer(&session.access).send().await;
                assert_eq!((reply.status, reply.body.as_str()), (200, r#"{"status":"OK"}"#));
            }
        }
        assert_over(&world, &session, "u1").await;
        assert!(sdk.remove(&json!({"sessionHandles": handles})).await.is_empty(), "{way}");
        assert_eq!(sdk.checked(&bystander.access).await, "OK", "{way}");
        assert_eq!(world.strict(&bystander.access).await, 200, "{way}");
    }
}

#[tokio::test]
async fn an_sdk_ends_every_session() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    for by_user in [false, true] {
        let sessions = [world.open("u1").await, sdk.open("u1").await];
        let bystander = world.open("u2").await;
        let mut handles = sessions.each_ref().map(|session| session.handle.clone());
        handles.sort();
        assert_eq!(sdk.list("u1").await, handles);
        assert_eq!(world.listed("u1").await, handles);
        let body =
            if by_user { json!({"userId": "u1"}) } else { json!({"sessionHandles": handles}) };
        assert_eq!(sdk.remove(&body).await, handles);
        for session in &sessions {
            assert_over(&world, session, "u1").await;
        }
        for handle in &handles {
            let body = json!({"sessionHandle": handle});
            assert!(world.revoke("/revoke-handle", &body).await.is_empty(), "reported once");
        }
        assert_eq!(world.strict(&bystander.access).await, 200);
    }
}

#[tokio::test]
async fn a_session_of_our_own_is_an_sdks_too() {
    let world = World::new().await;
    add_tenant(&world, "acme").await;
    let sdk = Sdk::new(&world);
    let session = world
        .open_with(&json!({
            "userId": "u1", "tenantId": "acme", "accessTokenPayload": {"a": {"b": null}},
            "sessionData": {"k": 1},
        }))
        .await;
    let shown = sdk.session(&session.handle).await;
    assert_eq!(shown["userDataInJWT"], json!({"a": {"b": null}}));
    assert_eq!(shown["userDataInDatabase"], json!({"k": 1}));
    assert_eq!((&shown["tenantId"], &shown["userId"]), (&json!("acme"), &json!("u1")));
    for check in [false, true] {
        let answer = sdk.verify(&session.access, check).await;
        assert_eq!(status(&answer), "OK", "{check}");
        assert_eq!(new_access(&answer), None, "nothing has changed: {check}");
        assert_eq!(answer["session"]["handle"], session.handle.as_str());
        assert_eq!(answer["session"]["userDataInJWT"]["a"], json!({"b": null}));
        assert_eq!(answer["session"]["tenantId"], "acme");
    }
    let child = sdk.refreshed(&session.refresh).await;
    let answer = sdk.verify(&child.access, false).await;
    let promoted = new_access(&answer).unwrap();
    for access in [&session.access, &child.access, promoted] {
        assert_eq!((world.strict(access).await, world.fast(access).await), (200, 200));
        assert_eq!(claims(access)["a"], json!({"b": null}));
    }
    let put = json!({"sessionHandle": session.handle, "userDataInJWT": {"role": "new"}});
    sdk.change("/recipe/jwt/data", &put).await;
    let (access, _) = world.refreshed(&child.refresh).await;
    let who = world.get("/whoami").bearer(&access).send().await.json();
    assert_eq!(who["payload"], json!({"role": "new"}));
    assert_eq!(who["sessionHandle"], session.handle.as_str());
}

#[tokio::test]
async fn a_payload_of_an_sdk_survives_our_own_refresh() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let payload = json!({"role": "x", "iss": ISSUER, "n": null});
    let session = sdk.open_with(&creation_with("u1", &payload)).await;
    let (access, refresh) = world.refreshed(&session.refresh).await;
    let answer = sdk.verify(&access, true).await;
    assert_eq!((status(&answer).as_str(), new_access(&answer)), ("OK", None));
    assert_eq!(answer["session"]["userDataInJWT"], payload);
    assert_eq!(sdk.session(&session.handle).await["userDataInJWT"], payload);
    assert_eq!(world.fast(&access).await, 200);
    let child = sdk.refreshed(&refresh).await;
    assert_eq!(claims(&child.access)["iss"], ISSUER);
}

#[tokio::test]
async fn a_revocation_through_an_sdk_does_not_rest_on_the_index() {
    let engine = Arc::new(Lagging::new().unwrap());
    let world = World::with(|builder| builder.engine(engine.clone())).await;
    add_tenant(&world, "acme").await;
    let (sdk, acme) = (Sdk::new(&world), Sdk::new(&world).under("/acme"));
    for (tenants, body) in [
        (true, json!({"userId": "u1"})),
        (false, json!({"userId": "u1", "revokeAcrossAllTenants": false})),
    ] {
        let old = sdk.open("u1").await;
        engine.hold();
        let unseen = [sdk.open("u1").await, world.open("u1").await];
        let elsewhere = acme.open("u1").await;
        let child = sdk.refreshed(&unseen[0].refresh).await;
        let other = sdk.open("u2").await;

        let reported = sdk.remove(&body).await;
        assert_eq!(reported, [old.handle.as_str()], "the index does not show the others yet");
        for session in [&old, &unseen[0], &unseen[1], &child] {
            assert_over(&world, session, "u1").await;
        }
        let answer = sdk.verify(&child.access, false).await;
        assert_eq!(status(&answer), "UNAUTHORISED", "a first use does not bring it back");
        let put = json!({"sessionHandle": unseen[0].handle, "userDataInJWT": {"a": 1}});
        assert_eq!(status(&sdk.change("/recipe/jwt/data", &put).await), "UNAUTHORISED");
        let expected = if tenants { "UNAUTHORISED" } else { "OK" };
        assert_eq!(sdk.checked(&elsewhere.access).await, expected);
        assert_eq!(world.strict(&other.access).await, 200);

        let fresh = sdk.open("u1").await;
        assert_eq!(world.strict(&fresh.access).await, 200, "a login after it lives");
        engine.release();
        assert!(sdk.list("u1").await.contains(&fresh.handle));
        sdk.remove(&json!({"userId": "u1"})).await;
        sdk.remove(&json!({"userId": "u2"})).await;
    }
}

#[tokio::test]
async fn all_forget_a_session_whose_time_is_over_at_the_same_moment() {
    let world = World::with_parameter("RefreshTokenValidity", "120").await;
    let sdk = Sdk::new(&world);
    let session = sdk.open_with(&creation("u1")).await;
    world.pass(Duration::from_mins(119));
    assert_eq!((world.listed("u1").await.len(), sdk.list("u1").await.len()), (1, 1));
    world.pass(Duration::from_mins(1) + Duration::from_millis(1));
    assert!(world.listed("u1").await.is_empty());
    assert!(sdk.list("u1").await.is_empty());
    assert_eq!(world.refresh(&session.refresh).await.code(), "unauthorised");
    assert_eq!(status(&sdk.refresh(&session.refresh).await), "UNAUTHORISED");
}
