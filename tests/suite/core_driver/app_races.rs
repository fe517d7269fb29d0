//! Apps and tenants that come and go while others use them.

use super::sdk::{Sdk, creation, opened, status};
use futures_util::future::join_all;
use http::Method;
use serde_json::json;
use tests::World;
use tests::world::faulty;

const APP: &str = "/recipe/multitenancy/app/v2";
const TENANT: &str = "/recipe/multitenancy/tenant/v2";

#[tokio::test]
async fn of_many_who_make_an_app_one_has_made_it() {
    let world = World::new().await;
    let administrator = Sdk::administrator(&world);
    for (path, body) in
        [(APP, json!({"appId": "demo", "coreConfig": {}})), (TENANT, json!({"tenantId": "acme"}))]
    {
        let answers = join_all((0..6).map(|_| administrator.change(path, &body))).await;
        let made = answers.iter().filter(|answer| answer["createdNew"] == true).count();
        assert_eq!(made, 1, "{path}");
        let removal = path.replace("/v2", "/remove");
        let answers = join_all((0..6).map(|_| administrator.ask(&removal, &body))).await;
        let removed = answers.iter().filter(|answer| answer["didExist"] == true).count();
        assert!(removed >= 1, "{path}");
        assert_eq!(administrator.ask(&removal, &body).await["didExist"], false);
    }
}

#[tokio::test]
async fn changes_of_an_app_that_are_made_at_once_all_hold() {
    let world = World::new().await;
    let administrator = Sdk::administrator(&world);
    let change = |config| json!({"appId": "demo", "coreConfig": config});
    administrator.change(APP, &change(json!({}))).await;
    let (access, refresh) = (
        change(json!({"access_token_validity": 60})),
        change(json!({"refresh_token_validity": 120})),
    );
    tokio::join!(administrator.change(APP, &access), administrator.change(APP, &refresh));
    let answer = Sdk::new(&world).under("/appid-demo").ask("/recipe/session", &creation("u")).await;
    let life = |token: &str| {
        let token = &answer[token];
        token["expiry"].as_i64().unwrap() - token["createdTime"].as_i64().unwrap()
    };
    assert_eq!((life("accessToken"), life("refreshToken")), (60_000, 120 * 60_000));
}

#[tokio::test]
async fn the_first_callers_of_an_app_sign_with_keys_that_are_published() {
    let world = World::new().await;
    let body = json!({"appId": "demo", "coreConfig": {}});
    Sdk::administrator(&world).change(APP, &body).await;
    let demo = Sdk::new(&world).under("/appid-demo");
    let sessions = join_all((0..20).map(|_| demo.open("u1"))).await;
    assert_eq!(demo.kids().await.len(), 2);
    for session in &sessions {
        assert_eq!(demo.checked(&session.access).await, "OK");
    }
}

#[tokio::test]
async fn a_session_that_is_opened_while_its_tenant_or_app_is_removed_does_not_live() {
    let tenant = ("/acme", "/recipe/multitenancy/tenant/remove", json!({"tenantId": "acme"}));
    let app = ("/appid-demo", "/recipe/multitenancy/app/remove", json!({"appId": "demo"}));
    for (held, (prefix, path, removal), made_anew) in [
        ("PutItem", &tenant, false),
        ("PutItem", &tenant, true),
        ("PutItem", &app, false),
        ("PutItem", &app, true),
        // Before it has read the generations: it will find the new one.
        ("BatchGetItem", &tenant, false),
    ] {
        let (world, engine) = faulty().await;
        let administrator = Sdk::administrator(&world);
        let make = async || {
            let app = json!({"appId": "demo", "coreConfig": {}});
            administrator.change(APP, &app).await;
            administrator.change(TENANT, &json!({"tenantId": "acme"})).await;
        };
        make().await;
        let sdk = Sdk::new(&world).under(prefix);
        sdk.open("warm").await;
        // It has seen that the tenant is there and has not written its row.
        let gate = engine.hold(held);
        let call = sdk.call(Method::POST, "/recipe/session").json(&creation("u1"));
        let (reply, ()) = tokio::join!(call.send(), async {
            gate.arrival().await;
            assert_eq!(administrator.ask(path, removal).await["didExist"], true);
            if made_anew {
                make().await;
            }
            gate.open();
        });
        // Either it was too late, or the session is dead at birth.
        assert!(matches!(reply.status, 200 | 400), "{prefix} {}", reply.body);
        assert!(world.listed("u1").await.is_empty(), "{prefix}");
        make().await;
        assert!(sdk.list("u1&fetchAcrossAllTenants=false").await.is_empty(), "{prefix}");
        if reply.status == 200 {
            let late = opened(&reply.json());
            assert_eq!(world.strict(&late.access).await, 401, "{prefix}");
            assert_ne!(sdk.checked(&late.access).await, "OK", "{prefix}");
            assert_eq!(status(&sdk.refresh(&late.refresh).await), "UNAUTHORISED", "{prefix}");
            assert_eq!(status(&sdk.session(&late.handle).await), "UNAUTHORISED", "{prefix}");
        }
        let fresh = sdk.open("u1").await;
        assert_eq!(sdk.checked(&fresh.access).await, "OK");
    }
}

#[tokio::test]
async fn a_first_use_while_its_tenant_is_removed_brings_nothing_back() {
    let (world, engine) = faulty().await;
    let tenant = json!({"tenantId": "acme"});
    let administrator = Sdk::administrator(&world);
    administrator.change(TENANT, &tenant).await;
    let acme = Sdk::new(&world).under("/acme");
    let session = acme.open("u1").await;
    let child = acme.refreshed(&session.refresh).await;
    let public = Sdk::new(&world);
    let gate = engine.hold("UpdateItem");
    let (_, ()) = tokio::join!(public.verify(&child.access, false), async {
        gate.arrival().await;
        administrator.ask("/recipe/multitenancy/tenant/remove", &tenant).await;
        gate.open();
    });
    administrator.change(TENANT, &tenant).await;
    assert_eq!(world.strict(&child.access).await, 401);
    assert_eq!(public.checked(&child.access).await, "UNAUTHORISED");
    assert_eq!(status(&public.verify(&child.access, false).await), "UNAUTHORISED");
    assert_eq!(status(&public.refresh(&child.refresh).await), "UNAUTHORISED");
    assert!(public.list("u1").await.is_empty() && world.listed("u1").await.is_empty());
}

#[tokio::test]
async fn an_app_that_goes_while_it_is_used_is_not_used_any_more() {
    let world = World::new().await;
    let administrator = Sdk::administrator(&world);
    let app = json!({"appId": "demo", "coreConfig": {}});
    administrator.change(APP, &app).await;
    let demo = Sdk::new(&world).under("/appid-demo");
    let sessions = join_all((0..5).map(|_| demo.open("u1"))).await;
    let calls = sessions.iter().map(|session| {
        let verify = json!({
            "accessToken": session.access, "doAntiCsrfCheck": false, "enableAntiCsrf": false,
            "checkDatabase": true,
        });
        let call = demo.call(Method::POST, "/recipe/session/verify").json(&verify);
        async { call.send().await.status }
    });
    let removal = json!({"appId": "demo"});
    let remove = administrator.ask("/recipe/multitenancy/app/remove", &removal);
    let (statuses, removed) = tokio::join!(join_all(calls), remove);
    assert_eq!(removed["didExist"], true);
    assert!(statuses.iter().all(|status| matches!(status, 200 | 400)), "{statuses:?}");
    let reply = demo.get("/recipe/session/user?userId=u1").await;
    assert_eq!(reply.status, 400, "{}", reply.body);
}
