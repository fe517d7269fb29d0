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

    fn is_strict_for(self, method: &Method) -> bool {
        match self {
            Self::Always => true,
            Self::UnsafeMethods => !method.is_safe(),
            Self::Never => false,
        }
    }
}

/// What is asked for, as far as the question says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A method on a route: the path as the API declares it, such as `/orders/{id}`.
    Route(Method, String),
    /// A method on a route that the question does not name.
    Unrouted(Method),
    /// A connection, over which anything may be asked later.
    WebSocket,
    /// A GraphQL operation: a query, a mutation or a subscription.
    GraphQl,
}

impl Asked {
    /// A method on `route`, when there is one and it is a path.
    #[must_use]
    pub fn http(method: Method, route: Option<&str>) -> Self {
        match route {
            Some(route) if route.starts_with('/') => Self::Route(method, route.to_owned()),
            _ => Self::Unrouted(method),
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

    /// Whether the table is asked. A route is the path as the API declares it, such as
    /// `/orders/{id}`: matching the path of a request instead would let `/orders/1/` slip past a
    /// rule for `/orders/{id}`.
    ///
    /// Where the route is unknown, the strictest rule that could be meant holds. What is no HTTP
    /// request has no safe method and no rule: it asks the table unless the deployment never does.
    #[must_use]
    pub fn is_strict(&self, asked: &Asked) -> bool {
        match asked {
            Asked::Route(method, route) => {
                let exact = self.routes.get(&(Some(method.clone()), route.clone()));
                let rule = exact.or_else(|| self.routes.get(&(None, route.clone())));
                rule.unwrap_or(&self.default).is_strict_for(method)
            }
            Asked::Unrouted(method) => {
                let rules = self.routes.iter();
                let mut rules =
                    rules.filter(|((of, _), _)| of.as_ref().is_none_or(|of| of == method));
                self.default.is_strict_for(method)
                    || rules.any(|(_, rule)| rule.is_strict_for(method))
            }
            Asked::WebSocket | Asked::GraphQl => self.default != CheckDatabase::Never,
        }
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
            let asked = Asked::http(method, Some(route));
            assert_eq!(policy.is_strict(&asked), strict, "{asked:?}");
        }
    }

    #[test]
    fn an_unknown_route_is_the_strictest_there_is() {
        let never = CheckPolicy::everywhere(CheckDatabase::Never);
        let rules = "POST /pay=always,ANY /feed=unsafe-methods,GET /x=never";
        let with_rules = never.clone().with_routes(rules).unwrap();
        let lax = CheckPolicy::everywhere(CheckDatabase::Always).with_routes("GET /x=never");
        let lax = lax.unwrap();
        for (policy, method, strict) in [
            (&never, Method::POST, false),
            (&with_rules, Method::POST, true),
            (&with_rules, Method::PUT, true),
            (&with_rules, Method::GET, false),
            (&lax, Method::GET, true),
        ] {
            for route in [None, Some("$default"), Some("")] {
                let asked = Asked::http(method.clone(), route);
                assert_eq!(policy.is_strict(&asked), strict, "{asked:?}");
            }
        }
    }

    #[test]
    fn what_is_no_http_request_is_strict_unless_nothing_is() {
        for (condition, strict) in [
            (CheckDatabase::Always, true),
            (CheckDatabase::UnsafeMethods, true),
            (CheckDatabase::Never, false),
        ] {
            let policy = CheckPolicy::everywhere(condition).with_routes("ANY /x=always").unwrap();
            for asked in [Asked::WebSocket, Asked::GraphQl] {
                assert_eq!(policy.is_strict(&asked), strict, "{condition:?} {asked:?}");
            }
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
