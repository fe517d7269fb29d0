//! Every `Set-Cookie` line of every function: its attributes, its length, and that what sets a
//! cookie is what clears it.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tests::World;

/// What browsers keep of a cookie, name and value together (RFC 6265bis 5.6).
const MAX_BYTES: usize = 4_096;

/// Name and value, and the attributes by their lower-case names.
struct Line {
    name: String,
    value: String,
    attributes: BTreeMap<String, String>,
}

fn parse(line: &str) -> Line {
    let mut parts = line.split("; ");
    let (name, value) = parts.next().unwrap().split_once('=').expect("name and value");
    let mut attributes = BTreeMap::new();
    for part in parts {
        let (attribute, value) = part.split_once('=').unwrap_or((part, ""));
        let before = attributes.insert(attribute.to_lowercase(), value.to_owned());
        assert!(before.is_none(), "{attribute} stands twice: {line}");
    }
    Line { name: name.to_owned(), value: value.to_owned(), attributes }
}

/// Every line that a life of a session in cookies sees, as `payload` and `user` lengthen it.
async fn lines(world: &World, user: &str, payload: &Value) -> Vec<String> {
    let body = json!({"userId": user, "transfer": "cookie", "accessTokenPayload": payload});
    let opened = world.admin("/create-session", &body).await.json();
    let mut lines: Vec<String> = serde_json::from_value(opened["cookies"].clone()).unwrap();
    let refresh = opened["refreshToken"]["token"].as_str().unwrap().to_owned();
    let exchange = || world.post("/auth/session/refresh").header("rid", "session");
    let reply = exchange().cookie("sRefreshToken", &refresh).send().await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let (access, next) =
        (reply.cookie("sAccessToken").unwrap(), reply.cookie("sRefreshToken").unwrap());
    let mut replies = vec![reply];
    let logout = world.post("/auth/signout").header("rid", "session");
    replies.push(logout.cookie("sAccessToken", &access).send().await);
    // Refusals: of nothing, of what is over, of theft, and a stray cookie beside a header.
    replies.push(exchange().send().await);
    replies.push(exchange().cookie("sRefreshToken", &next).send().await);
    let other = world.open(user).await;
    let stray = exchange().bearer(&other.refresh).cookie("sRefreshToken", "stray");
    replies.push(stray.send().await);
    world.pass(Duration::from_secs(31));
    replies.push(exchange().cookie("sRefreshToken", &other.refresh).send().await);
    for reply in &replies {
        assert!(!reply.cookies().is_empty(), "{} {}", reply.status, reply.body);
        lines.extend(reply.cookies().into_iter().map(ToOwned::to_owned));
    }
    assert_eq!(replies.last().unwrap().code(), "token theft detected");
    lines
}

#[tokio::test]
async fn every_line_is_as_the_deployment_wants_it_and_clears_what_it_set() {
    let payload = json!({"role": "editor"});
    for (website, domain, same_site, secure) in [
        ("https://www.example.com", "", "Lax", true),
        ("https://www.elsewhere.example", ".example.com", "None", true),
    ] {
        let world = World::with(|builder| {
            builder
                .parameter("ApiDomain", "https://api.example.com")
                .parameter("WebsiteDomain", website)
                .parameter("CookieDomain", domain)
        })
        .await;
        // What both a line that sets and a line that clears have, by the cookie's name.
        let mut lasting: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        let (mut set, mut cleared) = (0, 0);
        for text in lines(&world, "u1", &payload).await {
            let Line { name, value, mut attributes } = parse(&text);
            let expires = attributes.remove("expires").expect("a cookie outlives the browser");
            let clears = value.is_empty();
            assert_eq!(clears, expires == "Thu, 01 Jan 1970 00:00:00 GMT", "{text}");
            set += usize::from(!clears);
            cleared += usize::from(clears);
            assert_eq!(attributes["samesite"], same_site, "{text}");
            assert_eq!(attributes.contains_key("secure"), secure, "{text}");
            assert!(attributes.contains_key("httponly"), "no script may read it: {text}");
            assert!(!attributes.contains_key("partitioned"), "{text}");
            assert_eq!(attributes.get("domain").map_or("", String::as_str), domain, "{text}");
            let path = if name == "sRefreshToken" { "/auth/session/refresh" } else { "/" };
            assert_eq!(attributes["path"], path, "no other route receives it: {text}");
            let before = lasting.entry(name).or_insert_with(|| attributes.clone());
            assert_eq!(*before, attributes, "a browser clears only what is named alike: {text}");
        }
        assert!(set >= 4 && cleared >= 8, "{set} {cleared}");
        assert_eq!(lasting.len(), 2, "{lasting:?}");
    }
}

#[tokio::test]
async fn no_cookie_is_longer_than_a_browser_keeps() {
    let world = World::new().await;
    let payload = json!({"p": "x".repeat(1_536 - 8)});
    for user in ["u1".to_owned(), "u".repeat(250)] {
        for text in lines(&world, &user, &payload).await {
            let Line { name, value, .. } = parse(&text);
            assert!(name.len() + value.len() <= MAX_BYTES, "{name}: {}", value.len());
        }
    }
}
