//! What holds when the table fails or loses an answer: an SDK is told so, and never "OK".

use super::row::{Row, digest};
use super::sdk::{Sdk, creation, exchange, new_access, opened, status};
use http::Method;
use serde_json::{Value, json};
use tests::world::faulty;
use tests::{Fault, Opened, World};

/// Every call that cannot be answered without the table.
fn calls(session: &Opened, child: &Opened) -> Vec<(Method, String, Value)> {
    let verify = |access: &str, check: bool| {
        json!({
            "accessToken": access, "doAntiCsrfCheck": false, "enableAntiCsrf": false,
            "checkDatabase": check,
        })
    };
    let post = |path: &str, body| (Method::POST, path.to_owned(), body);
    let put = |path: &str, body| (Method::PUT, path.to_owned(), body);
    let get = |path: &str| (Method::GET, path.to_owned(), Value::Null);
    let handle = session.handle.as_str();
    vec![
        post("/recipe/session", creation("u1")),
        post("/recipe/session/verify", verify(&session.access, true)),
        post("/recipe/session/verify", verify(&child.access, false)),
        post("/recipe/session/refresh", exchange(&session.refresh)),
        post("/recipe/session/refresh", exchange(&child.refresh)),
        post("/recipe/session/remove", json!({"sessionHandles": [handle]})),
        post("/recipe/session/remove", json!({"userId": "u1"})),
        post("/recipe/session/regenerate", json!({"accessToken": session.access})),
        put("/recipe/session/data", json!({"sessionHandle": handle, "userDataInDatabase": {}})),
        put("/recipe/jwt/data", json!({"sessionHandle": handle, "userDataInJWT": {}})),
        put("/recipe/multitenancy/app/v2", json!({"appId": "x", "coreConfig": {}})),
        put("/recipe/multitenancy/tenant/v2", json!({"tenantId": "x"})),
        get("/recipe/multitenancy/app/list/v2"),
        get("/recipe/multitenancy/tenant/list/v2"),
        get("/acme/recipe/multitenancy/tenant/v2"),
        post("/recipe/multitenancy/tenant/user/remove", json!({"recipeUserId": "u1"})),
        get(&format!("/recipe/session?sessionHandle={handle}")),
        get("/recipe/session/user?userId=u1"),
        get("/appid-demo/recipe/session/user?userId=u1"),
        get("/acme/recipe/session/user?userId=u1&fetchAcrossAllTenants=false"),
    ]
}

async fn send(world: &World, (method, path, body): &(Method, String, Value)) -> tests::Reply {
    let call = Sdk::new(world).call(method.clone(), path);
    if body.is_null() { call.send().await } else { call.json(body).send().await }
}

#[tokio::test(start_paused = true)]
async fn when_the_table_cannot_be_reached_nothing_is_fine() {
    for fault in [Fault::Unreachable, Fault::Throttled] {
        let (world, engine) = faulty().await;
        let sdk = Sdk::new(&world);
        let session = sdk.open("u1").await;
        let child = sdk.refreshed(&session.refresh).await;
        sdk.verify(&session.access, false).await;
        engine.fail("*", usize::MAX, fault);
        for call in calls(&session, &child) {
            let reply = send(&world, &call).await;
            assert_eq!(reply.status, 503, "{} {} {}", call.0, call.1, reply.body);
            assert_eq!(reply.header("retry-after"), Some("1"), "{}", call.1);
            for hidden in ["OK", "connection", "DynamoDB", "throttled", &session.handle] {
                assert!(!reply.body.contains(hidden), "{} {}", call.1, reply.body);
            }
        }
        let answer = sdk.verify(&session.access, false).await;
        assert_eq!(status(&answer), "OK", "the keys are known, and nobody wants the table asked");
        engine.heal();
        assert_eq!(sdk.checked(&session.access).await, "OK", "nothing was ended by half");
        assert_eq!(status(&sdk.refresh(&session.refresh).await), "OK");
        assert_eq!(sdk.list("u1").await, [session.handle.as_str()]);
    }
}

#[tokio::test(start_paused = true)]
async fn when_a_write_cannot_be_made_nobody_is_told_that_it_was() {
    for (operation, call) in [
        ("UpdateItem", 2),
        ("UpdateItem", 4),
        ("DeleteItem", 5),
        ("UpdateItem", 6),
        ("UpdateItem", 8),
        ("UpdateItem", 9),
        ("PutItem", 0),
    ] {
        let (world, engine) = faulty().await;
        let sdk = Sdk::new(&world);
        let session = sdk.open("u1").await;
        let child = sdk.refreshed(&session.refresh).await;
        let call = &calls(&session, &child)[call];
        engine.fail(operation, usize::MAX, Fault::Unreachable);
        let reply = send(&world, call).await;
        assert_eq!(reply.status, 503, "{} {} {}", call.0, call.1, reply.body);
        engine.heal();
        // Nothing was done, and asking again does it.
        let row = Row::find(&world, "public", &session.handle).await.unwrap();
        assert_eq!((row.current(), row.previous()), (digest(&session.access), None));
        let again = send(&world, call).await;
        assert_eq!((again.status, status(&again.json()).as_str()), (200, "OK"), "{}", call.1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_made_good_by_the_retry_without_a_second_effect() {
    let (world, engine) = faulty().await;
    let sdk = Sdk::new(&world);
    sdk.open("warm").await;

    engine.fail("PutItem", 1, Fault::AnswerLost);
    let session = sdk.open("u1").await;
    assert_eq!(sdk.checked(&session.access).await, "OK");
    assert!(sdk.list("u1").await.contains(&session.handle));

    // The promotion was made, and is recognised as our own.
    let child = sdk.refreshed(&session.refresh).await;
    engine.fail("UpdateItem", 1, Fault::AnswerLost);
    let answer = sdk.verify(&child.access, false).await;
    assert!(new_access(&answer).is_some());
    let row = Row::find(&world, "public", &session.handle).await.unwrap();
    assert_eq!(row.current(), digest(&child.access));
    assert_eq!(row.previous(), Some(digest(&session.access)));

    // Likewise when it is made by an exchange: that is no theft.
    let next = sdk.refreshed(&child.refresh).await;
    engine.fail("UpdateItem", 1, Fault::AnswerLost);
    assert_eq!(status(&sdk.refresh(&next.refresh).await), "OK");

    for (path, member) in
        [("/recipe/session/data", "userDataInDatabase"), ("/recipe/jwt/data", "userDataInJWT")]
    {
        engine.fail("UpdateItem", 1, Fault::AnswerLost);
        let body = json!({"sessionHandle": session.handle, member: {"a": path}});
        assert_eq!(status(&sdk.change(path, &body).await), "OK");
        assert_eq!(sdk.session(&session.handle).await[member], json!({"a": path}));
    }

    engine.fail("UpdateItem", 1, Fault::AnswerLost);
    assert!(sdk.remove(&json!({"userId": "u1"})).await.contains(&session.handle));
    assert_eq!(sdk.checked(&child.access).await, "UNAUTHORISED");

    let session = sdk.open("u1").await;
    engine.fail("DeleteItem", 1, Fault::AnswerLost);
    sdk.remove(&json!({"sessionHandles": [session.handle]})).await;
    assert_eq!(sdk.checked(&session.access).await, "UNAUTHORISED");
}

#[tokio::test(start_paused = true)]
async fn a_client_whose_answer_was_lost_is_no_thief() {
    let (world, engine) = faulty().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open("u1").await;
    let child = sdk.refreshed(&session.refresh).await;
    // The exchange promotes the child and then cannot sign or answer: the client comes again.
    engine.fail("UpdateItem", 1, Fault::AnswerLost);
    engine.fail_after("UpdateItem", 0, usize::MAX, Fault::Unreachable);
    let call = sdk.call(Method::POST, "/recipe/session/refresh").json(&exchange(&child.refresh));
    assert_eq!(call.send().await.status, 503);
    engine.heal();
    let answer = sdk.refresh(&child.refresh).await;
    let next = opened(&answer);
    assert_eq!(sdk.checked(&next.access).await, "OK");
}

#[tokio::test(start_paused = true)]
async fn a_removal_holds_even_when_its_sweep_fails() {
    let (world, engine) = faulty().await;
    let sdk = Sdk::new(&world);
    for operation in ["Query", "DeleteItem"] {
        let session = sdk.open("u1").await;
        engine.fail(operation, usize::MAX, Fault::Throttled);
        let body = json!({"userId": "u1"});
        let call = sdk.call(Method::POST, "/recipe/session/remove").json(&body);
        let reply = call.send().await;
        assert!(matches!(reply.status, 200 | 503), "{}", reply.body);
        engine.heal();
        assert_eq!(world.strict(&session.access).await, 401, "{operation}");
        assert_eq!(sdk.checked(&session.access).await, "UNAUTHORISED", "{operation}");
        assert_eq!(status(&sdk.refresh(&session.refresh).await), "UNAUTHORISED", "{operation}");
        assert!(sdk.list("u1").await.is_empty(), "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_tenant_that_was_ended_in_part_is_an_error_and_asking_again_ends_the_rest() {
    let (world, engine) = faulty().await;
    let administrator = Sdk::administrator(&world);
    let tenant = json!({"tenantId": "acme"});
    administrator.change("/recipe/multitenancy/tenant/v2", &tenant).await;
    let mut sessions = Vec::new();
    for _ in 0..30 {
        sessions.push(world.open_in("u1", "acme").await);
    }
    let alive = async || {
        let mut alive = 0;
        for session in &sessions {
            alive += usize::from(world.strict(&session.access).await == 200);
        }
        alive
    };
    let path = "/recipe/multitenancy/tenant/remove";
    // 8 of the 16 copies are raised.
    engine.fail_after("UpdateItem", 8, usize::MAX, Fault::Throttled);
    let reply = administrator.call(Method::POST, path).json(&tenant).send().await;
    assert_eq!((reply.status, reply.header("retry-after")), (503, Some("1")), "{}", reply.body);
    engine.heal();
    assert!((1..30).contains(&alive().await), "some have ended and others have not");
    let answer = administrator.ask(path, &tenant).await;
    assert_eq!(answer["didExist"], false, "the first call took it out of the app");
    assert_eq!(alive().await, 0);
    let fresh = world.open_in("u1", "acme").await;
    assert_eq!(world.strict(&fresh.access).await, 200);
}

#[tokio::test(start_paused = true)]
async fn what_the_table_would_refuse_again_is_no_reason_to_try_again() {
    let (world, engine) = faulty().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open("u1").await;
    let child = sdk.refreshed(&session.refresh).await;
    for kind in ["ValidationException", "AccessDeniedException", "ResourceNotFoundException"] {
        engine.fail("*", usize::MAX, Fault::Refused(kind));
        for call in calls(&session, &child) {
            let reply = send(&world, &call).await;
            assert_eq!((reply.status, reply.header("retry-after")), (500, None), "{kind} {call:?}");
        }
        engine.heal();
    }
}
