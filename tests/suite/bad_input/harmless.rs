//! What is odd beside the point changes nothing: a good event with strange headers, parameters and
//! members around it is answered as if they were not there.

use super::cases::{Stage, every};
use super::events::ClientChange;
use super::json::{Odd, Tree, odd};
use super::texts::short_text;
use crate::events::{Placeholders, addressed, rows_of, sample};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Samples that are answered the same however often they are asked.
const REPEATABLE: [(&str, &str); 25] = [
    ("verify-session", "header"),
    ("verify-session", "cookie"),
    ("verify-session", "cookie-on-post"),
    ("verify-session", "no-token"),
    ("verify-session", "expired-token"),
    ("logout", "ended-session"),
    ("logout", "expired-token"),
    ("refresh-session", "header"),
    ("refresh-session", "cookie"),
    ("refresh-session", "http-api-cookie"),
    ("list-sessions", "http-tenant"),
    ("own-sessions", "list-page"),
    ("own-sessions", "revoke-one-of-another-user"),
    ("own-sessions", "revoke-others-of-ended-session"),
    ("revoke-handle", "http-base64-body"),
    ("revoke-user", "http-tenant"),
    ("create-session", "http-header"),
    ("create-session", "http-api"),
    ("jwks", "key-set"),
    ("whoami", "strict"),
    ("whoami", "http-api"),
    ("core-driver", "hello"),
    ("core-driver", "get"),
    ("core-driver", "verify"),
    ("core-driver", "create"),
];

/// What is nobody's business.
#[derive(Clone, Debug)]
enum Beside {
    /// A header that no function reads.
    Header(String, String),
    /// A header that names an origin.
    Origin(&'static str, String),
    /// A parameter that no function reads.
    Query(String, String),
    /// A cookie of another name.
    Cookie(String),
    /// A member of the event that nobody knows.
    Member(String, Odd),
    /// What API Gateway says of the caller.
    Identity(&'static str, String),
}

fn beside() -> BoxedStrategy<Beside> {
    let origin = select(&["Host", "host", "X-Forwarded-Proto", "x-forwarded-proto", "Origin"][..]);
    let identity = select(&["sourceIp", "userAgent", "caller"][..]);
    let name = || short_text().prop_map(|text| format!("x-{text}"));
    prop_oneof![
        3 => (name(), short_text()).prop_map(|(name, value)| Beside::Header(name, value)),
        2 => (origin, short_text()).prop_map(|(name, value)| Beside::Origin(name, value)),
        2 => (name(), short_text()).prop_map(|(name, value)| Beside::Query(name, value)),
        2 => short_text().prop_map(Beside::Cookie),
        2 => (name(), odd()).prop_map(|(name, odd)| Beside::Member(name, odd)),
        1 => (identity, short_text()).prop_map(|(name, value)| Beside::Identity(name, value)),
    ]
    .boxed()
}

impl Beside {
    fn stand_in(&self, event: &mut Tree) {
        match self {
            Self::Header(name, value) => {
                ClientChange::Header(name.clone(), value.clone()).apply(event);
            }
            Self::Origin(name, value) => {
                ClientChange::Header((*name).to_owned(), value.clone()).apply(event);
            }
            Self::Query(name, value) => {
                ClientChange::Query(name.clone(), value.clone()).apply(event);
            }
            Self::Cookie(value) => {
                // No browser keeps a cookie with controls, no gateway hands one on.
                let value = value.replace(|letter: char| letter.is_control(), "");
                let value = value.replace(['=', '%'], "");
                for form in ["headers", "multiValueHeaders"] {
                    let Some(headers) = event.member(form) else { continue };
                    headers.each_text(&|text| {
                        let ours = ["sAccessToken=", "sRefreshToken="];
                        let ours = ours.iter().any(|name| text.contains(name));
                        ours.then(|| format!("{value}; {text}; x={value}"))
                    });
                }
                // Payload 2.0 has each cookie by itself.
                if let Some(Tree::List(cookies)) = event.member("cookies") {
                    cookies.insert(0, (String::new(), Tree::text(&value)));
                    cookies.push((String::new(), Tree::text(&format!("x={value}"))));
                }
            }
            Self::Member(name, Odd(json)) => *event.member_or_new(name) = Tree::Leaf(json.clone()),
            Self::Identity(name, value) => {
                let identity = event.member_or_new("requestContext").member_or_new("identity");
                *identity.member_or_new(name) = Tree::text(value);
            }
        }
    }
}

#[test]
fn what_stands_beside_the_point_changes_nothing() {
    let stage = Stage::new();
    let filled = stage.run(Placeholders::prepare(&stage.world));
    every(600, &(any::<Index>(), vec(beside(), 0..6)), |(which, beside)| {
        let (function, case) = which.get::<(&str, &str)>(&REPEATABLE);
        let event = filled.fill(&sample(function, case));
        let mut event = Tree::read(&event).expect("JSON");
        // A revocation refuses a query: a restriction that stood there would be overlooked.
        let revokes = function.starts_with("revoke-") || case.starts_with("revoke-");
        for odd in beside.iter().filter(|odd| !(revokes && matches!(odd, Beside::Query(..)))) {
            odd.stand_in(&mut event);
        }
        let event = event.write();
        // API Gateway writes no number beyond all floats, no half a letter and no 128 levels.
        if serde_json::from_str::<serde_json::Value>(&event).is_err() {
            return;
        }
        let answer = stage.run(stage.world.bundle.invoke(&addressed(function, case), &event));
        let mut rows = rows_of(function).iter();
        let (_, outcome) = rows.find(|(name, _)| name == case).expect("a row");
        if let Err(fault) = outcome.check(&answer, &filled) {
            panic!("{function}/{case}: {fault}\n{answer:?}");
        }
    });
}
