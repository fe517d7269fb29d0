//! Apps and tenants, as the SuperTokens SDKs know them (PROTOCOL 4.11). An app is an isolation
//! boundary for sessions and keys; a tenant is a part of an app's users. Values only.

use crate::api_keys::ApiKeys;
use crate::ids::{AppId, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The most tenants of one app: all of them stand in one item of the table.
pub const MAX_TENANTS: usize = 1_000;

/// The most apps: one item of the table lists them all.
pub const MAX_APPS: usize = 1_000;

/// The most API keys of one app: they are in the app's item.
pub const MAX_API_KEYS: usize = 100;

/// An app that somebody made.
#[derive(Clone, Debug)]
pub struct AppRecord {
    /// Its name.
    pub id: AppId,
    /// Counts the writes of this record.
    pub version: u64,
    /// Counts the apps of this name, from 1. Sessions and keys of one are unknown to the next.
    pub incarnation: u64,
    /// Whether it is gone.
    pub removed: bool,
    /// What it sets otherwise than the operator.
    pub settings: AppSettings,
    /// Its tenants, but for `public`, which every app has.
    pub tenants: BTreeSet<TenantId>,
}

impl AppRecord {
    /// The first record of an app that nobody has made yet.
    #[must_use]
    pub fn first(id: AppId) -> Self {
        let settings = AppSettings::default();
        let tenants = BTreeSet::new();
        Self { id, version: 1, incarnation: 1, removed: false, settings, tenants }
    }

    /// Whether it has this tenant.
    #[must_use]
    pub fn has_tenant(&self, tenant: &TenantId) -> bool {
        !self.removed && (tenant.is_public() || self.tenants.contains(tenant))
    }
}

/// What an app sets otherwise than the operator, under the names and in the units of the core's
/// configuration (PROTOCOL 2.4).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AppSettings {
    /// Digests of the keys by which its SDKs prove themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_keys: Option<Vec<String>>,
    /// Seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token_validity: Option<f64>,
    /// A share of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token_validity_jitter: Option<f64>,
    /// Minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token_validity: Option<f64>,
    /// Hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token_dynamic_signing_key_update_interval: Option<f64>,
}

/// A setting is not one, or has a value that is not allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSetting {
    /// There is no such setting. An app can set those of `SETTINGS`.
    #[error("an app cannot set {}; it can set {}", quoted(.0), SETTINGS.join(", "))]
    Unknown(String),
    /// The value is not allowed.
    #[error("`{name}` must be {rule}")]
    Value {
        /// The setting, as the core spells it.
        name: &'static str,
        /// What is allowed.
        rule: &'static str,
    },
}

/// What an app can set for itself.
const SETTINGS: [&str; 5] = [API_KEYS, ACCESS, JITTER, REFRESH, INTERVAL];

/// The name of a setting as a refusal repeats it: only what looks like a name.
fn quoted(name: &str) -> String {
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if (1..=64).contains(&name.len()) && name.bytes().all(is_name) {
        format!("`{name}`")
    } else {
        "a setting of such a name".to_owned()
    }
}

const API_KEYS: &str = "api_keys";
const ACCESS: &str = "access_token_validity";
const JITTER: &str = "access_token_validity_jitter";
const REFRESH: &str = "refresh_token_validity";
const INTERVAL: &str = "access_token_dynamic_signing_key_update_interval";
/// The older name of the same.
const INTERVAL_ALIAS: &str = "access_token_signing_key_update_interval";

/// Settings of the core that only SDKs before CDI 2.21 depend on. Sever can have them as they are
/// by default, and no other way.
const BLACKLISTING: &str = "access_token_blacklisting";
const DYNAMIC_KEY: &str = "access_token_signing_key_dynamic";

impl AppSettings {
    /// These settings with `config` on top. Numbers may come as text; `null` goes back to what the
    /// operator set.
    ///
    /// # Errors
    /// A name is not known, or a value not allowed.
    pub fn changed(&self, config: &Map<String, Value>) -> Result<Self, InvalidSetting> {
        let mut changed = self.clone();
        for (name, value) in config {
            match name.as_str() {
                API_KEYS => changed.api_keys = api_keys(value)?,
                ACCESS => {
                    let rule = "a number of seconds, 1 to 86400000";
                    changed.access_token_validity = number(value, ACCESS, 1.0, 86_400_000.0, rule)?;
                }
                JITTER => {
                    let rule = "a share, 0 to 0.25";
                    changed.access_token_validity_jitter = number(value, JITTER, 0.0, 0.25, rule)?;
                }
                REFRESH => {
                    let rule = "a number of minutes above 0, at most 52560000, longer than access_token_validity";
                    let least = 1.0 / 60.0;
                    changed.refresh_token_validity =
                        number(value, REFRESH, least, 52_560_000.0, rule)?;
                }
                INTERVAL | INTERVAL_ALIAS => {
                    let rule = "a number of hours, at least one second and at most 87600";
                    let least = 1.0 / 3600.0;
                    changed.access_token_dynamic_signing_key_update_interval =
                        number(value, INTERVAL, least, 87_600.0, rule)?;
                }
                BLACKLISTING => {
                    let rule = "false: an SDK since CDI 2.21 asks the core about an access token \
                                only where verifySession has checkDatabase";
                    only(value, false, BLACKLISTING, rule)?;
                }
                DYNAMIC_KEY => {
                    let rule = "true: an SDK since CDI 2.21 chooses the kind of key itself, by \
                                useDynamicAccessTokenSigningKey";
                    only(value, true, DYNAMIC_KEY, rule)?;
                }
                _ => return Err(InvalidSetting::Unknown(name.clone())),
            }
        }
        Ok(changed)
    }

    /// The keys by which its SDKs prove themselves; `None` when it sets none.
    ///
    /// # Errors
    /// The table holds what are no digests.
    pub fn keys(&self) -> Result<Option<ApiKeys>, InvalidSetting> {
        let unreadable = InvalidSetting::Value { name: API_KEYS, rule: "digests" };
        let Some(digests) = &self.api_keys else { return Ok(None) };
        ApiKeys::from_stored(digests).map(Some).ok_or(unreadable)
    }
}

/// Allows one value, which may come as text, and `null`.
fn only(
    value: &Value,
    allowed: bool,
    name: &'static str,
    rule: &'static str,
) -> Result<(), InvalidSetting> {
    let given = match value {
        Value::Null => return Ok(()),
        Value::Bool(given) => Some(*given),
        Value::String(text) => text.trim().parse().ok(),
        Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    };
    if given == Some(allowed) { Ok(()) } else { Err(InvalidSetting::Value { name, rule }) }
}

fn number(
    value: &Value,
    name: &'static str,
    min: f64,
    max: f64,
    rule: &'static str,
) -> Result<Option<f64>, InvalidSetting> {
    let number = match value {
        Value::Null => return Ok(None),
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    let allowed = number.filter(|number| (min..=max).contains(number));
    allowed.map(Some).ok_or(InvalidSetting::Value { name, rule })
}

fn api_keys(value: &Value) -> Result<Option<Vec<String>>, InvalidSetting> {
    let keys = match value {
        Value::Null => return Ok(None),
        Value::String(list) => ApiKeys::parse(list),
        _ => None,
    };
    let rule = "at most 100 comma-separated keys, each of at least 20 of A-Z, a-z, 0-9, = and -, \
                or its digest (sha256: and 64 hex digits)";
    let digests = keys.map(|keys| keys.to_stored()).filter(|keys| keys.len() <= MAX_API_KEYS);
    digests.map(Some).ok_or(InvalidSetting::Value { name: API_KEYS, rule })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn changed(settings: &AppSettings, config: &Value) -> Result<AppSettings, InvalidSetting> {
        settings.changed(config.as_object().unwrap())
    }

    #[test]
    fn numbers_may_be_text_and_null_resets() {
        let first = json!({ACCESS: "7", REFRESH: 1.5, INTERVAL_ALIAS: "0.001", JITTER: 0});
        let settings = changed(&AppSettings::default(), &first).unwrap();
        assert_eq!(settings.access_token_validity, Some(7.0));
        assert_eq!(settings.refresh_token_validity, Some(1.5));
        assert_eq!(settings.access_token_dynamic_signing_key_update_interval, Some(0.001));
        let reset = changed(&settings, &json!({ACCESS: null})).unwrap();
        assert_eq!(reset.access_token_validity, None);
        assert_eq!(reset.refresh_token_validity, Some(1.5));
    }

    #[test]
    fn what_is_not_a_setting_is_refused() {
        for config in [
            json!({"unknown": 1}),
            json!({BLACKLISTING: true}),
            json!({BLACKLISTING: "true"}),
            json!({BLACKLISTING: 0}),
            json!({DYNAMIC_KEY: false}),
            json!({DYNAMIC_KEY: "no"}),
            json!({ACCESS: 0}),
            json!({ACCESS: "x"}),
            json!({ACCESS: true}),
            json!({JITTER: 0.3}),
            json!({REFRESH: 0}),
            json!({INTERVAL: 0.0001}),
            json!({INTERVAL: "NaN"}),
            json!({API_KEYS: "short"}),
            json!({API_KEYS: 7}),
        ] {
            assert!(changed(&AppSettings::default(), &config).is_err(), "{config}");
        }
    }

    #[test]
    fn a_setting_that_is_refused_is_named() {
        let refusal =
            |config: &Value| changed(&AppSettings::default(), config).unwrap_err().to_string();
        for name in ["ip_allow_regex", "refresh_token_rotation_grace_period", "log_level"] {
            assert!(refusal(&json!({name: 1})).contains(&format!("`{name}`")), "{name}");
        }
        for (name, value) in [(BLACKLISTING, true), (DYNAMIC_KEY, false)] {
            let refused = refusal(&json!({name: value}));
            assert!(refused.starts_with(&format!("`{name}` must be {}: ", !value)), "{refused}");
        }
        for odd in ["", "<b>", "Secret-Key=", &"x".repeat(65)] {
            let refused = refusal(&json!({odd: 1}));
            assert!(odd.is_empty() || !refused.contains(odd), "{refused}");
        }
    }

    #[test]
    fn the_cores_defaults_for_older_sdks_change_nothing() {
        for config in [
            json!({BLACKLISTING: false, DYNAMIC_KEY: true}),
            json!({BLACKLISTING: "false", DYNAMIC_KEY: " true "}),
            json!({BLACKLISTING: null, DYNAMIC_KEY: null}),
        ] {
            assert_eq!(changed(&AppSettings::default(), &config), Ok(AppSettings::default()));
        }
    }

    #[test]
    fn keys_are_kept_as_digests() {
        let key = "k".repeat(20);
        let settings = changed(&AppSettings::default(), &json!({API_KEYS: key})).unwrap();
        assert!(!serde_json::to_string(&settings).unwrap().contains(&key));
        assert!(settings.keys().unwrap().unwrap().accept(&key));
    }

    #[test]
    fn an_app_has_a_bounded_number_of_keys() {
        let keys = |count| vec!["k".repeat(20); count].join(",");
        let set = |count| changed(&AppSettings::default(), &json!({API_KEYS: keys(count)}));
        assert!(set(MAX_API_KEYS).is_ok());
        let refused = set(MAX_API_KEYS + 1).unwrap_err().to_string();
        assert!(refused.contains(&format!("at most {MAX_API_KEYS}")), "{refused}");
    }

    #[test]
    fn a_removed_app_has_no_tenant() {
        let mut app = AppRecord::first(AppId::parse("a").unwrap());
        let acme = TenantId::parse("acme").unwrap();
        assert!(app.has_tenant(&TenantId::public()) && !app.has_tenant(&acme));
        app.tenants.insert(acme.clone());
        assert!(app.has_tenant(&acme));
        app.removed = true;
        assert!(!app.has_tenant(&acme) && !app.has_tenant(&TenantId::public()));
    }
}
