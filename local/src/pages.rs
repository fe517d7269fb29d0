//! The pages of the local bundle: the demo at `/`, and the admin console at `/console/`. On AWS
//! neither is deployed; whoever wants the console serves it from where they like.

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const IMAGE: &str = "image/svg+xml; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// A file that is served: its path, its type and what is in it.
type Page = (&'static str, &'static str, &'static str);

macro_rules! page {
    ($path:literal, $kind:expr, $file:literal) => {
        ($path, $kind, include_str!(concat!("../../", $file)))
    };
}

const PAGES: &[Page] = &[
    page!("/", HTML, "local/demo/index.html"),
    page!("/demo/demo.css", STYLE, "local/demo/demo.css"),
    page!("/demo/demo.js", SCRIPT, "local/demo/demo.js"),
    page!("/demo/story.js", SCRIPT, "local/demo/story.js"),
    page!("/README.md", TEXT, "README.md"),
    page!("/console/", HTML, "console/index.html"),
    page!("/console/confirm.js", SCRIPT, "console/confirm.js"),
    page!("/console/console.js", SCRIPT, "console/console.js"),
    page!("/console/device.js", SCRIPT, "console/device.js"),
    page!("/console/dom.js", SCRIPT, "console/dom.js"),
    page!("/console/icon.svg", IMAGE, "console/icon.svg"),
    page!("/console/idle.js", SCRIPT, "console/idle.js"),
    page!("/console/keys.js", SCRIPT, "console/keys.js"),
    page!("/console/legible.js", SCRIPT, "console/legible.js"),
    page!("/console/listing.js", SCRIPT, "console/listing.js"),
    page!("/console/sever.js", SCRIPT, "console/sever.js"),
    page!("/console/sigv4.js", SCRIPT, "console/sigv4.js"),
    page!("/console/style.css", STYLE, "console/style.css"),
    page!("/console/time.js", SCRIPT, "console/time.js"),
    page!("/console/words.js", SCRIPT, "console/words.js"),
];

/// Nothing but what is served here runs, and nothing is sent anywhere but to `$connect`.
macro_rules! policy {
    ($connect:literal) => {
        concat!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src ",
            $connect,
            "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; ",
            "require-trusted-types-for 'script'; trusted-types 'none'"
        )
    };
}

const POLICY: &str = policy!("'self'");
/// The console may call the Lambda of a real stack too.
const CONSOLE_POLICY: &str = policy!("'self' https://*.amazonaws.com https://*.amazonaws.com.cn");

/// The page that `request` asks for, if it asks for one. The server sends no body to `HEAD`. Routes of the
/// API take it no more than on AWS, where API Gateway knows a method only if the template names it.
pub(crate) fn find(request: &Request<Bytes>) -> Option<Response<Bytes>> {
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return None;
    }
    let path = request.uri().path();
    // The page's own links are relative: without the slash they would lead elsewhere.
    if path == "/console" {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
        response.headers_mut().insert(LOCATION, HeaderValue::from_static("/console/"));
        return Some(response);
    }
    PAGES.iter().find(|(served, ..)| *served == path).map(served)
}

fn served((path, kind, content): &Page) -> Response<Bytes> {
    let policy = if path.starts_with("/console/") { CONSOLE_POLICY } else { POLICY };
    let mut response = Response::new(Bytes::from_static(content.as_bytes()));
    for (name, value) in [
        (CONTENT_TYPE, *kind),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, policy),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    fn get(path: &str) -> Option<Response<Bytes>> {
        find(&Request::get(path).body(Bytes::new()).unwrap())
    }

    #[test]
    fn every_file_of_the_folders_is_served_and_no_other() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for (folder, prefix) in [("console", "/console/"), ("local/demo", "/demo/")] {
            let files = fs::read_dir(root.join(folder)).unwrap();
            let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
            let names = names.filter(|name| name != "README.md" && name != "index.html");
            let there: BTreeSet<_> = names.map(|name| format!("{prefix}{name}")).collect();
            let paths = PAGES.iter().map(|(path, ..)| (*path).to_owned());
            let served: BTreeSet<_> =
                paths.filter(|path| path.starts_with(prefix) && path != prefix).collect();
            assert_eq!(served, there);
        }
        assert!(get("/console/index.html").is_none() && get("/demo/").is_none());
        assert!(get("/whoami").is_none());
    }

    #[test]
    fn a_page_is_asked_for_by_get_and_head_alone() {
        assert_eq!(get("/").unwrap().status(), StatusCode::OK);
        assert!(find(&Request::post("/").body(Bytes::new()).unwrap()).is_none());
        assert!(find(&Request::head("/whoami").body(Bytes::new()).unwrap()).is_none());
        let moved = get("/console").unwrap();
        assert_eq!(moved.status(), StatusCode::PERMANENT_REDIRECT);
    }
}
