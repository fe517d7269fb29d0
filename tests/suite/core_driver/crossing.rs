//! A session that is refreshed now through an SDK (PROTOCOL 4.4), now by Sever's own route, which
//! rotates at once: it goes on, and a token that somebody else has used is still found out.

use super::row::{Row, digest};
use super::sdk::{
    ISSUER, REFRESH_VALIDITY, Sdk, claims, creation_with, exchange, new_access, status,
};
use serde_json::{Value, json};
use std::time::Duration;
use tests::World;

const THEFT: &str = "TOKEN_THEFT_DETECTED";

#[tokio::test]
async fn what_an_sdk_was_given_is_exchanged_by_our_own_route() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open("u1").await;
    let child = sdk.refreshed(&session.refresh).await;
    let sibling = sdk.refreshed(&session.refresh).await;
    world.pass(Duration::from_secs(5));
    // The child was never used: it becomes current, and is followed at once.
    let (access, refresh) = world.refreshed(&child.refresh).await;
    let row = Row::find(&world, "public", &session.handle).await.unwrap();
    assert_eq!(row.current(), digest(&access));
    assert_eq!(row.previous(), Some(digest(&child.access)));
    let expiry = sdk.session(&session.handle).await["expiry"].as_i64().unwrap();
    assert_eq!(expiry, world.clock.now().millis() + REFRESH_VALIDITY);
    assert_eq!(claims(&access)["parentRefreshTokenHash1"], Value::Null);
    for access in [&access, &child.access] {
        assert_eq!((world.strict(access).await, sdk.checked(access).await), (200, "OK".to_owned()));
    }
    for stolen in [&session.refresh, &sibling.refresh] {
        assert_eq!(status(&sdk.refresh(stolen).await), THEFT);
    }
    assert_eq!(status(&sdk.refresh(&refresh).await), "OK", "an SDK's theft ends nothing by itself");
}

#[tokio::test]
async fn what_our_own_route_gave_is_exchanged_by_an_sdk() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    for opened_by_sdk in [true, false] {
        let session = if opened_by_sdk { sdk.open("u1").await } else { world.open("u1").await };
        let (first_access, first) = world.refreshed(&session.refresh).await;
        let child = sdk.refreshed(&first).await;
        assert_eq!(
            claims(&child.access)["parentRefreshTokenHash1"],
            claims(&first_access)["refreshTokenHash1"]
        );
        let promoted = sdk.verify(&child.access, true).await;
        let promoted = new_access(&promoted).unwrap();
        for access in [&first_access, &child.access, promoted] {
            assert_eq!(world.strict(access).await, 200);
        }
        assert_eq!(status(&sdk.refresh(&first).await), THEFT);
        assert_eq!(status(&sdk.refresh(&session.refresh).await), THEFT);
        let (access, _) = world.refreshed(&child.refresh).await;
        assert_eq!(world.strict(&access).await, 200, "and so on");
    }
}

#[tokio::test]
async fn a_parallel_tab_may_ask_an_sdk_for_what_our_own_route_has_exchanged() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open("u1").await;
    let (access, refresh) = world.refreshed(&session.refresh).await;
    world.pass(Duration::from_secs(30));
    let late = sdk.refreshed(&session.refresh).await;
    assert_eq!(world.strict(&late.access).await, 200);
    assert_eq!(sdk.checked(&access).await, "OK");
    assert_eq!(status(&sdk.refresh(&refresh).await), "OK", "the faster tab is not thrown out");
    world.pass(Duration::from_millis(1));
    assert_eq!(status(&sdk.refresh(&session.refresh).await), THEFT, "the window is over");
    assert_eq!(status(&sdk.refresh(&late.refresh).await), "OK", "nothing was ended by it");
    let answer = sdk.verify(&late.access, true).await;
    assert_eq!(status(&answer), "OK");
}

#[tokio::test]
async fn without_a_grace_window_it_is_theft_at_once() {
    let world = World::with_parameter("RefreshTokenRotationGracePeriod", "0").await;
    let sdk = Sdk::new(&world);
    let session = sdk.open("u1").await;
    world.refreshed(&session.refresh).await;
    assert_eq!(status(&sdk.refresh(&session.refresh).await), THEFT);
}

#[tokio::test]
async fn our_own_route_refuses_what_an_sdk_has_replaced() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open("u1").await;
    let child = sdk.refreshed(&session.refresh).await;
    sdk.verify(&child.access, false).await;
    // Just now: perhaps a parallel tab. Nobody can say again what the other tab was given.
    let reply = world.refresh(&session.refresh).await;
    assert_eq!((reply.status, reply.code().as_str()), (401, "unauthorised"));
    assert_eq!(world.strict(&child.access).await, 200, "the session goes on");
    world.pass(Duration::from_millis(30_001));
    let reply = world.refresh(&session.refresh).await;
    assert_eq!((reply.status, reply.code().as_str()), (401, "token theft detected"));
    assert_eq!(world.strict(&child.access).await, 401, "our own route ends it");
    assert_eq!(sdk.checked(&child.access).await, "UNAUTHORISED");
    assert_eq!(status(&sdk.refresh(&child.refresh).await), "UNAUTHORISED");
}

#[tokio::test]
async fn the_strict_authorizer_accepts_a_child_before_its_first_use_and_nothing_too_old() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let first = sdk.open("u1").await;
    let second = sdk.refreshed(&first.refresh).await;
    for access in [&first.access, &second.access] {
        assert_eq!((world.strict(access).await, world.fast(access).await), (200, 200));
    }
    let row = Row::find(&world, "public", &first.handle).await.unwrap();
    assert_eq!(row.current(), digest(&first.access), "an authorizer makes nothing final");

    // The second becomes current because it is exchanged; the third is its child.
    let third = sdk.refreshed(&second.refresh).await;
    for access in [&first.access, &second.access, &third.access] {
        assert_eq!(world.strict(access).await, 200, "current, previous, or a child of it");
    }
    let fourth = sdk.refreshed(&third.refresh).await;
    assert_eq!(world.strict(&first.access).await, 401, "two generations old");
    for access in [&second.access, &third.access, &fourth.access] {
        assert_eq!(world.strict(access).await, 200);
    }
    let fifth = sdk.refreshed(&fourth.refresh).await;
    for (access, expected) in [
        (&first.access, 401),
        (&second.access, 401),
        (&third.access, 200),
        (&fourth.access, 200),
        (&fifth.access, 200),
    ] {
        assert_eq!(world.strict(access).await, expected);
    }
    assert_eq!(world.fast(&first.access).await, 200, "the fast path does not ask");
}

#[tokio::test]
async fn a_child_whose_parent_is_long_replaced_does_not_pass_strictly() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open("u1").await;
    let lost = sdk.refreshed(&session.refresh).await;
    let mut refresh = session.refresh.clone();
    for _ in 0..3 {
        refresh = world.refreshed(&refresh).await.1;
    }
    assert_eq!(world.strict(&lost.access).await, 401);
    assert_eq!(status(&sdk.refresh(&lost.refresh).await), THEFT);
    let answer = sdk.verify(&lost.access, false).await;
    assert_eq!((status(&answer).as_str(), new_access(&answer)), ("OK", None), "PROTOCOL 4.3");
    sdk.end(&session.handle).await;
    let answer = sdk.verify(&lost.access, false).await;
    assert_eq!(status(&answer), "UNAUTHORISED");
}

#[tokio::test]
async fn of_two_tabs_that_take_different_ways_at_once_one_goes_on() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open("u1").await;
    let child = sdk.refreshed(&session.refresh).await;
    let (access, refresh) = world.refreshed(&session.refresh).await;
    let reply = world.refresh(&child.refresh).await;
    assert_eq!((reply.status, reply.code().as_str()), (401, "unauthorised"));
    assert_eq!(status(&sdk.refresh(&child.refresh).await), "UNAUTHORISED");
    assert_eq!(world.strict(&access).await, 200, "the session lives");
    world.pass(Duration::from_secs(31));
    assert_eq!(status(&sdk.refresh(&child.refresh).await), THEFT, "the window is over");
    assert_eq!(status(&sdk.refresh(&refresh).await), "OK");
    let reply = world.refresh(&child.refresh).await;
    assert_eq!((reply.status, reply.code().as_str()), (401, "token theft detected"));
    assert_eq!(world.strict(&access).await, 401);
}

#[tokio::test]
async fn an_anti_csrf_token_of_our_own_holds_for_an_sdk_too() {
    let world = World::with_parameter("AntiCsrf", "VIA_TOKEN").await;
    let sdk = Sdk::new(&world);
    let body = json!({"userId": "u1", "transfer": "cookie"});
    let answer = world.admin("/create-session", &body).await.json();
    let refresh = answer["refreshToken"]["token"].as_str().unwrap();
    let expected = &answer["antiCsrfToken"];
    for (shown, outcome) in
        [(None, "UNAUTHORISED"), (Some(&json!("other")), "UNAUTHORISED"), (Some(expected), "OK")]
    {
        let mut body = exchange(refresh);
        body["enableAntiCsrf"] = json!(true);
        if let Some(shown) = shown {
            body["antiCsrfToken"] = shown.clone();
        }
        let answer = sdk.ask("/recipe/session/refresh", &body).await;
        assert_eq!(status(&answer), outcome, "{shown:?}");
    }
}

#[tokio::test]
async fn an_old_token_is_of_the_tenant_that_its_handle_names() {
    let world = World::new().await;
    let session = world.open_in("u1", "acme").await;
    let old = Sdk::new(&world).speaking("2.21").refreshed(&session.refresh).await;
    assert_eq!(claims(&old.access)["tId"], Value::Null);
    for path in ["/whoami", "/whoami/fast"] {
        let reply = world.get(path).bearer(&old.access).send().await;
        assert_eq!((reply.status, &reply.json()["tenantId"]), (200, &json!("acme")), "{path}");
    }
}

#[tokio::test]
async fn a_payload_that_no_browser_can_carry_spends_no_token() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let payload = json!({"iss": ISSUER, "much": "x".repeat(5_000)});
    let session = sdk.open_with(&creation_with("u1", &payload)).await;
    let reply = world.refresh(&session.refresh).await;
    assert_eq!((reply.status, reply.code().as_str()), (400, "access-token-too-large"));
    let row = Row::find(&world, "public", &session.handle).await.unwrap();
    assert_eq!(row.current(), digest(&session.access));
    assert_eq!(status(&sdk.refresh(&session.refresh).await), "OK");
}
