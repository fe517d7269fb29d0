//! What is no good is refused with the words of the protocol, and never brings us down.

use super::endpoints::{PATHS, QUERIES, endpoints};
use super::sdk::{Sdk, checked, creation, creation_with};
use bytes::Bytes;
use http::{Method, Request};
use serde_json::{Value, json};
use tests::World;

const MALFORMED: [&str; 13] = [
    "",
    " ",
    "null",
    "[]",
    "[{}]",
    "7",
    "true",
    r#""userId""#,
    "{",
    "}",
    "{}x",
    r#"{"userId":"#,
    r#"{userId:"u"}"#,
];

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let world = World::new().await;
    let session = Sdk::new(&world).open("u1").await;
    for endpoint in endpoints(&session) {
        for body in MALFORMED {
            let call = Sdk::new(&world).call(endpoint.method.clone(), endpoint.path).text(body);
            let reply = checked(call.send().await);
            assert_eq!(
                (reply.status, reply.body.as_str()),
                (400, "Invalid Json Input\n"),
                "{} {} {body}",
                endpoint.method,
                endpoint.path
            );
        }
        // Bytes that are no text.
        let path = format!("/core{}", endpoint.path);
        let request = Request::builder().method(endpoint.method).uri(path);
        let request = request.header("host", "127.0.0.1:3000");
        let bytes = Bytes::from_static(b"{\"userId\":\"\xff\xfe\"}");
        let answer = world.bundle.request(request.body(bytes).unwrap()).await;
        assert_eq!(answer.status(), 400, "{}", endpoint.path);
    }
}

#[tokio::test]
async fn a_member_that_is_missing_null_or_of_another_kind_is_named() {
    let world = World::new().await;
    let session = Sdk::new(&world).open("u1").await;
    for endpoint in endpoints(&session) {
        let send = async |body: &Value| {
            let call = Sdk::new(&world).call(endpoint.method.clone(), endpoint.path).json(body);
            let reply = checked(call.send().await);
            (reply.status, reply.body)
        };
        let fine = send(&endpoint.body).await;
        assert_eq!(fine.0, 200, "{} {}", endpoint.path, fine.1);
        let named = |field: &str| (400, format!("Field name '{field}' is invalid in JSON input\n"));
        for field in endpoint.required {
            let mut body = endpoint.body.clone();
            body.as_object_mut().unwrap().remove(*field);
            assert_eq!(send(&body).await, named(field), "{} without {field}", endpoint.path);
        }
        for field in endpoint.required.iter().chain(endpoint.optional) {
            let wrong = match endpoint.body[*field] {
                Value::String(_) => [json!(null), json!(["x"]), json!({"x": "x"}), json!(true)],
                Value::Bool(_) => [json!(null), json!([true]), json!({}), json!(7)],
                _ => [json!(null), json!("x"), json!(true), json!("{}")],
            };
            for value in wrong {
                let mut body = endpoint.body.clone();
                body[*field] = value.clone();
                let answer = send(&body).await;
                assert_eq!(answer, named(field), "{} {field} {value}", endpoint.path);
            }
        }
        for field in endpoint.optional {
            // Flags of a removal, and its forms, depend on each other: they have a test elsewhere.
            if endpoint.path != "/recipe/session/remove" {
                let mut body = endpoint.body.clone();
                body.as_object_mut().unwrap().remove(*field);
                assert_eq!(send(&body).await.0, 200, "{} without {field}", endpoint.path);
            }
        }
    }
}

#[tokio::test]
async fn members_that_nobody_knows_are_ignored() {
    let world = World::new().await;
    let session = Sdk::new(&world).open("u1").await;
    for mut endpoint in endpoints(&session) {
        endpoint.body["unknown"] = Value::Null;
        endpoint.body["more"] = json!({"userId": [7], "deep": {"er": null}});
        let call = Sdk::new(&world).call(endpoint.method, endpoint.path).json(&endpoint.body);
        let reply = checked(call.send().await);
        assert_eq!(reply.status, 200, "{} {}", endpoint.path, reply.body);
    }
    let shown = format!("/recipe/session?sessionHandle={}&unknown=1&userId=", session.handle);
    assert_eq!(Sdk::new(&world).read(&shown).await["status"], "OK");
}

#[tokio::test]
async fn a_parameter_that_is_missing_is_named() {
    let world = World::new().await;
    for (path, parameter) in QUERIES {
        for query in ["", "?", "?other=1", "?SESSIONHANDLE=h&USERID=u"] {
            let reply = Sdk::new(&world).get(&format!("{path}{query}")).await;
            let text = format!("Field name '{parameter}' is missing in GET request\n");
            assert_eq!((reply.status, reply.body), (400, text), "{path}{query}");
        }
    }
}

#[tokio::test]
async fn an_app_or_a_tenant_that_is_not_there_is_named() {
    let world = World::new().await;
    let session = Sdk::new(&world).open("u1").await;
    let missing = "AppId or tenantId not found => ";
    let tenant = "Tenant with the following connectionURIDomain, appId and tenantId combination \
                  not found: (, ";
    let app = "App with the following connectionURIDomain and appId combination not found: (, ";

    let nowhere = Sdk::new(&world).under("/nope");
    let mut removal = json!({"userId": "u1", "revokeAcrossAllTenants": false});
    for reply in [
        nowhere.post("/recipe/session", &creation("u1")).await,
        nowhere.post("/recipe/session/remove", &removal).await,
        nowhere.get("/recipe/session/user?userId=u1&fetchAcrossAllTenants=false").await,
        Sdk::new(&world).get("/recipe/session?sessionHandle=h_nope").await,
    ] {
        let text = format!("{missing}{tenant}public, nope)\n");
        assert_eq!((reply.status, reply.body), (400, text));
    }

    removal["revokeAcrossAllTenants"] = json!(true);
    for prefix in ["/appid-nope", "/appid-nope/public", "/APPID-NOPE"] {
        let nowhere = Sdk::new(&world).under(prefix);
        let mut replies = vec![nowhere.post("/recipe/session/remove", &removal).await];
        for path in ["/recipe/session?sessionHandle=h", "/recipe/session/user?userId=u1"] {
            replies.push(nowhere.get(path).await);
        }
        for path in ["/.well-known/jwks.json", "/recipe/jwt/jwks", "/user/id?userId=u1"] {
            replies.push(nowhere.get(path).await);
        }
        for endpoint in endpoints(&session).iter().filter(|one| !one.path.contains("tenancy")) {
            let call = nowhere.call(endpoint.method.clone(), endpoint.path).json(&endpoint.body);
            replies.push(checked(call.send().await));
        }
        for reply in replies {
            let texts =
                [format!("{missing}{tenant}nope, public)\n"), format!("{missing}{app}nope)\n")];
            assert_eq!(reply.status, 400, "{prefix} {}", reply.body);
            assert!(texts.contains(&reply.body), "{prefix} {}", reply.body);
        }
    }
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let world = World::new().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open("u1").await;
    for bytes in [450_000, 5_000_000] {
        let blob = json!({"blob": "x".repeat(bytes)});
        let mut body = creation("u2");
        body["userDataInDatabase"] = blob.clone();
        let data = json!({"sessionHandle": session.handle, "userDataInDatabase": blob});
        let payload = json!({"sessionHandle": session.handle, "userDataInJWT": blob});
        let regenerate = json!({"accessToken": session.access, "userDataInJWT": blob});
        for reply in [
            sdk.post("/recipe/session", &body).await,
            sdk.post("/recipe/session", &creation_with("u2", &blob)).await,
            sdk.put("/recipe/session/data", &data).await,
            sdk.put("/recipe/jwt/data", &payload).await,
            sdk.post("/recipe/session/regenerate", &regenerate).await,
        ] {
            assert_eq!(reply.status, 400, "{bytes} bytes: {:.200}", reply.body);
            assert!(reply.body.len() < 1_000, "it is not repeated");
        }
    }
    assert!(sdk.list("u2").await.is_empty(), "no half of it was done");
    let shown = sdk.session(&session.handle).await;
    assert_eq!(shown["userDataInDatabase"], json!({}));
    assert_eq!(shown["userDataInJWT"], creation("u1")["userDataInJWT"]);
}

#[tokio::test]
async fn odd_values_never_bring_us_down() {
    let world = World::new().await;
    let session = Sdk::new(&world).open("u1").await;
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let texts = ["", " ", "\u{0}", "ü😀", "_", "a_b_c", "x_", "_nope", "../..", "#", "%", "\n"];
    let texts = texts.map(ToOwned::to_owned).into_iter();
    let texts: Vec<_> = texts.chain([1_025, 30_000].map(|length| "h".repeat(length))).collect();
    for endpoint in endpoints(&session) {
        let send = async |body: String| {
            let call = Sdk::new(&world).call(endpoint.method.clone(), endpoint.path).text(body);
            let reply = checked(call.send().await);
            // A JWT that is none is an exception of the reference (PROTOCOL 3.4.9).
            let is_none = endpoint.path == "/recipe/session/regenerate";
            assert!(reply.status < 500 || is_none, "{} {}", endpoint.path, reply.body);
        };
        for field in endpoint.required.iter().chain(endpoint.optional) {
            let odd: Vec<Value> = match &endpoint.body[*field] {
                Value::String(_) => texts.iter().map(|text| json!(text)).collect(),
                Value::Array(_) => texts.iter().map(|text| json!([text, text])).collect(),
                Value::Object(_) => texts.iter().map(|text| json!({text: text})).collect(),
                Value::Number(_) => vec![json!(-1), json!(0), json!(1.5), json!(u64::MAX)],
                _ => Vec::new(),
            };
            for value in odd {
                let mut body = endpoint.body.clone();
                body[*field] = value;
                send(body.to_string()).await;
            }
        }
        let (first, rest) = (&endpoint.body.to_string()[1..], endpoint.body.to_string());
        send(format!(r#"{{"deep":{deep},{first}"#)).await;
        send(format!(r#"{{"half":"\ud800",{first}"#)).await;
        send(format!(r#"{{"twice":1,"twice":2,{first}"#)).await;
        send(format!(r#"{{"big":1e999999,"small":-0.0,{first}"#)).await;
        send(format!("\u{feff}{rest}")).await;
    }
}

#[tokio::test]
async fn odd_queries_never_bring_us_down() {
    let world = World::new().await;
    let long = "h".repeat(5_000);
    for (path, parameter) in QUERIES {
        for value in ["", "%00", "%FF", "a+b", "_", "x_nope", "a_b_c", "%E2%82%AC", "&", "%", &long]
        {
            let reply = Sdk::new(&world).get(&format!("{path}?{parameter}={value}")).await;
            assert!(matches!(reply.status, 200 | 400), "{path} {value}: {}", reply.body);
        }
    }
    for (path, methods) in PATHS {
        for method in methods.iter().filter(|method| **method == Method::GET) {
            let call = Sdk::new(&world).call(method.clone(), path).text("{not json");
            let reply = checked(call.send().await);
            assert!(reply.status < 500, "a body where none belongs: {path} {}", reply.body);
        }
    }
}
