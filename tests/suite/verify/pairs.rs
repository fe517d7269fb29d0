//! A header and a cookie that show different tokens: which one decides, whoever asks.

use super::shapes::{Said, ada, ask, event_of_two};
use serde_json::json;
use std::time::Duration;
use tests::World;
use tests::world::faulty;

/// Samples with a token in a header, or what stands for one, and another in a cookie.
const SHAPES: [&str; 5] = [
    "header-and-cookie-disagree",
    "http-api-header-and-cookie-disagree",
    "http-api-1-header-and-cookie-disagree",
    "websocket-header-and-cookie-disagree",
    "websocket-subprotocol-and-cookie-disagree",
];
const AUTHORIZERS: [&str; 2] = ["verify-session", "verify-session-fast"];

/// Tokens of each kind.
struct Tokens {
    world: World,
    /// Ada's.
    good: String,
    /// Another one of the same session.
    older: String,
    /// Genuine ones of other sessions: of another user, of the same user, and of one that was revoked.
    others: [(&'static str, String); 3],
    /// Shaped like a token, and good for nothing.
    bad: [(&'static str, String); 4],
    /// Not even shaped like an access token.
    none: [(&'static str, String); 3],
}

impl Tokens {
    async fn prepare() -> Self {
        let world = World::with_parameter("AccessTokenValidity", "60").await;
        let expired = world.open("ada").await.access;
        world.pass(Duration::from_secs(61));
        let session = world.open("ada").await;
        let (good, refresh) = world.refreshed(&session.refresh).await;
        let (same_user, grace) = (world.open("ada").await, world.open("grace").await);
        let revoked = world.open("grace").await;
        world.revoke("/revoke-handle", &json!({"sessionHandle": revoked.handle})).await;
        let (message, _) = grace.access.rsplit_once('.').expect("a signature");
        let forged = format!("{message}.{}", "A".repeat(342));
        let unknown_key = World::new().await.open("grace").await.access;
        let other_issuer = {
            let engine = std::sync::Arc::new(local::dynamodb::Embedded::memory().unwrap());
            let elsewhere = World::with(|builder| {
                builder.engine(engine).parameter("ApiDomain", "http://127.0.0.1:3001")
            });
            elsewhere.await.open("grace").await.access
        };
        Self {
            good,
            older: session.access,
            others: [
                ("another user's", grace.access),
                ("another session of the user", same_user.access),
                ("a revoked session's", revoked.access),
            ],
            bad: [
                ("forged", forged),
                ("expired", expired),
                ("of an unknown key", unknown_key),
                ("of another issuer", other_issuer),
            ],
            none: [
                ("nothing", String::new()),
                ("some text", "theme-dark".to_owned()),
                ("a refresh token", refresh),
            ],
            world,
        }
    }

    async fn assert(&self, (header, cookie): (&str, &str), expected: &Said, what: &str) {
        for case in SHAPES {
            let event = event_of_two(case, header, cookie);
            for authorizer in AUTHORIZERS {
                let found = ask(&self.world, authorizer, &event).await;
                assert_eq!(found, *expected, "{case} {authorizer}: {what}");
            }
        }
    }
}

#[tokio::test]
async fn a_cookie_disputes_a_header_only_with_a_genuine_token_of_another_session() {
    let tokens = Tokens::prepare().await;
    for (what, cookie) in tokens.bad.iter().chain(&tokens.none) {
        tokens.assert((&tokens.good, cookie), &ada(), what).await;
    }
    tokens.assert((&tokens.good, &tokens.older), &ada(), "the same session").await;
    tokens.assert((&tokens.older, &tokens.good), &ada(), "the same session").await;
    for (what, cookie) in &tokens.others {
        tokens.assert((&tokens.good, cookie), &Said::Refuses, what).await;
    }
}

#[tokio::test]
async fn a_cookie_under_an_invented_key_costs_no_read_and_refuses_nothing() {
    let (world, engine) = faulty().await;
    let session = world.open("ada").await;
    assert_eq!(world.strict(&session.access).await, 200);
    // The name of a static key is random, so no key of this world has it.
    let of_another = json!({"userId": "grace", "useDynamicSigningKey": false});
    let stray = World::new().await.open_with(&of_another).await.access;
    engine.take_calls();
    let cookie = format!("sAccessToken={stray}");
    let call = world.get("/whoami").bearer(&session.access).header("cookie", &cookie);
    assert_eq!(call.send().await.status, 200);
    let calls = engine.take_calls();
    let operations: Vec<_> = calls.iter().map(|call| call.operation.as_str()).collect();
    assert_eq!(operations, ["BatchGetItem"]);
}

#[tokio::test]
async fn a_header_that_is_refused_is_no_reason_to_believe_a_cookie() {
    let tokens = Tokens::prepare().await;
    for (what, header) in &tokens.bad {
        tokens.assert((header, &tokens.good), &Said::Refuses, what).await;
    }
    for (what, header) in &tokens.others {
        tokens.assert((header, &tokens.good), &Said::Refuses, what).await;
    }
    // What is no access token is your own API's business, and the cookie decides.
    for (what, header) in &tokens.none {
        tokens.assert((header, &tokens.good), &ada(), what).await;
    }
}

#[tokio::test]
async fn two_cookies_are_disputed_whatever_they_hold_unless_a_header_decides() {
    let tokens = Tokens::prepare().await;
    let stray = &tokens.bad[0].1;
    for second in [stray.as_str(), "", "theme-dark", &tokens.good] {
        let two = format!("{}; sAccessToken={second}", tokens.good);
        tokens.assert(("", &two), &Said::Refuses, "two cookies").await;
        let two = format!("{stray}; sAccessToken={second}");
        tokens.assert((&tokens.good, &two), &ada(), "beside a header").await;
        let two = format!("{}; sAccessToken={second}", tokens.others[0].1);
        tokens.assert((&tokens.good, &two), &Said::Refuses, "one of them genuine").await;
    }
}

#[tokio::test]
async fn the_scheme_of_a_header_may_be_in_any_case() {
    let world = World::new().await;
    let session = world.open("u1").await;
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let shown = format!("{scheme}  {}", session.access);
        let call = |path| world.get(path).header("authorization", &shown);
        assert_eq!(call("/whoami").send().await.status, 200, "{scheme}");
        assert_eq!(call("/whoami/fast").send().await.status, 200, "{scheme}");
        let event = json!({
            "type": "TOKEN", "authorizationToken": shown,
            "methodArn": "arn:aws:execute-api:us-east-1:1:api/prod/GET/whoami",
        });
        assert_eq!(ask(&world, "verify-session", &event).await, Said::Allows("u1".to_owned()));
        let refresh = format!("{scheme} {}", world.open("u1").await.refresh);
        let exchange = world.post("/auth/session/refresh").header("authorization", &refresh);
        assert_eq!(exchange.send().await.status, 200, "{scheme}");
        let shown = format!("{scheme} {}", world.open("u1").await.access);
        let signout = world.post("/auth/signout").header("authorization", &shown);
        assert_eq!(signout.send().await.status, 200, "{scheme}");
    }
}
