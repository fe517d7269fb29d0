//! Settings that work, and that an operator may not have meant: said at start, one line each.

use super::domains::is_development;
use super::{Config, CoreAccess, Places, SameSite, same_site};
use crate::session::AntiCsrfMode;
use crate::token::issuers::Trusted;
use std::time::Duration;

/// Longer, and the fast path lets a revoked session pass for more than a day.
const LONG: Duration = Duration::from_hours(24);

pub(super) fn of(config: &Config, places: &Places) -> Vec<String> {
    let mut warnings = Vec::new();
    of_transport(config, places, &mut warnings);
    of_cookies(config, places, &mut warnings);
    of_checks(config, places, &mut warnings);
    if !is_development(&places.api) {
        of_trust(config, &mut warnings);
    }
    warnings
}

fn of_transport(config: &Config, places: &Places, warnings: &mut Vec<String>) {
    for (name, url) in [("API_DOMAIN", &places.api), ("WEBSITE_DOMAIN", &places.website)] {
        if url.scheme() == "http" && !is_development(url) {
            warnings.push(format!(
                "{name} is http: anyone on the network can read and change what is sent; use https"
            ));
        }
    }
    let host = places.api.host_str().unwrap_or_default();
    if host.contains(".execute-api.") && places.gateway_path.is_empty() {
        warnings.push(
            "API_GATEWAY_PATH is empty, but on an execute-api host every path begins with the stage: no browser \
             sends the refresh cookie; set it to the stage, such as /prod"
                .to_owned(),
        );
    }
    if config.authorizer.websocket_token_in_query {
        warnings.push(
            "WEBSOCKET_TOKEN_IN_QUERY is true: access tokens in URLs get into logs; prefer the subprotocol"
                .to_owned(),
        );
    }
}

fn of_cookies(config: &Config, places: &Places, warnings: &mut Vec<String>) {
    let (cookies, api) = (&config.web.cookies, &places.api);
    let same_site = cookies.same_site;
    if same_site != SameSite::None && !same_site::share_a_site(api, &places.website) {
        let same_site = same_site.as_str().to_lowercase();
        warnings.push(format!(
            "COOKIE_SAME_SITE is {same_site}, but WEBSITE_DOMAIN and API_DOMAIN are two sites: no browser sends the \
             session cookies from the website; set none, or leave it empty"
        ));
    }
    match (config.web.api_is_https, cookies.secure) {
        (true, false) => warnings.push(
            "COOKIE_SECURE is false, but API_DOMAIN is https: browsers also send the session cookies \
             unencrypted; set true, or leave it empty"
                .to_owned(),
        ),
        (false, true) if !is_development(api) => warnings.push(
            "COOKIE_SECURE is true, but API_DOMAIN is http: no browser keeps the session cookies; use https"
                .to_owned(),
        ),
        _ => {}
    }
    if same_site == SameSite::None && config.policy.anti_csrf == AntiCsrfMode::None {
        warnings.push(
            "ANTI_CSRF is NONE, but the session cookies have SameSite=None: any website can send requests in a \
             user's name; set VIA_CUSTOM_HEADER or VIA_TOKEN, or leave it empty"
                .to_owned(),
        );
    }
}

fn of_checks(config: &Config, places: &Places, warnings: &mut Vec<String>) {
    let validity = config.policy.lifetimes.access_token_validity;
    if validity > LONG {
        warnings.push(format!(
            "ACCESS_TOKEN_VALIDITY is {} seconds: for so long a revoked session passes where the table is not \
             asked; prefer an hour or less",
            validity.as_secs()
        ));
    }
    let mut paths: Vec<_> = config.authorizer.check_policy.under(&places.gateway_path).collect();
    paths.sort_unstable();
    paths.dedup();
    for path in paths {
        warnings.push(format!(
            "CHECK_DATABASE_ROUTES names {path}, which begins with API_GATEWAY_PATH: name a route as your API \
             declares it, without stage or base path"
        ));
    }
}

/// What is as it should be on a developer's machine, and nowhere else.
fn of_trust(config: &Config, warnings: &mut Vec<String>) {
    if config.policy.issuers.trusted == Trusted::Any {
        warnings.push(
            "TRUSTED_ISSUERS is any: the authorizers believe whatever an SDK names as issuer; name its apiDomain \
             and apiBasePath"
                .to_owned(),
        );
    }
    if config.core_access == CoreAccess::Open {
        warnings.push(
            "CORE_DRIVER_OPEN is true: without a key anyone can open a session of any user; set API_KEYS"
                .to_owned(),
        );
    }
}
