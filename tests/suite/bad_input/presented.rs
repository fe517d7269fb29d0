//! Changed tokens, presented to every function that takes one: each says no in the words of its
//! protocol, and the session they were made from lives on.

use super::answers::{Asker, Said, shown, sound};
use super::cases::{Stage, every};
use super::events::with_text;
use super::jwt::{TokenChange, telling};
use super::texts::TextChange;
use crate::events::{Placeholders, sample};
use proptest::collection::vec;
use proptest::sample::select;
use serde_json::Value;
use shared::http::command::MAX_BODY_BYTES;

/// Where an access token is presented: the function, the sample, and whose token it shows.
const ACCESS: [(&str, &str, &str); 9] = [
    ("logout", "header", "accessToken"),
    ("logout", "cookie", "accessToken"),
    ("logout", "http-api-cookie", "accessToken"),
    ("core-driver", "verify", "sdkAccessToken"),
    ("core-driver", "verify-database", "sdkAccessToken"),
    ("core-driver", "verify-child", "childAccessToken"),
    ("core-driver", "verify-cdi-2-21", "sdkAccessToken"),
    ("core-driver", "regenerate", "sdkAccessToken"),
    ("core-driver", "regenerate-child", "childAccessToken"),
];

/// Where a refresh token is, likewise.
const REFRESH: [(&str, &str, &str); 7] = [
    ("refresh-session", "header", "refreshToken"),
    ("refresh-session", "cookie", "refreshToken"),
    ("refresh-session", "http-api-cookie", "refreshToken"),
    ("refresh-session", "session-in-tenant", "acmeRefreshToken"),
    ("core-driver", "refresh-dynamic", "sdkRefreshToken"),
    ("core-driver", "refresh-cdi-2-21", "sdkRefreshToken"),
    ("core-driver", "refresh-child", "childRefreshToken"),
];

/// API Gateway takes 10,240 bytes for all of a request's head.
const LONGEST_HEADER: usize = 8_000;

struct Sessions {
    stage: Stage,
    filled: Placeholders,
}

impl Sessions {
    fn new() -> Self {
        let stage = Stage::new();
        let filled = stage.run(Placeholders::prepare(&stage.world));
        Self { stage, filled }
    }

    fn token(&self, name: &str) -> String {
        self.filled.fill(&format!("${{{name}}}"))
    }

    /// What a function says to a sample in which `token` stands for what was genuine.
    fn present(&self, function: &str, case: &str, genuine: &str, token: &str) -> Said {
        let event = with_text(&self.filled.fill(&sample(function, case)), genuine, token);
        let answer = self.stage.run(self.stage.world.bundle.invoke(function, &event));
        let said = shown(&answer);
        assert!(!self.filled.any_secret_in(&said), "a token is repeated: {said}");
        sound(function, Asker::Client, &answer)
    }

    /// All of them still pass where the table is asked.
    fn assert_alive(&self) {
        for name in ["accessToken", "acmeAccessToken", "sdkAccessToken"] {
            let status = self.stage.run(self.stage.world.strict(&self.token(name)));
            assert_eq!(status, 200, "{name}: its session was ended");
        }
    }
}

/// A cookie ends at a semicolon, a header's value has no space around it: what is left may be the
/// genuine token.
fn may_be_read_as(genuine: &str, token: &str) -> bool {
    token.contains('%') || token.split([';', ',']).any(|part| part.trim() == genuine)
}

/// Whether API Gateway lets so long a header through.
fn fits(function: &str, token: &str) -> bool {
    function == "core-driver" || token.len() <= LONGEST_HEADER
}

/// What an access token that was changed is answered.
fn assert_refused(sessions: &Sessions, function: &str, case: &str, tokens: (&str, &str)) {
    let said = sessions.present(function, case, tokens.0, tokens.1);
    let status = &said.value()["status"];
    match function {
        "logout" => assert_eq!(said.status(), 401, "{said:?}"),
        // A token that has expired under a key that is gone is exchanged on the word of whoever
        // has an API key; it yields no new one (PROTOCOL 4.5).
        _ if case.starts_with("regenerate") && *status == "OK" => {
            assert!(said.value().get("accessToken").is_none(), "{said:?}");
        }
        _ => {
            let refused = ["TRY_REFRESH_TOKEN", "UNAUTHORISED"].map(Value::from);
            assert!(said.status() == 400 || refused.contains(status), "{said:?}");
        }
    }
}

#[test]
fn a_changed_access_token_is_refused_and_ends_no_session() {
    let sessions = Sessions::new();
    let inputs = (select(&ACCESS[..]), vec(TokenChange::any(), 1..4));
    every(700, &inputs, |((function, case, name), changes)| {
        let (genuine, other) = (sessions.token(name), sessions.token("acmeAccessToken"));
        let token = genuine.clone();
        let token = changes.iter().fold(token, |token, change| change.apply(&token, &other));
        if may_be_read_as(&genuine, &token) || token == other || !fits(function, &token) {
            return;
        }
        assert_refused(&sessions, function, case, (&genuine, &token));
    });
    sessions.assert_alive();
}

#[test]
fn one_member_that_means_something_is_enough_to_be_refused() {
    let sessions = Sessions::new();
    for (function, case, name) in ACCESS {
        let genuine = sessions.token(name);
        for change in telling() {
            let token = change.apply(&genuine, &genuine);
            if token != genuine {
                assert_refused(&sessions, function, case, (&genuine, &token));
            }
        }
    }
    sessions.assert_alive();
}

#[test]
fn a_changed_refresh_token_is_refused_and_never_taken_for_a_stolen_one() {
    let sessions = Sessions::new();
    let inputs = (select(&REFRESH[..]), vec(TextChange::any(), 1..4));
    every(700, &inputs, |((function, case, name), changes)| {
        let genuine = sessions.token(name);
        let token = changes.iter().fold(genuine.clone(), |token, change| change.apply(&token));
        if may_be_read_as(&genuine, &token) || !fits(function, &token) {
            return;
        }
        let said = sessions.present(function, case, &genuine, &token);
        if function == "core-driver" && token.len() > MAX_BODY_BYTES {
            assert_eq!(said.status(), 400, "{said:?}");
        } else if function == "core-driver" {
            assert_eq!(said.value()["status"], "UNAUTHORISED", "{said:?}");
        } else {
            let refused = (said.status(), &said.value()["message"]);
            assert_eq!(refused, (401, &"unauthorised".into()), "{said:?}");
        }
    });
    sessions.assert_alive();
    // And every one of them can still be exchanged.
    for (function, case, name) in REFRESH {
        let genuine = sessions.token(name);
        let said = sessions.present(function, case, &genuine, &genuine);
        assert_eq!(said.status(), 200, "{function} {case}: {said:?}");
    }
}

#[test]
fn a_token_with_an_odd_letter_in_it_is_another_token() {
    let sessions = Sessions::new();
    for (function, case, name) in REFRESH.into_iter().chain(ACCESS) {
        let genuine = sessions.token(name);
        for letter in ['\0', '\u{7f}', '\u{fc}', '\u{feff}', '.', 'A'] {
            let (first, rest) = genuine.split_at(genuine.len() - 20);
            let token = format!("{first}{letter}{rest}");
            let said = sessions.present(function, case, &genuine, &token);
            let done = said.status() == 200 && said.value().get("message").is_none();
            assert!(!done, "{function} {case} {letter:?}: {said:?}");
        }
    }
    sessions.assert_alive();
}
