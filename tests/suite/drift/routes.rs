//! What is reachable, and what stands before it.

use super::{root, template, tree};
use http::Method;
use local::template::Guard;
use shared::lambda::DIRECT;
use std::collections::BTreeSet;
use std::fs;

/// Method, path, binary and guard of each route there is.
const ROUTES: [[&str; 4]; 15] = [
    ["POST", "/create-session", "create-session", "IAM"],
    ["POST", "/revoke-handle", "revoke-handle", "IAM"],
    ["POST", "/revoke-user", "revoke-user", "IAM"],
    ["GET", "/list-sessions", "list-sessions", "IAM"],
    ["POST", "/auth/session/refresh", "refresh-session", "none"],
    ["POST", "/auth/signout", "logout", "none"],
    ["POST", "/logout", "logout", "none"],
    ["GET", "/auth/sessions", "own-sessions", "StrictSession"],
    ["POST", "/auth/sessions/revoke", "own-sessions", "StrictSession"],
    ["GET", "/auth/jwt/jwks.json", "jwks", "none"],
    ["GET", "/auth/.well-known/openid-configuration", "jwks", "none"],
    ["ANY", "/core", "core-driver", "none"],
    ["ANY", "/core/{proxy+}", "core-driver", "none"],
    ["GET", "/whoami", "whoami", "StrictSession"],
    ["GET", "/whoami/fast", "whoami", "FastSession"],
];

#[test]
fn these_are_the_routes_and_their_guards() {
    let template = template();
    let routes = template.api.routes.iter().map(|route| {
        let guard = match &route.guard {
            Guard::None => "none",
            Guard::Iam => "IAM",
            Guard::Authorizer(name) => name,
        };
        let method = route.method.as_ref().map_or("ANY", Method::as_str);
        let binary = &template.functions[&route.function].binary;
        [method, &route.path, binary, guard].map(ToOwned::to_owned)
    });
    let routes: Vec<_> = routes.collect();
    assert_eq!(routes.len(), ROUTES.len(), "a route stands twice");
    let expected = ROUTES.map(|route| route.map(ToOwned::to_owned));
    assert_eq!(BTreeSet::from_iter(routes), BTreeSet::from(expected));
}

/// The functions that take commands by direct invoke.
fn admin_functions() -> BTreeSet<String> {
    let of_iam = ROUTES.iter().filter(|[_, _, _, guard]| *guard == "IAM");
    of_iam.map(|[_, _, binary, _]| (*binary).to_owned()).collect()
}

#[test]
fn the_functions_behind_iam_have_the_alias_direct_and_no_other_has_one() {
    let with_alias = template().functions.into_values().filter(|one| !one.aliases.is_empty());
    let with_alias: BTreeSet<_> = with_alias
        .map(|function| {
            assert_eq!(function.aliases, BTreeSet::from([DIRECT.to_owned()]), "{}", function.name);
            function.name
        })
        .collect();
    assert_eq!(with_alias, admin_functions());
}

/// What a document lets be invoked or granted: the last part of an ARN, or what follows
/// `--function-name`.
fn functions_named(text: &str) -> Vec<&str> {
    let after = [":function:", "--function-name "].map(|before| text.split(before).skip(1));
    let is_in_it = |letter: char| letter.is_ascii_alphanumeric() || "-_:$".contains(letter);
    let names = after.into_iter().flatten().map(|rest| {
        let end = rest.find(|letter| !is_in_it(letter)).unwrap_or(rest.len());
        &rest[..end]
    });
    names.filter(|name| !name.is_empty()).collect()
}

#[test]
fn documents_name_the_alias_of_an_admin_function_and_no_other_function_but_the_keys() {
    let admin = admin_functions();
    let mut found = 0;
    let files = ["docs", "console", "events", "examples"].into_iter().flat_map(tree);
    for file in files.chain([root().join("README.md")]) {
        if file.extension().is_none_or(|kind| kind != "md") {
            continue;
        }
        let text = fs::read_to_string(&file).expect("text");
        for name in functions_named(&text) {
            let plain = name.strip_prefix("sever-").unwrap_or(name);
            let (function, alias) = plain.split_once(':').unwrap_or((plain, ""));
            let expected = if admin.contains(function) { DIRECT } else { "" };
            assert_eq!(alias, expected, "{}: {name}", file.display());
            found += 1;
        }
    }
    assert!(found > 5, "{found}");
}

#[test]
fn no_authorizer_result_is_ever_kept() {
    let template = template();
    let names: Vec<_> = template.api.authorizers.keys().map(String::as_str).collect();
    assert_eq!(names, ["FastSession", "StrictSession"]);
    for (name, authorizer) in &template.api.authorizers {
        assert_eq!(authorizer.result_ttl, 0, "{name}");
        assert_eq!(authorizer.payload_type, "REQUEST", "{name}");
        let function = &template.functions[&authorizer.function];
        assert_eq!(function.binary, "verify-session", "{name}");
    }
}

#[test]
fn the_strict_authorizer_always_asks_the_table_and_no_route_is_an_exception() {
    let template = template();
    let strict = &template.functions[&template.api.authorizers["StrictSession"].function];
    assert_eq!(strict.environment["CHECK_DATABASE"], "always");
    assert_eq!(strict.environment["CHECK_DATABASE_ROUTES"], "");
    assert!(!strict.environment.contains_key("ACCESS_TOKEN_BLACKLISTING"));
    let fast = &template.functions[&template.api.authorizers["FastSession"].function];
    assert_eq!(fast.environment["CHECK_DATABASE"], "never");
}
