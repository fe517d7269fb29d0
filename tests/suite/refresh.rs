//! `refresh-session`: rotation, the grace window, theft, and what a client is told (PROTOCOL 1.9).

use serde_json::json;
use std::time::Duration;
use tests::World;

#[tokio::test]
async fn a_refresh_gives_a_new_pair_in_the_way_the_old_one_came() {
    let world = World::new().await;
    let session = world.open("u1").await;
    let reply = world.refresh(&session.refresh).await;
    assert_eq!((reply.status, reply.body.as_str()), (200, "{}"));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(
        reply.header("access-control-expose-headers"),
        Some("front-token, st-access-token, st-refresh-token")
    );
    assert_ne!(reply.header("st-refresh-token"), Some(session.refresh.as_str()));
    assert!(reply.cookies().is_empty());

    let session = world.open_with(&json!({"userId": "u1", "transfer": "cookie"})).await;
    let reply =
        world.post("/auth/session/refresh").cookie("sRefreshToken", &session.refresh).send().await;
    assert_eq!((reply.status, reply.body.as_str()), (200, "{}"));
    assert!(reply.header("front-token").is_some_and(|token| token != "remove"));
    assert_eq!(reply.header("st-access-token"), None);
    assert_eq!(world.strict(&reply.cookie("sAccessToken").unwrap()).await, 200);
    assert!(reply.cookie("sRefreshToken").is_some_and(|token| token != session.refresh));
}

#[tokio::test]
async fn payload_and_session_survive_a_refresh_and_the_expiry_moves() {
    let world = World::new().await;
    let session = world.open_with(&json!({"userId": "u1", "accessTokenPayload": {"a": 1}})).await;
    world.pass(Duration::from_hours(24));
    let (access, _) = world.refreshed(&session.refresh).await;
    let who = world.get("/whoami").bearer(&access).send().await.json();
    assert_eq!(
        (&who["payload"], &who["sessionHandle"]),
        (&json!({"a": 1}), &json!(session.handle))
    );
    let list = world.get("/list-sessions?userId=u1").signed().send().await.json();
    let (shown, now) = (&list["sessions"][0], world.clock.now().millis());
    assert_eq!(shown["lastRefreshedAt"], now);
    assert_eq!(shown["expiresAt"], now + 144_000 * 60_000);
}

#[tokio::test]
async fn within_the_grace_window_the_same_successor_is_handed_out_again() {
    let world = World::new().await;
    let session = world.open("u1").await;
    let (first_access, first) = world.refreshed(&session.refresh).await;
    world.pass(Duration::from_secs(30));
    let (second_access, second) = world.refreshed(&session.refresh).await;
    assert_eq!(first, second, "one line of successors, whichever tab asks");
    assert_eq!(world.strict(&first_access).await, 200);
    assert_eq!(world.strict(&second_access).await, 200);
    // The slower tab's answer may arrive last; what it brings is still the current token.
    let (access, _) = world.refreshed(&second).await;
    assert_eq!(world.strict(&access).await, 200);
}

#[tokio::test]
async fn the_grace_window_ends_and_may_be_none_at_all() {
    for (grace, late) in [("30", 30_001), ("0", 1), ("300", 300_001)] {
        let world = World::with_parameter("RefreshTokenRotationGracePeriod", grace).await;
        let session = world.open("u1").await;
        let (access, _) = world.refreshed(&session.refresh).await;
        world.pass(Duration::from_millis(late));
        let reply = world.refresh(&session.refresh).await;
        assert_eq!((reply.status, reply.code().as_str()), (401, "token theft detected"), "{grace}");
        assert_eq!(world.strict(&access).await, 401, "{grace}");
    }
}

#[tokio::test]
async fn a_clock_that_was_far_ahead_does_not_keep_the_grace_window_open() {
    let world = World::new().await;
    let session = world.open("u1").await;
    let at = world.clock.now();
    for (ahead, status) in [(5, 200), (6, 401)] {
        world.clock.set(at.plus(Duration::from_mins(ahead)));
        let session = world.open("u1").await;
        world.refreshed(&session.refresh).await;
        world.clock.set(at);
        assert_eq!(world.refresh(&session.refresh).await.status, status, "{ahead} minutes");
    }
    assert_eq!(world.refresh(&session.refresh).await.status, 200);
}

#[tokio::test]
async fn an_older_token_is_theft_even_at_once_and_ends_this_session_alone() {
    let world = World::new().await;
    let (session, other) = (world.open("u1").await, world.open("u1").await);
    let (_, second) = world.refreshed(&session.refresh).await;
    let (access, third) = world.refreshed(&second).await;
    let reply = world.refresh(&session.refresh).await;
    assert_eq!(reply.code(), "token theft detected");
    assert_eq!(world.strict(&access).await, 401);
    assert_eq!(world.refresh(&third).await.code(), "unauthorised");
    assert_eq!(world.strict(&other.access).await, 200, "no other session of the user is touched");
}

#[tokio::test]
async fn an_access_token_two_refreshes_old_is_superseded_on_the_strict_path() {
    let world = World::new().await;
    let session = world.open("u1").await;
    let (first, refresh) = world.refreshed(&session.refresh).await;
    assert_eq!(world.strict(&session.access).await, 200, "its successor may still be on its way");
    let (second, _) = world.refreshed(&refresh).await;
    assert_eq!(world.strict(&session.access).await, 401);
    assert_eq!(world.strict(&first).await, 200);
    assert_eq!(world.strict(&second).await, 200);
}

#[tokio::test]
async fn who_knows_a_handle_cannot_end_its_session_with_an_invented_token() {
    let world = World::new().await;
    let session = world.open("u1").await;
    let (prefix, _) = session.refresh.rsplit_once('.').unwrap();
    let invented = format!("{prefix}.{}", "A".repeat(64));
    let reply = world.refresh(&invented).await;
    assert_eq!((reply.status, reply.code().as_str()), (401, "unauthorised"));
    assert_eq!(world.strict(&session.access).await, 200);
    world.refreshed(&session.refresh).await;
}

#[tokio::test]
async fn every_refusal_clears_both_ways_of_transfer() {
    let world = World::new().await;
    let gone = world.open("u1").await;
    world.revoke("/revoke-handle", &json!({"sessionHandle": gone.handle})).await;
    let over = world.open("u2").await;
    world.pass(Duration::from_hours(2_400));
    for (token, why) in [
        (gone.refresh.as_str(), "revoked"),
        (over.refresh.as_str(), "expired"),
        (over.access.as_str(), "an access token"),
        ("garbage", "garbage"),
        (&"x".repeat(9_000), "too long"),
    ] {
        let reply = world.refresh(token).await;
        assert_eq!(
            (reply.status, reply.body.as_str()),
            (401, r#"{"message":"unauthorised"}"#),
            "{why}"
        );
        assert!(reply.clears_cookies() && reply.clears_headers(), "{why}");
    }
    for call in [
        world.post("/auth/session/refresh"),
        world.post("/auth/session/refresh").cookie("sRefreshToken", ""),
        world.post("/auth/session/refresh").header("authorization", "Basic eDp5"),
    ] {
        let reply = call.send().await;
        assert_eq!((reply.status, reply.code().as_str()), (401, "unauthorised"));
        assert!(reply.clears_cookies() && reply.clears_headers());
    }
}

#[tokio::test]
async fn the_session_expires_when_nobody_refreshes_whether_or_not_its_row_is_deleted() {
    let world = World::with_parameter("RefreshTokenValidity", "120").await;
    let session = world.open("u1").await;
    world.pass(Duration::from_millis(120 * 60_000 - 1));
    let (access, refresh) = world.refreshed(&session.refresh).await;
    // Its expiry is rounded up to a whole second.
    world.pass(Duration::from_millis(120 * 60_000 + 1));
    assert_eq!(world.refresh(&refresh).await.code(), "unauthorised");
    assert_eq!(world.strict(&access).await, 401);
    assert!(world.listed("u1").await.is_empty());
    let revoked = world.revoke("/revoke-handle", &json!({"sessionHandle": session.handle})).await;
    assert!(revoked.is_empty(), "what is over cannot be ended: {revoked:?}");
}

#[tokio::test]
async fn stray_cookies_are_cleared_when_the_header_wins() {
    let world = World::new().await;
    // The access token's cookie outlives the other, and beside a header the authorizer refuses it.
    for stray in ["sRefreshToken", "sAccessToken"] {
        let session = world.open("u1").await;
        let call = world.post("/auth/session/refresh").bearer(&session.refresh);
        let reply = call.cookie(stray, "stray").send().await;
        assert_eq!(reply.status, 200);
        for name in ["sRefreshToken", "sAccessToken"] {
            assert_eq!(reply.cookie(name).as_deref(), Some(""), "{stray}: {name}");
        }
        assert!(reply.header("st-refresh-token").is_some_and(|token| !token.is_empty()));
    }
    let session = world.open("u1").await;
    let reply = world.refresh(&session.refresh).await;
    assert!(reply.cookies().is_empty(), "{:?}", reply.cookies());
}

#[tokio::test]
async fn a_refresh_by_header_clears_the_cookies_of_the_older_domain_too() {
    for (older, place) in [("host-only", ""), (".example.com", " Domain=.example.com;")] {
        let world = World::with(|builder| {
            builder
                .parameter("ApiDomain", "https://api.example.com")
                .parameter("WebsiteDomain", "https://www.example.com")
                .parameter("CookieDomain", "api.example.com")
                .parameter("OlderCookieDomain", older)
        })
        .await;
        let session = world.open("u1").await;
        let call = world.post("/auth/session/refresh").bearer(&session.refresh);
        let reply = call.cookie("sAccessToken", "stray").send().await;
        assert_eq!(reply.status, 200);
        for domain in [" Domain=api.example.com;", place] {
            for (name, path) in [("sAccessToken", "/"), ("sRefreshToken", "/auth/session/refresh")]
            {
                let line = format!("{name}=;{domain} Path={path}; Expires=Thu, 01 Jan 1970");
                let lines = reply.cookies();
                assert!(lines.iter().any(|one| one.starts_with(&line)), "{line} {lines:?}");
            }
        }
    }
}

#[tokio::test]
async fn the_refresh_token_in_a_header_decides_whatever_the_cookies_are() {
    let world = World::new().await;
    let cookie_session = world.open("grace").await;
    let (c_access, c_refresh) = (&cookie_session.access, &cookie_session.refresh);
    for cookies in [
        "sAccessToken=; sAccessToken=".to_owned(),
        "sRefreshToken=; sRefreshToken=".to_owned(),
        "sAccessToken=a; sAccessToken=b; sRefreshToken=c; sRefreshToken=d".to_owned(),
        format!("sAccessToken={c_access}; sRefreshToken={c_refresh}"),
        format!("sAccessToken={c_access}; sAccessToken=x; sRefreshToken={c_refresh}"),
    ] {
        let session = world.open("ada").await;
        let with = |token: &str| {
            world.post("/auth/session/refresh").bearer(token).header("cookie", &cookies).send()
        };
        let reply = with(&session.refresh).await;
        assert_eq!((reply.status, reply.body.as_str()), (200, "{}"), "{cookies}");
        let access = reply.header("st-access-token").unwrap();
        let who = world.get("/whoami").bearer(access).send().await.json();
        assert_eq!(who["userId"], "ada", "{cookies}");
        // Refused, it is refused for the header, and a cookie of which there are two stays.
        for bad in ["garbage", &session.access] {
            let reply = with(bad).await;
            assert_eq!((reply.status, reply.code().as_str()), (401, "unauthorised"), "{cookies}");
            assert!(reply.clears_headers(), "{cookies}");
            let one_each =
                !cookies.contains("; sAccessToken=") && cookies.matches("Refresh").count() < 2;
            let is_ours = |line: &&str| line.starts_with("sAccessToken=; Path=/; Expires=");
            assert_eq!(reply.cookies().iter().any(is_ours), one_each, "{cookies}");
        }
        assert_eq!(world.strict(access).await, 200, "{cookies}");
    }
    // The session in the cookies was left alone.
    world.refreshed(c_refresh).await;
}

#[tokio::test]
async fn of_two_cookies_of_one_name_neither_is_exchanged() {
    let world = World::new().await;
    let session = world.open_with(&json!({"userId": "u1", "transfer": "cookie"})).await;
    let good = &session.refresh;
    for cookies in [
        format!("sRefreshToken={good}; sRefreshToken=b"),
        format!("sRefreshToken=a; sRefreshToken={good}"),
        format!("sRefreshToken={good}; sRefreshToken={good}"),
        format!("sRefreshToken={good}; sRefreshToken="),
        format!("sRefreshToken={good}; sAccessToken=a; sAccessToken=b"),
    ] {
        let reply = world.post("/auth/session/refresh").header("cookie", &cookies).send().await;
        assert_eq!((reply.status, reply.header("front-token")), (200, None), "{cookies}");
        let own = ["sAccessToken=; Path=/; ", "sRefreshToken=; Path=/auth/session/refresh; "];
        let is_own = |line: &&str| own.iter().any(|own| line.starts_with(own));
        assert!(!reply.cookies().iter().any(is_own), "{:?}", reply.cookies());
        assert!(!reply.cookies().is_empty());
    }
    let reply = world.post("/auth/session/refresh").cookie("sRefreshToken", good).send().await;
    assert_eq!((reply.status, reply.body.as_str()), (200, "{}"));
}

#[tokio::test]
async fn an_odd_cookie_beside_ours_hides_nothing() {
    let world = World::new().await;
    let session = world.open_with(&json!({"userId": "u1", "transfer": "cookie"})).await;
    let event = |path: &str, cookie: &str| {
        json!({
            "type": "REQUEST", "methodArn": "arn:aws:execute-api:us-east-1:1:api/prod/GET/x",
            "resource": path, "path": path, "httpMethod": "POST", "headers": {},
            "multiValueHeaders": {"Cookie": [cookie]}, "requestContext": {"httpMethod": "POST"},
            "isBase64Encoded": false,
        })
        .to_string()
    };
    let line = format!("theme=é; sRefreshToken={}; other=\u{fffd}", session.refresh);
    let path = "/auth/session/refresh";
    let answer = world.bundle.invoke("refresh-session", &event(path, &line)).await.unwrap();
    assert!(answer.get().contains(r#""statusCode":200"#), "{}", answer.get());
    // On a line of its own, and with headers that are none.
    let mut lines: serde_json::Value = serde_json::from_str(&event(path, "")).unwrap();
    let mine = format!("sRefreshToken={}", session.refresh);
    lines["multiValueHeaders"] = json!({
        "Cookie": [mine, "last=1"], "bad name": ["x"], "x-odd": ["a\u{7f}"], "x-null": null,
    });
    lines["headers"] = json!({"Cookie": "last=1", "x-null": null});
    let answer = world.bundle.invoke("refresh-session", &lines.to_string()).await.unwrap();
    assert!(answer.get().contains(r#""statusCode":200"#), "{}", answer.get());
    let line = format!("theme=é; sAccessToken={}", session.access);
    world.bundle.invoke("verify-session", &event("/x", &line)).await.unwrap();
    let answer = world.bundle.invoke("logout", &event("/logout", &line)).await.unwrap();
    assert!(answer.get().contains(r#""statusCode":200"#), "{}", answer.get());
}

#[tokio::test]
async fn a_cookie_refresh_proves_that_it_was_meant() {
    let world = World::with_parameter("AntiCsrf", "VIA_CUSTOM_HEADER").await;
    let session = world.open_with(&json!({"userId": "u1", "transfer": "cookie"})).await;
    let call = || world.post("/auth/session/refresh").cookie("sRefreshToken", &session.refresh);
    let reply = call().send().await;
    assert_eq!((reply.status, reply.code().as_str()), (401, "unauthorised"));
    assert!(reply.clears_cookies());
    assert_eq!(call().header("rid", "anti-csrf").send().await.status, 200);

    let world = World::with_parameter("AntiCsrf", "VIA_TOKEN").await;
    let body = json!({"userId": "u1", "transfer": "cookie"});
    let answer = world.admin("/create-session", &body).await.json();
    let refresh = answer["refreshToken"]["token"].as_str().unwrap().to_owned();
    let anti_csrf = answer["antiCsrfToken"].as_str().unwrap();
    let call = || world.post("/auth/session/refresh").cookie("sRefreshToken", &refresh);
    assert_eq!(call().send().await.status, 401);
    assert_eq!(call().header("anti-csrf", "wrong").send().await.status, 401);
    let reply = call().header("anti-csrf", anti_csrf).send().await;
    assert_eq!((reply.status, reply.header("anti-csrf")), (200, Some(anti_csrf)));
}

#[tokio::test]
async fn a_cookie_session_from_before_anti_csrf_tokens_gets_one_at_its_next_refresh() {
    let clock = tests::HandClock::new();
    let engine = std::sync::Arc::new(local::dynamodb::Embedded::memory().unwrap());
    let before = World::with_clock(clock.clone(), |builder| builder.engine(engine.clone())).await;
    let session = before.open_with(&json!({"userId": "u1", "transfer": "cookie"})).await;
    let after = World::with_clock(clock, |builder| {
        builder.engine(engine).parameter("AntiCsrf", "VIA_TOKEN")
    })
    .await;
    let reply =
        after.post("/auth/session/refresh").cookie("sRefreshToken", &session.refresh).send().await;
    assert_eq!(reply.status, 200);
    let anti_csrf = reply.header("anti-csrf").unwrap();
    let access = reply.cookie("sAccessToken").unwrap();
    // A parallel tab, or a client whose answer was lost, cannot know the token yet.
    let other_tab =
        || after.post("/auth/session/refresh").cookie("sRefreshToken", &session.refresh);
    assert_eq!(other_tab().send().await.status, 200);
    // From the next exchange on everybody does.
    let next = reply.cookie("sRefreshToken").unwrap();
    let refresh = || after.post("/auth/session/refresh").cookie("sRefreshToken", &next);
    assert_eq!(refresh().send().await.code(), "unauthorised");
    after.pass(Duration::from_secs(1));
    assert_eq!(refresh().header("anti-csrf", anti_csrf).send().await.status, 200);
    assert_eq!(refresh().send().await.code(), "unauthorised");
    let signout = || after.post("/auth/signout").cookie("sAccessToken", &access);
    assert_eq!(signout().send().await.code(), "try refresh token");
    assert_eq!(signout().header("anti-csrf", anti_csrf).send().await.status, 200);
}
