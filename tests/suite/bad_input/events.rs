//! Changes to an event of API Gateway: those that a client can bring about, and those that take
//! somebody who may invoke the function.

use super::json::{JsonChange, Tree};
use super::texts::{TextChange, short_text, text};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;

/// What a client does to its request.
#[derive(Clone, Debug)]
pub(super) enum ClientChange {
    /// Sends a header more.
    Header(String, String),
    /// Sends a header otherwise.
    HeaderText(Index, TextChange),
    /// Sends a parameter more.
    Query(String, String),
    /// Sends a parameter otherwise.
    QueryText(Index, TextChange),
    /// Asks another path.
    Path(TextChange),
    /// Asks with another method.
    Method(&'static str),
    /// Sends other JSON.
    Body(JsonChange),
    /// Sends another text.
    BodyText(TextChange),
    /// Sends bytes.
    Bytes(Vec<u8>),
    /// Sends the body so that API Gateway takes it for binary.
    Binary,
}

/// What an invoker does to an event.
#[derive(Clone, Debug)]
pub(super) enum InvokerChange {
    /// What a client could.
    Client(ClientChange),
    /// Changes the JSON anywhere.
    Event(JsonChange),
    /// Marks a body as base64 that is none.
    NotBase64(String),
}

const HEADERS: [&str; 22] = [
    "Authorization",
    "authorization",
    "Cookie",
    "cookie",
    "rid",
    "anti-csrf",
    "cdi-version",
    "api-key",
    "Host",
    "host",
    "X-Forwarded-Proto",
    "x-forwarded-proto",
    "X-Forwarded-For",
    "Content-Type",
    "Content-Length",
    "Transfer-Encoding",
    "Expect",
    "st-auth-mode",
    "fdi-version",
    "If-None-Match",
    "",
    "not a name",
];

const PARAMETERS: [&str; 9] = [
    "userId",
    "tenantId",
    "limit",
    "cursor",
    "sessionHandle",
    "fetchAcrossAllTenants",
    "more",
    "",
    "token",
];

impl ClientChange {
    /// Any change.
    pub(super) fn any() -> BoxedStrategy<Self> {
        let header =
            prop_oneof![6 => select(&HEADERS[..]).prop_map(String::from), 1 => short_text()];
        let name =
            prop_oneof![4 => select(&PARAMETERS[..]).prop_map(String::from), 1 => short_text()];
        let change = || (any::<Index>(), TextChange::short());
        let method = select(&["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"][..]);
        prop_oneof![
            4 => (header, short_text()).prop_map(|(name, value)| Self::Header(name, value)),
            2 => change().prop_map(|(at, change)| Self::HeaderText(at, change)),
            2 => (name, short_text()).prop_map(|(name, value)| Self::Query(name, value)),
            2 => change().prop_map(|(at, change)| Self::QueryText(at, change)),
            3 => TextChange::short().prop_map(Self::Path),
            1 => method.prop_map(Self::Method),
            8 => JsonChange::any().prop_map(Self::Body),
            2 => TextChange::any().prop_map(Self::BodyText),
            1 => vec(any::<u8>(), 0..40).prop_map(Self::Bytes),
            1 => Just(Self::Binary),
        ]
        .boxed()
    }

    /// Makes the change as API Gateway would hand it on.
    pub(super) fn apply(&self, event: &mut Tree) {
        match self {
            Self::Header(name, value) => {
                *event.member_or_new("headers").member_or_new(name) = Tree::text(value);
                if is_payload_1(event) {
                    let values = event.member_or_new("multiValueHeaders").member_or_new(name);
                    push(values, value);
                }
            }
            Self::HeaderText(at, change) => {
                change_one(event, "headers", "multiValueHeaders", *at, change);
            }
            Self::Query(name, value) if is_payload_1(event) => {
                *event.member_or_new("queryStringParameters").member_or_new(name) =
                    Tree::text(value);
                let all = event.member_or_new("multiValueQueryStringParameters");
                push(all.member_or_new(name), value);
            }
            Self::Query(name, value) => {
                let raw = event.member_or_new("rawQueryString");
                let query = raw.as_text().unwrap_or_default();
                let pair = url_encoded(name, value);
                *raw = Tree::text(&format!("{query}&{pair}"));
            }
            Self::QueryText(at, change) => {
                let all = "multiValueQueryStringParameters";
                change_one(event, "queryStringParameters", all, *at, change);
            }
            Self::Path(change) => change_path(event, change),
            Self::Method(method) => set_method(event, method),
            Self::Body(change) => {
                let body = body_of(event);
                if let Some(mut body) = body.as_deref().and_then(Tree::read) {
                    change.apply(&mut body);
                    set_body(event, body.write().as_bytes());
                }
            }
            Self::BodyText(change) => {
                let body = change.apply(&body_of(event).unwrap_or_default());
                set_body(event, body.as_bytes());
            }
            Self::Bytes(bytes) => set_body(event, bytes),
            Self::Binary => {
                let body = body_of(event).unwrap_or_default();
                *event.member_or_new("body") = Tree::text(&STANDARD.encode(body));
                *event.member_or_new("isBase64Encoded") = Tree::Leaf("true".to_owned());
            }
        }
    }
}

impl InvokerChange {
    /// Any change.
    pub(super) fn any() -> BoxedStrategy<Self> {
        prop_oneof![
            3 => ClientChange::any().prop_map(Self::Client),
            6 => JsonChange::any().prop_map(Self::Event),
            1 => text().prop_map(Self::NotBase64),
        ]
        .boxed()
    }

    /// Makes the change.
    pub(super) fn apply(&self, event: &mut Tree) {
        match self {
            Self::Client(change) => change.apply(event),
            Self::Event(change) => change.apply(event),
            Self::NotBase64(body) => {
                *event.member_or_new("body") = Tree::text(body);
                *event.member_or_new("isBase64Encoded") = Tree::Leaf("true".to_owned());
            }
        }
    }
}

fn is_payload_1(event: &mut Tree) -> bool {
    event.member("httpMethod").is_some()
}

fn push(values: &mut Tree, value: &str) {
    if !matches!(values, Tree::List(_)) {
        *values = Tree::List(Vec::new());
    }
    if let Tree::List(values) = values {
        values.push((String::new(), Tree::text(value)));
    }
}

/// Changes one value of a map, and its twin in the map of all values.
fn change_one(event: &mut Tree, single: &str, multi: &str, at: Index, change: &TextChange) {
    let Some(members) = event.member(single).and_then(Tree::members) else { return };
    if members.is_empty() {
        return;
    }
    let (name, value) = at.get_mut(members);
    let name = name.clone();
    let changed = change.apply(&value.as_text().unwrap_or_default());
    *value = Tree::text(&changed);
    if let Some(values) = event.member(multi).and_then(|all| all.member(&name)) {
        *values = Tree::List(vec![(String::new(), Tree::text(&changed))]);
    }
}

/// A path begins with a slash, whatever a client asks.
fn change_path(event: &mut Tree, change: &TextChange) {
    let name = if is_payload_1(event) { "path" } else { "rawPath" };
    let path = event.member(name).and_then(|path| path.as_text()).unwrap_or_default();
    let path = format!("/{}", change.apply(path.trim_start_matches('/')));
    *event.member_or_new(name) = Tree::text(&path);
    let proxy = path.strip_prefix("/core/").unwrap_or(&path);
    if let Some(parameter) = event.member("pathParameters").and_then(|all| all.member("proxy")) {
        *parameter = Tree::text(proxy);
    }
}

fn set_method(event: &mut Tree, method: &str) {
    if is_payload_1(event) {
        *event.member_or_new("httpMethod") = Tree::text(method);
    } else {
        let http = event.member_or_new("requestContext").member_or_new("http");
        *http.member_or_new("method") = Tree::text(method);
    }
}

fn body_of(event: &mut Tree) -> Option<String> {
    let encoded =
        event.member("isBase64Encoded").is_some_and(|flag| *flag == Tree::Leaf("true".into()));
    let body = event.member("body")?.as_text()?;
    if !encoded {
        return Some(body);
    }
    String::from_utf8(STANDARD.decode(body).ok()?).ok()
}

fn set_body(event: &mut Tree, body: &[u8]) {
    let (body, encoded) = match std::str::from_utf8(body) {
        Ok(body) => (body.to_owned(), "false"),
        Err(_) => (STANDARD.encode(body), "true"),
    };
    *event.member_or_new("body") = Tree::text(&body);
    *event.member_or_new("isBase64Encoded") = Tree::Leaf(encoded.to_owned());
}

fn url_encoded(name: &str, value: &str) -> String {
    let encode = |text: &str| -> String {
        let byte = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).into(),
            other => format!("%{other:02X}"),
        };
        text.bytes().map(byte).collect()
    };
    format!("{}={}", encode(name), encode(value))
}

/// The event with one text for another, wherever it stands, also in the JSON of its body.
pub(super) fn with_text(event: &str, old: &str, new: &str) -> String {
    let mut event = Tree::read(event).expect("a sample is JSON");
    let replaced = |text: &str| text.contains(old).then(|| text.replace(old, new));
    let body = body_of(&mut event).as_deref().and_then(Tree::read);
    event.each_text(&|text| replaced(text));
    if let Some(mut body) = body {
        body.each_text(&|text| replaced(text));
        set_body(&mut event, body.write().as_bytes());
    }
    event.write()
}

/// What stands after the scheme `Bearer`, which may be in any case (RFC 9110 11.1). Told here apart
/// from how the functions read it.
pub(super) fn after_bearer(line: &str) -> Option<&str> {
    let scheme = line.get(..7)?;
    scheme.eq_ignore_ascii_case("bearer ").then(|| line[7..].trim())
}

/// The values that an event gives a header, of whichever form.
pub(super) fn header_values(event: &Value, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    for form in ["headers", "multiValueHeaders"] {
        for (known, value) in event[form].as_object().into_iter().flatten() {
            if known.eq_ignore_ascii_case(name) {
                let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
                found.extend(values.iter().filter_map(|value| Some(value.as_str()?.to_owned())));
            }
        }
    }
    found
}
