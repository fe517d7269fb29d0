//! Hosts, origins and issuers; and what is warned of.

use super::{Trusted, faulty, read};

#[test]
fn a_domain_is_written_as_browsers_write_an_origin() {
    for good in [
        "https://www.example.com",
        "https://www.example.com:8443",
        "http://localhost:3000",
        "http://127.0.0.1",
        "http://[::1]:3000",
        "https://xn--bcher-kva.example",
        "http://my_app:3000",
    ] {
        for name in ["API_DOMAIN", "WEBSITE_DOMAIN"] {
            assert!(!faulty(&[(name, good)]).contains(&name), "{name}={good}");
        }
    }
    for bad in [
        "https://www.example.com:443",
        "http://www.example.com:80",
        "https://WWW.example.com",
        "HTTPS://www.example.com",
        "https://bücher.example",
        "https://*.example.com",
        "*",
        "https://www.example.com'",
        "https://www.example.com\"",
        "https://www.example.com/",
        "https://www.example.com.",
        "https://www.example.com?",
        "https://www.example.com#",
        "https://www.example.com/auth",
        "https://u@www.example.com",
        "https://www.example.com, https://example.com",
        "https:www.example.com",
        "https:\\\\www.example.com",
        "https://www.exa\tmple.com",
        "https://127.1",
        "https://0x7f.0.0.1",
        "https://",
        "https://a:0x",
        "ftp://www.example.com",
        "null",
        "www.example.com",
    ] {
        for name in ["API_DOMAIN", "WEBSITE_DOMAIN"] {
            assert_eq!(faulty(&[(name, bad)]), [name], "{name}={bad}");
        }
    }
}

#[test]
fn a_cookie_domain_is_one_that_a_browser_takes_from_the_api() {
    for (api, domain, good) in [
        ("https://api.example.com", ".example.com", true),
        ("https://api.example.com", "example.com", true),
        ("https://api.example.com", "api.example.com", true),
        ("https://a.b.shop.localhost", ".shop.localhost", true),
        ("https://api.example.com", ".example.org", false),
        ("https://api.example.com", "www.example.com", false),
        ("https://api.example.com", "x.api.example.com", false),
        ("https://api.example.com", "ample.com", false),
        ("https://api.example.com", "com", false),
        ("https://api.example.com", ".", false),
        ("https://api.example.com", "..example.com", false),
        ("https://api.example.com", "*.example.com", false),
        ("https://api.example.com", "https://example.com", false),
        ("https://api.example.com:8443", "example.com:8443", false),
        ("https://api.example.co.uk", ".co.uk", false),
        ("https://a.github.io", ".github.io", false),
        ("https://x.execute-api.us-east-1.amazonaws.com", ".amazonaws.com", false),
        ("http://127.0.0.1:3000", "127.0.0.1", false),
        ("http://[::1]:3000", "[::1]", false),
        ("http://localhost:3000", "localhost", false),
    ] {
        for name in ["COOKIE_DOMAIN", "OLDER_COOKIE_DOMAIN"] {
            let vars = [("API_DOMAIN", api), ("WEBSITE_DOMAIN", api), (name, domain)];
            let expected = if good { vec![] } else { vec![name] };
            assert_eq!(faulty(&vars), expected, "{api} {name}={domain}");
        }
    }
}

#[test]
fn the_older_cookie_domain_is_another_than_the_present_one() {
    for (domain, older, good) in [
        ("", "host-only", false),
        ("", ".example.com", true),
        (".example.com", "host-only", true),
        (".example.com", "api.example.com", true),
        (".example.com", ".example.com", false),
        (".example.com", "EXAMPLE.com", false),
    ] {
        let found = faulty(&[("COOKIE_DOMAIN", domain), ("OLDER_COOKIE_DOMAIN", older)]);
        let expected = if good { vec![] } else { vec!["OLDER_COOKIE_DOMAIN"] };
        assert_eq!(found, expected, "{domain} {older}");
    }
}

#[test]
fn an_issuer_is_read_as_the_sdks_write_it() {
    let trusted =
        |value: &str| match read(&[("TRUSTED_ISSUERS", value)]).ok()?.policy.issuers.trusted {
            Trusted::These(issuers) => Some(issuers.join(" ")),
            Trusted::Any => None,
        };
    for (value, expected) in [
        ("https://a.example/auth", "https://a.example/auth"),
        ("https://a.example/auth/", "https://a.example/auth"),
        ("https://a.example", "https://a.example"),
        ("https://a.example/", "https://a.example"),
        ("HTTPS://A.Example/Auth", "https://a.example/auth"),
        ("https://a.example:8443/auth", "https://a.example:8443/auth"),
        // Node's SDK drops a default port, the others keep it.
        ("https://a.example:443/auth", "https://a.example/auth https://a.example:443/auth"),
        ("http://[::1]:3001/auth", "http://[::1]:3001/auth"),
        (
            "https://a.example/auth , https://b.example/x",
            "https://a.example/auth https://b.example/x",
        ),
    ] {
        assert_eq!(trusted(value).as_deref(), Some(expected), "{value}");
    }
    for bad in [
        "https://a.example/auth;https://b.example/auth",
        "https://a.example/auth https://b.example/auth",
        "https://a.example/auth\nhttps://b.example/auth",
        "https://a.example/auth,",
        "https://a.example/auth?x=1",
        "https://a.example/auth#x",
        "https://u:p@a.example/auth",
        "https://a.example/a/../auth",
        "https:a.example/auth",
        "https:///a.example/auth",
        "https://127.1/auth",
        "http://a.example:443x/auth",
        "https://a.example/%61uth",
        "https://bücher.example/auth",
        "https://*.example/auth",
        "\"https://a.example/auth\"",
        "a.example/auth",
        "ftp://a.example/auth",
        "Any",
        "*",
        // Sever's own: core-driver lets no SDK name it.
        "https://api.example.com/auth",
        "https://a.example/auth,https://API.example.com:443/auth/",
    ] {
        assert_eq!(faulty(&[("TRUSTED_ISSUERS", bad)]), ["TRUSTED_ISSUERS"], "{bad}");
    }
}

#[test]
fn what_works_and_is_dangerous_is_warned_of_in_one_line() {
    const SITES: [(&str, &str); 1] = [("WEBSITE_DOMAIN", "https://www.elsewhere.example")];
    let warned = |vars: &[(&str, &str)]| {
        let warnings = read(vars).unwrap().warnings;
        assert!(warnings.iter().all(|warning| !warning.contains('\n')), "{warnings:?}");
        warnings.iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(warned(&[]), Vec::<String>::new());
    let http =
        [("API_DOMAIN", "http://api.example.com"), ("WEBSITE_DOMAIN", "http://x.example.com")];
    let stage = [
        ("API_DOMAIN", "https://abc.execute-api.us-east-1.amazonaws.com"),
        ("WEBSITE_DOMAIN", "https://abc.execute-api.us-east-1.amazonaws.com"),
    ];
    let routes = ("CHECK_DATABASE_ROUTES", "GET /prod/b=always,POST /prod/b=always,GET /a=always");
    for (vars, expected) in [
        (vec![SITES[0]], vec![]),
        (vec![SITES[0], ("COOKIE_SAME_SITE", "lax")], vec!["COOKIE_SAME_SITE"]),
        (vec![SITES[0], ("COOKIE_SAME_SITE", "strict")], vec!["COOKIE_SAME_SITE"]),
        (vec![("COOKIE_SAME_SITE", "lax")], vec![]),
        (vec![SITES[0], ("ANTI_CSRF", "NONE")], vec!["ANTI_CSRF"]),
        (vec![("COOKIE_SAME_SITE", "none"), ("ANTI_CSRF", "NONE")], vec!["ANTI_CSRF"]),
        (vec![("ANTI_CSRF", "NONE")], vec![]),
        (vec![("COOKIE_SECURE", "false")], vec!["COOKIE_SECURE"]),
        (vec![http[0], http[1]], vec!["API_DOMAIN", "WEBSITE_DOMAIN"]),
        (
            vec![http[0], http[1], ("COOKIE_SECURE", "true")],
            vec!["API_DOMAIN", "WEBSITE_DOMAIN", "COOKIE_SECURE"],
        ),
        (vec![stage[0], stage[1]], vec!["API_GATEWAY_PATH"]),
        (vec![stage[0], stage[1], ("API_GATEWAY_PATH", "/prod")], vec![]),
        (vec![("ACCESS_TOKEN_VALIDITY", "86400")], vec![]),
        (vec![("ACCESS_TOKEN_VALIDITY", "86401")], vec!["ACCESS_TOKEN_VALIDITY"]),
        (vec![routes], vec![]),
        (vec![routes, ("API_GATEWAY_PATH", "/prod")], vec!["CHECK_DATABASE_ROUTES"]),
        (vec![("WEBSOCKET_TOKEN_IN_QUERY", "true")], vec!["WEBSOCKET_TOKEN_IN_QUERY"]),
        (vec![("TRUSTED_ISSUERS", "any")], vec!["TRUSTED_ISSUERS"]),
        (vec![("CORE_DRIVER_OPEN", "true")], vec!["CORE_DRIVER_OPEN"]),
        (
            vec![
                ("API_DOMAIN", "http://auth.shop.localhost:3000"),
                ("WEBSITE_DOMAIN", "http://www.shop.localhost:5173"),
                ("TRUSTED_ISSUERS", "any"),
                ("CORE_DRIVER_OPEN", "true"),
                ("COOKIE_SECURE", "true"),
            ],
            vec![],
        ),
    ] {
        assert_eq!(warned(&vars), expected, "{vars:?}");
    }
}
