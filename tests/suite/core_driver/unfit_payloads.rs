//! Payloads that no session may carry: one that names Sever as the issuer, and one that no
//! authorizer could pass on.

use super::sdk::{Sdk, claims, creation_with, opened, status};
use http::Method;
use serde_json::{Value, json};
use shared::token::payload::MAX_ANSWER_BYTES;
use tests::{Reply, World};

const SDKS_OWN: &str = "https://api.example.com/auth";
const OWN: &str =
    "The issuer (iss) must not be Sever's own: name your API's apiDomain and apiBasePath\n";

/// A deployment that believes one SDK.
async fn world() -> World {
    World::with(|builder| {
        builder
            .parameter("ApiDomain", "https://auth.example.com")
            .parameter("TrustedIssuers", SDKS_OWN)
    })
    .await
}

/// Sever's own issuer, and other ways to write it.
async fn own_issuers(world: &World) -> Vec<String> {
    let discovery = world.get("/auth/.well-known/openid-configuration").send().await.json();
    let own = discovery["issuer"].as_str().unwrap().to_owned();
    let bare = own.strip_prefix("https://").unwrap();
    let (host, path) = bare.split_once('/').unwrap();
    vec![
        format!("{own}/"),
        format!("https://{host}:443/{path}"),
        format!("https://{}/{path}", host.to_uppercase()),
        format!("http://{bare}"),
        bare.to_owned(),
        own,
    ]
}

fn assert_refused(reply: &Reply, text: &str, what: &str) {
    assert_eq!((reply.status, reply.body.as_str()), (400, text), "{what}");
}

/// Every way of an SDK to give a session a payload.
async fn give(sdk: &Sdk<'_>, payload: &Value) -> [(&'static str, Reply); 3] {
    let session = sdk.open_with(&creation_with("u1", &json!({"iss": SDKS_OWN}))).await;
    let put = json!({"sessionHandle": session.handle, "userDataInJWT": payload});
    let regenerate = json!({"accessToken": session.access, "userDataInJWT": payload});
    [
        ("create", sdk.post("/recipe/session", &creation_with("u1", payload)).await),
        ("put", sdk.put("/recipe/jwt/data", &put).await),
        ("regenerate", sdk.post("/recipe/session/regenerate", &regenerate).await),
    ]
}

#[tokio::test]
async fn an_sdk_cannot_have_a_token_signed_in_our_own_name() {
    let world = world().await;
    let administrator = Sdk::administrator(&world);
    administrator.put("/recipe/multitenancy/app/v2", &json!({"appId": "shop"})).await;
    for path in ["", "/appid-shop"] {
        let tenant = administrator.under(path);
        tenant.put("/recipe/multitenancy/tenant/v2", &json!({"tenantId": "acme"})).await;
    }
    for prefix in ["", "/acme", "/appid-shop", "/appid-shop/acme"] {
        for version in ["2.21", "3.1", "4.0", "5.4"] {
            if prefix.ends_with("acme") && version == "2.21" {
                continue;
            }
            let sdk = Sdk::new(&world).under(prefix).speaking(version);
            for issuer in own_issuers(&world).await {
                for (way, reply) in give(&sdk, &json!({"iss": issuer})).await {
                    assert_refused(&reply, OWN, &format!("{prefix} {version} {way} {issuer}"));
                }
            }
            for (_, reply) in give(&sdk, &json!({"iss": SDKS_OWN, "a": 1})).await {
                assert_eq!(reply.status, 200, "{}", reply.body);
            }
            // Tokens of version 2 name no issuer, but a refresh makes others of the same payload.
            let old = Sdk::new(&world).under(prefix).speaking("2.18");
            let own = own_issuers(&world).await.pop().unwrap();
            let body = creation_with("u1", &json!({"iss": own}));
            if !prefix.ends_with("acme") {
                assert_refused(&old.post("/recipe/session", &body).await, OWN, prefix);
            }
        }
    }
}

#[tokio::test]
async fn a_jwt_is_not_signed_in_our_own_name() {
    let world = world().await;
    for prefix in ["", "/appid-shop"] {
        let app = json!({"appId": "shop"});
        Sdk::administrator(&world).put("/recipe/multitenancy/app/v2", &app).await;
        let sdk = Sdk::new(&world).under(prefix);
        for issuer in own_issuers(&world).await {
            for (payload, domain) in
                [(json!({}), &issuer), (json!({"iss": issuer}), &SDKS_OWN.to_owned())]
            {
                let body = json!({
                    "payload": payload, "algorithm": "RS256", "jwksDomain": domain, "validity": 9,
                });
                let reply = sdk.post("/recipe/jwt", &body).await;
                assert_refused(&reply, OWN, &issuer);
            }
            // An issuer that the payload names stands in place of `jwksDomain`.
            let body = json!({
                "payload": {"iss": "me"}, "algorithm": "RS256", "jwksDomain": issuer, "validity": 9,
            });
            let jwt = sdk.ask("/recipe/jwt", &body).await["jwt"].as_str().unwrap().to_owned();
            assert_eq!(claims(&jwt)["iss"], "me");
        }
    }
}

#[tokio::test]
async fn only_a_named_sdks_sessions_pass_the_authorizers() {
    let world = world().await;
    let sdk = Sdk::new(&world);
    for (issuer, expected) in [(SDKS_OWN, 200), ("https://api.example.com/other", 401)] {
        let session = sdk.open_with(&creation_with("u1", &json!({"iss": issuer}))).await;
        let seen = (world.strict(&session.access).await, world.fast(&session.access).await);
        assert_eq!(seen, (expected, expected), "{issuer}");
    }
}

#[tokio::test]
async fn an_sdk_that_changes_a_session_of_our_own_hands_our_issuer_back() {
    let world = world().await;
    let sdk = Sdk::new(&world);
    let session = world.open("u1").await;
    // The SDKs merge into the claims of the token, `iss` among them.
    let mut payload = json!({"iss": claims(&session.access)["iss"], "role": "editor"});
    for access in [&session.access] {
        let body = json!({"accessToken": access, "userDataInJWT": payload});
        let answer = sdk.ask("/recipe/session/regenerate", &body).await;
        let access = answer["accessToken"]["token"].as_str().unwrap();
        assert_eq!(claims(access)["iss"], payload["iss"]);
        assert_eq!(world.strict(access).await, 200);
    }
    payload["role"] = json!("reader");
    let put = json!({"sessionHandle": session.handle, "userDataInJWT": payload});
    assert_eq!(status(&sdk.change("/recipe/jwt/data", &put).await), "OK");
}

/// A payload of characters that are two bytes each in a token's JSON and four in the answer.
fn quotes(number: usize) -> Value {
    json!({"iss": SDKS_OWN, "q": "\"".repeat(number)})
}

#[tokio::test]
async fn a_payload_that_no_authorizer_could_pass_on_is_refused_when_it_is_set() {
    let world = world().await;
    let sdk = Sdk::new(&world);
    let taken = |replies: &[(&'static str, Reply); 3]| {
        let statuses = replies.each_ref().map(|(_, reply)| reply.status);
        assert!(statuses == [200; 3] || statuses == [400; 3], "{statuses:?}");
        statuses == [200; 3]
    };
    // The most quotes that are taken.
    let (mut most, mut too_many) = (0, 4_096);
    while too_many - most > 1 {
        let number = usize::midpoint(most, too_many);
        if taken(&give(&sdk, &quotes(number)).await) {
            most = number;
        } else {
            too_many = number;
        }
    }
    for (way, reply) in give(&sdk, &quotes(too_many)).await {
        let text = "The user payload is too large: with it an authorizer's answer has up to ";
        assert!(reply.body.starts_with(text), "{way} {}", reply.body);
        assert!(reply.body.ends_with(" bytes, and 8192 are allowed\n"), "{way} {}", reply.body);
    }
    let session = sdk.open_with(&creation_with("u1", &quotes(most))).await;
    assert_eq!(
        (world.strict(&session.access).await, world.fast(&session.access).await),
        (200, 200)
    );
    // Close to the bound: what is left is for the longest resource.
    let answer = authorize(&world, &session.access).await;
    let rest = MAX_ANSWER_BYTES - answer.len();
    assert!((400..520).contains(&rest), "{rest}");
}

async fn authorize(world: &World, access: &str) -> String {
    let event = json!({
        "type": "REQUEST",
        "methodArn": "arn:aws:execute-api:us-east-1:000000000000:api/prod/GET/whoami",
        "resource": "/whoami", "path": "/whoami", "httpMethod": "GET",
        "headers": {"authorization": format!("Bearer {access}")},
        "requestContext": {"resourcePath": "/whoami", "httpMethod": "GET"},
    });
    let answer = world.bundle.invoke("verify-session", &event.to_string()).await;
    answer.unwrap().get().to_owned()
}

#[tokio::test]
async fn a_long_user_id_leaves_less_room_for_the_payload() {
    let world = world().await;
    let sdk = Sdk::new(&world);
    for (user, status) in [("u".to_owned(), 200), ("\"".repeat(1_024), 400)] {
        let reply = sdk.post("/recipe/session", &creation_with(&user, &quotes(900))).await;
        assert_eq!(reply.status, status, "{}", reply.body);
    }
}

#[tokio::test]
async fn an_older_session_whose_answer_is_too_large_is_refused_and_not_a_500() {
    let world = world().await;
    let sdk = Sdk::new(&world);
    let session = sdk.open_with(&creation_with("u1", &json!({"iss": SDKS_OWN}))).await;
    // As it was stored before there was a bound.
    let table = &world.bundle.template().table.name;
    let text = |text: String| aws_sdk_dynamodb::types::AttributeValue::S(text);
    let update = world.bundle.dynamodb().update_item().table_name(table);
    let update = update.key("pk", text(format!("session#public#{}", session.handle)));
    let update = update.update_expression("SET payload = :payload");
    let payload = json!({"iss": SDKS_OWN, "q": "\"".repeat(2_300)}).to_string();
    update.expression_attribute_values(":payload", text(payload)).send().await.unwrap();
    let body = json!({"accessToken": session.access});
    let answer = sdk.ask("/recipe/session/regenerate", &body).await;
    let access = answer["accessToken"]["token"].as_str().unwrap();
    for path in ["/whoami", "/whoami/fast"] {
        let call = world.call(Method::GET, path).bearer(access);
        assert_eq!(call.send().await.status, 403, "{path}");
    }
    assert_eq!(opened(&sdk.refresh(&session.refresh).await).handle, session.handle);
}
