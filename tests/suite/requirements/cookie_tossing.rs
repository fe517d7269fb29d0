//! Another site under the same domain sets cookies of our names for that domain ("tosses" them), so
//! that its own user passes for ours. A browser's jar is what counts: it sends both, and does not
//! say where each came from.

use serde_json::json;
use std::time::Duration;
use tests::{Opened, Reply, World};

const API: &str = "auth.eu.example.com";
const REFRESH: &str = "/auth/session/refresh";

/// Cookies as a browser keeps them for an https site (RFC 6265bis 5.7 and 5.8).
#[derive(Clone, Default)]
struct Jar(Vec<Kept>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    name: String,
    value: String,
    domain: String,
    host_only: bool,
    path: String,
}

impl Jar {
    /// What `host` sets by a `Set-Cookie` line.
    fn set(&mut self, host: &str, line: &str) {
        let mut parts = line.split("; ");
        let (name, value) = parts.next().unwrap().split_once('=').unwrap();
        let attributes: Vec<_> =
            parts.map(|part| part.split_once('=').unwrap_or((part, ""))).collect();
        let attribute =
            |wanted| attributes.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
        let domain = attribute("Domain").map(|domain| domain.trim_start_matches('.'));
        let is_in = |domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
        assert!(domain.is_none_or(|domain| is_in(domain) && domain != "com"), "{host}: {line}");
        let cookie = Kept {
            name: name.to_owned(),
            value: value.to_owned(),
            domain: domain.unwrap_or(host).to_owned(),
            host_only: domain.is_none(),
            path: attribute("Path").unwrap().to_owned(),
        };
        let is_same = |kept: &Kept| Kept { value: cookie.value.clone(), ..kept.clone() } == cookie;
        self.0.retain(|kept| !is_same(kept));
        if attribute("Expires") != Some("Thu, 01 Jan 1970 00:00:00 GMT") {
            self.0.push(cookie);
        }
    }

    /// What a browser sends to the API, the longest path first.
    fn header(&self, path: &str) -> String {
        let sent = |kept: &&Kept| {
            let under = path.strip_prefix(kept.path.as_str());
            let in_path = under.is_some_and(|rest| {
                rest.is_empty() || rest.starts_with('/') || kept.path.ends_with('/')
            });
            let in_domain = API == kept.domain
                || (!kept.host_only && API.ends_with(&format!(".{}", kept.domain)));
            in_path && in_domain
        };
        let mut sent: Vec<_> = self.0.iter().filter(sent).collect();
        sent.sort_by_key(|kept| std::cmp::Reverse(kept.path.len()));
        let pairs = sent.iter().map(|kept| format!("{}={}", kept.name, kept.value));
        pairs.collect::<Vec<_>>().join("; ")
    }

    fn take(&mut self, reply: &Reply) {
        for line in reply.cookies() {
            self.set(API, line);
        }
    }

    async fn refresh(&mut self, world: &World) -> Reply {
        let call = world.post(REFRESH).header("cookie", &self.header(REFRESH));
        let reply = call.send().await;
        self.take(&reply);
        reply
    }

    /// Whom the API takes the browser for.
    async fn who(&self, world: &World) -> Option<String> {
        let call = world.get("/whoami").header("cookie", &self.header("/whoami"));
        let reply = call.send().await;
        let user = reply.json()["userId"].as_str().map(ToOwned::to_owned);
        assert_eq!(user.is_some(), reply.status == 200, "{}", reply.body);
        user
    }
}

async fn world(cookie_domain: &str) -> World {
    World::with(|builder| {
        builder
            .parameter("ApiDomain", &format!("https://{API}"))
            .parameter("WebsiteDomain", "https://www.example.com")
            .parameter("CookieDomain", cookie_domain)
    })
    .await
}

/// The browser of a user who has signed in.
async fn signed_in(world: &World, user: &str) -> Jar {
    let body = json!({"userId": user, "transfer": "cookie"});
    let opened = world.admin("/create-session", &body).await.json();
    let mut jar = Jar::default();
    for line in opened["cookies"].as_array().unwrap() {
        jar.set(API, line.as_str().unwrap());
    }
    jar
}

/// Where the attacker's site sets its cookies.
fn tossed_places() -> Vec<(&'static str, &'static str, &'static str)> {
    let paths = ["/", "/auth", "/auth/", "/auth/session", "/auth/session/", REFRESH];
    let domains = [("evil.eu.example.com", "eu.example.com"), ("evil.example.com", ".example.com")];
    let places = domains.iter().flat_map(|(host, domain)| paths.map(|path| (*host, *domain, path)));
    places.collect()
}

fn toss(jar: &mut Jar, mallory: &Opened, place: (&str, &str, &str), names: &[&str]) {
    let (host, domain, path) = place;
    for name in names {
        let token = if *name == "sAccessToken" { &mallory.access } else { &mallory.refresh };
        jar.set(host, &format!("{name}={token}; Domain={domain}; Path={path}"));
    }
}

#[tokio::test]
async fn a_tossed_cookie_is_never_believed_and_goes_while_the_users_own_stays() {
    for cookie_domain in ["", ".example.com"] {
        let world = world(cookie_domain).await;
        let mallory = world.open("mallory").await;
        for place in tossed_places() {
            for names in
                [&["sAccessToken"][..], &["sRefreshToken"], &["sAccessToken", "sRefreshToken"]]
            {
                let what = format!("{cookie_domain} {place:?} {names:?}");
                let before = signed_in(&world, "ada").await;
                let mut jar = before.clone();
                toss(&mut jar, &mallory, place, names);
                if jar.0.len() < before.0.len() + names.len() {
                    // In our own place it takes the place of ours, and no server can tell.
                    continue;
                }
                assert!([None, Some("ada")].contains(&jar.who(&world).await.as_deref()), "{what}");
                let reply = jar.refresh(&world).await;
                assert_eq!(reply.status, 200, "{what}");
                for name in ["front-token", "st-access-token", "st-refresh-token"] {
                    assert_eq!(reply.header(name), None, "{what}: no token is given or taken");
                }
                assert!(reply.code().starts_with("The request contains multiple"), "{what}");
                assert_eq!(jar.0, before.0, "{what}: what was tossed has gone, and nothing else");

                let reply = jar.refresh(&world).await;
                assert_eq!((reply.status, reply.body.as_str()), (200, "{}"), "{what}");
                assert_eq!(jar.who(&world).await.as_deref(), Some("ada"), "{what}");
                assert_eq!(jar.0.len(), 2, "{what}");
            }
        }
    }
}

#[tokio::test]
async fn tossed_cookies_in_every_place_at_once_go_within_a_few_refreshes() {
    let world = world("").await;
    let before = signed_in(&world, "ada").await;
    let mut jar = before.clone();
    for (host, domain, path) in tossed_places() {
        for name in ["sAccessToken", "sRefreshToken"] {
            jar.set(host, &format!("{name}=stray; Domain={domain}; Path={path}"));
        }
    }
    let mut lines = 0;
    while jar.0 != before.0 {
        let reply = jar.refresh(&world).await;
        assert_eq!((reply.status, reply.header("front-token")), (200, None));
        let bytes: usize = reply.cookies().iter().map(|line| line.len() + "set-cookie".len()).sum();
        assert!(bytes < 9_000, "API Gateway lets 10,240 bytes of headers through: {bytes}");
        lines += reply.cookies().len();
        assert!(lines < 200, "they do not go");
    }
    assert_eq!(jar.refresh(&world).await.body, "{}");
    assert_eq!(jar.who(&world).await.as_deref(), Some("ada"));
}

#[tokio::test]
async fn a_tossed_cookie_beside_a_header_is_ignored_or_goes_with_the_next_refresh() {
    let world = world("").await;
    let (ada, mallory) = (world.open("ada").await, world.open("mallory").await);
    let here = |path, access: &str, jar: &Jar| {
        world.get(path).bearer(access).header("cookie", &jar.header(path)).send()
    };
    let place = ("evil.example.com", ".example.com", "/");
    let mut jar = Jar::default();
    toss(&mut jar, &mallory, place, &["sAccessToken"]);
    assert_eq!(here("/whoami", &ada.access, &jar).await.status, 401, "two genuine tokens");
    let call = world.post(REFRESH).bearer(&ada.refresh).header("cookie", &jar.header(REFRESH));
    let reply = call.send().await;
    assert_eq!((reply.status, reply.body.as_str()), (200, "{}"));
    jar.take(&reply);
    assert_eq!(jar.0, [], "what disputed the header has gone");
    let (access, refresh) =
        (reply.header("st-access-token").unwrap(), reply.header("st-refresh-token").unwrap());
    assert_eq!(here("/whoami", access, &jar).await.status, 200);

    // What is not genuine, or no longer, disputes nothing; it may be good to the site that set it.
    world.pass(Duration::from_hours(2));
    toss(&mut jar, &mallory, place, &["sAccessToken"]);
    let stray = jar.clone();
    let call = world.post(REFRESH).bearer(refresh).header("cookie", &jar.header(REFRESH));
    let reply = call.send().await;
    jar.take(&reply);
    assert_eq!((reply.status, &jar.0), (200, &stray.0));
    let access = reply.header("st-access-token").unwrap();
    assert_eq!(here("/whoami", access, &jar).await.status, 200);
}
