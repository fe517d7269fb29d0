//! What the text of a variable means; `None` when it means nothing.

use super::OlderCookieDomain;
use super::domains::{self, cookie_domain};
use crate::http::cookies::SameSite;
use crate::session::AntiCsrfMode;
use crate::token::issuers::Trusted;
use std::time::Duration;

/// A table's name, or its ARN.
pub(super) fn table_name(value: &str) -> Option<String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    let name = match value.strip_prefix("arn:") {
        Some(arn) => {
            let mut parts = arn.splitn(5, ':').skip(1);
            parts.next().filter(|service| *service == "dynamodb")?;
            parts.nth(2)?.strip_prefix("table/")?
        }
        None => value,
    };
    ((3..=255).contains(&name.len()) && name.bytes().all(allowed)).then(|| value.to_owned())
}

/// A path without its trailing slash; `/` is the empty path. A client resolves `..` before it asks.
pub(super) fn path(value: &str) -> Option<String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let plain = value.starts_with('/') && !value.contains("//") && value.bytes().all(allowed);
    let resolved = !value.split('/').any(|segment| segment == "." || segment == "..");
    (plain && resolved).then(|| value.trim_end_matches('/').to_owned())
}

pub(super) fn whole(value: &str, min: u64, max: u64) -> Option<u64> {
    value.parse().ok().filter(|number| (min..=max).contains(number))
}

pub(super) fn fractional(value: &str, unit_seconds: f64, min: f64, max: f64) -> Option<Duration> {
    let number: f64 = value.parse().ok()?;
    (min..=max).contains(&number).then(|| Duration::from_secs_f64(number * unit_seconds))
}

pub(super) fn flag(value: &str) -> Option<bool> {
    match value {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

pub(super) fn same_site(value: &str) -> Option<SameSite> {
    match value {
        "strict" => Some(SameSite::Strict),
        "lax" => Some(SameSite::Lax),
        "none" => Some(SameSite::None),
        _ => None,
    }
}

pub(super) fn anti_csrf_mode(value: &str) -> Option<AntiCsrfMode> {
    match value {
        "NONE" => Some(AntiCsrfMode::None),
        "VIA_CUSTOM_HEADER" => Some(AntiCsrfMode::ViaCustomHeader),
        "VIA_TOKEN" => Some(AntiCsrfMode::ViaToken),
        _ => None,
    }
}

pub(super) fn trusted_issuers(value: &str) -> Option<Trusted> {
    if value == "any" {
        return Some(Trusted::Any);
    }
    let issuers = value.split(',').map(|issuer| domains::issuer(issuer.trim()));
    let issuers: Vec<Vec<String>> = issuers.collect::<Option<_>>()?;
    Some(Trusted::These(issuers.concat()))
}

/// A name, or the ARN of a bus.
pub(super) fn event_bus(value: &str) -> Option<String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/.-_".contains(&byte);
    let is_name = |name: &str| (1..=256).contains(&name.len()) && name.bytes().all(allowed);
    let name = if value.starts_with("arn:") {
        let mut parts = value.splitn(6, ':').skip(2);
        parts.next().filter(|service| *service == "events")?;
        parts.nth(2)?.strip_prefix("event-bus/")?
    } else {
        value
    };
    is_name(name).then(|| value.to_owned())
}

pub(super) fn older_cookie_domain(value: &str) -> Option<OlderCookieDomain> {
    match value {
        "host-only" => Some(OlderCookieDomain::HostOnly),
        domain => cookie_domain(domain).map(OlderCookieDomain::Domain),
    }
}

/// `arn:<partition>:kms:<region>:<account>:key/<id>`: no alias, since the wrapped data key is
/// compared with the key that made it.
pub(super) fn kms_key_arn(value: &str) -> Option<String> {
    let [arn, partition, service, region, account, key] =
        value.splitn(6, ':').collect::<Vec<_>>().try_into().ok()?;
    let id = key.strip_prefix("key/")?;
    let is_plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let fits =
        (arn, service) == ("arn", "kms") && [partition, region, id].into_iter().all(is_plain);
    (fits && is_account).then(|| value.to_owned())
}
