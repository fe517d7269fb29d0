//! `create-session`: what it answers, and what it refuses.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tests::{HandClock, Lines, World};

fn jwt(token: &str) -> (Value, Value) {
    let part = |index| {
        let part = token.split('.').nth(index).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    (part(0), part(1))
}

#[tokio::test]
async fn members_that_are_unknown_are_ignored_and_one_warning_names_them() {
    let world = World::new().await;
    let lines = Lines::of(&world);
    let long = "x".repeat(33);
    let body =
        json!({"userId": "u1", "tenantID": "hush", "payload": {"a": "hush"}, long.as_str(): 1});
    let reply = world.admin("/create-session", &body).await;
    assert_eq!((reply.status, &reply.json()["session"]["tenantId"]), (200, &json!("public")));
    let text = lines.take_text();
    let warnings: Vec<_> =
        tests::lines::parsed(&text).into_iter().filter(|line| line["level"] == "WARN").collect();
    let [warning] = warnings.as_slice() else { panic!("one warning: {text}") };
    let members = "`payload`, `tenantID`, a name of 33 bytes that is not shown";
    assert_eq!((&warning["members"], &warning["number"]), (&json!(members), &json!(3)));
    assert!(!text.contains("hush") && !text.contains(&long), "{text}");
    world.open("u1").await;
    assert!(!lines.take_text().contains("WARN"), "what is known is no reason to warn");
}

#[tokio::test]
async fn the_answer_has_everything_a_back_end_needs() {
    let world = World::new().await;
    let now = world.clock.now().millis();
    let reply = world
        .admin(
            "/create-session",
            &json!({
                "userId": "u1", "tenantId": "acme", "recipeUserId": "r1",
                "accessTokenPayload": {"role": "admin", "nothing": null},
                "sessionData": {"note": 1}, "device": {"ip": "203.0.113.7", "userAgent": "curl"},
                "unknown": [null],
            }),
        )
        .await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(reply.header("content-type"), Some("application/json; charset=utf-8"));
    let answer = reply.json();
    let handle = answer["session"]["handle"].as_str().unwrap();
    assert!(handle.ends_with("_acme"), "{handle}");
    assert_eq!(
        answer["session"],
        json!({
            "handle": handle, "userId": "u1", "recipeUserId": "r1", "tenantId": "acme",
            "createdAt": now, "expiresAt": now + 144_000 * 60_000,
        })
    );
    assert_eq!(answer["accessToken"]["expiresAt"], now + 3_600_000);
    assert_eq!(answer["refreshToken"]["expiresAt"], now + 144_000 * 60_000);
    assert_eq!(answer["antiCsrfToken"], Value::Null);
    assert_eq!(
        answer["cookies"],
        json!([
            "sAccessToken=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax",
            "sRefreshToken=; Path=/auth/session/refresh; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; \
             SameSite=Lax",
        ]),
        "an earlier session in cookies does not outlive this one"
    );

    let (header, claims) = jwt(answer["accessToken"]["token"].as_str().unwrap());
    assert!(header["kid"].as_str().unwrap().starts_with("d-"));
    assert_eq!(
        (&header["alg"], &header["typ"], &header["version"]),
        (&json!("RS256"), &json!("JWT"), &json!("5"))
    );
    assert_eq!(
        (&claims["sub"], &claims["rsub"], &claims["tId"]),
        (&json!("u1"), &json!("r1"), &json!("acme"))
    );
    assert_eq!(
        (&claims["iss"], &claims["role"]),
        (&json!("http://127.0.0.1:3000/auth"), &json!("admin"))
    );

    let front = STANDARD.decode(answer["frontToken"].as_str().unwrap()).unwrap();
    let front: Value = serde_json::from_slice(&front).unwrap();
    assert_eq!(front, json!({"uid": "u1", "ate": now + 3_600_000, "up": claims}));
    assert_eq!(
        answer["headers"],
        json!({
            "front-token": answer["frontToken"],
            "st-access-token": answer["accessToken"]["token"],
            "st-refresh-token": answer["refreshToken"]["token"],
            "access-control-expose-headers": "front-token, st-access-token, st-refresh-token",
        })
    );
}

#[tokio::test]
async fn in_cookies_the_tokens_stand_in_set_cookie_lines() {
    let world = World::with_parameter("AntiCsrf", "VIA_TOKEN").await;
    let body = json!({"userId": "u1", "transfer": "cookie", "useDynamicSigningKey": false});
    let answer = world.admin("/create-session", &body).await.json();
    let token = |name: &str| answer[name]["token"].as_str().unwrap().to_owned();
    let (access, refresh) = (token("accessToken"), token("refreshToken"));
    assert_eq!(
        answer["cookies"],
        json!([
            format!(
                "sAccessToken={access}; Path=/; Expires=Sat, 15 Jan 2028 08:00:00 GMT; HttpOnly; SameSite=Lax"
            ),
            format!(
                "sRefreshToken={refresh}; Path=/auth/session/refresh; Expires=Sun, 25 Apr 2027 08:00:00 GMT; \
                 HttpOnly; SameSite=Lax"
            ),
        ])
    );
    let anti_csrf = answer["antiCsrfToken"].as_str().unwrap();
    assert_eq!(
        answer["headers"],
        json!({
            "front-token": answer["frontToken"],
            "anti-csrf": anti_csrf,
            "st-access-token": "",
            "st-refresh-token": "",
            "access-control-expose-headers": "front-token, anti-csrf, st-access-token, st-refresh-token",
        })
    );
    let (header, claims) = jwt(&access);
    assert_eq!(claims["antiCsrfToken"], anti_csrf);
    assert!(header["kid"].as_str().unwrap().starts_with("s-"), "a static key was asked for");
}

#[tokio::test]
async fn cookie_attributes_follow_the_configuration() {
    let world = World::with(|builder| {
        builder
            .parameter("ApiDomain", "https://api.example.com")
            .parameter("WebsiteDomain", "https://www.elsewhere.example")
            .parameter("CookieDomain", ".example.com")
            .parameter("ApiGatewayPath", "/prod")
    })
    .await;
    let body = json!({"userId": "u1", "transfer": "cookie"});
    let reply = world.admin("/create-session", &body).await;
    let answer = reply.json();
    let line = answer["cookies"][1].as_str().unwrap();
    assert!(line.contains("; Domain=.example.com; Path=/prod/auth/session/refresh; "), "{line}");
    assert!(line.ends_with("; HttpOnly; Secure; SameSite=None"), "{line}");
    assert_eq!(reply.header("access-control-allow-origin"), Some("https://www.elsewhere.example"));
    assert_eq!(reply.header("strict-transport-security"), Some("max-age=31536000"));
}

#[tokio::test]
async fn a_direct_invoker_gets_the_same_json_without_an_envelope() {
    let world = World::new().await;
    let answer = world.bundle.invoke("create-session:direct", r#"{"userId":"u1"}"#).await.unwrap();
    let answer: Value = serde_json::from_str(answer.get()).unwrap();
    assert_eq!(
        (&answer["status"], &answer["session"]["tenantId"]),
        (&json!("OK"), &json!("public"))
    );
    assert_eq!(world.strict(answer["accessToken"]["token"].as_str().unwrap()).await, 200);
    let error =
        world.bundle.invoke("create-session:direct", r#"{"userId":null}"#).await.unwrap_err();
    assert_eq!(error.error_type, "invalid-field");
}

#[tokio::test]
async fn bad_input_is_a_400_with_a_stable_code() {
    let world = World::new().await;
    let long = "x".repeat(1025);
    for (body, code) in [
        (json!([]), "invalid-json"),
        (json!({}), "missing-field"),
        (json!({"userId": null}), "invalid-field"),
        (json!({"userId": 7}), "invalid-field"),
        (json!({"userId": ""}), "invalid-user-id"),
        (json!({"userId": long}), "invalid-user-id"),
        (json!({"userId": "a\u{0}b"}), "invalid-user-id"),
        (json!({"userId": "u", "recipeUserId": ""}), "invalid-user-id"),
        (json!({"userId": "u", "tenantId": "A"}), "invalid-tenant-id"),
        (json!({"userId": "u", "tenantId": "t".repeat(65)}), "invalid-tenant-id"),
        (json!({"userId": "u", "tenantId": null}), "invalid-field"),
        (json!({"userId": "u", "transfer": "smoke"}), "invalid-field"),
        (json!({"userId": "u", "transfer": null}), "invalid-field"),
        (json!({"userId": "u", "useDynamicSigningKey": "yes"}), "invalid-field"),
        (json!({"userId": "u", "useDynamicSigningKey": null}), "invalid-field"),
        (json!({"userId": "u", "accessTokenPayload": null}), "invalid-field"),
        (json!({"userId": "u", "accessTokenPayload": []}), "invalid-field"),
        (json!({"userId": "u", "accessTokenPayload": {"sub": "x"}}), "protected-field"),
        (json!({"userId": "u", "accessTokenPayload": {"iss": "x"}}), "protected-field"),
        (
            json!({"userId": "u", "accessTokenPayload": {"a": "x".repeat(4000)}}),
            "access-token-too-large",
        ),
        (json!({"userId": "u", "sessionData": "x"}), "invalid-field"),
        (json!({"userId": "u", "sessionData": {"a": "x".repeat(66_000)}}), "body-too-large"),
        (json!({"userId": "u", "device": null}), "invalid-field"),
        (json!({"userId": "u", "device": {"ip": 1}}), "invalid-field"),
        (json!({"userId": "u", "device": []}), "invalid-field"),
        (json!({"userId": "u", "device": ["203.0.113.7"]}), "invalid-field"),
        (json!({"userId": "u", "accessTokenPayload": {"nbf": 1}}), "protected-field"),
    ] {
        let reply = world.admin("/create-session", &body).await;
        let shown: String = body.to_string().chars().take(80).collect();
        assert_eq!((reply.status, reply.code().as_str()), (400, code), "{shown}");
        assert_eq!(reply.header("content-type"), Some("application/problem+json"));
        let problem = reply.json();
        assert_eq!(problem["status"], 400);
        for member in ["type", "title", "detail"] {
            assert!(problem[member].is_string(), "{member} of {shown}");
        }
    }
    let twice = r#"{"userId":null,"userId":"u"}"#;
    let reply = world.post("/create-session").text(twice).signed().send().await;
    assert_eq!((reply.status, reply.code().as_str()), (400, "invalid-field"));
    for body in ["", "{", "nope", "\u{feff}", "\u{feff}\u{feff}{}", r#"{"userId":'u'}"#] {
        let reply = world.post("/create-session").text(body).signed().send().await;
        assert_eq!((reply.status, reply.code().as_str()), (400, "invalid-json"), "{body:?}");
    }
    assert!(world.listed("u").await.is_empty(), "what was refused left no session");
}

/// What RFC 8259 calls JSON, and some libraries do not read.
fn odd_objects() -> [String; 3] {
    [
        r#"{"halves":["\ud83d","\udc00x"]}"#.to_owned(),
        r#"{"numbers":[1e400,123456789012345678901234567890,1.0]}"#.to_owned(),
        format!(r#"{{"deep":{}1{}}}"#, "[".repeat(200), "]".repeat(200)),
    ]
}

#[tokio::test]
async fn an_applications_json_is_kept_as_it_came_whatever_it_is() {
    let world = World::new().await;
    for odd in odd_objects() {
        let body = format!(
            "\u{feff}{{\"userId\":\"u1\",\"accessTokenPayload\":{odd},\"sessionData\":{odd},\"unknown\":{odd},\
             \"device\":{{\"ip\":\"::1\",\"unknown\":{odd}}}}}"
        );
        let reply = world.post("/create-session").text(body).signed().send().await;
        assert_eq!(reply.status, 200, "{odd}: {}", reply.body);
        let answer = reply.json();
        let text = |path: &str| answer.pointer(path).and_then(Value::as_str).unwrap().to_owned();
        let (handle, mut access) = (text("/session/handle"), text("/accessToken/token"));
        let front = STANDARD.decode(text("/frontToken")).unwrap();
        assert!(String::from_utf8(front).unwrap().contains(&odd[1..odd.len() - 1]), "{odd}");
        let mut refresh = text("/refreshToken/token");
        for _ in 0..2 {
            for path in ["/whoami", "/whoami/fast"] {
                let reply = world.get(path).bearer(&access).send().await;
                assert_eq!(reply.status, 200, "{odd}: {}", reply.body);
                assert!(reply.body.contains(&odd), "{odd}: {}", reply.body);
            }
            let own = world.get("/auth/sessions").bearer(&access).send().await;
            assert_eq!(own.status, 200, "{odd}: {}", own.body);
            (access, refresh) = world.refreshed(&refresh).await;
        }
        assert!(world.listed("u1").await.contains(&handle));
        let shown = world.get(&format!("/core/recipe/session?sessionHandle={handle}"));
        let shown = shown.send().await.body;
        for name in ["userDataInJWT", "userDataInDatabase"] {
            assert!(shown.contains(&format!("\"{name}\":{odd}")), "{odd}: {shown}");
        }
    }
}

#[tokio::test]
async fn what_must_be_text_is_refused_by_name_when_it_is_none() {
    let world = World::new().await;
    for (body, named) in [
        (r#"{"userId":"\ud83d"}"#, "`userId`"),
        (r#"{"userId":"u1","tenantId":"\ud83d"}"#, "`tenantId`"),
        (r#"{"userId":"u1","accessTokenPayload":{"\ud83d":1}}"#, "`accessTokenPayload"),
        (r#"{"userId":"u1","device":{"ip":"\ud83d"}}"#, "`device`"),
        (r#"{"userId":"u1","\ud83d":1}"#, "surrogate"),
    ] {
        let reply = world.post("/create-session").text(body).signed().send().await;
        assert_eq!((reply.status, reply.code().as_str()), (400, "invalid-field"), "{body}");
        let detail = reply.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(named), "{body}: {detail}");
    }
    let revoke = world.post("/revoke-user").text("\u{feff}{\"userId\":\"u1\"}");
    assert_eq!(revoke.signed().send().await.status, 200);
}

#[tokio::test]
async fn device_facts_that_are_too_long_are_cut_and_refuse_nobody() {
    let world = World::new().await;
    let agent = "ü".repeat(600);
    let body = json!({"userId": "u1", "device": {"ip": "1".repeat(99), "userAgent": agent}});
    world.open_with(&body).await;
    let list = world.get("/list-sessions?userId=u1").signed().send().await.json();
    let device = &list["sessions"][0]["device"];
    assert_eq!(device["ip"].as_str().unwrap().len(), 64);
    assert_eq!(device["userAgent"].as_str().unwrap(), "ü".repeat(512));
}

#[tokio::test]
async fn what_a_browser_sends_on_each_request_fits_its_cookies_and_the_gateways_headers() {
    let world = World::new().await;
    let user = "0e90a896-fdb3-456f-a715-25d5a8419059";
    let payload = json!({"p": "x".repeat(1_536 - 8)});
    let body = json!({"userId": user, "tenantId": "acme", "accessTokenPayload": payload});
    let answer = world.admin("/create-session", &body).await.json();
    let length = |path: &str| answer.pointer(path).unwrap().as_str().unwrap().len();
    let (access, front) = (length("/accessToken/token"), length("/frontToken"));
    let refresh = length("/refreshToken/token");
    assert!(access < 4_000 && front < 4_000, "{access} {front}");
    // Header mode: the token in `authorization`, and all three in cookies of the page's script.
    assert!(2 * access + front + refresh < 10_240 - 500, "{access} {front} {refresh}");
}

#[tokio::test]
async fn the_longest_ids_and_odd_characters_work_all_the_way() {
    let world = World::new().await;
    for user in ["ü".repeat(512), "a b/c?d#e%f\"g'h".to_owned(), "public#u1".to_owned()] {
        let tenant = "t".repeat(64);
        let session = world.open_in(&user, &tenant).await;
        let reply = world.get("/whoami").bearer(&session.access).send().await;
        assert_eq!((reply.status, &reply.json()["userId"]), (200, &json!(user)));
        let revoked =
            world.revoke("/revoke-user", &json!({"userId": user, "tenantId": tenant})).await;
        assert_eq!(revoked, [session.handle.as_str()]);
        assert_eq!(world.strict(&session.access).await, 401);
    }
}

#[tokio::test]
async fn jitter_shortens_an_access_token_by_its_share_at_most() {
    let world = World::with_clock(HandClock::new(), |builder| {
        builder.parameter("AccessTokenValidityJitter", "0.25")
    })
    .await;
    let mut lives = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let body = json!({"userId": "u1"});
        let answer = world.admin("/create-session", &body).await.json();
        let life =
            answer["accessToken"]["expiresAt"].as_i64().unwrap() - world.clock.now().millis();
        assert!((2_699_000..=3_600_000).contains(&life), "{life}");
        lives.insert(life);
    }
    assert!(lives.len() > 5, "they are spread: {lives:?}");
}
