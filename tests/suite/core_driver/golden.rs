//! The worked examples of PROTOCOL Appendix A.

use super::sdk::{
    ACCESS_VALIDITY, REFRESH_VALIDITY, Sdk, claims, creation, exchange, header, kid, legacy,
    new_access, opened,
};
use serde_json::{Value, json};
use std::time::Duration;
use tests::World;

/// A world between two whole seconds, with the app of the examples in it.
async fn world() -> World {
    let world = World::new().await;
    world.pass(Duration::from_millis(201));
    let app = json!({"appId": "demo", "coreConfig": {}});
    let created = Sdk::administrator(&world).change("/recipe/multitenancy/app/v2", &app).await;
    assert_eq!(created, json!({"status": "OK", "createdNew": true}));
    world
}

fn demo(world: &World) -> Sdk<'_> {
    Sdk::new(world).under("/appid-demo")
}

fn example() -> Value {
    json!({
        "userId": "u1", "userDataInJWT": {"role": "x", "iss": "https://api.x.com/auth"},
        "userDataInDatabase": {"k": 1}, "enableAntiCsrf": true, "useDynamicSigningKey": true,
    })
}

/// What is told of an access token: whole seconds.
fn access_info(world: &World, token: &Value) -> Value {
    let now = world.clock.now().millis() / 1000 * 1000;
    json!({"token": token, "expiry": now + ACCESS_VALIDITY, "createdTime": now})
}

/// What is told of a refresh token: exact milliseconds.
fn refresh_info(world: &World, token: &Value) -> Value {
    let now = world.clock.now().millis();
    json!({"token": token, "expiry": now + REFRESH_VALIDITY, "createdTime": now})
}

fn is_uuid_v4(text: &str) -> bool {
    let shape = |(i, byte): (usize, u8)| match i {
        8 | 13 | 18 | 23 => byte == b'-',
        14 => byte == b'4',
        19 => b"89ab".contains(&byte),
        _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
    };
    text.len() == 36 && text.bytes().enumerate().all(shape)
}

#[tokio::test]
async fn a1_create() {
    let world = world().await;
    let reply = demo(&world).post("/public/recipe/session", &example()).await;
    assert_eq!(reply.status, 200);
    let answer = reply.json();
    let session = opened(&answer);
    let (access, refresh) = (&answer["accessToken"]["token"], &answer["refreshToken"]["token"]);
    let anti_csrf = answer["antiCsrfToken"].as_str().unwrap();
    assert_eq!(
        answer,
        json!({
            "session": {
                "handle": session.handle, "userId": "u1", "recipeUserId": "u1",
                "userDataInJWT": {"role": "x", "iss": "https://api.x.com/auth"},
                "tenantId": "public",
            },
            "accessToken": access_info(&world, access),
            "refreshToken": refresh_info(&world, refresh),
            "antiCsrfToken": anti_csrf,
            "status": "OK",
        })
    );
    assert!(is_uuid_v4(&session.handle), "{}", session.handle);
    assert!(!anti_csrf.is_empty());
    // It is carried by a cookie and by an `Authorization` header.
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte);
    assert!(!session.refresh.is_empty() && session.refresh.bytes().all(plain));

    let now = world.clock.now();
    let kid = kid(&session.access);
    assert_eq!(kid, format!("d-{}", now.millis()), "the key was made at this moment");
    assert_eq!(
        header(&session.access),
        json!({"kid": kid, "typ": "JWT", "version": "5", "alg": "RS256"})
    );
    let said = claims(&session.access);
    let hash = said["refreshTokenHash1"].as_str().unwrap();
    assert!(!hash.is_empty() && hash != session.refresh);
    assert_eq!(
        said,
        json!({
            "sub": "u1", "exp": now.seconds() + 3600, "iat": now.seconds(), "tId": "public",
            "rsub": "u1", "sessionHandle": session.handle, "refreshTokenHash1": hash,
            "parentRefreshTokenHash1": null, "antiCsrfToken": anti_csrf,
            "role": "x", "iss": "https://api.x.com/auth",
        })
    );
    assert!(demo(&world).kids().await.contains(&kid));
}

#[tokio::test]
async fn a2_a_session_as_it_is_shown() {
    let world = world().await;
    let demo = demo(&world);
    let session = demo.open_with(&example()).await;
    let now = world.clock.now().millis();
    world.pass(Duration::from_mins(5));
    assert_eq!(
        demo.session(&session.handle).await,
        json!({
            "sessionHandle": session.handle, "userId": "u1", "recipeUserId": "u1",
            "userDataInDatabase": {"k": 1}, "expiry": now + REFRESH_VALIDITY,
            "userDataInJWT": {"role": "x", "iss": "https://api.x.com/auth"},
            "timeCreated": now, "status": "OK", "tenantId": "public",
        })
    );
}

#[tokio::test]
async fn a3_remove() {
    let world = world().await;
    let demo = demo(&world);
    let handle = demo.open_with(&example()).await.handle;
    let path = "/recipe/session/remove";
    let both = demo.ask(path, &json!({"sessionHandles": [handle, "nope"]})).await;
    assert_eq!(both, json!({"status": "OK", "sessionHandlesRevoked": [handle]}));
    let again = demo.ask(path, &json!({"sessionHandles": [handle]})).await;
    assert_eq!(again, json!({"status": "OK", "sessionHandlesRevoked": []}));
    assert_eq!(
        demo.session(&handle).await,
        json!({"status": "UNAUTHORISED", "message": "Session does not exist."})
    );
}

#[tokio::test]
async fn a4_create_at_other_versions() {
    let world = world().await;
    for (version, token_version, recipe_user, tenant) in [
        ("5.4", "5", true, true),
        ("5.0", "5", true, true),
        ("4.0", "5", true, true),
        ("3.1", "4", false, true),
        ("3.0", "4", false, true),
        ("2.21", "3", false, false),
    ] {
        let sdk = demo(&world).speaking(version);
        let answer = sdk.ask("/public/recipe/session", &example()).await;
        let session = opened(&answer);
        let payload = json!({"role": "x", "iss": "https://api.x.com/auth"});
        let mut told = json!({"handle": session.handle, "userId": "u1", "userDataInJWT": payload});
        let now = world.clock.now().seconds();
        let mut said = json!({
            "sub": "u1", "exp": now + 3600, "iat": now, "sessionHandle": session.handle,
            "refreshTokenHash1": claims(&session.access)["refreshTokenHash1"],
            "parentRefreshTokenHash1": null, "antiCsrfToken": answer["antiCsrfToken"],
            "role": "x", "iss": "https://api.x.com/auth",
        });
        if recipe_user {
            told["recipeUserId"] = json!("u1");
            said["rsub"] = json!("u1");
        }
        if tenant {
            told["tenantId"] = json!("public");
            said["tId"] = json!("public");
        }
        assert_eq!(
            answer,
            json!({
                "session": told,
                "accessToken": access_info(&world, &answer["accessToken"]["token"]),
                "refreshToken": refresh_info(&world, &answer["refreshToken"]["token"]),
                "antiCsrfToken": answer["antiCsrfToken"],
                "status": "OK",
            }),
            "{version}"
        );
        let expected = json!({
            "kid": kid(&session.access), "typ": "JWT", "version": token_version, "alg": "RS256",
        });
        assert_eq!(header(&session.access), expected, "{version}");
        assert_eq!(claims(&session.access), said, "{version}");
    }
}

#[tokio::test]
async fn before_2_21_tokens_are_of_the_second_version() {
    let world = world().await;
    for version in ["2.18", "2.8"] {
        let mut body = example();
        body["enableAntiCsrf"] = json!(false);
        let answer = demo(&world).speaking(version).ask("/public/recipe/session", &body).await;
        let session = opened(&answer);
        let now = world.clock.now().millis();
        let [header, said] = legacy(&session.access);
        assert_eq!(header, json!({"alg": "RS256", "typ": "JWT", "version": "2"}));
        let payload = json!({"role": "x", "iss": "https://api.x.com/auth"});
        assert_eq!(
            said,
            json!({
                "sessionHandle": session.handle, "userId": "u1", "userData": payload,
                "refreshTokenHash1": said["refreshTokenHash1"],
                "expiryTime": now + ACCESS_VALIDITY, "timeCreated": now,
            })
        );
        let told = json!({"handle": session.handle, "userId": "u1", "userDataInJWT": payload});
        assert_eq!(answer["session"], told);
        let token = &answer["accessToken"];
        assert_eq!(token["expiry"], now + ACCESS_VALIDITY, "no whole second");
        assert_eq!(token["createdTime"], now);
        assert_eq!(answer["refreshToken"], refresh_info(&world, &answer["refreshToken"]["token"]));
        assert_eq!(answer.get("antiCsrfToken"), None);
    }
}

#[tokio::test]
async fn a5_and_a6_refresh_and_the_first_use_of_what_it_gave() {
    let world = world().await;
    let demo = demo(&world);
    let first = demo.open("u1").await;
    world.pass(Duration::from_millis(60_555));

    let answer = demo.refresh(&first.refresh).await;
    let child = opened(&answer);
    let told = json!({
        "handle": first.handle, "userId": "u1", "recipeUserId": "u1",
        "userDataInJWT": creation("u1")["userDataInJWT"], "tenantId": "public",
    });
    assert_eq!(
        answer,
        json!({
            "session": told,
            "accessToken": access_info(&world, &answer["accessToken"]["token"]),
            "refreshToken": refresh_info(&world, &answer["refreshToken"]["token"]),
            "status": "OK",
        })
    );
    let (before, said) = (claims(&first.access), claims(&child.access));
    assert_eq!(said["parentRefreshTokenHash1"], before["refreshTokenHash1"]);
    assert_ne!(said["refreshTokenHash1"], before["refreshTokenHash1"]);

    world.pass(Duration::from_millis(1_777));
    let answer = demo.verify(&child.access, false).await;
    let promoted = new_access(&answer).unwrap().to_owned();
    let info = access_info(&world, &answer["accessToken"]["token"]);
    assert_eq!(answer, json!({"session": told, "accessToken": info, "status": "OK"}));
    let now = world.clock.now().seconds();
    let mut expected = said;
    expected["parentRefreshTokenHash1"] = Value::Null;
    expected["iat"] = json!(now);
    expected["exp"] = json!(now + 3600);
    assert_eq!(claims(&promoted), expected);

    let again = demo.verify(&promoted, true).await;
    assert_eq!(again, json!({"session": told, "status": "OK"}));

    let theft = demo.refresh(&first.refresh).await;
    let whose = json!({"handle": first.handle, "userId": "u1", "recipeUserId": "u1"});
    assert_eq!(theft, json!({"status": "TOKEN_THEFT_DETECTED", "session": whose}));

    let bad = demo.refresh("garbage").await;
    let message = bad["message"].as_str().unwrap();
    assert_eq!(bad, json!({"status": "UNAUTHORISED", "message": message}));

    let mut body = exchange(&child.refresh);
    body["enableAntiCsrf"] = json!(true);
    let answer = demo.ask("/recipe/session/refresh", &body).await;
    let anti_csrf = &answer["antiCsrfToken"];
    assert!(anti_csrf.is_string());
    assert_eq!(&claims(&opened(&answer).access)["antiCsrfToken"], anti_csrf);
}
