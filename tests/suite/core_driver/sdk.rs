//! An SDK's side of the wire.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::Method;
use serde_json::{Value, json};
use tests::request::Call;
use tests::world::sorted;
use tests::{Opened, Reply, World};

/// What an SDK puts into the payload of every session: its own address.
pub(super) const ISSUER: &str = "http://localhost:3001/auth";
/// The newest version of the interface that an SDK speaks.
pub(super) const NEWEST: &str = "5.4";
/// How long a refresh token lives, in milliseconds.
pub(super) const REFRESH_VALIDITY: i64 = 144_000 * 60_000;
/// How long an access token lives, in milliseconds.
pub(super) const ACCESS_VALIDITY: i64 = 3_600_000;

/// The core as an SDK asks it: under a prefix, in a version of the interface, with a key.
#[derive(Clone)]
pub(super) struct Sdk<'w> {
    world: &'w World,
    prefix: String,
    version: Option<&'static str>,
    key: Option<&'static str>,
}

impl<'w> Sdk<'w> {
    /// An SDK of the newest version.
    pub(super) fn new(world: &'w World) -> Self {
        Self { world, prefix: String::new(), version: Some(NEWEST), key: None }
    }

    /// Whoever administers apps and tenants: names no version.
    pub(super) fn administrator(world: &'w World) -> Self {
        Self { version: None, ..Self::new(world) }
    }

    /// The same under another prefix, such as `/appid-demo`.
    pub(super) fn under(&self, prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), ..self.clone() }
    }

    /// The same in another version.
    pub(super) fn speaking(&self, version: &'static str) -> Self {
        Self { version: Some(version), ..self.clone() }
    }

    /// The same with a key.
    pub(super) fn with_key(&self, key: &'static str) -> Self {
        Self { key: Some(key), ..self.clone() }
    }

    /// A request, still to be sent.
    pub(super) fn call(&self, method: Method, path: &str) -> Call<'w> {
        let mut call = self.world.call(method, &format!("/core{}{path}", self.prefix));
        if let Some(version) = self.version {
            call = call.header("cdi-version", version);
        }
        match self.key {
            Some(key) => call.header("api-key", key),
            None => call,
        }
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        checked(self.call(Method::GET, path).send().await)
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Reply {
        checked(self.call(Method::POST, path).json(body).send().await)
    }

    pub(super) async fn put(&self, path: &str, body: &Value) -> Reply {
        checked(self.call(Method::PUT, path).json(body).send().await)
    }

    /// What a `POST` is answered; anything but 200 is fatal to an SDK.
    pub(super) async fn ask(&self, path: &str, body: &Value) -> Value {
        fine(&self.post(path, body).await)
    }

    /// What a `GET` is answered, likewise.
    pub(super) async fn read(&self, path: &str) -> Value {
        fine(&self.get(path).await)
    }

    /// What a `PUT` is answered, likewise.
    pub(super) async fn change(&self, path: &str, body: &Value) -> Value {
        fine(&self.put(path, body).await)
    }

    /// Opens a session of `user` with nothing to say of them.
    pub(super) async fn open(&self, user: &str) -> Opened {
        self.open_with(&creation(user)).await
    }

    /// Opens a session as `body` says.
    pub(super) async fn open_with(&self, body: &Value) -> Opened {
        opened(&self.ask("/recipe/session", body).await)
    }

    /// What `verify` says of an access token of a session without anti-CSRF token.
    pub(super) async fn verify(&self, access: &str, check_database: bool) -> Value {
        let body = json!({
            "accessToken": access, "doAntiCsrfCheck": false, "enableAntiCsrf": false,
            "checkDatabase": check_database,
        });
        self.ask("/recipe/session/verify", &body).await
    }

    /// The status that `verify` says, with the table asked.
    pub(super) async fn checked(&self, access: &str) -> String {
        status(&self.verify(access, true).await)
    }

    /// What `refresh` says of a refresh token.
    pub(super) async fn refresh(&self, refresh: &str) -> Value {
        self.ask("/recipe/session/refresh", &exchange(refresh)).await
    }

    /// Exchanges a refresh token that must be good.
    pub(super) async fn refreshed(&self, refresh: &str) -> Opened {
        opened(&self.refresh(refresh).await)
    }

    /// What is known of a session.
    pub(super) async fn session(&self, handle: &str) -> Value {
        self.read(&format!("/recipe/session?sessionHandle={handle}")).await
    }

    /// The handles that a removal says it ended, sorted.
    pub(super) async fn remove(&self, body: &Value) -> Vec<String> {
        let answer = self.ask("/recipe/session/remove", body).await;
        assert_eq!(answer["status"], "OK");
        sorted(&answer["sessionHandlesRevoked"])
    }

    /// Ends one session that must be there.
    pub(super) async fn end(&self, handle: &str) {
        assert_eq!(self.remove(&json!({"sessionHandles": [handle]})).await, [handle]);
    }

    /// The handles of a user's sessions, sorted.
    pub(super) async fn list(&self, query: &str) -> Vec<String> {
        let answer = self.read(&format!("/recipe/session/user?userId={query}")).await;
        assert_eq!(answer["status"], "OK");
        sorted(&answer["sessionHandles"])
    }

    /// The kids that the app publishes.
    pub(super) async fn kids(&self) -> Vec<String> {
        let jwks = self.read("/.well-known/jwks.json").await;
        let keys = jwks["keys"].as_array().expect("keys").iter();
        sorted(&keys.map(|key| key["kid"].clone()).collect())
    }
}

/// The body that opens a session of `user`.
pub(super) fn creation(user: &str) -> Value {
    json!({
        "userId": user, "userDataInJWT": {"iss": ISSUER}, "userDataInDatabase": {},
        "enableAntiCsrf": false, "useDynamicSigningKey": true,
    })
}

/// The same with a payload.
pub(super) fn creation_with(user: &str, payload: &Value) -> Value {
    let mut body = creation(user);
    body["userDataInJWT"] = payload.clone();
    body
}

/// The body that exchanges a refresh token.
pub(super) fn exchange(refresh: &str) -> Value {
    json!({"refreshToken": refresh, "enableAntiCsrf": false, "useDynamicSigningKey": true})
}

/// The session that an answer speaks of, and its tokens.
pub(super) fn opened(answer: &Value) -> Opened {
    assert_eq!(answer["status"], "OK", "{answer}");
    let text = |path: &str| answer.pointer(path).and_then(Value::as_str).expect(path).to_owned();
    Opened {
        handle: text("/session/handle"),
        access: text("/accessToken/token"),
        refresh: text("/refreshToken/token"),
    }
}

/// The `status` of an answer.
pub(super) fn status(answer: &Value) -> String {
    answer["status"].as_str().expect("a status").to_owned()
}

/// The access token of an answer, if it has one.
pub(super) fn new_access(answer: &Value) -> Option<&str> {
    answer.pointer("/accessToken/token").and_then(Value::as_str)
}

/// The header of a JWT.
pub(super) fn header(token: &str) -> Value {
    part(token, 0)
}

/// The claims of a JWT.
pub(super) fn claims(token: &str) -> Value {
    part(token, 1)
}

/// The claims of a JWT as they were written.
pub(super) fn claims_text(token: &str) -> String {
    let part = token.split('.').nth(1).expect("a JWT");
    String::from_utf8(URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("text")
}

/// Header and claims of a token of version 2, whose alphabet is another (PROTOCOL 2.1).
pub(super) fn legacy(token: &str) -> [Value; 2] {
    let mut parts = token.split('.').map(|part| STANDARD.decode(part).expect("padded base64"));
    let mut next = || serde_json::from_slice(&parts.next().expect("a part")).expect("JSON");
    [next(), next()]
}

/// The kid of an access token.
pub(super) fn kid(token: &str) -> String {
    header(token)["kid"].as_str().expect("a kid").to_owned()
}

fn part(token: &str, index: usize) -> Value {
    let parts: Vec<_> = token.split('.').collect();
    assert_eq!(parts.len(), 3, "a JWT has three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[index]).expect("base64url")).expect("JSON")
}

fn fine(reply: &Reply) -> Value {
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()
}

/// What holds for every answer (PROTOCOL 3.1). How we say that we failed is our own affair.
pub(super) fn checked(reply: Reply) -> Reply {
    if reply.status < 500 {
        let kind = if reply.status == 200 { "application/json" } else { "text/html" };
        let shown = reply.header("content-type").unwrap_or_default().to_ascii_lowercase();
        assert_eq!(shown, format!("{kind}; charset=utf-8"), "{} {}", reply.status, reply.body);
        assert!(reply.body.ends_with('\n'), "{:?}", reply.body);
    }
    reply
}
