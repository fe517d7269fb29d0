//! Configuration: read once at start, from environment variables that carry SuperTokens' names
//! where it has them (PROTOCOL 2.4). An empty variable counts as absent. All faults are reported
//! together.

use crate::api_keys::ApiKeys;
use crate::http::cookies::{CookieSettings, SameSite};
use crate::session::{AntiCsrfMode, Conflict, Policy};
use crate::token::issuers::{Issuers, Trusted};
use std::fmt;
use std::time::Duration;
use url::{Host, Url};

mod authorizer;
mod same_site;
mod variables;

pub use authorizer::{AuthorizerSettings, HttpApiResponse};
pub use variables::{VARIABLES, Variable};

/// What a function is configured to do.
#[derive(Clone, Debug)]
pub struct Config {
    /// The DynamoDB table.
    pub table_name: String,
    /// How sessions live.
    pub policy: Policy,
    /// How browsers are served.
    pub web: WebSettings,
    /// How the authorizer asks and answers.
    pub authorizer: AuthorizerSettings,
    /// Who may call `core-driver`.
    pub core_access: CoreAccess,
    /// Whether a key of `API_KEYS` stands there in plain text.
    pub has_plain_api_keys: bool,
    /// The EventBridge bus to tell of sessions, by name or ARN, if any.
    pub event_bus: Option<String>,
}

/// Who may call `core-driver`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CoreAccess {
    /// Whoever presents one of these keys.
    Keys(ApiKeys),
    /// Everybody: no key is configured, and the operator said so.
    Open,
    /// Nobody: no key is configured.
    Closed,
}

/// How browsers are served.
#[derive(Clone, Debug)]
pub struct WebSettings {
    /// The one origin that CORS allows.
    pub website_origin: String,
    /// Whether the API is reached by https.
    pub api_is_https: bool,
    /// The cookies' attributes.
    pub cookies: CookieSettings,
    /// Where cookies were set before their domain changed.
    pub older_cookie_domain: Option<OlderCookieDomain>,
}

/// The domain of the cookies before it was changed (PROTOCOL 1.12).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OlderCookieDomain {
    /// They had none.
    HostOnly,
    /// They had this one.
    Domain(String),
}

/// What is wrong with one variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its name.
    pub variable: &'static str,
    /// Whether it is missing, or has a value that is not allowed.
    pub missing: bool,
    /// What is allowed.
    pub allowed: &'static str,
}

/// Everything that is wrong with the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// At least one.
    pub faults: Vec<Fault>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is faulty")?;
        for (i, fault) in self.faults.iter().enumerate() {
            let problem = if fault.missing { "is missing, it" } else { "is not as it must be, it" };
            let separator = if i == 0 { ": " } else { "; " };
            write!(f, "{separator}{} {problem} must be {}", fault.variable, fault.allowed)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// Every fault found.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_vars(|name| std::env::var(name).ok())
    }

    /// Reads the variables that `read` gives.
    ///
    /// # Errors
    /// Every fault found.
    pub fn from_vars(read: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut vars = Vars { read: &read, faults: Vec::new() };
        let config = vars.config();
        match config {
            Some(config) if vars.faults.is_empty() => Ok(config),
            Some(_) | None => Err(ConfigError { faults: vars.faults }),
        }
    }
}

struct Vars<'a> {
    read: &'a dyn Fn(&str) -> Option<String>,
    faults: Vec<Fault>,
}

/// What the operator said of cookies; the rest follows from the domains.
struct CookieWishes {
    secure: Option<bool>,
    same_site: Option<SameSite>,
    domain: Option<String>,
}

impl Vars<'_> {
    fn config(&mut self) -> Option<Config> {
        let table_name = self.required("TABLE_NAME", |name| Some(name.to_owned()));
        let api = self.required("API_DOMAIN", origin);
        let website = self.required("WEBSITE_DOMAIN", origin);
        let base_path = self.optional("API_BASE_PATH", path).unwrap_or_else(|| "/auth".to_owned());
        let gateway_path = self.optional("API_GATEWAY_PATH", path).unwrap_or_default();
        let authorizer = self.authorizer();
        let lifetimes = self.lifetimes();
        let wishes = self.cookie_wishes();
        let anti_csrf = self.optional("ANTI_CSRF", anti_csrf_mode);
        let none = || Trusted::These(Vec::new());
        let trusted = self.optional("TRUSTED_ISSUERS", trusted_issuers).unwrap_or_else(none);
        let core_access = self.core_access();
        let older_cookie_domain = self.optional("OLDER_COOKIE_DOMAIN", older_cookie_domain);
        let event_bus = self.optional("EVENT_BUS", event_bus);
        // Every variable has been read: what is left to find wrong is in how they go together.
        let (api, website) = (api?, website?);
        let base = format!("{gateway_path}{base_path}");
        let cookies = self.cookies(wishes, &api, &website, &base);
        let anti_csrf = anti_csrf.unwrap_or({
            // A browser sends such cookies along from any site.
            match cookies.same_site {
                SameSite::None => AntiCsrfMode::ViaCustomHeader,
                SameSite::Lax | SameSite::Strict => AntiCsrfMode::None,
            }
        });
        let own = format!("{}{base}", api.origin().ascii_serialization());
        let issuers = Issuers { own, trusted };
        Some(Config {
            table_name: table_name?,
            policy: Policy { issuers, anti_csrf, ..lifetimes },
            web: WebSettings {
                website_origin: website.origin().ascii_serialization(),
                api_is_https: api.scheme() == "https",
                cookies,
                older_cookie_domain,
            },
            authorizer,
            core_access,
            has_plain_api_keys: self
                .value("API_KEYS")
                .is_some_and(|list| ApiKeys::has_plain_text(&list)),
            event_bus,
        })
    }

    /// The lifetimes, in a policy whose other members are still to be filled in.
    fn lifetimes(&mut self) -> Policy {
        let seconds = |value: &str| whole(value, 1, 86_400_000).map(Duration::from_secs);
        let access =
            self.optional("ACCESS_TOKEN_VALIDITY", seconds).unwrap_or(Duration::from_hours(1));
        let minutes = |value: &str| fractional(value, 60.0, 1.0, 52_560_000.0);
        let refresh = self.optional("REFRESH_TOKEN_VALIDITY", minutes);
        let refresh = refresh.unwrap_or(Duration::from_hours(2400));
        let hours = |value: &str| fractional(value, 3600.0, 1.0, 87_600.0);
        let interval = self.optional("ACCESS_TOKEN_DYNAMIC_SIGNING_KEY_UPDATE_INTERVAL", hours);
        let interval = interval.unwrap_or(Duration::from_hours(168));
        let grace = |value: &str| whole(value, 0, 300).map(Duration::from_secs);
        let grace = self.optional("REFRESH_TOKEN_ROTATION_GRACE_PERIOD", grace);
        let share = |value: &str| value.parse().ok().filter(|share| (0.0..=0.25).contains(share));
        let jitter: Option<f64> = self.optional("ACCESS_TOKEN_VALIDITY_JITTER", share);
        let policy = Policy {
            issuers: Issuers::only(""),
            access_token_validity: access,
            access_token_validity_jitter: jitter.unwrap_or(0.05),
            refresh_token_validity: refresh,
            rotation_grace_period: grace.unwrap_or(Duration::from_secs(30)),
            key_update_interval: interval,
            anti_csrf: AntiCsrfMode::None,
        };
        match policy.conflict() {
            None => {}
            Some(Conflict::RefreshTooShort) => self.fault("REFRESH_TOKEN_VALIDITY", false),
            Some(Conflict::KeysTooShort) => self.fault("ACCESS_TOKEN_VALIDITY", false),
        }
        policy
    }

    fn cookie_wishes(&mut self) -> CookieWishes {
        CookieWishes {
            secure: self.optional("COOKIE_SECURE", flag),
            same_site: self.optional("COOKIE_SAME_SITE", same_site),
            domain: self.optional("COOKIE_DOMAIN", cookie_domain),
        }
    }

    fn cookies(
        &mut self,
        wishes: CookieWishes,
        api: &Url,
        website: &Url,
        base: &str,
    ) -> CookieSettings {
        let secure = wishes.secure.unwrap_or(api.scheme() == "https");
        let same_site = wishes.same_site.unwrap_or_else(|| {
            if same_site::share_a_site(api, website) { SameSite::Lax } else { SameSite::None }
        });
        // Browsers drop such cookies; on one machine they are let through for development (PROTOCOL
        // 1.3).
        let local = same_site::is_local(api) && same_site::is_local(website);
        if same_site == SameSite::None && !secure && !local {
            self.fault("COOKIE_SECURE", false);
        }
        CookieSettings {
            domain: wishes.domain,
            same_site,
            secure,
            refresh_path: format!("{base}/session/refresh"),
        }
    }

    /// Without keys nobody, unless the operator opens it to everybody: unknown means no.
    fn core_access(&mut self) -> CoreAccess {
        let open = self.optional("CORE_DRIVER_OPEN", flag).unwrap_or(false);
        match self.optional("API_KEYS", ApiKeys::parse) {
            Some(keys) => CoreAccess::Keys(keys),
            None if open => CoreAccess::Open,
            None => CoreAccess::Closed,
        }
    }

    fn value(&self, name: &str) -> Option<String> {
        let value = (self.read)(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    fn optional<T>(&mut self, name: &'static str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let parsed = parse(&self.value(name)?);
        if parsed.is_none() {
            self.fault(name, false);
        }
        parsed
    }

    fn required<T>(&mut self, name: &'static str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        if self.value(name).is_none() {
            self.fault(name, true);
        }
        self.optional(name, parse)
    }

    fn fault(&mut self, name: &'static str, missing: bool) {
        let known = VARIABLES.iter().find(|variable| variable.name == name);
        let allowed = known.map_or("as documented", |variable| variable.allowed);
        let fault = Fault { variable: name, missing, allowed };
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }
}

/// Scheme and host, and nothing after them.
fn origin(value: &str) -> Option<Url> {
    let url = Url::parse(value).ok()?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let anonymous = url.username().is_empty() && url.password().is_none();
    let web = matches!(url.scheme(), "http" | "https") && url.host().is_some();
    (bare && anonymous && web).then_some(url)
}

/// A path without its trailing slash; `/` is the empty path.
fn path(value: &str) -> Option<String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let plain = value.starts_with('/') && !value.contains("//") && value.bytes().all(allowed);
    plain.then(|| value.trim_end_matches('/').to_owned())
}

fn whole(value: &str, min: u64, max: u64) -> Option<u64> {
    value.parse().ok().filter(|number| (min..=max).contains(number))
}

fn fractional(value: &str, unit_seconds: f64, min: f64, max: f64) -> Option<Duration> {
    let number: f64 = value.parse().ok()?;
    (min..=max).contains(&number).then(|| Duration::from_secs_f64(number * unit_seconds))
}

fn flag(value: &str) -> Option<bool> {
    match value {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

fn same_site(value: &str) -> Option<SameSite> {
    match value {
        "strict" => Some(SameSite::Strict),
        "lax" => Some(SameSite::Lax),
        "none" => Some(SameSite::None),
        _ => None,
    }
}

fn anti_csrf_mode(value: &str) -> Option<AntiCsrfMode> {
    match value {
        "NONE" => Some(AntiCsrfMode::None),
        "VIA_CUSTOM_HEADER" => Some(AntiCsrfMode::ViaCustomHeader),
        "VIA_TOKEN" => Some(AntiCsrfMode::ViaToken),
        _ => None,
    }
}

/// A host name, lower-cased; a leading dot stays (PROTOCOL 1.3).
fn cookie_domain(value: &str) -> Option<String> {
    let value = value.to_ascii_lowercase();
    let bare = value.strip_prefix('.').unwrap_or(&value);
    // A cookie attribute ends at a semicolon, which a URL's host may have: only a host name may stand
    // here.
    let plain = bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    (plain && matches!(Host::parse(bare), Ok(host) if host.to_string() == bare)).then_some(value)
}

fn trusted_issuers(value: &str) -> Option<Trusted> {
    if value == "any" {
        return Some(Trusted::Any);
    }
    let issuers: Vec<_> = value.split(',').map(|issuer| issuer.trim().to_owned()).collect();
    let url = |issuer: &String| {
        Url::parse(issuer).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
    };
    issuers.iter().all(url).then_some(Trusted::These(issuers))
}

/// A name, or the ARN of a bus.
fn event_bus(value: &str) -> Option<String> {
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

fn older_cookie_domain(value: &str) -> Option<OlderCookieDomain> {
    match value {
        "host-only" => Some(OlderCookieDomain::HostOnly),
        domain => cookie_domain(domain).map(OlderCookieDomain::Domain),
    }
}

#[cfg(test)]
mod tests;
