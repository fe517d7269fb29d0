//! An item that holds a generation is lost, restored or tampered with: what was opened since does
//! not live, and never lives again.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;
use tests::{Lines, Opened, World};

type Item = HashMap<String, AttributeValue>;

fn table(world: &World) -> String {
    world.bundle.template().table.name.clone()
}

async fn read(world: &World, pk: &str) -> Option<Item> {
    let get = world.bundle.dynamodb().get_item().table_name(table(world)).consistent_read(true);
    get.key("pk", AttributeValue::S(pk.to_owned())).send().await.unwrap().item
}

async fn lose(world: &World, pk: &str) {
    assert!(read(world, pk).await.is_some(), "{pk} is there to be lost");
    let delete = world.bundle.dynamodb().delete_item().table_name(table(world));
    delete.key("pk", AttributeValue::S(pk.to_owned())).send().await.unwrap();
}

async fn restore(world: &World, item: Item) {
    let put = world.bundle.dynamodb().put_item().table_name(table(world));
    put.set_item(Some(item)).send().await.unwrap();
}

/// Somebody who may write to a session's row sets an attribute.
async fn tamper(world: &World, session: &Opened, attribute: &str, value: AttributeValue) {
    let update = world.bundle.dynamodb().update_item().table_name(table(world));
    let pk = AttributeValue::S(format!("session#public#{}", session.handle));
    let update = update.key("pk", pk).update_expression("SET #a = :v");
    let update = update.expression_attribute_names("#a", attribute);
    update.expression_attribute_values(":v", value).send().await.unwrap();
}

async fn sdk(world: &World, path: &str, body: &Value) -> Value {
    let call = world.post(&format!("/core/recipe/session{path}")).header("cdi-version", "5.4");
    let reply = call.json(body).send().await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.body);
    reply.json()
}

/// Asserts that nothing that judges the session lets it live, and that what a client meets is
/// counted and names the user.
async fn assert_ahead(world: &World, session: &Opened, user: &str) {
    let lines = Lines::of(world);
    assert_eq!(world.strict(&session.access).await, 401);
    assert_eq!(world.refresh(&session.refresh).await.code(), "unauthorised");
    let verify = json!({
        "accessToken": session.access, "doAntiCsrfCheck": false, "enableAntiCsrf": false,
        "checkDatabase": true,
    });
    let refresh = json!({
        "refreshToken": session.refresh, "enableAntiCsrf": false, "useDynamicSigningKey": true,
    });
    let regenerate = json!({"accessToken": session.access, "userDataInJWT": {}});
    for (path, body) in [("/verify", verify), ("/refresh", refresh), ("/regenerate", regenerate)] {
        assert_eq!(sdk(world, path, &body).await["status"], "UNAUTHORISED", "{path}");
    }
    let lines = lines.take();
    let of = |name: &'static str| lines.iter().filter(move |line| line.get(name).is_some());
    assert_eq!(of("GenerationsAhead").count(), 5, "{lines:?}");
    let reasons: Vec<_> = of("Refusals").map(|line| &line["Reason"]).collect();
    assert_eq!(reasons, ["generation-ahead"; 5]);
    let warned: Vec<_> = lines.iter().filter(|line| line["level"] == "WARN").collect();
    assert_eq!(warned.len(), 5, "{warned:?}");
    for line in warned {
        let message = line["message"].as_str().unwrap();
        assert!(message.starts_with("a session is ahead of its generations"), "{line}");
        assert_eq!(line["user"], user);
    }
    assert!(!world.listed(user).await.contains(&session.handle));
    let keep = json!({"userId": user, "exceptSessionHandle": session.handle});
    let kept = world.admin("/revoke-user", &keep).await;
    assert_eq!((kept.status, kept.code().as_str()), (409, "kept-session-not-found"));
    let own = world.get("/auth/sessions").bearer(&session.access).send().await;
    assert_eq!(own.status, 401, "{}", own.body);
}

/// The digit that names the copy of a tenant's item which judges the session.
fn copy(session: &Opened) -> String {
    let handle = shared::ids::SessionHandle::parse(&session.handle).unwrap();
    handle.fingerprint()[..1].to_owned()
}

async fn remove_tenant(world: &World, tenant: &str) {
    let call = world.post("/core/recipe/multitenancy/tenant/remove");
    let reply = call.json(&json!({"tenantId": tenant})).send().await;
    assert_eq!(reply.status, 200, "{}", reply.body);
}

async fn revoke(world: &World, tenant: Option<&str>) {
    let mut body = json!({"userId": "ada"});
    if let Some(tenant) = tenant {
        body["tenantId"] = tenant.into();
    }
    world.revoke("/revoke-user", &body).await;
}

#[tokio::test]
async fn a_session_that_is_ahead_of_a_lost_item_is_refused_and_no_revocation_revives_it() {
    for (place, scope, pk) in [
        ("public", None, "user#public#ada"),
        ("public", Some("public"), "user#public#ada"),
        ("acme", None, "user#public#ada"),
        ("acme", Some("acme"), "user-tenant#public#acme#ada"),
    ] {
        let world = World::new().await;
        for _ in 0..3 {
            revoke(&world, scope).await;
        }
        let session = world.open_in("ada", place).await;
        assert_eq!(world.strict(&session.access).await, 200);
        lose(&world, pk).await;
        assert_ahead(&world, &session, "ada").await;
        let fresh = world.open_in("ada", place).await;
        assert_eq!(world.strict(&fresh.access).await, 200, "who signs in again is signed in");
        for _ in 0..5 {
            // Nobody writes one item more often than once a millisecond.
            world.pass(Duration::from_millis(3));
            revoke(&world, scope).await;
            assert_eq!(world.strict(&session.access).await, 401, "{pk}");
        }
        assert_eq!(world.strict(&fresh.access).await, 401, "{pk}");
    }
}

#[tokio::test]
async fn a_lost_copy_of_a_tenants_item_ends_the_sessions_that_it_judges() {
    let world = World::new().await;
    world.open_in("ada", "acme").await;
    remove_tenant(&world, "acme").await;
    let session = world.open_in("ada", "acme").await;
    assert_eq!(world.strict(&session.access).await, 200);
    lose(&world, &format!("tenant#public#acme#{}", copy(&session))).await;
    assert_ahead(&world, &session, "ada").await;
    world.pass(Duration::from_millis(1));
    remove_tenant(&world, "acme").await;
    assert_eq!(world.strict(&session.access).await, 401);
}

#[tokio::test]
async fn a_restored_item_ends_what_was_opened_since() {
    let world = World::new().await;
    revoke(&world, None).await;
    let older = read(&world, "user#public#ada").await.unwrap();
    revoke(&world, None).await;
    let session = world.open("ada").await;
    restore(&world, older).await;
    assert_ahead(&world, &session, "ada").await;
}

#[tokio::test]
async fn a_row_with_a_generation_that_nobody_reached_is_refused() {
    let world = World::new().await;
    for attribute in ["userGeneration", "tenantGeneration", "everybodysGeneration"] {
        let session = world.open_in("ada", "acme").await;
        let huge = AttributeValue::N("9000000000000000000".to_owned());
        tamper(&world, &session, attribute, huge).await;
        assert_ahead(&world, &session, "ada").await;
    }
    // As another user: the tokens name the old one, and the generation is nobody's.
    let session = world.open("eve").await;
    tamper(&world, &session, "userId", AttributeValue::S("ada".to_owned())).await;
    let huge = AttributeValue::N("9000000000000000000".to_owned());
    tamper(&world, &session, "userGeneration", huge).await;
    assert_eq!(world.strict(&session.access).await, 401);
    assert_eq!(world.refresh(&session.refresh).await.status, 401);
    assert!(!world.listed("ada").await.contains(&session.handle));
}
