//! Tenants: which of them a call means (PROTOCOL 4.1, 4.11).

use super::sdk::{NEWEST, Sdk, claims, creation, new_access, status};
use serde_json::{Value, json};
use tests::World;

async fn add(world: &World, tenant: &str) {
    let body = json!({"tenantId": tenant});
    let answer = Sdk::administrator(world).change("/recipe/multitenancy/tenant/v2", &body).await;
    assert_eq!(answer, json!({"status": "OK", "createdNew": true}));
}

#[tokio::test]
async fn a_handle_names_its_tenant() {
    let world = World::new().await;
    add(&world, "acme-1").await;
    for (prefix, tenant, suffix) in [
        ("", "public", ""),
        ("/public", "public", ""),
        ("/acme-1", "acme-1", "_acme-1"),
        ("/ACME-1", "acme-1", "_acme-1"),
        ("/appid-public/acme-1", "acme-1", "_acme-1"),
    ] {
        let sdk = Sdk::new(&world).under(prefix);
        let answer = sdk.ask("/recipe/session", &creation("u1")).await;
        let session = super::sdk::opened(&answer);
        let (uuid, rest) = session.handle.split_at(36);
        assert!(!uuid.contains('_'));
        assert_eq!(rest, suffix, "{prefix}");
        assert_eq!(answer["session"]["tenantId"], tenant);
        assert_eq!(claims(&session.access)["tId"], tenant);
        assert_eq!(Sdk::new(&world).session(&session.handle).await["tenantId"], tenant);
    }
}

#[tokio::test]
async fn the_path_decides_who_is_created_and_the_token_or_handle_everything_else() {
    let world = World::new().await;
    for tenant in ["acme", "globex"] {
        add(&world, tenant).await;
    }
    let acme = Sdk::new(&world).under("/acme");
    for path in ["", "/public", "/acme", "/globex"] {
        let there = Sdk::new(&world).under(path);
        let session = acme.open("u1").await;
        let handle = session.handle.as_str();
        assert_eq!(there.session(handle).await["tenantId"], "acme", "{path}");
        for check in [false, true] {
            let answer = there.verify(&session.access, check).await;
            assert_eq!(answer["session"]["tenantId"], "acme", "{path}");
        }
        let exchanged = there.refresh(&session.refresh).await;
        let child = super::sdk::opened(&exchanged);
        assert_eq!(exchanged["session"]["tenantId"], "acme", "{path}");
        assert_eq!(claims(&child.access)["tId"], "acme", "{path}");
        let promoted = there.verify(&child.access, false).await;
        assert_eq!(claims(new_access(&promoted).unwrap())["tId"], "acme", "{path}");
        assert_eq!(status(&there.refresh(&session.refresh).await), "TOKEN_THEFT_DETECTED");
        let body = json!({"accessToken": child.access, "userDataInJWT": {"a": 1}});
        let answer = there.ask("/recipe/session/regenerate", &body).await;
        assert_eq!(answer["session"]["tenantId"], "acme", "{path}");
        for (path, member) in
            [("/recipe/session/data", "userDataInDatabase"), ("/recipe/jwt/data", "userDataInJWT")]
        {
            let body = json!({"sessionHandle": handle, member: {"b": 2}});
            assert_eq!(status(&there.change(path, &body).await), "OK");
        }
        there.end(handle).await;
        assert_eq!(there.checked(&child.access).await, "UNAUTHORISED", "{path}");
    }
}

#[tokio::test]
async fn handles_of_several_tenants_are_ended_in_one_call() {
    let world = World::new().await;
    add(&world, "acme").await;
    let (public, acme) = (Sdk::new(&world), Sdk::new(&world).under("/acme"));
    let (one, two) = (public.open("u1").await.handle, acme.open("u1").await.handle);
    // The same handle in another tenant is another session's, and not there.
    let (moved, bare) = (format!("{one}_acme"), two.trim_end_matches("_acme").to_owned());
    let none = json!({"sessionHandles": [moved, bare]});
    assert!(acme.remove(&none).await.is_empty());
    let mut both = vec![one, two];
    both.sort();
    assert_eq!(acme.remove(&json!({"sessionHandles": both})).await, both);
}

#[tokio::test]
async fn a_token_before_version_4_is_of_the_public_tenant() {
    let world = World::new().await;
    let old = Sdk::new(&world).speaking("2.21");
    let session = old.open("u1").await;
    assert_eq!(claims(&session.access).get("tId"), None);
    let answer = Sdk::new(&world).verify(&session.access, true).await;
    assert_eq!(answer["session"]["tenantId"], "public");
    assert_eq!(Sdk::new(&world).session(&session.handle).await["tenantId"], "public");
    let child = Sdk::new(&world).refreshed(&session.refresh).await;
    assert_eq!(claims(&child.access)["tId"], "public");
}

#[tokio::test]
async fn what_is_of_the_whole_app_is_asked_of_the_public_tenant() {
    let world = World::new().await;
    add(&world, "acme").await;
    let jwt = json!({"payload": {}, "algorithm": "RS256", "jwksDomain": "x", "validity": 1});
    for version in ["5.0", "5.4"] {
        let acme = Sdk::new(&world).speaking(version).under("/acme");
        let refused = "Only public tenantId can call this app specific API\n";
        for reply in [acme.get("/user/id?userId=u1").await, acme.post("/recipe/jwt", &jwt).await] {
            assert_eq!((reply.status, reply.body.as_str()), (403, refused), "{version}");
        }
    }
    for prefix in ["", "/public"] {
        let public = Sdk::new(&world).under(prefix);
        assert_eq!(status(&public.read("/user/id?userId=u1").await), "UNKNOWN_USER_ID_ERROR");
        assert_eq!(status(&public.ask("/recipe/jwt", &jwt).await), "OK");
    }
}

#[tokio::test]
async fn a_users_sessions_are_counted_by_tenant() {
    let world = World::new().await;
    let tenants = ["acme", "globex", "initech"];
    let mut all = Vec::new();
    for tenant in tenants {
        add(&world, tenant).await;
        let sdk = Sdk::new(&world).under(&format!("/{tenant}"));
        let mut mine = vec![sdk.open("u1").await.handle, sdk.open("u1").await.handle];
        mine.sort();
        assert_eq!(sdk.list("u1&fetchAcrossAllTenants=false").await, mine);
        all.extend(mine);
    }
    all.sort();
    assert_eq!(Sdk::new(&world).list("u1").await, all);
    let none: Vec<Value> = Vec::new();
    let public = Sdk::new(&world).list("u1&fetchAcrossAllTenants=false").await;
    assert_eq!(json!(public), json!(none));
    assert_eq!(Sdk::new(&world).remove(&json!({"userId": "u1"})).await, all);
}

/// What an SDK of a version calls: the paths of its form.
fn paths(version: &str) -> (&'static str, &'static str) {
    match version {
        "2.21" | "3.0" | "3.1" | "4.0" | "5.0" => {
            ("/recipe/multitenancy/tenant", "/recipe/multitenancy/tenant/list")
        }
        _ => ("/recipe/multitenancy/tenant/v2", "/recipe/multitenancy/tenant/list/v2"),
    }
}

fn shown(tenant: &str, version: &str) -> Value {
    if paths(version).0.ends_with("v2") {
        return json!({"tenantId": tenant, "thirdParty": {"providers": []}, "coreConfig": {}});
    }
    json!({
        "tenantId": tenant, "emailPassword": {"enabled": true},
        "thirdParty": {"enabled": true, "providers": []}, "passwordless": {"enabled": true},
        "coreConfig": {},
    })
}

#[tokio::test]
async fn an_sdk_of_every_version_makes_reads_lists_and_removes_tenants() {
    let world = World::new().await;
    let offered = Sdk::administrator(&world).read("/apiversion").await;
    for version in offered["versions"].as_array().unwrap() {
        let version: &'static str = version.as_str().unwrap().to_owned().leak();
        let sdk = Sdk::new(&world).speaking(version);
        let (one, list) = paths(version);
        for new in [true, false] {
            let answer = sdk.change(one, &json!({"tenantId": "acme"})).await;
            assert_eq!(answer, json!({"status": "OK", "createdNew": new}), "{version}");
        }
        let all = [shown("public", version), shown("acme", version)];
        assert_eq!(sdk.read(list).await, json!({"status": "OK", "tenants": all}), "{version}");
        // Before 3.0 a path has no tenant.
        if version != "2.21" {
            for tenant in ["public", "acme"] {
                let mut expected = shown(tenant, version);
                expected["status"] = "OK".into();
                let read = sdk.under(&format!("/{tenant}")).read(one).await;
                assert_eq!(read, expected, "{version}");
            }
            let unknown = sdk.under("/nowhere").read(one).await;
            assert_eq!(unknown, json!({"status": "TENANT_NOT_FOUND_ERROR"}), "{version}");
        }
        for existed in [true, false] {
            let removal = json!({"tenantId": "acme"});
            let answer = sdk.ask("/recipe/multitenancy/tenant/remove", &removal).await;
            assert_eq!(answer, json!({"status": "OK", "didExist": existed}), "{version}");
        }
    }
}

#[tokio::test]
async fn a_tenant_neither_sees_nor_changes_the_others_in_any_version() {
    let world = World::new().await;
    add(&world, "acme").await;
    let body = json!({"tenantId": "globex"});
    for version in ["3.0", "3.1", "4.0", "5.0", NEWEST] {
        let acme = Sdk::new(&world).speaking(version).under("/acme");
        let (one, list) = paths(version);
        let remove = acme.post("/recipe/multitenancy/tenant/remove", &body).await;
        for reply in [acme.put(one, &body).await, acme.get(list).await, remove] {
            assert_eq!(reply.status, 403, "{version} {}", reply.body);
        }
    }
}

#[tokio::test]
async fn a_user_who_is_taken_out_of_a_tenant_loses_the_sessions_in_it() {
    let world = World::new().await;
    add(&world, "acme").await;
    let (public, acme) = (Sdk::new(&world), Sdk::new(&world).under("/acme"));
    for (version, name) in [("3.1", "userId"), ("4.0", "recipeUserId"), (NEWEST, "recipeUserId")] {
        let (kept, lost) = (public.open("u1").await, acme.open("u1").await);
        let other = acme.open("u2").await;
        let remove = async || {
            let path = "/recipe/multitenancy/tenant/user/remove";
            acme.speaking(version).ask(path, &json!({name: "u1"})).await
        };
        assert_eq!(remove().await, json!({"status": "OK", "wasAssociated": true}), "{version}");
        assert_eq!(world.strict(&lost.access).await, 401);
        assert_eq!(acme.checked(&lost.access).await, "UNAUTHORISED");
        for session in [&kept, &other] {
            assert_eq!(world.strict(&session.access).await, 200, "{version}");
        }
        assert_eq!(remove().await, json!({"status": "OK", "wasAssociated": false}), "{version}");
    }
}

#[tokio::test]
async fn login_settings_that_the_core_refuses_are_refused() {
    let world = World::new().await;
    let sdk = Sdk::administrator(&world);
    let (first, second) = ("/recipe/multitenancy/tenant", "/recipe/multitenancy/tenant/v2");
    for (path, settings, status) in [
        (first, json!({"firstFactors": null, "requiredSecondaryFactors": ["totp"]}), 200),
        (first, json!({"firstFactors": []}), 400),
        (second, json!({"firstFactors": [], "requiredSecondaryFactors": null}), 200),
        (second, json!({"requiredSecondaryFactors": []}), 400),
        (second, json!({"firstFactors": ["a", "a"]}), 400),
        (second, json!({"firstFactors": "a"}), 400),
        (second, json!({"firstFactors": [7]}), 400),
        (second, json!({"passwordlessEnabled": null}), 400),
        (first, json!({"passwordlessEnabled": "true"}), 400),
    ] {
        let mut body = settings;
        body["tenantId"] = "acme".into();
        let reply = sdk.put(path, &body).await;
        assert_eq!(reply.status, status, "{path} {body} {}", reply.body);
    }
}
