//! More than API Gateway ever hands on. Only an invoker can send it, and is told so by a stable code:
//! a function that panics leaves its log without a reason, and its sandbox in doubt.

use super::answers::{Asker, sound};
use super::cases::Stage;
use super::json::Tree;
use crate::events::{Placeholders, sample};

/// Longer than a URL can be for the crate `http`.
const TOO_LONG_FOR_A_URL: usize = 65_535;
/// More than its map of headers has room for.
const TOO_MANY_HEADERS: usize = 33_000;

/// A request to each function, of payload 1.0 and of payload 2.0.
const REQUESTS: [(&str, &str); 6] = [
    ("core-driver", "create"),
    ("core-driver", "http-api"),
    ("list-sessions", "http-all"),
    ("list-sessions", "http-api"),
    ("whoami", "strict"),
    ("whoami", "http-api"),
];

/// The event of a sample after `change`, and what its function says to it.
fn ask(requests: &[(&'static str, &'static str)], change: impl Fn(&mut Tree)) {
    let stage = Stage::new();
    let filled = stage.run(Placeholders::prepare(&stage.world));
    for (function, case) in requests {
        let event = filled.fill(&sample(function, case));
        let mut event = Tree::read(&event).expect("JSON");
        change(&mut event);
        let answer = stage.run(stage.world.bundle.invoke(function, &event.write()));
        sound(function, Asker::Invoker, &answer);
    }
}

fn long(letter: &str) -> Tree {
    Tree::text(&format!("/{}", letter.repeat(TOO_LONG_FOR_A_URL)))
}

#[test]
fn a_path_longer_than_any_url_is_answered() {
    ask(&REQUESTS, |event| {
        let payload_1 = event.member("httpMethod").is_some();
        *event.member_or_new(if payload_1 { "path" } else { "rawPath" }) = long("x");
    });
}

#[test]
fn a_path_longer_than_any_url_once_it_is_encoded_is_answered() {
    ask(&REQUESTS, |event| {
        let payload_1 = event.member("httpMethod").is_some();
        let path = Tree::text(&format!("/{}", "\u{20ac}".repeat(TOO_LONG_FOR_A_URL / 9 + 1)));
        *event.member_or_new(if payload_1 { "path" } else { "rawPath" }) = path;
    });
}

#[test]
fn a_query_longer_than_any_url_is_answered() {
    ask(&REQUESTS, |event| {
        *event.member_or_new("queryStringParameters").member_or_new("more") = long("x");
        *event.member_or_new("multiValueQueryStringParameters") = Tree::Leaf("null".to_owned());
        *event.member_or_new("rawQueryString") = Tree::text(&"x".repeat(TOO_LONG_FOR_A_URL));
    });
    ask(&REQUESTS, |event| {
        let name = "\u{20ac}".repeat(TOO_LONG_FOR_A_URL / 9 + 1);
        let all = event.member_or_new("multiValueQueryStringParameters");
        *all.member_or_new(&name) = Tree::List(vec![(String::new(), Tree::text("x"))]);
        *event.member_or_new("rawQueryString") = Tree::text(&"x".repeat(TOO_LONG_FOR_A_URL - 20));
    });
}

#[test]
fn a_stage_longer_than_any_url_is_answered() {
    ask(&REQUESTS, |event| {
        *event.member_or_new("requestContext").member_or_new("stage") = long("x");
    });
}

/// `name` holds as many different headers as no map has room for.
fn with_too_many_headers(event: &mut Tree, name: &str) {
    let is_list = name == "multiValueHeaders";
    let value = Tree::Leaf(if is_list { r#"["x"]"# } else { r#""x""# }.to_owned());
    let headers = (0..TOO_MANY_HEADERS).map(|number| (format!("x-{number}"), value.clone()));
    *event.member_or_new(name) = Tree::Object(headers.collect());
}

#[test]
fn more_headers_than_any_map_holds_are_answered() {
    for name in ["headers", "multiValueHeaders"] {
        ask(&REQUESTS, |event| with_too_many_headers(event, name));
    }
}

#[test]
fn more_headers_than_any_map_holds_let_nobody_pass() {
    let stage = Stage::new();
    let filled = stage.run(Placeholders::prepare(&stage.world));
    for (name, case) in [("headers", "single-value-headers"), ("multiValueHeaders", "header")] {
        let mut event = Tree::read(&filled.fill(&sample("verify-session", case))).expect("JSON");
        with_too_many_headers(&mut event, name);
        let answer = stage.run(stage.world.bundle.invoke("verify-session", &event.write()));
        assert!(answer.is_err(), "{name}");
        sound("verify-session", Asker::Invoker, &answer);
    }
}

#[test]
fn more_tokens_than_any_map_holds_let_nobody_pass() {
    let stage = Stage::new();
    let filled = stage.run(Placeholders::prepare(&stage.world));
    let cookies: fn(&mut Tree) = |event| {
        let cookie = (String::new(), Tree::text("sAccessToken=x"));
        *event.member_or_new("cookies") = Tree::List(vec![cookie; TOO_MANY_HEADERS]);
    };
    let offers: fn(&mut Tree) = |event| {
        let offers = Tree::text(&vec!["access-token.x"; TOO_MANY_HEADERS].join(","));
        let headers = event.member_or_new("multiValueHeaders");
        *headers.member_or_new("Sec-WebSocket-Protocol") =
            Tree::List(vec![(String::new(), offers)]);
    };
    for (case, change) in [("http-api-header", cookies), ("websocket-header", offers)] {
        let mut event = Tree::read(&filled.fill(&sample("verify-session", case))).expect("JSON");
        change(&mut event);
        let answer = stage.run(stage.world.bundle.invoke("verify-session", &event.write()));
        assert!(answer.is_err(), "{case}");
        sound("verify-session", Asker::Invoker, &answer);
    }
}

#[test]
fn six_megabytes_of_anything_are_answered() {
    let shapes = [
        format!("[{}1]", "1,".repeat(3_000_000)),
        format!("{}{}", "[".repeat(3_000_000), "]".repeat(3_000_000)),
        format!("{}1{}", r#"{"a":"#.repeat(1_000_000), "}".repeat(1_000_000)),
        format!(r#""{}""#, "x".repeat(6_000_000)),
        format!("1{}", "0".repeat(6_000_000)),
    ];
    for (shape, name) in shapes.iter().zip(["more", "body", "headers", "path", "requestContext"]) {
        ask(&REQUESTS[..2], |event| *event.member_or_new(name) = Tree::Leaf(shape.clone()));
    }
}
