//! What is kept of a session, how long, and how exactly (PROTOCOL 3.4.3 to 3.4.10).

use super::sdk::{
    ISSUER, REFRESH_VALIDITY, Sdk, checked, claims, claims_text, creation_with, exchange,
    new_access, opened, status,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tests::World;

#[tokio::test]
async fn a_session_is_there_until_its_time_is_over() {
    let world = World::new().await;
    world.pass(Duration::from_millis(333));
    let sdk = Sdk::new(&world);
    let gone = json!({"status": "UNAUTHORISED", "message": "Session does not exist."});
    assert_eq!(sdk.session("nope").await, gone);

    let session = sdk.open("u1").await;
    world.pass(Duration::from_millis(REFRESH_VALIDITY.unsigned_abs() - 1));
    assert_eq!(sdk.session(&session.handle).await["status"], "OK");
    assert_eq!(sdk.list("u1").await, [session.handle.as_str()]);
    assert_eq!(sdk.refresh(&session.refresh).await["status"], "OK");

    world.pass(Duration::from_millis(1));
    assert_eq!(sdk.session(&session.handle).await, gone, "to the millisecond");
    world.pass(Duration::from_millis(1));
    assert_eq!(sdk.refresh(&session.refresh).await["status"], "UNAUTHORISED");
    assert!(sdk.list("u1").await.is_empty());
    for (path, body) in [
        ("/recipe/session/data", json!({"userDataInDatabase": {}})),
        ("/recipe/jwt/data", json!({"userDataInJWT": {}})),
    ] {
        let mut body = body;
        body["sessionHandle"] = json!(session.handle);
        assert_eq!(sdk.change(path, &body).await["status"], "UNAUTHORISED");
        let shown = sdk.read(&format!("{path}?sessionHandle={}", session.handle)).await;
        assert_eq!(shown["status"], "UNAUTHORISED");
    }
}

#[tokio::test]
async fn data_and_payload_are_replaced_as_a_whole() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open_with(&creation_with("u1", &json!({"iss": ISSUER, "a": 1}))).await;
    let handle = &session.handle;
    for (path, member) in
        [("/recipe/session/data", "userDataInDatabase"), ("/recipe/jwt/data", "userDataInJWT")]
    {
        for value in [json!({"b": {"c": [1, null, "ü"]}}), json!({"d": null}), json!({})] {
            let body = json!({"sessionHandle": handle, member: value});
            assert_eq!(sdk.change(path, &body).await, json!({"status": "OK"}));
            assert_eq!(sdk.session(handle).await[member], value);
            let shown = sdk.read(&format!("{path}?sessionHandle={handle}")).await;
            assert_eq!(shown, json!({"status": "OK", member: value}), "the older way to ask");
        }
        let body = json!({"sessionHandle": "nope", member: {}});
        assert_eq!(sdk.change(path, &body).await["status"], "UNAUTHORISED");
        let shown = sdk.read(&format!("{path}?sessionHandle=nope")).await;
        assert_eq!(shown["status"], "UNAUTHORISED");
    }
    assert_eq!(sdk.session("nope").await["status"], "UNAUTHORISED", "nothing was brought to life");
}

/// The members of an object as they were written.
fn raw(json: &str) -> BTreeMap<String, String> {
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(json).unwrap();
    members.into_iter().map(|(name, value)| (name, value.get().to_owned())).collect()
}

#[tokio::test]
async fn values_come_back_as_they_were_sent() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let odd = r#"{"big":123456789012345678901234567890,"max":18446744073709551615,"one":1.0,"tiny":0.1000,"kilo":1e3,"null":null,"deep":{"list":[1,[null,{"x":2.50}],"é"]},"":""}"#;
    let odd_text = raw(odd);
    let body = format!(
        r#"{{"userId":"u1","enableAntiCsrf":false,"userDataInJWT":{odd},"userDataInDatabase":{odd}}}"#
    );
    let call = sdk.call(Method::POST, "/recipe/session").text(body);
    let created = checked(call.send().await);
    let session = opened(&created.json());
    let payload_of = |body: &str| raw(&raw(body)["session"])["userDataInJWT"].clone();
    assert_eq!(raw(&payload_of(&created.body)), odd_text);

    let mut said = raw(&claims_text(&session.access));
    said.retain(|name, _| odd_text.contains_key(name));
    assert_eq!(said, odd_text, "in the token");

    let shown = sdk.get(&format!("/recipe/session?sessionHandle={}", session.handle)).await;
    assert_eq!(raw(&raw(&shown.body)["userDataInJWT"]), odd_text);
    assert_eq!(raw(&raw(&shown.body)["userDataInDatabase"]), odd_text);

    let verify = json!({
        "accessToken": session.access, "doAntiCsrfCheck": false, "enableAntiCsrf": false,
        "checkDatabase": true,
    });
    let verified = sdk.post("/recipe/session/verify", &verify).await;
    assert_eq!(raw(&payload_of(&verified.body)), odd_text);
    assert_eq!(new_access(&verified.json()), None, "nothing has changed");

    let exchanged = sdk.post("/recipe/session/refresh", &exchange(&session.refresh)).await;
    assert_eq!(raw(&payload_of(&exchanged.body)), odd_text);
    let child = opened(&exchanged.json());
    let promoted = sdk.verify(&child.access, false).await;
    let mut said = raw(&claims_text(new_access(&promoted).unwrap()));
    said.retain(|name, _| odd_text.contains_key(name));
    assert_eq!(said, odd_text, "in the token of a promotion");
}

#[tokio::test]
async fn the_order_of_members_is_no_change() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let call = sdk.call(Method::POST, "/recipe/session").text(
        r#"{"userDataInDatabase":{},"enableAntiCsrf":false,"userId":"u1",
            "userDataInJWT":{"a":{"x":1,"y":[2]},"b":null}}"#,
    );
    let session = opened(&checked(call.send().await).json());
    let put = sdk.call(Method::PUT, "/recipe/jwt/data").text(format!(
        r#"{{"userDataInJWT":{{"b":null, "a":{{"y":[2],"x":1}}}},"sessionHandle":"{}"}}"#,
        session.handle
    ));
    assert_eq!(checked(put.send().await).json()["status"], "OK");
    let answer = sdk.verify(&session.access, true).await;
    assert_eq!((status(&answer).as_str(), new_access(&answer)), ("OK", None));
    for changed in [json!({"a": {"x": 1, "y": [2]}}), json!({"a": {"x": 1, "y": [2]}, "b": false})]
    {
        let body = json!({"sessionHandle": session.handle, "userDataInJWT": changed});
        sdk.change("/recipe/jwt/data", &body).await;
        let answer = sdk.verify(&session.access, true).await;
        assert_eq!(answer["session"]["userDataInJWT"], changed);
        let renewed = claims(new_access(&answer).unwrap());
        assert_eq!(renewed.get("b"), changed.get("b"));
    }
}

#[tokio::test]
async fn a_user_of_no_name_is_a_user() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let (one, other) = (sdk.open("").await, sdk.open("").await);
    let named = sdk.open("u1").await;
    let mut both = vec![one.handle.clone(), other.handle.clone()];
    both.sort();
    assert_eq!(
        (&claims(&one.access)["sub"], &claims(&one.access)["rsub"]),
        (&json!(""), &json!(""))
    );
    assert_eq!(sdk.session(&one.handle).await["userId"], "");
    assert_eq!(sdk.verify(&one.access, true).await["session"]["userId"], "");
    assert_eq!(sdk.list("").await, both);
    let child = sdk.refreshed(&one.refresh).await;
    let promoted = sdk.verify(&child.access, true).await;
    assert_eq!(promoted["session"]["recipeUserId"], "");
    let theft = sdk.refresh(&one.refresh).await;
    let whose = json!({"handle": one.handle, "userId": "", "recipeUserId": ""});
    assert_eq!(theft, json!({"status": "TOKEN_THEFT_DETECTED", "session": whose}));
    let body = json!({"accessToken": child.access, "userDataInJWT": {"a": 1}});
    assert_eq!(sdk.ask("/recipe/session/regenerate", &body).await["session"]["userId"], "");
    assert_eq!(sdk.remove(&json!({"userId": ""})).await, both);
    assert!(sdk.list("").await.is_empty());
    assert_eq!(status(&sdk.verify(&other.access, true).await), "UNAUTHORISED");
    assert_eq!(sdk.list("u1").await, [named.handle.as_str()], "nobody else was touched");
    let answer = sdk.read("/user/id?userId=").await;
    assert_eq!(answer, json!({"status": "UNKNOWN_USER_ID_ERROR"}));
}

#[tokio::test]
async fn a_users_name_may_be_any_text() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    for (user, encoded) in [
        ("a b+c&d=e", "a%20b%2Bc%26d%3De"),
        ("ü#/😀", "%C3%BC%23%2F%F0%9F%98%80"),
        ("public#u1", "public%23u1"),
        ("auth0|507f1f77bcf86cd799439011", "auth0%7C507f1f77bcf86cd799439011"),
    ] {
        let session = sdk.open(user).await;
        assert_eq!(sdk.session(&session.handle).await["userId"], user);
        assert_eq!(sdk.list(encoded).await, [session.handle.as_str()]);
        assert_eq!(sdk.remove(&json!({"userId": user})).await, [session.handle.as_str()]);
    }
}

#[tokio::test]
async fn a_token_that_is_not_good_is_to_be_refreshed() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open("u1").await;
    let parts: Vec<_> = session.access.split('.').collect();
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = |change: &dyn Fn(&mut Value)| {
        let mut header = super::sdk::header(&session.access);
        change(&mut header);
        format!("{}.{}.{}", encode(&header), parts[1], parts[2])
    };
    let mut promoted_to_admin = claims(&session.access);
    promoted_to_admin["role"] = json!("admin");
    for token in [
        String::new(),
        "garbage".to_owned(),
        "a.b.c".to_owned(),
        session.refresh.clone(),
        parts[..2].join("."),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.x", session.access),
        format!("{}.{}.{}", parts[0], encode(&promoted_to_admin), parts[2]),
        header(&|header| header["alg"] = json!("none")),
        header(&|header| header["alg"] = json!("HS256")),
        header(&|header| header["typ"] = json!("at+jwt")),
        header(&|header| header["kid"] = json!("d-1")),
        header(&|header| header["kid"] = Value::Null),
        header(&|header| header["version"] = json!("1")),
        header(&|header| header["version"] = json!("2")),
        header(&|header| header["version"] = json!("6")),
        header(&|header| header["version"] = json!(5)),
    ] {
        for check in [false, true] {
            let answer = sdk.verify(&token, check).await;
            let message = answer["message"].as_str().unwrap();
            let expected = json!({"status": "TRY_REFRESH_TOKEN", "message": message});
            assert_eq!(answer, expected, "{token}");
        }
    }
    world.pass(Duration::from_millis(3_599_999));
    assert_eq!(status(&sdk.verify(&session.access, true).await), "OK");
    world.pass(Duration::from_millis(2));
    for check in [false, true] {
        assert_eq!(status(&sdk.verify(&session.access, check).await), "TRY_REFRESH_TOKEN");
    }
    sdk.end(&session.handle).await;
    let answer = sdk.verify(&session.access, true).await;
    assert_eq!(status(&answer), "TRY_REFRESH_TOKEN", "the token is judged first");
}

#[tokio::test]
async fn a_refresh_token_that_is_not_good_is_refused() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open("u1").await;
    let cut = &session.refresh[..session.refresh.len() - 1];
    let invented = format!("{}A", &session.refresh[..session.refresh.len() - 5]);
    for token in ["", "garbage", &session.access, cut, &invented, &"x".repeat(9_000)] {
        let answer = sdk.refresh(token).await;
        let message = answer["message"].as_str().unwrap();
        assert_eq!(answer, json!({"status": "UNAUTHORISED", "message": message}), "{token}");
    }
    assert_eq!(sdk.checked(&session.access).await, "OK", "nobody was signed out by it");
    // Who knows one cannot make another, nor have its session ended as stolen.
    let bytes = session.refresh.as_bytes();
    for i in (bytes.len() - 60..bytes.len()).step_by(7) {
        let mut changed = bytes.to_vec();
        changed[i] = if changed[i] == b'A' { b'B' } else { b'A' };
        let answer = sdk.refresh(&String::from_utf8(changed).unwrap()).await;
        assert_eq!(status(&answer), "UNAUTHORISED", "{i}");
    }
    sdk.refreshed(&session.refresh).await;
}

#[tokio::test]
async fn a_session_whose_time_is_over_is_not_given_more() {
    let world = World::with_parameter("RefreshTokenValidity", "61").await;
    let sdk = Sdk::new(&world);
    let session = sdk.open("u1").await;
    let body = json!({"sessionHandle": session.handle, "userDataInJWT": {"role": "new"}});
    world.pass(Duration::from_hours(1));
    let child = sdk.refreshed(&session.refresh).await;
    sdk.change("/recipe/jwt/data", &body).await;
    world.pass(Duration::from_mins(2));
    let answer = sdk.verify(&child.access, false).await;
    assert_eq!((status(&answer).as_str(), new_access(&answer)), ("OK", None), "PROTOCOL 4.3");
    assert_eq!(sdk.checked(&child.access).await, "UNAUTHORISED");
    assert_eq!(status(&sdk.session(&session.handle).await), "UNAUTHORISED");
    assert_eq!(status(&sdk.refresh(&child.refresh).await), "UNAUTHORISED");
    assert_eq!(world.strict(&child.access).await, 401);
}
