//! One rule: which route it names, and whether an API can have such a route.

use super::CheckDatabase;
use http::Method;

/// What a rule names, such as `GET /orders/{}`. `None` for any method.
pub(super) type Named = (Option<Method>, String);

/// The methods of which API Gateway makes routes.
pub const METHODS: [Method; 7] = [
    Method::DELETE,
    Method::GET,
    Method::HEAD,
    Method::OPTIONS,
    Method::PATCH,
    Method::POST,
    Method::PUT,
];

/// A rule that no request can match, or a text that is no rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRule {
    /// As it was written.
    pub rule: String,
    /// What was expected of it.
    pub expected: &'static str,
}

/// # Errors
/// What was expected instead.
pub(super) fn parse(rule: &str) -> Result<(Named, CheckDatabase), &'static str> {
    const FORM: &str = "a method, a blank, a path, = and always, unsafe-methods or never";
    let (route, condition) = rule.rsplit_once('=').ok_or(FORM)?;
    let (method, path) = route.trim().split_once(' ').ok_or(FORM)?;
    let condition = CheckDatabase::parse(condition.trim()).ok_or(FORM)?;
    let known = || METHODS.iter().find(|known| known.as_str() == method).cloned();
    let method = match method {
        "ANY" => None,
        _ => Some(known().ok_or("ANY, DELETE, GET, HEAD, OPTIONS, PATCH, POST or PUT")?),
    };
    let path = path.trim();
    check_path(path)?;
    Ok(((method, canonical(path)), condition))
}

/// Whether API Gateway can declare a route with this path.
///
/// # Errors
/// What was expected instead.
fn check_path(path: &str) -> Result<(), &'static str> {
    if path == "/" {
        return Ok(());
    }
    let rest = path.strip_prefix('/').ok_or("a path that begins with /")?;
    let mut segments = rest.split('/').peekable();
    while let Some(segment) = segments.next() {
        match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) if name.ends_with('+') && segments.peek().is_some() => {
                return Err("a parameter such as {proxy+} at the end of its path alone");
            }
            Some(name) if is_plain(name.strip_suffix('+').unwrap_or(name)) => {}
            None if is_plain(segment) && is_no_notation(segment) => {}
            Some(_) | None if segment.is_empty() => {
                return Err("a path without // and without / at its end");
            }
            Some(_) | None => {
                return Err(
                    "a path as the API declares it: segments of A-Z, a-z, 0-9 and -._~:@, or \
                     parameters such as {id}, without query, wildcard or percent-encoding",
                );
            }
        }
    }
    Ok(())
}

fn is_plain(segment: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:@".contains(&byte);
    !segment.is_empty() && segment.bytes().all(plain)
}

/// Dots that a client resolves before it asks, and `:id`, by which other frameworks mean `{id}`.
fn is_no_notation(segment: &str) -> bool {
    ![".", ".."].contains(&segment) && !segment.starts_with(':')
}

/// A path in which parameters have no names, since no API has two routes that differ by those
/// alone, and that does not end with a slash.
pub(super) fn canonical(path: &str) -> String {
    let segment = |segment: &str| match segment.strip_prefix('{') {
        Some(_) if segment.ends_with("+}") => "{+}".to_owned(),
        Some(_) => "{}".to_owned(),
        None => segment.to_owned(),
    };
    let path = path.strip_suffix('/').unwrap_or(path);
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

pub(super) fn is_greedy(path: &str) -> bool {
    path.ends_with("+}")
}

#[cfg(test)]
mod tests {
    use crate::config::check_database::{CheckDatabase, CheckPolicy};

    #[test]
    fn a_rule_that_no_request_can_match_is_refused_by_name() {
        for (text, rule) in [
            ("", ""),
            ("POST /a", "POST /a"),
            ("POST /a=maybe", "POST /a=maybe"),
            ("POST /a=Always", "POST /a=Always"),
            ("post /a=always", "post /a=always"),
            ("POST a=always", "POST a=always"),
            ("/a=always", "/a=always"),
            ("GET /a=never,POST /b=always,", ""),
            ("GET /a=always;GET /b=always", "GET /a=always;GET /b=always"),
            ("GET /a=always\nGET /b=always", "GET /a=always\nGET /b=always"),
            ("GET /a=always GET /b=always", "GET /a=always GET /b=always"),
            ("POST /a/=always", "POST /a/=always"),
            ("POST //=always", "POST //=always"),
            ("POST //a=always", "POST //a=always"),
            ("POST /a//b=always", "POST /a//b=always"),
            ("POST /a?x==always", "POST /a?x==always"),
            ("POST /a?x=1=always", "POST /a?x=1=always"),
            ("POST /a#b=always", "POST /a#b=always"),
            ("POST /*=always", "POST /*=always"),
            ("POST /a*=always", "POST /a*=always"),
            ("POST /a%20b=always", "POST /a%20b=always"),
            ("POST /ä=always", "POST /ä=always"),
            ("POST /a/../b=always", "POST /a/../b=always"),
            ("POST /./b=always", "POST /./b=always"),
            ("POST https://x.example/a=always", "POST https://x.example/a=always"),
            ("ANY $default=always", "ANY $default=always"),
            ("ANY /$default=always", "ANY /$default=always"),
            ("ANY $connect=always", "ANY $connect=always"),
            ("PURGE /a=always", "PURGE /a=always"),
            ("TRACE /a=always", "TRACE /a=always"),
            ("* /a=always", "* /a=always"),
            ("GET|POST /a=always", "GET|POST /a=always"),
            ("ANY /{proxy+}/a=always", "ANY /{proxy+}/a=always"),
            ("ANY /{proxy+=always", "ANY /{proxy+=always"),
            ("ANY /proxy+=always", "ANY /proxy+=always"),
            ("ANY /a{id}=always", "ANY /a{id}=always"),
            ("ANY /{}=always", "ANY /{}=always"),
            ("ANY /{+}=always", "ANY /{+}=always"),
            ("ANY /{a/b}=always", "ANY /{a/b}=always"),
            ("ANY /:id=always", "ANY /:id=always"),
            ("POST /a=always,POST /a=never", "POST /a=never"),
            ("POST /a=always,POST /a=always", "POST /a=always"),
            ("ANY /{a}=always,ANY /{b}=never", "ANY /{b}=never"),
        ] {
            let policy = CheckPolicy::everywhere(CheckDatabase::Always).with_routes(text);
            assert_eq!(policy.map_err(|bad| bad.rule).err().as_deref(), Some(rule), "{text:?}");
        }
    }

    #[test]
    fn a_bad_rule_says_what_was_expected() {
        for (text, expected) in [
            ("POST /a", "a method, a blank, a path"),
            ("PURGE /a=always", "ANY, DELETE, GET"),
            ("POST a=always", "begins with /"),
            ("POST /a/=always", "without / at its end"),
            ("POST /{a+}/b=always", "{proxy+} at the end"),
            ("POST /a?b=always", "without query"),
            ("POST /a=never,POST /a=always", "one rule for each route"),
        ] {
            let policy = CheckPolicy::everywhere(CheckDatabase::Always).with_routes(text);
            let bad = policy.unwrap_err();
            assert!(bad.expected.contains(expected), "{text}: {}", bad.expected);
        }
    }
}
