//! The condition on which the authorizer reads the table: per deployment, and per route where a
//! route says otherwise.

mod rule;

pub use rule::{BadRule, METHODS};

use http::Method;
use rule::{Named, canonical, is_greedy};
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

/// A request's target, as far as the authorizer's event names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckTarget {
    /// A method on a route.
    Route(Method, ApiRoute),
    /// A method on a route that the event does not name.
    Unrouted(Method),
    /// A connection, over which anything may be asked later.
    WebSocket,
    /// A GraphQL operation: a query, a mutation or a subscription.
    GraphQl,
}

/// A route of an API, as its authorizer is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiRoute {
    /// The path as the API declares it, such as `/orders/{id}`.
    pub path: String,
    /// The stage at which the API was reached, such as `prod`. It is no part of the path.
    pub stage: Option<String>,
}

impl CheckTarget {
    /// A method on the route `path` of the API's `stage`, when there is such a route.
    #[must_use]
    pub fn http(method: Method, path: Option<&str>, stage: Option<&str>) -> Self {
        match path {
            Some(path) if path.starts_with('/') => {
                let stage = stage.map(ToOwned::to_owned);
                Self::Route(method, ApiRoute { path: path.to_owned(), stage })
            }
            _ => Self::Unrouted(method),
        }
    }
}

/// The deployment's condition, and the routes that have their own.
#[derive(Clone, Debug)]
pub struct CheckPolicy {
    default: CheckDatabase,
    rules: HashMap<Named, CheckDatabase>,
}

impl CheckPolicy {
    /// One condition for every route.
    #[must_use]
    pub fn everywhere(default: CheckDatabase) -> Self {
        Self { default, rules: HashMap::new() }
    }

    /// Reads exceptions such as `POST /payments=always,ANY /feed/{id}=never`.
    ///
    /// # Errors
    /// The first rule that is none, that could match no request of an API, or that names a route
    /// which another rule names too.
    pub fn with_routes(mut self, text: &str) -> Result<Self, BadRule> {
        for rule in text.split(',').map(str::trim) {
            let bad = |expected| BadRule { rule: rule.to_owned(), expected };
            let (named, condition) = rule::parse(rule).map_err(bad)?;
            if self.rules.insert(named, condition).is_some() {
                return Err(bad("one rule for each route"));
            }
        }
        Ok(self)
    }

    /// The rules whose path begins with `prefix`, such as `/prod`, in words.
    pub fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        let paths = self.rules.keys().map(|(_, path)| path.as_str());
        paths.filter(move |path| {
            let rest = path.strip_prefix(prefix).filter(|_| !prefix.is_empty());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// Whether the table is asked. A route is the path as the API declares it, such as
    /// `/orders/{id}`: matching the path of a request instead would let `/orders/1/` slip past a
    /// rule for `/orders/{id}`.
    ///
    /// Where the route is unknown, the strictest rule that could be meant holds. A greedy route,
    /// such as `/{proxy+}`, that no rule names is as unknown: the rules name what is behind it.
    /// What is no HTTP request has no safe method and no rule: it asks the table unless the
    /// deployment never does.
    #[must_use]
    pub fn is_strict(&self, target: &CheckTarget) -> bool {
        match target {
            CheckTarget::Route(method, route) => self.is_strict_on(method, route),
            CheckTarget::Unrouted(method) => self.is_strict_anywhere(method),
            CheckTarget::WebSocket | CheckTarget::GraphQl => self.default != CheckDatabase::Never,
        }
    }

    fn is_strict_on(&self, method: &Method, route: &ApiRoute) -> bool {
        if self.rules.is_empty() {
            return self.default.is_strict_for(method);
        }
        let by_rule = |path| self.rule(method, path).map(|rule| rule.is_strict_for(method));
        // An operator who writes the stage into a rule means this route, and is never checked less
        // for it.
        let staged = route.stage.as_ref().map(|stage| format!("/{stage}{}", route.path));
        let staged = staged.and_then(|path| by_rule(canonical(&path)));
        let here = by_rule(canonical(&route.path)).unwrap_or_else(|| {
            if is_greedy(&route.path) {
                self.is_strict_anywhere(method)
            } else {
                self.default.is_strict_for(method)
            }
        });
        here || staged == Some(true)
    }

    fn rule(&self, method: &Method, path: String) -> Option<CheckDatabase> {
        let exact = (Some(method.clone()), path);
        let rule = self.rules.get(&exact).or_else(|| self.rules.get(&(None, exact.1)));
        rule.copied()
    }

    fn is_strict_anywhere(&self, method: &Method) -> bool {
        let rules = self.rules.iter();
        let mut rules = rules.filter(|((of, _), _)| of.as_ref().is_none_or(|of| of == method));
        self.default.is_strict_for(method) || rules.any(|(_, rule)| rule.is_strict_for(method))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(method: Method, route: &str) -> CheckTarget {
        CheckTarget::http(method, Some(route), None)
    }

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
            let asked = on(method, route);
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
                let asked = CheckTarget::http(method.clone(), route, None);
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
            for asked in [CheckTarget::WebSocket, CheckTarget::GraphQl] {
                assert_eq!(policy.is_strict(&asked), strict, "{condition:?} {asked:?}");
            }
        }
    }

    #[test]
    fn a_greedy_route_that_no_rule_names_is_as_strict_as_any_rule() {
        let rules = "POST /payments=always,GET /feed=never,ANY /files/{path+}=never";
        let never = CheckPolicy::everywhere(CheckDatabase::Never).with_routes(rules).unwrap();
        let always = CheckPolicy::everywhere(CheckDatabase::Always).with_routes(rules).unwrap();
        for (policy, method, route, strict) in [
            (&never, Method::POST, "/{proxy+}", true),
            (&never, Method::POST, "/payments/{proxy+}", true),
            (&never, Method::PUT, "/{proxy+}", false),
            (&never, Method::POST, "/files/{path+}", false),
            (&never, Method::POST, "/payments/{id}", false),
            (&always, Method::GET, "/{proxy+}", true),
            (&always, Method::GET, "/files/{path+}", false),
        ] {
            let asked = on(method, route);
            assert_eq!(policy.is_strict(&asked), strict, "{asked:?}");
        }
    }

    #[test]
    fn a_rule_holds_whatever_its_parameters_are_called_and_for_the_stage_it_may_name() {
        let policy = CheckPolicy::everywhere(CheckDatabase::Never).with_routes(
            "ANY /a/{id}=always,ANY /b/{proxy+}=always,GET /prod/c=always,ANY /=always",
        );
        let policy = policy.unwrap();
        let reached = |route, stage| CheckTarget::http(Method::GET, Some(route), stage);
        for (asked, strict) in [
            (reached("/a/{other}", None), true),
            (reached("/a/{other}/", None), true),
            (reached("/a/id", None), false),
            (reached("/b/{rest+}", None), true),
            (reached("/b/{rest}", None), false),
            (reached("/", None), true),
            (reached("/c", Some("prod")), true),
            (reached("/c", Some("v1")), false),
            (reached("/c", None), false),
            (reached("/prod/c", None), true),
        ] {
            assert_eq!(policy.is_strict(&asked), strict, "{asked:?}");
        }
        // A stage in a rule makes no route less strict.
        let always = CheckPolicy::everywhere(CheckDatabase::Always);
        let policy = always.with_routes("GET /prod/c=never").unwrap();
        assert!(policy.is_strict(&reached("/c", Some("prod"))));
        assert!(policy.under("/prod").eq(["/prod/c"]) && policy.under("/pro").next().is_none());
        assert!(policy.under("").next().is_none());
    }
}
