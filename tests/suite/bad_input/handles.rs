//! Handles that are nobody's, everywhere one is taken: nothing of another session is shown, and none
//! is ended or changed.

use super::answers::{Asker, sound};
use super::cases::{Stage, every};
use super::events::with_text;
use super::texts::{TextChange, text};
use crate::events::{Placeholders, addressed, sample};
use proptest::collection::vec;
use proptest::sample::select;
use shared::ids::{SessionHandle, TenantId};

/// Where a handle is taken, and whose stands in the sample.
const TAKEN: [(&str, &str, &str); 13] = [
    ("revoke-handle", "http-one", "sessionHandle"),
    ("revoke-handle", "http-many", "sessionHandle"),
    ("revoke-handle", "http-api", "sessionHandle"),
    ("revoke-handle", "direct-one", "sessionHandle"),
    ("revoke-handle", "direct-many", "sessionHandle"),
    ("revoke-user", "direct-but-one", "sessionHandle"),
    ("core-driver", "get", "sdkSessionHandle"),
    ("core-driver", "get-in-tenant", "acmeSessionHandle"),
    ("core-driver", "get-data", "sdkSessionHandle"),
    ("core-driver", "get-jwt-data", "sdkSessionHandle"),
    ("core-driver", "put-data", "sdkSessionHandle"),
    ("core-driver", "put-jwt-data", "sdkSessionHandle"),
    ("core-driver", "remove-handle-in-tenant", "acmeSessionHandle"),
];

#[test]
fn a_changed_handle_names_no_session() {
    let stage = Stage::new();
    let filled = stage.run(Placeholders::prepare(&stage.world));
    let kept = ["sessionHandle", "sdkSessionHandle", "acmeSessionHandle", "otherSessionHandle"];
    let kept = kept.map(|name| filled.fill(&format!("${{{name}}}")));
    let inputs = (select(&TAKEN[..]), vec(TextChange::short(), 1..4));
    every(700, &inputs, |((function, case, name), changes)| {
        let genuine = filled.fill(&format!("${{{name}}}"));
        let handle = genuine.clone();
        let handle = changes.iter().fold(handle, |handle, change| change.apply(&handle));
        // Others in the same sample are as good as this one is not.
        let event = kept.iter().filter(|other| **other != genuine);
        let event = event.fold(filled.fill(&sample(function, case)), |event, other| {
            with_text(&event, other, "nobody")
        });
        if kept.contains(&handle) {
            return;
        }
        let event = with_text(&event, &genuine, &handle);
        let answer = stage.run(stage.world.bundle.invoke(&addressed(function, case), &event));
        let asker = if case.starts_with("direct") { Asker::Invoker } else { Asker::Client };
        let said = sound(function, asker, &answer);
        let value = said.value();
        assert!(value.get("userDataInJWT").is_none(), "{function} {case}: {value}");
        assert!(value.get("userDataInDatabase").is_none(), "{function} {case}: {value}");
        let ended = value["sessionHandlesRevoked"].as_array().map_or(0, Vec::len);
        assert_eq!(ended, 0, "{function} {case}: {value}");
    });
    for name in ["accessToken", "sdkAccessToken", "acmeAccessToken"] {
        let token = filled.fill(&format!("${{{name}}}"));
        assert_eq!(stage.run(stage.world.strict(&token)), 200, "{name}: its session was ended");
    }
}

#[test]
fn a_handle_is_its_text_and_is_shown_to_no_log() {
    every(2_000, &(text(), vec(TextChange::any(), 0..3)), |(text, changes)| {
        let text = changes.iter().fold(text, |text, change| change.apply(&text));
        let handle = SessionHandle::parse(&text);
        let plain = !text.chars().any(char::is_control);
        assert_eq!(handle.is_ok(), plain && (1..=128).contains(&text.len()), "{text}");
        if let Ok(handle) = handle {
            assert_eq!(handle.as_str(), text);
            let shown = format!("{handle:?}");
            assert_eq!(shown.len(), "SessionHandle(#0123456789abcdef)".len());
            assert!(text.len() < 17 || !shown.contains(&text), "{shown}");
            let named = handle.tenant().map(|tenant| tenant.as_str().to_owned());
            if let Some(tenant) = named.filter(|tenant| tenant != "public") {
                assert!(TenantId::parse(&tenant).is_ok() && text.contains(&tenant), "{tenant}");
            }
        }
    });
}
