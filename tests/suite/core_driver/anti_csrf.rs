//! The token that proves that a request was meant: PROTOCOL 4.3 step 2 and 4.4 step 1.

use super::sdk::{Sdk, claims, creation, exchange, new_access, opened, status};
use serde_json::{Value, json};
use tests::{Opened, World};

/// A session with an anti-CSRF token, and that token.
async fn guarded(sdk: &Sdk<'_>) -> (Opened, String) {
    let mut body = creation("u1");
    body["enableAntiCsrf"] = json!(true);
    let answer = sdk.ask("/recipe/session", &body).await;
    let anti_csrf = answer["antiCsrfToken"].as_str().unwrap().to_owned();
    (opened(&answer), anti_csrf)
}

fn verification(access: &str, asked: bool, enabled: bool, shown: Option<&str>) -> Value {
    let mut body = json!({
        "accessToken": access, "doAntiCsrfCheck": asked, "enableAntiCsrf": enabled,
        "checkDatabase": false,
    });
    if let Some(shown) = shown {
        body["antiCsrfToken"] = json!(shown);
    }
    body
}

#[tokio::test]
async fn it_is_compared_when_both_flags_say_so() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let (session, token) = guarded(&sdk).await;
    assert_eq!(claims(&session.access)["antiCsrfToken"], token);
    let wrong = token.to_uppercase() + "x";
    for shown in [None, Some(""), Some("null"), Some(wrong.as_str()), Some(token.as_str())] {
        for (asked, enabled) in [(true, true), (true, false), (false, true), (false, false)] {
            let body = verification(&session.access, asked, enabled, shown);
            let answer = sdk.ask("/recipe/session/verify", &body).await;
            if asked && enabled && shown != Some(&token) {
                let expected = json!({
                    "status": "TRY_REFRESH_TOKEN", "message": "anti-csrf check failed",
                });
                assert_eq!(answer, expected, "{shown:?}");
            } else {
                assert_eq!(status(&answer), "OK", "{shown:?} {asked} {enabled}");
                assert_eq!(new_access(&answer), None);
            }
        }
    }
}

#[tokio::test]
async fn a_session_without_one_does_not_pass_where_one_is_asked_for() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open("u1").await;
    for shown in [None, Some("x"), Some("null"), Some("")] {
        let body = verification(&session.access, true, true, shown);
        let answer = sdk.ask("/recipe/session/verify", &body).await;
        assert_eq!(status(&answer), "TRY_REFRESH_TOKEN", "{shown:?}");
        let body = verification(&session.access, false, true, shown);
        let answer = sdk.ask("/recipe/session/verify", &body).await;
        assert_eq!(status(&answer), "OK", "a request that changes nothing: {shown:?}");
    }
}

#[tokio::test]
async fn a_failed_check_promotes_nothing() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let (session, token) = guarded(&sdk).await;
    let mut body = exchange(&session.refresh);
    body["enableAntiCsrf"] = json!(true);
    body["antiCsrfToken"] = json!(token);
    let answer = sdk.ask("/recipe/session/refresh", &body).await;
    let (child, new_token) = (opened(&answer), answer["antiCsrfToken"].as_str().unwrap());
    let refused = verification(&child.access, true, true, Some("x"));
    let answer = sdk.ask("/recipe/session/verify", &refused).await;
    assert_eq!(status(&answer), "TRY_REFRESH_TOKEN");
    let again = sdk.ask("/recipe/session/refresh", &body).await;
    assert_eq!(status(&again), "OK", "the first token is still current");

    let good = verification(&child.access, true, true, Some(new_token));
    let answer = sdk.ask("/recipe/session/verify", &good).await;
    let promoted = claims(new_access(&answer).unwrap());
    assert_eq!(promoted["antiCsrfToken"], new_token, "a promotion keeps it");
}

#[tokio::test]
async fn a_refresh_compares_what_its_token_carries() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let (session, token) = guarded(&sdk).await;
    let refresh = async |refresh: &str, enabled: bool, shown: Option<&str>| {
        let mut body = exchange(refresh);
        body["enableAntiCsrf"] = json!(enabled);
        if let Some(shown) = shown {
            body["antiCsrfToken"] = json!(shown);
        }
        sdk.ask("/recipe/session/refresh", &body).await
    };
    for shown in [None, Some(""), Some("x")] {
        let answer = refresh(&session.refresh, true, shown).await;
        let message = "Anti CSRF token missing, or not matching";
        assert_eq!(answer, json!({"status": "UNAUTHORISED", "message": message}), "{shown:?}");
    }
    let answer = refresh(&session.refresh, true, Some(&token)).await;
    let (child, token) = (opened(&answer), answer["antiCsrfToken"].as_str().unwrap());
    assert_eq!(claims(&child.access)["antiCsrfToken"], token);
    let answer = refresh(&child.refresh, true, Some(token)).await;
    assert_eq!(status(&answer), "OK", "and so on with the token that came along");

    // Who does not ask for it, such as a client that keeps its tokens itself, gets none.
    let plain = refresh(&child.refresh, false, Some("x")).await;
    assert_eq!((status(&plain).as_str(), plain.get("antiCsrfToken")), ("OK", None));
    let plain = opened(&plain);
    assert_eq!(claims(&plain.access)["antiCsrfToken"], Value::Null);

    // A refresh token that carries none passes, and the next one carries one.
    let answer = refresh(&plain.refresh, true, None).await;
    let token = answer["antiCsrfToken"].as_str().unwrap();
    let guarded = opened(&answer);
    assert_eq!(claims(&guarded.access)["antiCsrfToken"], token);
    assert_eq!(status(&refresh(&guarded.refresh, true, None).await), "UNAUTHORISED");
    assert_eq!(status(&refresh(&guarded.refresh, true, Some(token)).await), "OK");
}

#[tokio::test]
async fn a_regenerated_token_keeps_it() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let (session, token) = guarded(&sdk).await;
    let body = json!({"accessToken": session.access, "userDataInJWT": {"a": 1}});
    let answer = sdk.ask("/recipe/session/regenerate", &body).await;
    let access = new_access(&answer).unwrap();
    assert_eq!(claims(access)["antiCsrfToken"], token);
    let body = verification(access, true, true, Some(&token));
    assert_eq!(status(&sdk.ask("/recipe/session/verify", &body).await), "OK");
}
