//! Apps and tenants, made and unmade: PROTOCOL 3.4.13.

use super::sdk::{Sdk, creation, status};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::World;

const APP: &str = "/recipe/multitenancy/app/v2";
const TENANT: &str = "/recipe/multitenancy/tenant/v2";

async fn add_app(world: &World, app: &str) -> Value {
    let body = json!({"appId": app, "coreConfig": {}});
    Sdk::administrator(world).change(APP, &body).await
}

async fn remove_app(world: &World, app: &str) -> Value {
    let path = "/recipe/multitenancy/app/remove";
    Sdk::administrator(world).ask(path, &json!({"appId": app})).await
}

/// The ids of the members of a list.
fn ids<'a>(list: &'a Value, name: &str) -> BTreeSet<&'a str> {
    let members = list.as_array().expect("a list");
    let ids: BTreeSet<_> = members.iter().map(|member| member[name].as_str().unwrap()).collect();
    assert_eq!(ids.len(), members.len(), "each once");
    ids
}

#[tokio::test]
async fn an_app_is_made_once_and_removed_once() {
    let world = World::new().await;
    let administrator = Sdk::administrator(&world);
    assert_eq!(add_app(&world, "one").await, json!({"status": "OK", "createdNew": true}));
    assert_eq!(add_app(&world, "one").await, json!({"status": "OK", "createdNew": false}));
    assert_eq!(add_app(&world, "ONE").await, json!({"status": "OK", "createdNew": false}));
    assert_eq!(add_app(&world, "Two-2").await, json!({"status": "OK", "createdNew": true}));
    let answer = administrator.read("/recipe/multitenancy/app/list/v2").await;
    assert_eq!(answer["status"], "OK");
    assert_eq!(ids(&answer["apps"], "appId"), BTreeSet::from(["public", "one", "two-2"]));

    assert_eq!(remove_app(&world, "one").await, json!({"status": "OK", "didExist": true}));
    assert_eq!(remove_app(&world, "one").await, json!({"status": "OK", "didExist": false}));
    assert_eq!(remove_app(&world, "never").await, json!({"status": "OK", "didExist": false}));
    let answer = administrator.read("/recipe/multitenancy/app/list/v2").await;
    assert_eq!(ids(&answer["apps"], "appId"), BTreeSet::from(["public", "two-2"]));
    let gone = Sdk::new(&world).under("/appid-one").post("/recipe/session", &creation("u1")).await;
    assert_eq!(gone.status, 400, "{}", gone.body);
    assert!(gone.body.starts_with("AppId or tenantId not found => "), "{}", gone.body);
}

#[tokio::test]
async fn a_name_that_no_path_can_hold_is_refused() {
    let world = World::new().await;
    for app in ["", "a_b", "a b", "ü", "a/b", "appid-x", "APPID-x", "a.b"] {
        let body = json!({"appId": app, "coreConfig": {}});
        let reply = Sdk::administrator(&world).put(APP, &body).await;
        assert_eq!(reply.status, 400, "{app}: {}", reply.body);
    }
    for tenant in ["", "a_b", "a b", "ü", "a/b", "recipe", "config", "users", "hello"] {
        let body = json!({"tenantId": tenant});
        let reply = Sdk::administrator(&world).put(TENANT, &body).await;
        assert_eq!(reply.status, 400, "{tenant}: {}", reply.body);
    }
}

#[tokio::test]
async fn a_tenant_is_made_once_and_removed_once() {
    let world = World::new().await;
    add_app(&world, "x").await;
    for prefix in ["", "/appid-x"] {
        let administrator = Sdk::administrator(&world).under(prefix);
        let list = async || administrator.read("/recipe/multitenancy/tenant/list/v2").await;
        let none = list().await;
        assert_eq!(ids(&none["tenants"], "tenantId"), BTreeSet::from(["public"]), "{prefix}");
        for (tenant, new) in [("acme", true), ("acme", false), ("ACME", false), ("b", true)] {
            let body = json!({"tenantId": tenant, "firstFactors": ["custom"], "coreConfig": {}});
            let answer = administrator.change(TENANT, &body).await;
            assert_eq!(answer, json!({"status": "OK", "createdNew": new}), "{prefix} {tenant}");
        }
        let three = list().await;
        let expected = BTreeSet::from(["public", "acme", "b"]);
        assert_eq!(
            (&three["status"], ids(&three["tenants"], "tenantId")),
            (&json!("OK"), expected)
        );
        let apps = Sdk::administrator(&world).read("/recipe/multitenancy/app/list/v2").await;
        let app = if prefix.is_empty() { "public" } else { "x" };
        let apps = apps["apps"].as_array().unwrap().clone();
        let mine = apps.iter().find(|one| one["appId"] == app).unwrap();
        assert!(ids(&mine["tenants"], "tenantId").contains("acme"));

        let remove = async |tenant: &str| {
            let path = "/recipe/multitenancy/tenant/remove";
            administrator.ask(path, &json!({"tenantId": tenant})).await
        };
        for (tenant, existed) in [("b", true), ("b", false), ("never", false), ("acme", true)] {
            let answer = remove(tenant).await;
            assert_eq!(answer, json!({"status": "OK", "didExist": existed}), "{prefix} {tenant}");
        }
        assert_eq!(ids(&list().await["tenants"], "tenantId"), BTreeSet::from(["public"]));
    }
}

#[tokio::test]
async fn a_licence_is_taken_for_given() {
    let world = World::new().await;
    let body = json!({"licenseKey": "anything"});
    let answer = Sdk::administrator(&world).change("/ee/license", &body).await;
    assert_eq!(answer, json!({"status": "OK"}));
}

#[tokio::test]
async fn apps_know_nothing_of_each_other() {
    let world = World::new().await;
    add_app(&world, "one").await;
    add_app(&world, "two").await;
    let sdks = ["", "/appid-one", "/appid-two"].map(|prefix| Sdk::new(&world).under(prefix));
    let mut sessions = Vec::new();
    for sdk in &sdks {
        sessions.push(sdk.open("u1").await);
    }
    for (i, here) in sdks.iter().enumerate() {
        assert_eq!(here.list("u1").await, [sessions[i].handle.as_str()]);
        for (k, there) in sdks.iter().enumerate().filter(|(k, _)| *k != i) {
            let foreign = &sessions[k];
            for check in [false, true] {
                let answer = here.verify(&foreign.access, check).await;
                assert_eq!(status(&answer), "TRY_REFRESH_TOKEN");
            }
            assert_eq!(status(&here.refresh(&foreign.refresh).await), "UNAUTHORISED");
            assert_eq!(status(&here.session(&foreign.handle).await), "UNAUTHORISED");
            let handles = json!({"sessionHandles": [foreign.handle]});
            assert!(here.remove(&handles).await.is_empty());
            let body = json!({"sessionHandle": foreign.handle, "userDataInJWT": {"a": 1}});
            assert_eq!(status(&here.change("/recipe/jwt/data", &body).await), "UNAUTHORISED");
            let (mine, theirs) = (here.kids().await, there.kids().await);
            // Two apps may make a key in the same millisecond; a static kid is random.
            assert!(
                mine.iter().filter(|kid| kid.starts_with("s-")).all(|kid| !theirs.contains(kid))
            );
            let body = json!({"accessToken": foreign.access, "userDataInJWT": {"a": 1}});
            let reply = here.post("/recipe/session/regenerate", &body).await;
            assert_ne!(reply.json()["status"], "OK", "a token of another app");
        }
    }
    assert_eq!(sdks[1].remove(&json!({"userId": "u1"})).await, [sessions[1].handle.as_str()]);
    assert_eq!(sdks[1].checked(&sessions[1].access).await, "UNAUTHORISED");
    for i in [0, 2] {
        assert_eq!(sdks[i].checked(&sessions[i].access).await, "OK", "the same name elsewhere");
        let child = sdks[i].refreshed(&sessions[i].refresh).await;
        assert_eq!(sdks[i].checked(&child.access).await, "OK");
        let shown = sdks[i].session(&sessions[i].handle).await;
        assert_eq!(shown["userDataInJWT"], creation("u1")["userDataInJWT"]);
    }
}

#[tokio::test]
async fn an_app_that_is_made_anew_knows_none_of_its_old_sessions() {
    let world = World::new().await;
    add_app(&world, "phoenix").await;
    let sdk = Sdk::new(&world).under("/appid-phoenix");
    let (session, other) = (sdk.open("u1").await, sdk.open("").await);
    let child = sdk.refreshed(&session.refresh).await;
    assert_eq!(remove_app(&world, "phoenix").await["didExist"], true);
    assert_eq!(add_app(&world, "phoenix").await, json!({"status": "OK", "createdNew": true}));

    for old in [&session, &child, &other] {
        assert_eq!(status(&sdk.session(&old.handle).await), "UNAUTHORISED");
        assert_eq!(status(&sdk.refresh(&old.refresh).await), "UNAUTHORISED");
        for check in [false, true] {
            assert_ne!(status(&sdk.verify(&old.access, check).await), "OK", "other keys");
        }
        assert!(sdk.remove(&json!({"sessionHandles": [old.handle]})).await.is_empty());
    }
    assert!(sdk.list("u1").await.is_empty());
    let fresh = sdk.open("u1").await;
    assert_eq!(sdk.list("u1").await, [fresh.handle.as_str()]);
    assert_eq!(sdk.checked(&fresh.access).await, "OK");
    assert_eq!(status(&sdk.session(&session.handle).await), "UNAUTHORISED", "they stay gone");
}

#[tokio::test]
async fn a_removed_tenant_takes_its_sessions_along_wherever_they_are_shown() {
    let world = World::new().await;
    let administrator = Sdk::administrator(&world);
    let tenant = json!({"tenantId": "acme"});
    administrator.change(TENANT, &tenant).await;
    let (public, acme) = (Sdk::new(&world), Sdk::new(&world).under("/acme"));
    let (kept, lost) = (public.open("u1").await, acme.open("u1").await);
    assert_eq!(world.strict(&lost.access).await, 200);
    assert_eq!(world.listed("u1").await.len(), 2);
    let answer = administrator.ask("/recipe/multitenancy/tenant/remove", &tenant).await;
    assert_eq!(answer["didExist"], true);

    let assert_lost = async || {
        assert_eq!(world.strict(&lost.access).await, 401);
        assert_eq!(world.refresh(&lost.refresh).await.status, 401);
        assert_eq!(world.listed("u1").await, [kept.handle.as_str()]);
        assert_eq!(public.list("u1").await, [kept.handle.as_str()]);
        let refresh = super::sdk::exchange(&lost.refresh);
        let verify = json!({
            "accessToken": lost.access, "doAntiCsrfCheck": false, "enableAntiCsrf": false,
            "checkDatabase": true,
        });
        for (path, body) in
            [("/recipe/session/refresh", refresh), ("/recipe/session/verify", verify)]
        {
            let reply = public.post(path, &body).await;
            assert!(matches!(reply.status, 200 | 400), "{path} {}", reply.body);
            assert_ne!(reply.json()["status"], "OK", "{path}");
        }
        assert_eq!((world.strict(&kept.access).await, public.list("u1").await.len()), (200, 1));
    };
    assert_lost().await;
    let shown = format!("/recipe/session?sessionHandle={}", lost.handle);
    let handles = json!({"sessionHandles": [lost.handle]});
    let data = json!({"sessionHandle": lost.handle, "userDataInDatabase": {}});
    for reply in [
        acme.post("/recipe/session", &creation("u1")).await,
        public.get(&shown).await,
        public.post("/recipe/session/remove", &handles).await,
        public.put("/recipe/session/data", &data).await,
    ] {
        assert_eq!(reply.status, 400, "{}", reply.body);
        assert!(reply.body.ends_with(", public, acme)\n"), "{}", reply.body);
    }
    administrator.change(TENANT, &tenant).await;
    assert_lost().await;
    assert_eq!(status(&public.session(&lost.handle).await), "UNAUTHORISED");
    let fresh = acme.open("u1").await;
    assert_eq!(world.strict(&fresh.access).await, 200);
    assert_eq!(acme.list("u1&fetchAcrossAllTenants=false").await, [fresh.handle.as_str()]);
}

#[tokio::test]
async fn removing_a_tenant_that_nobody_made_ends_what_was_opened_in_it() {
    let world = World::new().await;
    let session = world.open_in("u1", "acme").await;
    let (other, public) = (world.open_in("u1", "globex").await, world.open("u1").await);
    for _ in 0..2 {
        let path = "/recipe/multitenancy/tenant/remove";
        let body = json!({"tenantId": "acme"});
        let answer = Sdk::administrator(&world).ask(path, &body).await;
        assert_eq!(answer, json!({"status": "OK", "didExist": false}));
        assert_eq!(world.strict(&session.access).await, 401);
        assert_eq!(world.refresh(&session.refresh).await.status, 401);
        assert!(!world.listed("u1").await.contains(&session.handle));
        for session in [&other, &public, &world.open_in("u1", "acme").await] {
            assert_eq!(world.strict(&session.access).await, 200);
        }
    }
}

#[tokio::test]
async fn there_are_no_more_apps_than_one_item_lists() {
    let world = World::new().await;
    let ids = (0..1_000).map(|i| format!("app-{i}")).collect();
    let list = world.bundle.dynamodb().put_item();
    let list = list.table_name(&world.bundle.template().table.name);
    let list = list.item("pk", AttributeValue::S("apps".to_owned()));
    list.item("appIds", AttributeValue::Ss(ids)).send().await.unwrap();
    let body = json!({"appId": "one-more", "coreConfig": {}});
    let reply = Sdk::administrator(&world).put(APP, &body).await;
    assert_eq!(reply.status, 400, "{}", reply.body);
    assert!(
        reply.body.contains("1000 apps") && reply.body.contains("remove one"),
        "{}",
        reply.body
    );
}
