//! The condition on which the authorizer reads the table: per deployment, and per route where a
//! route says otherwise.

use http::Method;
use std::collections::HashMap;

/// When a check is strict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckDatabase {
    /// Always.
    Always,
    /// When the method may change something: any but GET, HEAD, OPTIONS and TRACE (RFC 9110 9.2.1).
    UnsafeMethods,
    /// Never: a token is believed until it expires.
    Never,
}

impl CheckDatabase {
    /// `always`, `unsafe-methods` or `never`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "always" => Some(Self::Always),
            "unsafe-methods" => Some(Self::UnsafeMethods),
            "never" => Some(Self::Never),
            _ => None,
        }
    }

    fn is_strict(self, method: &Method) -> bool {
        match self {
            Self::Always => true,
            Self::UnsafeMethods => !method.is_safe(),
            Self::Never => false,
        }
    }
}

/// The deployment's condition, and the routes that have their own.
#[derive(Clone, Debug)]
pub struct CheckPolicy {
    default: CheckDatabase,
    routes: HashMap<Route, CheckDatabase>,
}

/// A route as API Gateway names it: `GET /orders/{id}`. `None` for any method.
type Route = (Option<Method>, String);

impl CheckPolicy {
    /// One condition for every route.
    #[must_use]
    pub fn everywhere(default: CheckDatabase) -> Self {
        Self { default, routes: HashMap::new() }
    }

    /// Reads exceptions such as `POST /payments=always,ANY /feed/{id}=never`. `None` when the text
    /// is not such a list, or names a route twice.
    #[must_use]
    pub fn with_routes(mut self, text: &str) -> Option<Self> {
        for rule in text.split(',') {
            let (route, condition) = rule.trim().rsplit_once('=')?;
            let (method, path) = route.trim().split_once(' ')?;
            let method = match method {
                "ANY" => None,
                method if method.bytes().all(|byte| byte.is_ascii_uppercase()) => {
                    Some(Method::from_bytes(method.as_bytes()).ok()?)
                }
                _ => return None,
            };
            let path = path.trim();
            if !path.starts_with('/') {
                return None;
            }
            let condition = CheckDatabase::parse(condition.trim())?;
            if self.routes.insert((method, path.to_owned()), condition).is_some() {
                return None;
            }
        }
        Some(self)
    }

    /// Whether a request to this route asks the table. `route` is the path as the API declares it,
    /// such as `/orders/{id}`: matching the path of a request instead would let `/orders/1/` slip
    /// past a rule for `/orders/{id}`.
    #[must_use]
    pub fn is_strict(&self, method: &Method, route: &str) -> bool {
        let exact = self.routes.get(&(Some(method.clone()), route.to_owned()));
        let rule = exact.or_else(|| self.routes.get(&(None, route.to_owned())));
        rule.unwrap_or(&self.default).is_strict(method)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_overrides_the_deployment_and_its_method_overrides_any() {
        let policy = CheckPolicy::everywhere(CheckDatabase::UnsafeMethods)
            .with_routes("POST /feed=never, ANY /admin/{id} = always,GET /admin/{id}=never")
            .unwrap();
        for (method, route, strict) in [
            (Method::GET, "/other", false),
            (Method::HEAD, "/other", false),
            (Method::POST, "/other", true),
            (Method::from_bytes(b"PURGE").unwrap(), "/other", true),
            (Method::POST, "/feed", false),
            (Method::PUT, "/feed", true),
            (Method::DELETE, "/admin/{id}", true),
            (Method::GET, "/admin/{id}", false),
            (Method::GET, "/admin/7", false),
        ] {
            assert_eq!(policy.is_strict(&method, route), strict, "{method} {route}");
        }
    }

    #[test]
    fn a_rule_that_is_not_one_is_refused() {
        for text in [
            "",
            "POST /a",
            "POST /a=maybe",
            "post /a=always",
            "POST a=always",
            "/a=always",
            "POST /a=always,",
            "POST /a=always,POST /a=never",
        ] {
            let policy = CheckPolicy::everywhere(CheckDatabase::Always).with_routes(text);
            assert!(policy.is_none(), "{text:?}");
        }
    }
}
