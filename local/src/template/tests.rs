//! What is understood of the real template, and what is refused of altered ones.

use super::*;
use http::Method;

fn altered(from: &str, to: &str) -> String {
    assert!(SEVER.contains(from), "the template no longer has {from}");
    let overrides = ["ApiDomain", "WebsiteDomain"]
        .map(|name| (name.to_owned(), "http://127.0.0.1:3000".to_owned()));
    let error = Template::parse(&SEVER.replacen(from, to, 1), &overrides.into()).unwrap_err();
    error.to_string()
}

#[test]
fn every_route_leads_to_its_function_behind_its_guard() {
    let template = Template::for_tests();
    let named = |name: &str| Guard::Authorizer(name.to_owned());
    for (method, path, binary, guard) in [
        (Method::POST, "/create-session", "create-session", Guard::Iam),
        (Method::POST, "/auth/session/refresh", "refresh-session", Guard::None),
        (Method::POST, "/auth/signout", "logout", Guard::None),
        (Method::POST, "/logout", "logout", Guard::None),
        (Method::POST, "/revoke-handle", "revoke-handle", Guard::Iam),
        (Method::POST, "/revoke-user", "revoke-user", Guard::Iam),
        (Method::GET, "/list-sessions", "list-sessions", Guard::Iam),
        (Method::GET, "/auth/sessions", "own-sessions", named("StrictSession")),
        (Method::POST, "/auth/sessions/revoke", "own-sessions", named("StrictSession")),
        (Method::GET, "/auth/jwt/jwks.json", "jwks", Guard::None),
        (Method::GET, "/auth/.well-known/openid-configuration", "jwks", Guard::None),
        (Method::GET, "/whoami", "whoami", named("StrictSession")),
        (Method::GET, "/whoami/fast", "whoami", named("FastSession")),
    ] {
        let mut routes = template.api.routes.iter();
        let route = routes.find(|route| route.path == path).unwrap();
        assert_eq!(route.method, Some(method), "{path}");
        assert_eq!(route.guard, guard, "{path}");
        assert_eq!(template.functions[&route.function].binary, binary, "{path}");
    }
}

#[test]
fn the_authorizers_run_one_binary_in_two_environments() {
    let template = Template::for_tests();
    for (name, function, check) in [
        ("StrictSession", "verify-session", "always"),
        ("FastSession", "verify-session-fast", "never"),
    ] {
        let authorizer = &template.api.authorizers[name];
        let resource = &template.functions[&authorizer.function];
        assert_eq!(authorizer.result_ttl, 0, "{name}");
        assert_eq!(authorizer.payload_type, "REQUEST", "{name}");
        assert_eq!(resource.name, function);
        assert_eq!(resource.binary, "verify-session");
        assert_eq!(resource.environment["CHECK_DATABASE"], check, "{name}");
        // From the globals.
        assert_eq!(resource.environment["TABLE_NAME"], template.table.name, "{name}");
        assert_eq!(resource.environment["ACCESS_TOKEN_VALIDITY"], "3600", "{name}");
    }
}

#[test]
fn every_binary_of_the_template_can_run_here() {
    for resource in Template::for_tests().functions.values() {
        assert!(crate::functions::binaries().any(|name| name == resource.binary));
    }
}

#[test]
fn what_is_not_understood_is_named() {
    for (from, to, expected) in [
        ("Authorizer: StrictSession }", "Authorizer: Nobody }", ": there is no authorizer Nobody"),
        (
            "FunctionPayloadType: REQUEST",
            "FunctionPayloadType: TOKEN",
            "StrictSession: only FunctionPayloadType REQUEST is understood here",
        ),
        ("AllowCredentials: true", "AllowCredential: true", "Resources.SessionApi.Properties.Cors"),
        (
            "\"'true'\"\n              Cache",
            "method.request.header.Origin\n              Cache",
            "must be static text in single quotes",
        ),
        ("        UNAUTHORIZED:", "        UNAUTHORISED:", "UNAUTHORISED: no such response type"),
        ("          Type: Api\n", "          Type: Schedule\n", "only events of Type Api"),
        ("TABLE_NAME: !Ref SessionTable", "TABLE_NAME: !Ref Nothing", "TABLE_NAME"),
        ("Auth:\n", "BinaryMediaTypes: ['*/*']\n      Auth:\n", "BinaryMediaTypes"),
        ("target/lambda/create-session", "functions/create-session", "Properties.CodeUri"),
    ] {
        let error = altered(from, to);
        assert!(error.contains(expected), "{to}: {error}");
    }
}

fn with(parameters: &[(&str, &str)]) -> Result<Template, String> {
    let domains = ["ApiDomain", "WebsiteDomain"].map(|name| (name, "http://127.0.0.1:3000"));
    let given = domains.iter().chain(parameters);
    let given = given.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Template::parse(SEVER, &given.collect()).map_err(|error| error.to_string())
}

#[test]
fn without_core_driver_its_function_and_its_routes_are_not_there() {
    let core = |template: &Template| {
        let routes = template.api.routes.iter().filter(|route| route.path.starts_with("/core"));
        (routes.count(), template.functions.contains_key("CoreDriverFunction"))
    };
    assert_eq!(core(&with(&[]).unwrap()), (2, true));
    assert_eq!(core(&with(&[("CoreDriver", "false")]).unwrap()), (0, false));
}

#[test]
fn parameters_that_contradict_each_other_are_refused_in_the_words_of_the_rule() {
    let certificate = ("CertificateArn", "arn:aws:acm:us-east-1:123456789012:certificate/a");
    let blacklisting = |on| ("AccessTokenBlacklisting", on);
    let check = |when| ("FastSessionCheckDatabase", when);
    for (parameters, rule) in [
        (vec![("HostedZoneId", "Z1")], Some("DnsRecordNeedsCertificate: HostedZoneId needs")),
        (vec![("HostedZoneId", "Z1"), certificate], None),
        (vec![certificate, ("ApiGatewayPath", "/prod")], Some("CertificateMapsTheRoot: ")),
        (vec![("ApiGatewayPath", "/prod")], None),
        (vec![blacklisting("true"), check("never")], Some("BlacklistingAlwaysAsks: ")),
        (vec![blacklisting("true"), check("unsafe-methods")], Some("BlacklistingAlwaysAsks: ")),
        (vec![blacklisting("false"), check("always")], Some("NoBlacklistingNeverAsks: ")),
        (vec![blacklisting("true"), check("always")], None),
        (vec![blacklisting("false"), check("never")], None),
    ] {
        let said = with(&parameters).err();
        let said = said.as_deref().map(|error| error.strip_prefix("template.yaml: Rules."));
        match (said, rule) {
            (None, None) => {}
            (Some(Some(said)), Some(rule)) => assert!(said.starts_with(rule), "{said}"),
            other => panic!("{parameters:?}: {other:?}"),
        }
    }
}

#[test]
fn the_fast_authorizer_asks_the_table_by_either_name() {
    for (parameters, check, old_name) in [
        (vec![], "never", ""),
        (vec![("FastSessionCheckDatabase", "unsafe-methods")], "unsafe-methods", ""),
        (vec![("AccessTokenBlacklisting", "true")], "", "true"),
        (vec![("AccessTokenBlacklisting", "false")], "", "false"),
    ] {
        let template = with(&parameters).unwrap();
        let environment = &template.functions["VerifySessionFastFunction"].environment;
        assert_eq!(environment["CHECK_DATABASE"], check, "{parameters:?}");
        assert_eq!(environment["ACCESS_TOKEN_BLACKLISTING"], old_name, "{parameters:?}");
        let strict = &template.functions["VerifySessionFunction"].environment;
        assert_eq!(strict["CHECK_DATABASE"], "always");
    }
}

#[test]
fn a_parameter_without_a_value_is_refused() {
    let error = Template::parse(SEVER, &BTreeMap::new()).unwrap_err().to_string();
    assert!(error.ends_with("Parameters.ApiDomain: has no default and no value"), "{error}");
}
