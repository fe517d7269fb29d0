//! One bundle with all that a test wants to hold in its hand. When it is dropped, everything the
//! suite has logged since it was made is searched for the tokens it has seen.

use crate::clock::HandClock;
use crate::faults::Faulty;
use crate::logs;
use crate::request::{Call, Reply};
use crate::rsa_keys;
use http::Method;
use local::bundle::{Builder, Bundle};
use local::dynamodb::Embedded;
use local::server;
use serde_json::{Value, json};
use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A bundle of a test's own.
pub struct World {
    /// Gateway, functions and table.
    pub bundle: Arc<Bundle>,
    /// What the bundle takes for the time.
    pub clock: HandClock,
    secrets: Mutex<Vec<String>>,
    made: logs::Mark,
}

/// A session that was opened, as the caller of create sees it.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Its handle.
    pub handle: String,
    /// Its access token.
    pub access: String,
    /// Its refresh token.
    pub refresh: String,
}

impl World {
    /// The bundle as `cargo run` starts it.
    pub async fn new() -> Self {
        Self::with(|builder| builder).await
    }

    /// The same, with a parameter of the template set otherwise.
    pub async fn with_parameter(name: &str, value: &str) -> Self {
        Self::with(|builder| builder.parameter(name, value)).await
    }

    /// The bundle as `change` wants it.
    pub async fn with(change: impl FnOnce(Builder) -> Builder) -> Self {
        Self::with_clock(HandClock::new(), change).await
    }

    /// The same, with a clock that may be shared with another bundle.
    pub async fn with_clock(clock: HandClock, change: impl FnOnce(Builder) -> Builder) -> Self {
        let made = logs::listen();
        // Without jitter an access token lives as long as it says.
        let builder = Bundle::builder()
            .clock(clock.clock())
            .entropy(rsa_keys::entropy())
            .parameter("AccessTokenValidityJitter", "0");
        let bundle = change(builder).build().await.expect("the bundle of a test");
        Self { bundle: Arc::new(bundle), clock, secrets: Mutex::default(), made }
    }

    /// Serves the bundle over HTTP for as long as the test runs, and answers where.
    pub async fn listen(&self) -> String {
        let listener = server::listen(0).await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        tokio::spawn(server::serve_until(listener, Arc::clone(&self.bundle), pending()));
        format!("http://{address}")
    }

    /// A request to this path.
    #[must_use]
    pub fn call(&self, method: Method, path: &str) -> Call<'_> {
        Call::new(self, method, path)
    }

    /// `GET`
    #[must_use]
    pub fn get(&self, path: &str) -> Call<'_> {
        self.call(Method::GET, path)
    }

    /// `POST`
    #[must_use]
    pub fn post(&self, path: &str) -> Call<'_> {
        self.call(Method::POST, path)
    }

    /// `POST` by an administrator.
    pub async fn admin(&self, path: &str, body: &Value) -> Reply {
        self.post(path).json(body).signed().send().await
    }

    /// Opens a session as `body` says.
    pub async fn open_with(&self, body: &Value) -> Opened {
        let reply = self.admin("/create-session", body).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        let json = reply.json();
        let text = |path: &str| json.pointer(path).and_then(Value::as_str).expect(path).to_owned();
        Opened {
            handle: text("/session/handle"),
            access: text("/accessToken/token"),
            refresh: text("/refreshToken/token"),
        }
    }

    /// Opens a session of `user`.
    pub async fn open(&self, user: &str) -> Opened {
        self.open_with(&json!({ "userId": user })).await
    }

    /// Opens a session of `user` in `tenant`.
    pub async fn open_in(&self, user: &str, tenant: &str) -> Opened {
        self.open_with(&json!({ "userId": user, "tenantId": tenant })).await
    }

    /// The status of the strict route for this access token.
    pub async fn strict(&self, access: &str) -> u16 {
        self.get("/whoami").bearer(access).send().await.status
    }

    /// The status of the fast route for this access token.
    pub async fn fast(&self, access: &str) -> u16 {
        self.get("/whoami/fast").bearer(access).send().await.status
    }

    /// Exchanges a refresh token that a client keeps itself.
    pub async fn refresh(&self, refresh: &str) -> Reply {
        self.post("/auth/session/refresh").bearer(refresh).send().await
    }

    /// Exchanges a refresh token that must be good, and answers the new access and refresh token.
    pub async fn refreshed(&self, refresh: &str) -> (String, String) {
        let reply = self.refresh(refresh).await;
        assert_eq!((reply.status, reply.body.as_str()), (200, "{}"));
        let token = |name| reply.header(name).expect("a new token").to_owned();
        (token("st-access-token"), token("st-refresh-token"))
    }

    /// The handles that a revocation says it ended, sorted.
    pub async fn revoke(&self, path: &str, body: &Value) -> Vec<String> {
        let reply = self.admin(path, body).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert_eq!(reply.json()["status"], "OK");
        sorted(&reply.json()["sessionHandlesRevoked"])
    }

    /// The handles that a listing shows, sorted.
    pub async fn listed(&self, user: &str) -> Vec<String> {
        let reply = self.get(&format!("/list-sessions?userId={user}")).signed().send().await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        let sessions = reply.json()["sessions"].clone();
        let handles =
            sessions.as_array().expect("a list").iter().map(|session| session["handle"].clone());
        sorted(&Value::Array(handles.collect()))
    }

    /// Lets time pass.
    pub fn pass(&self, span: Duration) {
        self.clock.pass(span);
    }

    /// The tokens that this test has seen.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn remember(&self, secrets: Vec<String>) {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).extend(secrets);
    }
}

/// A world whose table fails when it is told to.
pub async fn faulty() -> (World, Arc<Faulty<Embedded>>) {
    let engine = Arc::new(Faulty::new(Embedded::memory().expect("a database in memory")));
    (World::with(|builder| builder.engine(engine.clone())).await, engine)
}

/// The strings of a JSON array, sorted.
#[must_use]
pub fn sorted(list: &Value) -> Vec<String> {
    let texts = list.as_array().expect("a list").iter();
    let mut texts: Vec<_> = texts.map(|text| text.as_str().expect("text").to_owned()).collect();
    texts.sort();
    texts
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let leaked = self.made.found(&self.secrets()).len();
        assert_eq!(leaked, 0, "a token of this test was logged");
    }
}
