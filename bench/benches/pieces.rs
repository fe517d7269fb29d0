//! `cargo bench -p bench`: the pieces of what the functions do, in this process.

use divan::{Bencher, black_box};
use lambda_runtime::{Context, LambdaEvent};
use local::bundle::Bundle;
use local::dynamodb::{Embedded, client};
use local::template::{SEVER, Template};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use shared::app::{App, SdkConfig};
use shared::config::Config;
use shared::lambda::Function;
use shared::time::{Clock, Entropy, Timestamp};
use shared::token::issuers::Issuers;
use shared::token::key::{KeyKind, Kid, PublicKey};
use shared::token::keyring::Keyring;
use shared::token::signing::SigningKey;
use shared::token::unverified::UnverifiedToken;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};

fn main() {
    divan::main();
}

/// A bundle with an open session, and functions of their own over its table.
struct Place {
    runtime: Runtime,
    bundle: Bundle,
    engine: Embedded,
    access: String,
    refresh: String,
}

impl Place {
    fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let engine = Embedded::memory().expect("a database in memory");
        let bundle = Bundle::builder().engine(Arc::new(engine.clone())).build();
        let bundle = runtime.block_on(bundle).expect("a bundle");
        let command = r#"{"userId":"ada","accessTokenPayload":{"role":"editor"}}"#;
        let opened =
            runtime.block_on(bundle.invoke("create-session:direct", command)).expect("a session");
        let opened: Value = serde_json::from_str(opened.get()).expect("JSON");
        let token = |name: &str| opened[name]["token"].as_str().expect("a token").to_owned();
        let (access, refresh) = (token("accessToken"), token("refreshToken"));
        Self { runtime, bundle, engine, access, refresh }
    }

    /// A function in the environment of the resource `id`, with caches of its own.
    fn function(&self, id: &str, of: fn(Arc<App>) -> Function) -> Function {
        let domain = |name: &str| (name.to_owned(), "http://127.0.0.1:3000".to_owned());
        let parameters = BTreeMap::from([domain("ApiDomain"), domain("WebsiteDomain")]);
        let template = Template::parse(SEVER, &parameters).expect("the template");
        let environment = template.functions[id].environment.clone();
        let config = Config::from_vars(|name| environment.get(name).cloned()).expect("a config");
        let dynamodb = client(Arc::new(self.engine.clone()));
        let aws = SdkConfig::builder().build();
        of(Arc::new(App::new(config, dynamodb, aws, Clock::system(), Entropy::system())))
    }

    fn event(&self, function: &str, case: &str) -> Box<RawValue> {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../events");
        let text = std::fs::read_to_string(format!("{root}/{function}/{case}.json"));
        let event: Value = serde_json::from_str(&text.expect("a sample")).expect("JSON");
        let event = event.to_string().replace("${accessToken}", &self.access);
        let event = event.replace("${refreshToken}", &self.refresh);
        RawValue::from_string(event).expect("JSON")
    }

    fn ask(&self, function: &Function, event: &RawValue) -> String {
        let event = LambdaEvent::new(event.to_owned(), Context::default());
        match self.runtime.block_on(function.invoke(event)) {
            Ok(answer) => answer.get().to_owned(),
            Err(refusal) => refusal.error_type,
        }
    }

    /// The published keys, as the functions keep them.
    fn keyring(&self) -> Keyring {
        let event = self.event("jwks", "key-set");
        let answer = self.runtime.block_on(self.bundle.invoke("jwks", event.get()));
        let answer: Value = serde_json::from_str(answer.expect("keys").get()).expect("JSON");
        let set = answer["body"].as_str().expect("a body");
        let set: Value = serde_json::from_str(set).expect("JSON");
        let text = |key: &Value, member: &str| key[member].as_str().expect("text").to_owned();
        let keys = set["keys"].as_array().expect("keys").iter().map(|key| PublicKey {
            kid: Kid::parse(&text(key, "kid")).expect("a kid"),
            modulus: text(key, "n"),
            exponent: text(key, "e"),
            kind: KeyKind::Dynamic,
            created_at: Timestamp::from_millis(0),
            signs_from: Timestamp::from_millis(0),
            published_until: None,
        });
        Keyring::new(keys.collect()).expect("RSA keys")
    }
}

#[divan::bench]
fn parse_a_token(bencher: Bencher) {
    let place = Place::new();
    bencher.bench(|| UnverifiedToken::parse(black_box(&place.access)).is_ok());
}

#[divan::bench]
fn parse_and_verify_a_token(bencher: Bencher) {
    let place = Place::new();
    let (keyring, issuers) = (place.keyring(), Issuers::only("http://127.0.0.1:3000/auth"));
    let now = Clock::system().now();
    let verify = || {
        let token = UnverifiedToken::parse(black_box(&place.access)).expect("a token");
        keyring.verify(token, &issuers, now).expect("a good token")
    };
    bencher.bench(verify);
}

#[divan::bench]
fn sign(bencher: Bencher) {
    let key = SigningKey::dynamic(Timestamp::from_millis(0), &Entropy::system()).expect("a key");
    bencher.bench(|| key.sign(black_box(&[7; 600])).expect("a signature"));
}

/// Reading an event of each shape in which there is no token, and refusing it.
#[divan::bench(args = [
    "no-token",
    "token-empty",
    "http-api-no-token",
    "http-api-1-no-token",
    "websocket-no-token",
    "appsync-empty-token",
])]
fn event_without_a_token(bencher: Bencher, case: &str) {
    let place = Place::new();
    let function = place.function("VerifySessionFastFunction", verify_session::function);
    let event = place.event("verify-session", case);
    assert!(!allows(&place.ask(&function, &event)));
    bencher.bench_local(|| place.ask(&function, black_box(&event)));
}

fn allows(answer: &str) -> bool {
    answer.contains(r#""Allow""#) || answer.contains(r#""isAuthorized":true"#)
}

/// From the event's JSON to the answer's, for each shape; the keys are known.
#[divan::bench(args = [
    "header",
    "cookie",
    "single-value-headers",
    "token",
    "http-api-header",
    "http-api-1-header",
    "websocket-header",
    "appsync-query",
])]
fn fast_check(bencher: Bencher, case: &str) {
    check(bencher, "VerifySessionFastFunction", case);
}

/// The same, and one call of the embedded table.
#[divan::bench(args = ["header", "cookie"])]
fn strict_check(bencher: Bencher, case: &str) {
    check(bencher, "VerifySessionFunction", case);
}

fn check(bencher: Bencher, id: &str, case: &str) {
    let place = Place::new();
    let function = place.function(id, verify_session::function);
    let event = place.event("verify-session", case);
    assert!(allows(&place.ask(&function, &event)));
    bencher.bench_local(|| place.ask(&function, black_box(&event)));
}

/// Each exchanges what the last one answered.
#[divan::bench]
fn refresh(bencher: Bencher) {
    let place = Place::new();
    let function = place.function("RefreshSessionFunction", refresh_session::function);
    let event = place.event("refresh-session", "header");
    let (before, after) = event.get().split_once(&place.refresh).expect("the token");
    let after = after.replace(&place.refresh, "REFRESH");
    let mut token = place.refresh.clone();
    bencher.bench_local(|| {
        let event = format!("{before}{token}{}", after.replace("REFRESH", &token));
        let answer = place.ask(&function, &RawValue::from_string(event).expect("JSON"));
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        let next = &answer["multiValueHeaders"]["st-refresh-token"][0];
        next.as_str().expect("a token").clone_into(&mut token);
    });
}

/// What an answer's payload costs, as the authorizer hands it on.
#[divan::bench]
fn payload_to_json(bencher: Bencher) {
    let place = Place::new();
    let issuers = Issuers::only("http://127.0.0.1:3000/auth");
    let token = UnverifiedToken::parse(&place.access).expect("a token");
    let claims = place.keyring().verify(token, &issuers, Clock::system().now()).expect("good");
    bencher.bench(|| json!({"payload": black_box(&claims.payload).to_json()}).to_string());
}
