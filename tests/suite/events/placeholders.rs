//! The values that `${…}` stands for in a sample, taken from sessions of the users `ada` and
//! `grace`.

use super::sdk;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use shared::time::Timestamp;
use std::time::Duration;
use tests::{Opened, World};

/// How long an access token lives.
const HOUR: Duration = Duration::from_hours(1);
/// How long a session lives.
const HUNDRED_DAYS: Duration = Duration::from_hours(2_400);
/// Longer than the grace window and than an access token lives.
const A_WHILE: Duration = Duration::from_hours(2);

/// Names and what they stand for.
#[derive(Default)]
pub(crate) struct Placeholders(Vec<(&'static str, String)>);

impl Placeholders {
    /// Opens the sessions. Two of `ada`'s live, the one that samples mean and the other, and two of
    /// `grace`'s: one that an SDK opened, and one in the tenant `acme`.
    pub(crate) async fn prepare(world: &World) -> Self {
        sdk::put_apps_and_tenants(world).await;
        let used = world.open("used").await;
        world.refreshed(&used.refresh).await;
        let expired = world.open("expired").await;
        world.pass(A_WHILE);
        let ended = open(world).await;
        world.revoke("/revoke-handle", &json!({"sessionHandle": ended.handle})).await;
        let [session, other] = [open(world).await, open(world).await];
        let acme = open_in_tenant(world).await;
        let mut filled = vec![
            ("sessionHandle", session.handle),
            ("accessToken", session.access),
            ("refreshToken", session.refresh),
            ("otherSessionHandle", other.handle),
            ("otherAccessToken", other.access),
            ("endedSessionHandle", ended.handle),
            ("endedAccessToken", ended.access),
            ("endedRefreshToken", ended.refresh),
            ("expiredAccessToken", expired.access),
            ("usedRefreshToken", used.refresh),
            ("acmeSessionHandle", acme.handle),
            ("acmeAccessToken", acme.access),
            ("acmeRefreshToken", acme.refresh),
            ("cursor", cursor(world).await),
            ("openedAt", in_millis(world, Duration::ZERO)),
            ("accessTokenExpiresAt", in_millis(world, HOUR)),
            ("refreshTokenExpiresAt", in_millis(world, HUNDRED_DAYS)),
        ];
        filled.extend(sdk::opened(world).await);
        Self(filled)
    }

    /// The same for a function whose clock does not stand still.
    pub(crate) async fn prepare_at(world: &World, moment: Timestamp) -> Self {
        Self::set_back(world, moment);
        Self::prepare(world).await
    }

    /// Sets the clock so that it shows `moment` once the sessions are open.
    pub(super) fn set_back(world: &World, moment: Timestamp) {
        world.clock.set(moment.minus(A_WHILE));
    }

    /// The answer of such a function, as if no time had passed since the sessions were opened.
    pub(crate) fn at_once(&self, answer: &RawValue) -> Box<RawValue> {
        const LATEST: i64 = 600_000;
        let moments = self.0.iter().filter(|(name, _)| name.ends_with("At"));
        let moments: Vec<i64> = moments.filter_map(|(_, moment)| moment.parse().ok()).collect();
        let alike = |a: &u8, b: &u8| a.is_ascii_digit() == b.is_ascii_digit();
        let words = answer.get().as_bytes().chunk_by(alike).map(String::from_utf8_lossy);
        let settled = words.map(|word| {
            let later = word.parse::<i64>().ok();
            let moment = later.and_then(|later| {
                moments.iter().find(|moment| (0..=LATEST).contains(&later.saturating_sub(**moment)))
            });
            moment.map_or_else(|| word.to_string(), ToString::to_string)
        });
        RawValue::from_string(settled.collect()).expect("JSON as before")
    }

    /// The text with every placeholder filled.
    pub(crate) fn fill(&self, text: &str) -> String {
        let fill = |text: String, (name, value): &(&str, String)| {
            text.replace(&format!("${{{name}}}"), value)
        };
        let filled = self.0.iter().fold(text.to_owned(), fill);
        assert!(!filled.contains("${"), "an unknown placeholder: {text}");
        filled
    }

    /// The JSON text with every placeholder filled.
    pub(crate) fn json(&self, text: &str) -> Value {
        serde_json::from_str(&self.fill(text)).expect("expected answers are JSON")
    }

    /// Whether one of the tokens stands in `text`.
    pub(crate) fn any_secret_in(&self, text: &str) -> bool {
        let mut secrets = self.0.iter().filter(|(name, _)| name.ends_with("Token"));
        secrets.any(|(_, secret)| text.contains(secret))
    }
}

async fn open(world: &World) -> Opened {
    world.open_with(&json!({"userId": "ada", "accessTokenPayload": {"role": "admin"}})).await
}

async fn open_in_tenant(world: &World) -> Opened {
    let session =
        json!({"userId": "grace", "tenantId": "acme", "accessTokenPayload": {"role": "admin"}});
    world.open_with(&session).await
}

fn in_millis(world: &World, span: Duration) -> String {
    world.clock.now().plus(span).millis().to_string()
}

async fn cursor(world: &World) -> String {
    let reply = world.get("/list-sessions?userId=ada&limit=1").signed().send().await;
    reply.json()["cursor"].as_str().expect("two sessions are two pages").to_owned()
}
