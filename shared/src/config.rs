//! Configuration: read once at start, from environment variables that carry SuperTokens' names
//! where it has them (PROTOCOL 2.4). An empty variable counts as absent. All faults are reported
//! together.

use crate::api_keys::ApiKeys;
use crate::http::cookies::{CookieSettings, SameSite, bare};
use crate::session::{AntiCsrfMode, Conflict, Lifetimes, Policy};
use crate::token::issuers::{Issuers, Trusted};
use domains::{cookie_domain, origin};
use std::time::Duration;
use url::Url;
use values::{
    anti_csrf_mode, event_bus, flag, fractional, kms_key_arn, older_cookie_domain, path, same_site,
    table_name, trusted_issuers, whole,
};

mod authorizer;
pub mod check_database;
mod domains;
mod faults;
mod same_site;
mod values;
mod variables;
mod warnings;

pub use authorizer::{AuthorizerSettings, HttpApiResponse};
pub use faults::{ConfigError, Fault, Found};
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
    /// The ARN of the KMS key under whose data key private signing keys are sealed, if any.
    pub signing_kms_key: Option<String>,
    /// What works and is dangerous, one line each: the name of a variable, why, and what to do.
    pub warnings: Vec<String>,
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

impl OlderCookieDomain {
    /// The `Domain` attribute that they had.
    #[must_use]
    pub fn attribute(&self) -> Option<&str> {
        match self {
            Self::HostOnly => None,
            Self::Domain(domain) => Some(domain),
        }
    }
}

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

/// Where the API and the website are reached.
struct Places {
    api: Url,
    website: Url,
    /// What the gateway puts before every path.
    gateway_path: String,
    /// That, and the path of the browser's routes.
    base: String,
}

/// What the operator said of cookies; the rest follows from the domains.
struct CookieWishes {
    secure: Option<bool>,
    same_site: Option<SameSite>,
    domain: Option<String>,
    older_domain: Option<OlderCookieDomain>,
}

impl Vars<'_> {
    fn config(&mut self) -> Option<Config> {
        let table_name = self.required("TABLE_NAME", table_name);
        let places = self.places();
        let authorizer = self.authorizer();
        let lifetimes = self.lifetimes();
        let wishes = self.cookie_wishes();
        let anti_csrf = self.optional("ANTI_CSRF", anti_csrf_mode);
        let none = || Trusted::These(Vec::new());
        let trusted = self.optional("TRUSTED_ISSUERS", trusted_issuers).unwrap_or_else(none);
        let core_access = self.core_access();
        let event_bus = self.optional("EVENT_BUS", event_bus);
        let signing_kms_key = self.optional("SIGNING_KMS_KEY_ARN", kms_key_arn);
        // Every variable has been read: what is left to find wrong is in how they go together.
        let places = places?;
        let web = self.web(wishes, &places);
        let anti_csrf = anti_csrf.unwrap_or({
            // A browser sends such cookies along from any site.
            match web.cookies.same_site {
                SameSite::None => AntiCsrfMode::ViaCustomHeader,
                SameSite::Lax | SameSite::Strict => AntiCsrfMode::None,
            }
        });
        let issuers = self.issuers(trusted, &places);
        let config = Config {
            table_name: table_name?,
            policy: Policy { issuers, lifetimes, anti_csrf },
            web,
            authorizer,
            core_access,
            has_plain_api_keys: self
                .value("API_KEYS")
                .is_some_and(|list| ApiKeys::has_plain_text(&list)),
            event_bus,
            signing_kms_key,
            warnings: Vec::new(),
        };
        Some(Config { warnings: warnings::of(&config, &places), ..config })
    }

    fn places(&mut self) -> Option<Places> {
        let api = self.required("API_DOMAIN", origin);
        let website = self.required("WEBSITE_DOMAIN", origin);
        let base_path = self.optional("API_BASE_PATH", path).unwrap_or_else(|| "/auth".to_owned());
        let gateway_path = self.optional("API_GATEWAY_PATH", path).unwrap_or_default();
        let base = format!("{gateway_path}{base_path}");
        Some(Places { api: api?, website: website?, gateway_path, base })
    }

    /// Our own is no SDK's: `core-driver` issues no session that names it.
    fn issuers(&mut self, trusted: Trusted, places: &Places) -> Issuers {
        let own = format!("{}{}", places.api.origin().ascii_serialization(), places.base);
        if matches!(&trusted, Trusted::These(others) if others.contains(&own)) {
            self.invalid("TRUSTED_ISSUERS");
        }
        Issuers { own, trusted }
    }

    fn lifetimes(&mut self) -> Lifetimes {
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
        let lifetimes = Lifetimes {
            access_token_validity: access,
            access_token_validity_jitter: jitter.unwrap_or(0.05),
            refresh_token_validity: refresh,
            rotation_grace_period: grace.unwrap_or(Duration::from_secs(30)),
            key_update_interval: interval,
        };
        match lifetimes.conflict() {
            None => {}
            Some(Conflict::RefreshTooShort) => self.invalid("REFRESH_TOKEN_VALIDITY"),
            Some(Conflict::KeysTooShort) => self.invalid("ACCESS_TOKEN_VALIDITY"),
        }
        lifetimes
    }

    fn cookie_wishes(&mut self) -> CookieWishes {
        CookieWishes {
            secure: self.optional("COOKIE_SECURE", flag),
            same_site: self.optional("COOKIE_SAME_SITE", same_site),
            domain: self.optional("COOKIE_DOMAIN", cookie_domain),
            older_domain: self.optional("OLDER_COOKIE_DOMAIN", older_cookie_domain),
        }
    }

    fn web(&mut self, wishes: CookieWishes, places: &Places) -> WebSettings {
        let Places { api, website, .. } = places;
        self.check_cookie_domains(&wishes, api);
        let secure = wishes.secure.unwrap_or(api.scheme() == "https");
        let same_site = wishes.same_site.unwrap_or_else(|| {
            if same_site::share_a_site(api, website) { SameSite::Lax } else { SameSite::None }
        });
        // Browsers drop such cookies; on one machine they are let through for development (PROTOCOL
        // 1.3).
        let local = same_site::is_local(api) && same_site::is_local(website);
        if same_site == SameSite::None && !secure && !local {
            self.invalid("COOKIE_SECURE");
        }
        WebSettings {
            website_origin: website.origin().ascii_serialization(),
            api_is_https: api.scheme() == "https",
            cookies: CookieSettings {
                domain: wishes.domain,
                same_site,
                secure,
                refresh_path: format!("{}/session/refresh", places.base),
                parents: domains::parents(api).into_iter().map(ToOwned::to_owned).collect(),
            },
            older_cookie_domain: wishes.older_domain,
        }
    }

    /// A browser takes no cookie for a domain that the API's host is not in, and knows one domain
    /// with and without a leading dot as the same.
    fn check_cookie_domains(&mut self, wishes: &CookieWishes, api: &Url) {
        let domain = wishes.domain.as_deref();
        let older = wishes.older_domain.as_ref().map(OlderCookieDomain::attribute);
        let may_be_set = |domain| domains::may_set_cookie_for(api, domain);
        if !domain.is_none_or(may_be_set) {
            self.invalid("COOKIE_DOMAIN");
        }
        let is_present = |older: Option<&str>| older.map(bare) == domain.map(bare);
        if older.is_some_and(|older| is_present(older) || !older.is_none_or(may_be_set)) {
            self.invalid("OLDER_COOKIE_DOMAIN");
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
            self.invalid(name);
        }
        parsed
    }

    fn required<T>(&mut self, name: &'static str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        if self.value(name).is_none() {
            self.add(Fault::missing(name));
        }
        self.optional(name, parse)
    }

    /// The value of `name` is not one that it takes, or not beside the others.
    fn invalid(&mut self, name: &'static str) {
        let value = self.value(name).unwrap_or_default();
        self.add(Fault::invalid(name, &value));
    }

    fn add(&mut self, fault: Fault) {
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }
}

#[cfg(test)]
mod tests;
