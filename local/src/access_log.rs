//! One line for each request: method, path, status, milliseconds, function. Never a query, a header
//! or a body.

use http::{Method, Uri};
use std::time::Duration;

/// No name or handle is this long; a token is, and one put into a path by mistake is not repeated
/// here.
const LONGEST_SEGMENT: usize = 64;

/// The line for one request.
#[must_use]
pub fn line(
    method: &Method,
    uri: &Uri,
    status: u16,
    took: Duration,
    function: Option<&str>,
) -> String {
    let path: Vec<_> = uri.path().split('/').map(short).collect();
    let (path, took) = (path.join("/"), took.as_millis());
    format!("{} {path} {status} {took} ms {}", known(method), function.unwrap_or("-"))
}

/// A method may be any word, and a token is one.
fn known(method: &Method) -> &str {
    match *method {
        Method::GET
        | Method::POST
        | Method::PUT
        | Method::PATCH
        | Method::DELETE
        | Method::HEAD
        | Method::OPTIONS
        | Method::TRACE
        | Method::CONNECT => method.as_str(),
        _ => "OTHER",
    }
}

fn short(segment: &str) -> &str {
    if segment.len() > LONGEST_SEGMENT { "..." } else { segment }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(uri: &str) -> String {
        let took = Duration::from_micros(3999);
        line(&Method::GET, &uri.parse().unwrap(), 200, took, Some("whoami"))
    }

    #[test]
    fn a_line_has_five_parts_and_no_query() {
        assert_eq!(logged("/whoami?token=secret"), "GET /whoami 200 3 ms whoami");
        assert_eq!(logged("http://127.0.0.1/whoami?a#b"), "GET /whoami 200 3 ms whoami");
    }

    #[test]
    fn a_token_in_a_path_is_left_out() {
        let token = "eyJhbGciOiJSUzI1NiJ9.".repeat(20);
        assert_eq!(logged(&format!("/whoami/{token}/x")), "GET /whoami/.../x 200 3 ms whoami");
    }

    #[test]
    fn a_token_for_a_method_is_left_out() {
        let method = Method::from_bytes(b"eyJhbGciOiJSUzI1NiJ9.e30.c2ln").unwrap();
        let took = Duration::from_millis(1);
        let logged = line(&method, &Uri::from_static("/x"), 405, took, None);
        assert_eq!(logged, "OTHER /x 405 1 ms -");
    }

    #[test]
    fn a_request_for_no_function_says_so() {
        let took = Duration::from_millis(1);
        assert_eq!(
            line(&Method::PUT, &Uri::from_static("/x"), 404, took, None),
            "PUT /x 404 1 ms -"
        );
    }
}
