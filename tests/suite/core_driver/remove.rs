//! Ending sessions, by handle and by user, and listing them: PROTOCOL 3.4.7, 3.4.8, 4.6 and 4.7.

use super::sdk::{Sdk, creation};
use serde_json::{Value, json};
use tests::World;

/// An SDK in the public tenant and one in tenant `t1`.
async fn two_tenants(world: &World) -> (Sdk<'_>, Sdk<'_>) {
    let tenant = json!({"tenantId": "t1"});
    Sdk::administrator(world).change("/recipe/multitenancy/tenant/v2", &tenant).await;
    (Sdk::new(world), Sdk::new(world).under("/t1"))
}

fn sorted(handles: &[&String]) -> Vec<String> {
    let mut handles: Vec<_> = handles.iter().map(|handle| (*handle).clone()).collect();
    handles.sort();
    handles
}

#[tokio::test]
async fn handles_that_were_there_are_reported() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let (one, two, other) = (sdk.open("a").await, sdk.open("b").await, sdk.open("a").await);
    assert!(sdk.remove(&json!({"sessionHandles": []})).await.is_empty());
    let asked = json!({"sessionHandles": [one.handle, "nope", two.handle, "", "a b"]});
    assert_eq!(sdk.remove(&asked).await, sorted(&[&one.handle, &two.handle]));
    assert!(sdk.remove(&asked).await.is_empty());
    for session in [&one, &two] {
        assert_eq!(sdk.checked(&session.access).await, "UNAUTHORISED");
        assert_eq!(sdk.refresh(&session.refresh).await["status"], "UNAUTHORISED");
        assert_eq!(sdk.session(&session.handle).await["status"], "UNAUTHORISED");
    }
    assert_eq!(sdk.list("a").await, [other.handle.as_str()]);
    assert_eq!(sdk.checked(&other.access).await, "OK");
    // A handle that is given twice is ended all the same.
    let twice = json!({"sessionHandles": [other.handle, other.handle]});
    let mut reported = sdk.remove(&twice).await;
    reported.dedup();
    assert_eq!(reported, [other.handle.as_str()]);
    assert_eq!(sdk.checked(&other.access).await, "UNAUTHORISED");
}

#[tokio::test]
async fn many_handles_go_in_one_call() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open("u1").await;
    let mut handles: Vec<_> = (0..150).map(|i| format!("unknown-{i}")).collect();
    handles.push(session.handle.clone());
    let revoked = sdk.remove(&json!({"sessionHandles": handles})).await;
    assert_eq!(revoked, [session.handle.as_str()]);
}

#[tokio::test]
async fn a_handle_of_a_tenant_that_is_not_there_spoils_the_call() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open("u1").await;
    let body = json!({"sessionHandles": [session.handle, "x_nowhere"]});
    let reply = sdk.post("/recipe/session/remove", &body).await;
    assert_eq!(reply.status, 400, "{}", reply.body);
    assert!(reply.body.ends_with(", public, nowhere)\n"), "{}", reply.body);
    assert_eq!(sdk.checked(&session.access).await, "OK", "the whole call");
}

#[tokio::test]
async fn there_are_two_forms_and_one_of_them_is_meant() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open("u1").await;
    let handles = json!([session.handle]);
    let either = "Invalid JSON input - use one of userId or sessionHandles array\n";
    let all = "Invalid JSON input - revokeAcrossAllTenants can only be set if userId is set\n";
    let linked =
        "Invalid JSON input - revokeSessionsForLinkedAccounts can only be set if userId is set\n";
    for (body, text) in [
        (json!({}), either),
        (json!({"unknown": 1}), either),
        (json!({"userId": "u1", "sessionHandles": handles}), either),
        (json!({"sessionHandles": handles, "revokeAcrossAllTenants": true}), all),
        (json!({"sessionHandles": handles, "revokeAcrossAllTenants": false}), all),
        (json!({"sessionHandles": handles, "revokeSessionsForLinkedAccounts": true}), linked),
        (json!({"sessionHandles": handles, "revokeSessionsForLinkedAccounts": false}), linked),
    ] {
        let reply = sdk.post("/recipe/session/remove", &body).await;
        assert_eq!((reply.status, reply.body.as_str()), (400, text), "{body}");
    }
    for body in [json!({"revokeAcrossAllTenants": true}), json!({"sessionHandles": ["x", 7, null]})]
    {
        let reply = sdk.post("/recipe/session/remove", &body).await;
        assert!(matches!(reply.status, 200 | 400), "{}", reply.body);
    }
    assert_eq!(sdk.checked(&session.access).await, "OK", "nothing was ended");
}

#[tokio::test]
async fn a_user_is_signed_out_in_all_tenants_or_in_one() {
    let world = World::new().await;
    let (public, acme) = two_tenants(&world).await;
    for (sdk, flags, reaches) in [
        (&public, json!({}), [true, true]),
        (&public, json!({"revokeAcrossAllTenants": true}), [true, true]),
        (&public, json!({"revokeAcrossAllTenants": false}), [true, false]),
        (&acme, json!({"revokeAcrossAllTenants": false}), [false, true]),
        (
            &public,
            json!({"revokeAcrossAllTenants": true, "revokeSessionsForLinkedAccounts": true}),
            [true, true],
        ),
        (
            &acme,
            json!({"revokeAcrossAllTenants": false, "revokeSessionsForLinkedAccounts": false}),
            [false, true],
        ),
    ] {
        let sessions = [public.open("u1").await, acme.open("u1").await];
        let bystander = sdk.open("u2").await;
        let mut body = flags.clone();
        body["userId"] = json!("u1");
        let reached = sessions.iter().zip(reaches).filter(|(_, reached)| *reached);
        let reached: Vec<_> = reached.map(|(session, _)| &session.handle).collect();
        assert_eq!(sdk.remove(&body).await, sorted(&reached), "{flags}");
        for (session, reached) in sessions.iter().zip(reaches) {
            let expected = if reached { "UNAUTHORISED" } else { "OK" };
            assert_eq!(public.checked(&session.access).await, expected, "{flags}");
            assert_eq!(public.refresh(&session.refresh).await["status"], expected, "{flags}");
            assert_eq!(public.session(&session.handle).await["status"], expected, "{flags}");
        }
        assert_eq!(public.checked(&bystander.access).await, "OK");
        assert!(sdk.remove(&body).await.is_empty(), "there is nothing left: {flags}");
        public.remove(&json!({"userId": "u1"})).await;
    }
}

#[tokio::test]
async fn after_signing_out_everywhere_one_may_sign_in_at_once() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    for _ in 0..3 {
        let session = sdk.open("u1").await;
        assert_eq!(sdk.list("u1").await, [session.handle.as_str()]);
        assert_eq!(sdk.remove(&json!({"userId": "u1"})).await, [session.handle.as_str()]);
        assert_eq!(sdk.checked(&session.access).await, "UNAUTHORISED");
        assert!(sdk.list("u1").await.is_empty());
    }
    assert!(sdk.remove(&json!({"userId": "nobody"})).await.is_empty());
}

#[tokio::test]
async fn all_tenants_are_reached_from_the_public_one_alone() {
    let world = World::new().await;
    let (public, acme) = two_tenants(&world).await;
    let session = public.open("u1").await;
    let elsewhere = acme.open("u1").await;
    let refused = "Only public tenantId can call this app specific API\n";
    for version in ["5.0", "5.1", "5.4"] {
        let acme = acme.speaking(version);
        for body in
            [json!({"userId": "u1"}), json!({"userId": "u1", "revokeAcrossAllTenants": true})]
        {
            let reply = acme.post("/recipe/session/remove", &body).await;
            assert_eq!((reply.status, reply.body.as_str()), (403, refused), "{version} {body}");
        }
        for query in ["userId=u1", "userId=u1&fetchAcrossAllTenants=true"] {
            let reply = acme.get(&format!("/recipe/session/user?{query}")).await;
            assert_eq!((reply.status, reply.body.as_str()), (403, refused), "{version} {query}");
        }
    }
    assert_eq!(public.checked(&session.access).await, "OK");
    let both = sorted(&[&session.handle, &elsewhere.handle]);
    for version in ["3.0", "3.1", "4.0"] {
        assert_eq!(acme.speaking(version).list("u1").await, both, "{version}");
    }
    assert_eq!(acme.speaking("4.0").remove(&json!({"userId": "u1"})).await, both);
}

#[tokio::test]
async fn a_listing_is_of_all_tenants_or_of_one() {
    let world = World::new().await;
    let (public, acme) = two_tenants(&world).await;
    let (here, there) = (public.open("u1").await.handle, acme.open("u1").await.handle);
    public.open("u2").await;
    let both = sorted(&[&here, &there]);
    for flag in ["", "&fetchAcrossAllTenants=true", "&fetchAcrossAllTenants=TRUE"] {
        assert_eq!(public.list(&format!("u1{flag}")).await, both, "{flag}");
    }
    for flag in ["false", "False", "no", "1", ""] {
        let query = format!("u1&fetchAcrossAllTenants={flag}");
        assert_eq!(public.list(&query).await, [here.as_str()], "{flag}");
        assert_eq!(acme.list(&query).await, [there.as_str()], "{flag}");
    }
    for flag in ["true", "false", "x"] {
        let query = format!("u1&fetchSessionsForAllLinkedAccounts={flag}");
        assert_eq!(public.list(&query).await, both, "nobody has linked accounts");
    }
    assert!(public.list("nobody").await.is_empty());
    let answer = public.read("/recipe/session/user?userId=nobody").await;
    assert_eq!(answer, json!({"status": "OK", "sessionHandles": []}));
}

#[tokio::test]
async fn a_listing_is_as_long_as_it_must_be() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let mut opened = Vec::new();
    for _ in 0..120 {
        opened.push(sdk.open("u1").await.handle);
    }
    opened.sort();
    assert_eq!(sdk.list("u1").await, opened);
    let mut body: Value = creation("u1");
    body["userDataInDatabase"] = json!({"k": 1});
    let last = sdk.open_with(&body).await;
    assert!(sdk.list("u1").await.contains(&last.handle));
    assert_eq!(sdk.remove(&json!({"userId": "u1"})).await.len(), 121);
    assert!(sdk.list("u1").await.is_empty());
}

#[tokio::test]
async fn a_session_is_found_by_its_user_and_not_by_a_recipe_user_of_its_own() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let session = world.open_with(&json!({"userId": "primary", "recipeUserId": "login"})).await;
    assert_eq!(sdk.session(&session.handle).await["recipeUserId"], "login");
    for flag in [true, false] {
        let listed = format!("login&fetchSessionsForAllLinkedAccounts={flag}");
        assert!(sdk.list(&listed).await.is_empty(), "{listed}");
        let body = json!({"userId": "login", "revokeSessionsForLinkedAccounts": flag});
        assert!(sdk.remove(&body).await.is_empty(), "{body}");
    }
    assert_eq!(sdk.checked(&session.access).await, "OK");
    for flag in [true, false] {
        let session = world.open_with(&json!({"userId": "primary", "recipeUserId": "login"})).await;
        let listed = format!("primary&fetchSessionsForAllLinkedAccounts={flag}");
        assert!(sdk.list(&listed).await.contains(&session.handle), "{listed}");
        let body = json!({"userId": "primary", "revokeSessionsForLinkedAccounts": flag});
        assert!(sdk.remove(&body).await.contains(&session.handle), "{body}");
        assert_eq!(sdk.checked(&session.access).await, "UNAUTHORISED");
    }
    assert_eq!(sdk.checked(&session.access).await, "UNAUTHORISED");
}
