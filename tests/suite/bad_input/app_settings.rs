//! Settings of an app, as odd as an administrator can send them: refused by name, or settings that
//! its sessions can be opened, checked and refreshed under.

use super::cases::{Stage, every};
use super::json::{JsonChange, Odd, Tree, odd};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use shared::tenancy::AppSettings;
use tests::Reply;

const NAMES: [&str; 10] = [
    "api_keys",
    "access_token_validity",
    "access_token_validity_jitter",
    "refresh_token_validity",
    "access_token_dynamic_signing_key_update_interval",
    "access_token_signing_key_update_interval",
    "access_token_blacklisting",
    "access_token_signing_key_dynamic",
    "unknown",
    "",
];

/// Values at the bounds of what is allowed, and just beyond.
const VALUES: [&str; 27] = [
    "0",
    "1",
    "-1",
    "0.25",
    "0.2500001",
    "86400000",
    "86400001",
    "52560000",
    "52560001",
    "87600",
    "1e-300",
    "5e-324",
    "0.0166666666666666",
    "0.01666666666666667",
    "0.0002777777777777778",
    r#""7""#,
    r#"" 7 ""#,
    r#""NaN""#,
    r#""inf""#,
    r#""+1""#,
    r#""0x7""#,
    "null",
    "true",
    "false",
    r#""false""#,
    r#""a-key-of-at-least-20-letters""#,
    r#""a-key-of-at-least-20-letters,short""#,
];

fn settings() -> BoxedStrategy<Vec<(&'static str, Odd)>> {
    let telling = select(&VALUES[..]).prop_map(|json| Odd(json.to_owned()));
    let value = prop_oneof![4 => telling, 1 => odd()];
    vec((select(&NAMES[..]), value), 0..5).boxed()
}

fn written(settings: &[(&'static str, Odd)]) -> Tree {
    let member = |(name, odd): &(&str, Odd)| ((*name).to_owned(), Tree::Leaf(odd.0.clone()));
    Tree::Object(settings.iter().map(member).collect())
}

#[test]
fn settings_are_within_bounds_or_refused() {
    every(4_000, &(settings(), vec(JsonChange::any(), 0..2)), |(settings, changes)| {
        let mut config = written(&settings);
        for change in &changes {
            change.apply(&mut config);
        }
        let Ok(Value::Object(config)) = serde_json::from_str(&config.write()) else { return };
        if let Ok(settings) = AppSettings::default().changed(&config) {
            let within = |number: Option<f64>, least: f64, most: f64| {
                number.is_none_or(|number| number.is_finite() && number >= least && number <= most)
            };
            assert!(within(settings.access_token_validity, 1.0, 86_400_000.0), "{settings:?}");
            assert!(within(settings.access_token_validity_jitter, 0.0, 0.25), "{settings:?}");
            assert!(within(settings.refresh_token_validity, 0.0166, 52_560_000.0), "{settings:?}");
            let interval = settings.access_token_dynamic_signing_key_update_interval;
            assert!(within(interval, 0.000_27, 87_600.0), "{settings:?}");
            assert!(settings.keys().is_ok(), "{settings:?}");
            let stored = serde_json::to_string(&settings).expect("JSON");
            let read: AppSettings = serde_json::from_str(&stored).expect("what was stored");
            assert_eq!(read, settings, "the table gives back what was put there");
        }
    });
}

/// The key that is shown with every call.
const KEY: &str = "a-key-of-at-least-20-letters";

struct Core {
    stage: Stage,
}

impl Core {
    fn send(&self, method: http::Method, path: &str, body: String) -> Reply {
        let call = self.stage.world.call(method, &format!("/core{path}"));
        let call = call.header("api-key", KEY).text(body);
        let reply = self.stage.run(call.send());
        assert!(reply.status < 500, "{path}: {} {}", reply.status, reply.body);
        reply
    }

    fn put(&self, path: &str, body: String) -> Reply {
        self.send(http::Method::PUT, path, body)
    }

    fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(http::Method::POST, path, body.to_string())
    }
}

#[test]
fn what_is_accepted_can_be_lived_under() {
    let core = Core { stage: Stage::new() };
    every(40, &settings(), |settings| {
        // Whoever sets another key has to show it.
        let unknown = |(name, odd): &(&str, Odd)| {
            *name == "api_keys" && odd.0 != format!("\"{KEY}\"") && odd.0 != "null"
        };
        if settings.iter().any(unknown) {
            return;
        }
        let config = written(&settings).write();
        core.post("/recipe/multitenancy/app/remove", &json!({"appId": "odd"}));
        let reply = core.put(
            "/recipe/multitenancy/app/v2",
            format!(r#"{{"appId":"odd","coreConfig":{config}}}"#),
        );
        if reply.status != 200 {
            assert_eq!(reply.status, 400, "{}", reply.body);
            return;
        }
        let opening = json!({
            "userId": "u", "userDataInJWT": {}, "userDataInDatabase": {}, "enableAntiCsrf": false,
        });
        let opened = core.post("/appid-odd/recipe/session", &opening);
        assert_eq!(opened.json()["status"], "OK", "{config}: {}", opened.body);
        let token = |name: &str| opened.json()[name]["token"].clone();
        let check = json!({
            "accessToken": token("accessToken"), "doAntiCsrfCheck": false, "enableAntiCsrf": false,
            "checkDatabase": true,
        });
        let checked = core.post("/appid-odd/recipe/session/verify", &check);
        assert_eq!(checked.json()["status"], "OK", "{config}: {}", checked.body);
        let exchange = json!({
            "refreshToken": token("refreshToken"), "enableAntiCsrf": false,
            "useDynamicSigningKey": true,
        });
        let refreshed = core.post("/appid-odd/recipe/session/refresh", &exchange);
        assert_eq!(refreshed.json()["status"], "OK", "{config}: {}", refreshed.body);
    });
}
