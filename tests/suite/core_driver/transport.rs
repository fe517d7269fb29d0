//! What holds for every call: paths, methods, versions (PROTOCOL 3.1 and 3.2).

use super::endpoints::PATHS;
use super::sdk::{
    NEWEST, Sdk, checked, claims, creation, exchange, header, kid, legacy, new_access, opened,
};
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::World;

#[tokio::test]
async fn hello_asks_for_nothing() {
    let world = World::new().await;
    for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
        for path in ["/core/hello", "/core/hello/", "/core/HELLO"] {
            let reply = world.call(method.clone(), path).send().await;
            assert_eq!((reply.status, reply.body.as_str()), (200, "Hello\n"), "{method} {path}");
            let kind = reply.header("content-type").unwrap().to_ascii_lowercase();
            assert_eq!(kind, "text/html; charset=utf-8");
        }
    }
}

#[tokio::test]
async fn every_version_that_a_current_sdk_speaks_is_named_and_no_other() {
    let world = World::new().await;
    let expected = ["2.21", "3.0", "3.1", "4.0", "5.0", "5.1", "5.2", "5.3", "5.4"];
    for path in [
        "/apiversion",
        "/apiversion/",
        "/public/apiversion",
        "/appid-public/apiversion",
        "/apiversion?apiDomain=http%3A%2F%2Flocalhost%3A3001&websiteDomain=http%3A%2F%2Fx",
    ] {
        for sdk in [Sdk::administrator(&world), Sdk::new(&world)] {
            let answer = sdk.read(path).await;
            let versions = answer["versions"].as_array().unwrap().iter();
            let versions: Vec<_> = versions.map(|version| version.as_str().unwrap()).collect();
            assert_eq!(versions.len(), expected.len(), "each once");
            assert_eq!(BTreeSet::from_iter(versions), BTreeSet::from(expected), "{path}");
            assert_eq!(answer.as_object().unwrap().len(), 1);
        }
    }
}

#[tokio::test]
async fn one_app_is_reached_by_many_paths() {
    let world = World::new().await;
    let administrator = Sdk::administrator(&world);
    let app = json!({"appId": "x-1", "coreConfig": {}});
    administrator.change("/recipe/multitenancy/app/v2", &app).await;
    let tenant = json!({"tenantId": "t1"});
    let administrator = administrator.under("/appid-x-1");
    administrator.change("/recipe/multitenancy/tenant/v2", &tenant).await;

    for (home, others) in [
        ("", ["", "/public", "/appid-public", "/appid-public/public", "/Public"].as_slice()),
        ("/appid-x-1", &["/appid-x-1", "/appid-x-1/public", "/APPID-X-1", "/appid-x-1/t1"]),
        ("/appid-x-1/t1", &["/appid-x-1/T1", "/appid-x-1", "/AppId-x-1/public"]),
    ] {
        let sdk = Sdk::new(&world).under(home);
        let session = sdk.open("u1").await;
        for prefix in others {
            let there = sdk.under(prefix);
            for path in ["/recipe/session", "/recipe/session/", "/Recipe/SESSION"] {
                let shown = there.read(&format!("{path}?sessionHandle={}", session.handle)).await;
                assert_eq!(shown["status"], "OK", "{prefix}{path}");
            }
            assert_eq!(there.verify(&session.access, true).await["status"], "OK", "{prefix}");
            // What belongs to a whole app is asked of its public tenant.
            if !prefix.to_lowercase().ends_with("/t1") {
                assert!(there.kids().await.contains(&kid(&session.access)), "{prefix}");
                let answer = there.read("/user/id?userId=u1").await;
                assert_eq!(answer, json!({"status": "UNKNOWN_USER_ID_ERROR"}), "{prefix}");
            }
        }
    }
}

#[tokio::test]
async fn a_path_that_is_none_is_not_found() {
    let world = World::new().await;
    for path in [
        "/nope/nope",
        "/recipe",
        "/recipe/session/nope",
        "/recipe/sessions",
        "/public/public/recipe/session",
        "/public/appid-public/recipe/session",
        "/appid-public/public/nope/recipe/session",
        "/ten_ant/recipe/session",
        "/recipe/session/verify/more",
        "/.well-known/openid-configuration",
    ] {
        for method in [Method::GET, Method::POST] {
            let call = Sdk::new(&world).call(method, path).json(&json!({}));
            let reply = checked(call.send().await);
            assert_eq!((reply.status, reply.body.as_str()), (404, "Not found\n"), "{path}");
        }
    }
}

#[tokio::test]
async fn a_method_that_is_none_is_not_supported() {
    let world = World::new().await;
    for (path, known) in PATHS {
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
            if known.contains(&method) {
                continue;
            }
            let reply = checked(Sdk::new(&world).call(method.clone(), path).send().await);
            let refused = (reply.status, reply.body.as_str());
            assert_eq!(refused, (405, "Method not supported\n"), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_version_is_a_version_that_we_speak() {
    let world = World::new().await;
    for version in ["x", "5.", ".5", "5.x", "v5.4", "5,4", "-5.4", "5..4"] {
        let sdk = Sdk::new(&world).speaking(version);
        let reply = sdk.post("/recipe/session", &creation("u1")).await;
        let refused = (reply.status, reply.body.as_str());
        assert_eq!(refused, (400, "cdi-version header is invalid\n"), "{version}");
    }
    for version in ["1.0", "2.0", "3.2", "5.99", "6.0", "99999999.1", "5"] {
        let reply = Sdk::new(&world).speaking(version).get("/recipe/session?sessionHandle=h").await;
        let text = format!("cdi-version {version} not supported\n");
        assert_eq!((reply.status, reply.body), (400, text));
    }
}

#[tokio::test]
async fn who_names_no_version_speaks_the_newest() {
    let world = World::new().await;
    let sdk = Sdk::administrator(&world);
    let answer = sdk.ask("/recipe/session", &creation("u1")).await;
    let session = opened(&answer);
    assert_eq!(answer["session"]["recipeUserId"], "u1");
    assert_eq!(header(&session.access)["version"], "5");
    let mut body = exchange(&session.refresh);
    body.as_object_mut().unwrap().remove("useDynamicSigningKey");
    let reply = sdk.post("/recipe/session/refresh", &body).await;
    let text = "Field name 'useDynamicSigningKey' is invalid in JSON input\n";
    assert_eq!((reply.status, reply.body.as_str()), (400, text));
}

#[tokio::test]
async fn each_request_is_answered_in_its_own_version() {
    let world = World::new().await;
    let session = Sdk::new(&world).open("u1").await;
    for (version, recipe_user, tenant) in
        [("2.21", false, false), ("3.0", false, true), ("3.1", false, true), ("4.0", true, true)]
            .into_iter()
            .chain(["5.0", "5.1", "5.2", "5.3", NEWEST].map(|version| (version, true, true)))
    {
        let sdk = Sdk::new(&world).speaking(version);
        let verified = sdk.verify(&session.access, true).await["session"].clone();
        let shown = sdk.session(&session.handle).await;
        let exchanged = sdk.refresh(&session.refresh).await;
        let regenerate = json!({"accessToken": session.access});
        let regenerated = sdk.ask("/recipe/session/regenerate", &regenerate).await;
        for told in [&verified, &shown, &exchanged["session"], &regenerated["session"]] {
            assert_eq!(told["userId"], "u1", "{version}");
            assert_eq!(told.get("recipeUserId").is_some(), recipe_user, "{version} {told}");
            assert_eq!(told.get("tenantId").is_some(), tenant, "{version} {told}");
        }
        // What a refresh gives is of the request's version; a verification keeps the token's.
        let child = opened(&exchanged);
        let expected = match version {
            "2.21" => "3",
            "3.0" | "3.1" => "4",
            _ => "5",
        };
        assert_eq!(header(&child.access)["version"], expected, "{version}");
        let regenerated = new_access(&regenerated).unwrap();
        assert_eq!(header(regenerated)["version"], "5", "{version}");
    }
}

#[tokio::test]
async fn a_promotion_keeps_the_version_of_the_token() {
    let world = World::new().await;
    for (version, shown, has_tenant) in [("2.21", "3", false), ("3.1", "4", true)] {
        let old = Sdk::new(&world).speaking(version);
        let session = old.open("u1").await;
        let child = old.refreshed(&session.refresh).await;
        let answer = Sdk::new(&world).verify(&child.access, false).await;
        let promoted = new_access(&answer).unwrap();
        assert_eq!(header(promoted)["version"], shown);
        assert_eq!(claims(promoted).get("tId").is_some(), has_tenant);
        assert_eq!(claims(promoted).get("rsub"), None);
        assert_eq!(answer["session"]["tenantId"], "public");
    }
}

#[tokio::test]
async fn before_3_0_there_are_no_tenants() {
    let world = World::new().await;
    let tenant = json!({"tenantId": "t1"});
    Sdk::administrator(&world).change("/recipe/multitenancy/tenant/v2", &tenant).await;
    for version in ["2.21", "2.18", "2.8"] {
        let sdk = Sdk::new(&world).speaking(version);
        let reply = sdk.under("/t1").post("/recipe/session", &creation("u1")).await;
        assert_eq!((reply.status, reply.body.as_str()), (404, "Not found\n"), "{version}");
        for prefix in ["", "/public", "/appid-public", "/appid-public/public"] {
            let reply = sdk.under(prefix).post("/recipe/session", &creation("u1")).await;
            assert_eq!(reply.status, 200, "{version} {prefix}");
        }
    }
    let sdk = Sdk::new(&world).speaking("2.21").under("/t1");
    let reply = sdk.get("/recipe/session?sessionHandle=h").await;
    assert_eq!((reply.status, reply.body.as_str()), (404, "Not found\n"));
}

#[tokio::test]
async fn a_token_of_the_second_version_is_good_wherever_it_is_shown() {
    let world = World::new().await;
    for version in ["2.18", "2.8"] {
        let session = Sdk::new(&world).speaking(version).open("u1").await;
        assert_eq!(legacy(&session.access)[0]["version"], "2");
        for reader in ["2.21", "3.1", NEWEST] {
            for check in [false, true] {
                let answer = Sdk::new(&world).speaking(reader).verify(&session.access, check).await;
                assert_eq!(answer["status"], "OK", "{version} {reader} {check}");
                assert_eq!(answer["session"]["handle"], session.handle.as_str());
                assert_eq!(answer.get("accessToken"), None);
            }
        }
        let next = Sdk::new(&world).refreshed(&session.refresh).await;
        assert_eq!(header(&next.access)["version"], "5");
    }
}

#[tokio::test]
async fn what_a_custom_domain_puts_before_the_path_does_not_matter() {
    let world = World::new().await;
    for (path, proxy, status, body) in [
        ("/v1/core/hello", Some("hello"), 200, "Hello\n"),
        ("/v1/core", None, 200, "Hello\n"),
        ("/v1/core/nothing/here", Some("nothing/here"), 404, "Not found\n"),
        (
            "/v1/core/user/id",
            Some("user/id"),
            400,
            "Field name 'userId' is missing in GET request\n",
        ),
    ] {
        let event = json!({
            "resource": "/core/{proxy+}", "path": path, "httpMethod": "GET", "headers": {},
            "multiValueHeaders": {}, "pathParameters": proxy.map(|proxy| json!({"proxy": proxy})),
            "requestContext": {"httpMethod": "GET"}, "isBase64Encoded": false,
        });
        let answer = world.bundle.invoke("core-driver", &event.to_string()).await.unwrap();
        let answer: Value = serde_json::from_str(answer.get()).unwrap();
        assert_eq!(
            (&answer["statusCode"], &answer["body"]),
            (&json!(status), &json!(body)),
            "{path}"
        );
    }
}
