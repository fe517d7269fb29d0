//! Users see their own sessions.

use super::{handles, list};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tests::{Lagging, World};

#[tokio::test]
async fn a_user_sees_their_sessions_in_every_tenant_and_which_one_is_this() {
    let world = World::new().await;
    let phone = world
        .open_with(&json!({
            "userId": "u1", "device": {"ip": "203.0.113.7", "userAgent": "phone"},
            "accessTokenPayload": {"role": "hush"}, "sessionData": {"note": "hush"},
        }))
        .await;
    let acme = world.open_in("u1", "acme").await;
    let globex = world.open_in("u1", "globex").await;
    world.open_in("u2", "acme").await;
    for (own, tenant) in [(&phone, "public"), (&acme, "acme"), (&globex, "globex")] {
        let page = list(&world, &own.access, "").await;
        let shown: BTreeSet<_> = handles(&page).into_iter().collect();
        let expected = [&phone, &acme, &globex].map(|session| session.handle.clone());
        assert_eq!(shown, expected.into());
        assert_eq!(page["cursor"], Value::Null);
        let sessions = page["sessions"].as_array().unwrap();
        let current: Vec<_> =
            sessions.iter().filter(|session| session["current"] == true).collect();
        let [current] = current.as_slice() else { panic!("one is this one: {page}") };
        assert_eq!(
            (&current["handle"], &current["tenantId"]),
            (&json!(own.handle), &json!(tenant))
        );
        assert!(sessions.iter().all(|session| session["userId"] == "u1"), "{page}");
        assert!(!page.to_string().contains("hush"));
    }
    let page = list(&world, &phone.access, "").await;
    let mut shown = page["sessions"][0].clone();
    assert_eq!(shown.as_object_mut().unwrap().remove("current"), Some(json!(true)));
    let by_admin = world.get("/list-sessions?userId=u1&tenantId=public").signed().send().await;
    assert_eq!(shown, by_admin.json()["sessions"][0], "as `list-sessions` shows it");
}

#[tokio::test]
async fn the_session_of_the_request_is_on_the_first_page_and_on_no_other() {
    let world = World::new().await;
    let mut opened = Vec::new();
    for tenant in ["public", "acme", "acme", "globex", "public", "globex"] {
        opened.push(world.open_in("u1", tenant).await);
    }
    let all: BTreeSet<_> = opened.iter().map(|session| session.handle.clone()).collect();
    for own in &opened {
        for limit in 1..=6 {
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let query = format!("?limit={limit}{cursor}");
                let page = list(&world, &own.access, &query).await;
                let shown = handles(&page);
                let more = usize::from(seen.is_empty());
                assert!(shown.len() <= limit + more, "{query}: {page}");
                for session in page["sessions"].as_array().unwrap() {
                    assert_eq!(session["current"], session["handle"] == own.handle.as_str());
                }
                seen.extend(shown);
                let Some(next) = page["cursor"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            assert_eq!(seen[0], own.handle);
            assert_eq!(seen.len(), all.len(), "each once");
            assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), all);
        }
    }
}

#[tokio::test]
async fn the_session_of_the_request_is_first_and_the_others_follow_newest_first() {
    let world = World::new().await;
    let mut opened = Vec::new();
    for tenant in ["public", "acme", "public", "globex", "acme"] {
        opened.push(world.open_in("u1", tenant).await);
        world.pass(Duration::from_secs(1));
    }
    for own in &opened {
        let others = opened.iter().rev().filter(|session| session.handle != own.handle);
        let expected: Vec<_> =
            std::iter::once(own).chain(others).map(|session| session.handle.clone()).collect();
        assert_eq!(handles(&list(&world, &own.access, "").await), expected);
    }
}

#[tokio::test]
async fn the_session_of_the_request_is_shown_before_the_index_knows_it() {
    let engine = Arc::new(Lagging::new().expect("two databases"));
    let world = World::with(|builder| builder.engine(engine.clone())).await;
    let old = world.open("u1").await;
    engine.hold();
    let own = world.open("u1").await;
    let shown = list(&world, &own.access, "").await;
    assert_eq!(handles(&shown), [own.handle.as_str(), old.handle.as_str()]);
    engine.release();
    assert_eq!(handles(&list(&world, &own.access, "").await).len(), 2);
}

#[tokio::test]
async fn what_is_over_is_not_shown() {
    let world = World::with_parameter("RefreshTokenValidity", "120").await;
    world.open("u1").await;
    world.pass(Duration::from_mins(90));
    let (own, ended) = (world.open("u1").await, world.open("u1").await);
    world.open_in("u1", "acme").await;
    world.revoke("/revoke-handle", &json!({"sessionHandle": ended.handle})).await;
    world.revoke("/revoke-user", &json!({"userId": "u1", "tenantId": "acme"})).await;
    world.pass(Duration::from_mins(40));
    assert_eq!(handles(&list(&world, &own.access, "").await), [own.handle.as_str()]);
}
