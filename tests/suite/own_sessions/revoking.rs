//! Users end their own sessions.

use super::{REVOKE, alive, clears_nothing, list, past_the_authorizer, revoke};
use http::HeaderMap;
use serde_json::{Value, json};
use shared::ids::SessionHandle;
use tests::lines::TABLE;
use tests::world::{faulty, sorted};
use tests::{Fault, Lines, Reply, World};

/// All but the name of the request.
fn headers_of(reply: &Reply) -> HeaderMap {
    let mut headers = reply.headers.clone();
    headers.remove("x-amzn-requestid");
    headers
}

#[tokio::test]
async fn one_is_ended_by_its_handle_in_whatever_tenant() {
    let world = World::new().await;
    let (own, kept) = (world.open("u1").await, world.open_in("u1", "acme").await);
    for tenant in ["public", "acme", "globex"] {
        let one = world.open_in("u1", tenant).await;
        let body = json!({"sessionHandle": one.handle});
        let reply = revoke(&world, &own.access, &body).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert_eq!(reply.json(), json!({"status": "OK", "sessionHandlesRevoked": [one.handle]}));
        assert!(clears_nothing(&reply), "who ends another session stays signed in");
        assert_eq!(alive(&world, &[&one, &own, &kept]).await, [false, true, true]);
        assert_eq!(world.refresh(&one.refresh).await.status, 401);
        let again = revoke(&world, &own.access, &body).await;
        assert_eq!((again.status, again.code().as_str()), (404, "session-not-found"));
    }
}

#[tokio::test(start_paused = true)]
async fn of_anothers_session_it_is_answered_as_of_none_and_it_lives_on() {
    let (world, engine) = faulty().await;
    let own = world.open("u1").await;
    let (ended, swept_late) = (world.open("u1").await, world.open_in("u1", "globex").await);
    world.revoke("/revoke-handle", &json!({"sessionHandle": ended.handle})).await;
    // Revoked, and its row is still there.
    engine.fail("DeleteItem", usize::MAX, Fault::Unreachable);
    world.revoke("/revoke-user", &json!({"userId": "u1", "tenantId": "globex"})).await;
    engine.heal();
    let (other, in_acme) = (world.open("u2").await, world.open_in("u2", "acme").await);
    let asked = ["nobody", &other.handle, &in_acme.handle, &ended.handle, &swept_late.handle];
    let mut told = Vec::new();
    for handle in asked {
        engine.take_calls();
        let reply = revoke(&world, &own.access, &json!({"sessionHandle": handle})).await;
        let calls = engine.take_calls();
        assert!(calls.iter().all(|call| call.operation != "DeleteItem"), "{handle}");
        assert_eq!((reply.status, reply.code().as_str()), (404, "session-not-found"), "{handle}");
        assert!(clears_nothing(&reply));
        let calls: Vec<_> = calls.into_iter().map(|call| call.operation).collect();
        told.push((reply.body.clone(), headers_of(&reply), calls));
    }
    assert!(told[1..3].iter().all(|reply| *reply == told[0]), "another's is as unknown: {told:?}");
    assert!(told.iter().all(|reply| (&reply.0, &reply.1) == (&told[0].0, &told[0].1)), "{told:?}");
    assert_eq!(alive(&world, &[&own, &other, &in_acme]).await, [true, true, true]);
}

#[tokio::test]
async fn the_delete_names_the_owner() {
    let (world, engine) = faulty().await;
    let (own, one) = (world.open("u1").await, world.open("u1").await);
    engine.take_calls();
    revoke(&world, &own.access, &json!({"sessionHandle": one.handle})).await;
    let calls = engine.take_calls();
    let deletes: Vec<_> = calls.iter().filter(|call| call.operation == "DeleteItem").collect();
    let [delete] = deletes.as_slice() else { panic!("one delete: {calls:?}") };
    let delete = delete.json();
    assert_eq!(delete["ConditionExpression"], "attribute_exists(pk) AND userId = :user");
    assert_eq!(delete["ExpressionAttributeValues"], json!({":user": {"S": "u1"}}));
}

#[tokio::test]
async fn the_others_end_in_every_tenant_and_the_one_of_the_request_goes_on() {
    for tenant in ["public", "acme", "globex"] {
        let world = World::new().await;
        let own = world.open_in("u1", tenant).await;
        let public = world.open("u1").await;
        let acme = world.open_in("u1", "acme").await;
        let globex = world.open_in("u1", "globex").await;
        let stranger = world.open_in("u2", tenant).await;
        for expected in [vec![&public, &acme, &globex], vec![]] {
            let reply = revoke(&world, &own.access, &json!({"scope": "others"})).await;
            assert_eq!(reply.status, 200, "{}", reply.body);
            let expected: Vec<_> = expected.iter().map(|session| &session.handle).collect();
            let expected = sorted(&json!(expected));
            assert_eq!(sorted(&reply.json()["sessionHandlesRevoked"]), expected);
            assert_eq!(reply.json()["sweepComplete"], true);
            assert!(clears_nothing(&reply));
        }
        let sessions = [&own, &public, &acme, &globex, &stranger];
        assert_eq!(alive(&world, &sessions).await, [true, false, false, false, true]);
        world.refreshed(&own.refresh).await;
    }
}

#[tokio::test]
async fn who_ends_their_own_session_is_signed_out_as_by_logout() {
    for by_handle in [false, true] {
        for transfer in ["header", "cookie"] {
            let world = World::new().await;
            let body = json!({"userId": "u1", "transfer": transfer});
            let (own, model) = (world.open_with(&body).await, world.open_with(&body).await);
            let other = world.open_in("u1", "acme").await;
            let send = async |path: &str, access: &str, body: &Value| {
                let call = world.post(path).json(body);
                let call = match transfer {
                    "cookie" => call.cookie("sAccessToken", access),
                    _ => call.bearer(access),
                };
                call.send().await
            };
            let by_name = json!({"sessionHandle": own.handle});
            let body = if by_handle { by_name } else { json!({"scope": "current"}) };
            let reply = send(REVOKE, &own.access, &body).await;
            assert_eq!(
                reply.json(),
                json!({"status": "OK", "sessionHandlesRevoked": [own.handle]})
            );
            let logout = send("/auth/signout", &model.access, &json!({})).await;
            assert_eq!(headers_of(&reply), headers_of(&logout), "{transfer}");
            assert!(if transfer == "cookie" {
                reply.clears_cookies()
            } else {
                reply.clears_headers()
            });
            assert_eq!(alive(&world, &[&own, &other]).await, [false, true]);
            // Again: the session is over, and the authorizer says so.
            assert_eq!(send(REVOKE, &own.access, &body).await.status, 401);
        }
    }
}

#[tokio::test]
async fn what_is_misspelt_or_in_the_query_ends_nothing() {
    let world = World::new().await;
    let (own, other) = (world.open("u1").await, world.open("u1").await);
    let handle = other.handle.as_str();
    for (query, body, named) in [
        ("", json!({"scope": "all", "exceptSessionHandle": handle}), "`exceptSessionHandle`"),
        ("", json!({"scope": "others", "tenantId": "acme"}), "`tenantId`"),
        ("", json!({"scope": "all", "SessionHandle": handle}), "`SessionHandle`"),
        ("?sessionHandle=x", json!({"scope": "all"}), "`sessionHandle` stands in the query"),
    ] {
        let call = world.post(&format!("{REVOKE}{query}")).bearer(&own.access).json(&body);
        let reply = call.send().await;
        assert_eq!((reply.status, reply.code().as_str()), (400, "unknown-field"), "{body}");
        assert!(reply.body.contains(named), "{}", reply.body);
        assert!(clears_nothing(&reply));
    }
    let reply = revoke(&world, &own.access, &json!({"scope": "all", "reason": "a\nb"})).await;
    assert_eq!((reply.status, reply.code().as_str()), (400, "invalid-field"));
    assert_eq!(alive(&world, &[&own, &other]).await, [true, true]);
}

#[tokio::test]
async fn the_reason_of_a_user_is_recorded() {
    let world = World::new().await;
    let own = world.open("u1").await;
    let lines = Lines::of(&world);
    for (body, action) in [
        (json!({"sessionHandle": world.open("u1").await.handle}), "revoke-handles"),
        (json!({"scope": "others"}), "revoke-user"),
        (json!({"scope": "current"}), "logout"),
    ] {
        let mut body = body;
        body["reason"] = json!("lost my phone");
        lines.take_text();
        assert_eq!(revoke(&world, &own.access, &body).await.status, 200);
        let records = lines.take_records();
        let [record] = records.as_slice() else { panic!("one record: {records:?}") };
        assert_eq!(
            (&record["action"], &record["reason"]),
            (&json!(action), &json!("lost my phone"))
        );
    }
}

#[tokio::test]
async fn all_end_in_every_tenant_and_the_client_is_cleared() {
    let world = World::new().await;
    let own = world.open_with(&json!({"userId": "u1", "transfer": "cookie"})).await;
    let (acme, globex) = (world.open_in("u1", "acme").await, world.open_in("u1", "globex").await);
    let stranger = world.open("u2").await;
    let call = world.post(REVOKE).cookie("sAccessToken", &own.access);
    let reply = call.json(&json!({"scope": "all"})).send().await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(reply.clears_cookies());
    assert_eq!(reply.json()["sweepComplete"], true);
    let revoked = sorted(&reply.json()["sessionHandlesRevoked"]);
    let mut expected = [own.handle.clone(), acme.handle.clone(), globex.handle.clone()];
    expected.sort();
    assert_eq!(revoked, expected);
    let sessions = [&own, &acme, &globex, &stranger];
    assert_eq!(alive(&world, &sessions).await, [false, false, false, true]);
    assert_eq!(world.refresh(&own.refresh).await.status, 401);
}

#[tokio::test]
async fn others_of_a_session_that_has_ended_never_become_all() {
    let (world, engine) = faulty().await;
    let (own, other) = (world.open("u1").await, world.open("u1").await);
    let body = json!({"scope": "others"});
    // It ends after the authorizer has let it pass, and before anything is written.
    let gate = engine.hold("TransactWriteItems");
    let (reply, ()) = tokio::join!(revoke(&world, &own.access, &body), async {
        gate.arrival().await;
        world.revoke("/revoke-handle", &json!({"sessionHandle": own.handle})).await;
        gate.open();
    });
    assert_eq!((reply.status, reply.code().as_str()), (409, "kept-session-not-found"));
    assert!(clears_nothing(&reply));
    // And before it is even looked for; another's session is no better.
    let stranger = world.open("u2").await;
    for handle in [&own.handle, &stranger.handle, "nobody"] {
        let asker = ("u1", handle);
        let (status, told) = past_the_authorizer(&world, ("POST", REVOKE), asker, &body).await;
        assert_eq!((status, &told["code"]), (409, &json!("kept-session-not-found")), "{told}");
    }
    assert_eq!(revoke(&world, &own.access, &body).await.status, 401);
    assert_eq!(alive(&world, &[&other, &stranger]).await, [true, true]);
}

#[tokio::test]
async fn a_forged_request_with_cookies_ends_nothing() {
    let world = World::with_parameter("CookieSameSite", "none").await;
    let own = world.open_with(&json!({"userId": "u1", "transfer": "cookie"})).await;
    let other = world.open("u1").await;
    for body in [
        json!({"scope": "current"}),
        json!({"scope": "others"}),
        json!({"scope": "all"}),
        json!({"sessionHandle": other.handle}),
    ] {
        let call = || world.post(REVOKE).cookie("sAccessToken", &own.access).json(&body);
        assert_eq!(call().send().await.status, 401, "{body}");
        let as_form = call().header("content-type", "text/plain");
        assert_eq!(as_form.header("origin", "https://evil.example").send().await.status, 401);
        assert_eq!(alive(&world, &[&own, &other]).await, [true, true], "{body}");
    }
    let meant = world.post(REVOKE).cookie("sAccessToken", &own.access).header("rid", "session");
    assert_eq!(meant.json(&json!({"scope": "others"})).send().await.status, 200);
    assert_eq!(alive(&world, &[&own, &other]).await, [true, false]);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_fails_leaves_the_client_its_tokens_and_may_be_asked_again() {
    let (world, engine) = faulty().await;
    let (own, other) = (world.open("u1").await, world.open("u1").await);
    let (one, current) = (json!({"sessionHandle": other.handle}), json!({"scope": "current"}));
    engine.fail("DeleteItem", usize::MAX, Fault::Unreachable);
    for body in [&one, &current] {
        let reply = revoke(&world, &own.access, body).await;
        assert_eq!((reply.status, reply.code().as_str()), (503, "table-unavailable"));
        assert!(clears_nothing(&reply));
    }
    // What takes effect by another write needs no delete.
    let reply = revoke(&world, &own.access, &json!({"scope": "others"})).await;
    let held = json!({"status": "OK", "sessionHandlesRevoked": [], "sweepComplete": false});
    assert_eq!((reply.status, reply.json()), (200, held));
    assert_eq!(alive(&world, &[&own, &other]).await, [true, false]);
    engine.heal();
    // The answer of the delete is lost: nobody can say any more who ended it, but it is gone.
    let other = world.open("u1").await;
    engine.fail("DeleteItem", 1, Fault::AnswerLost);
    let reply = revoke(&world, &own.access, &json!({"sessionHandle": other.handle})).await;
    assert_eq!((reply.status, reply.code().as_str()), (404, "session-not-found"));
    assert_eq!(alive(&world, &[&own, &other]).await, [true, false]);
    engine.fail("DeleteItem", 1, Fault::AnswerLost);
    let reply = revoke(&world, &own.access, &current).await;
    assert_eq!(reply.status, 200);
    assert!(reply.clears_headers());
    assert_eq!(alive(&world, &[&own]).await, [false]);
}

#[tokio::test]
async fn each_call_writes_one_record_in_which_the_user_is_the_actor() {
    let world = World::new().await;
    let (own, one) = (world.open("u1").await, world.open("u1").await);
    let (two, stranger) = (world.open_in("u1", "acme").await, world.open("u2").await);
    let lines = Lines::of(&world);
    let hashed = |handle: &str| SessionHandle::parse(handle).unwrap().salted_digest(TABLE);
    let ended = |handle| json!({"session": hashed(handle), "state": "ended", "userId": "u1"});
    let not_live = |handle| json!({"session": hashed(handle), "state": "not-live"});
    list(&world, &own.access, "").await;
    assert_eq!(lines.take_records(), Vec::<Value>::new());
    let user = json!({"kind": "user", "userId": "u1"});
    let but_this = json!({"kind": "user", "userId": "u1", "exceptSession": hashed(&own.handle)});
    for (body, action, scope, sessions) in [
        (
            json!({"sessionHandle": one.handle}),
            "revoke-handles",
            json!({"kind": "sessions"}),
            json!([ended(&one.handle)]),
        ),
        (
            json!({"sessionHandle": stranger.handle}),
            "revoke-handles",
            json!({"kind": "sessions"}),
            json!([not_live(&stranger.handle)]),
        ),
        (json!({"scope": "others"}), "revoke-user", but_this, json!([ended(&two.handle)])),
        (json!({"scope": "all"}), "revoke-user", user, json!([ended(&own.handle)])),
    ] {
        revoke(&world, &own.access, &body).await;
        let records = lines.take_records();
        let [record] = records.as_slice() else { panic!("one record: {records:?}") };
        assert_eq!(record["actor"], json!({"type": "user", "userId": "u1"}));
        assert_eq!((&record["action"], &record["scope"]), (&json!(action), &scope), "{record}");
        assert_eq!((&record["outcome"], &record["sessions"]), (&json!("done"), &sessions));
    }
    let last = world.open_in("u1", "acme").await;
    revoke(&world, &last.access, &json!({"scope": "current"})).await;
    let records = lines.take_records();
    assert_eq!((records.len(), &records[0]["action"]), (1, &json!("logout")));
}
