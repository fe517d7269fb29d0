//! A user's sessions are revoked as a whole.

use crate::operator::Bundled;
use crate::{handles, sorted};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_ended_in_a_tenant_or_but_for_one_session_or_as_a_whole() {
    let bundle = Bundled::start().await;
    let kept = bundle.open(&json!({"userId": "ada"})).await;
    let acme = bundle.open(&json!({"userId": "ada", "tenantId": "acme"})).await;
    let other = bundle.open(&json!({"userId": "ada"})).await;
    let bob = bundle.open(&json!({"userId": "bob"})).await;
    let revoke = async |options: &str| {
        bundle.sever(&format!("users revoke ada --output json {options}")).await.json()
    };

    let rehearsed = revoke(&format!("--dry-run --except {}", kept.handle)).await;
    let mut would_end = handles(&rehearsed["wouldEnd"]);
    would_end.sort_unstable();
    let mut expected = [acme.handle.as_str(), other.handle.as_str()];
    expected.sort_unstable();
    assert_eq!(would_end, expected);
    assert_eq!(rehearsed["coversUnlisted"], true);
    assert_eq!(bundle.strict(&other.access).await, 200);

    let done = revoke("--tenant acme").await;
    assert_eq!(
        done,
        json!({
            "dryRun": false, "userId": "ada", "tenantId": "acme", "keptSessionHandle": null,
            "sessionHandlesRevoked": [acme.handle], "sweepComplete": true,
            "audit": {"eventBus": "default", "sent": 1, "unsent": [], "error": null},
        })
    );
    let done = revoke(&format!("--except {}", kept.handle)).await;
    assert_eq!(sorted(&done["sessionHandlesRevoked"]), [other.handle.as_str()]);
    for (session, status) in [(&acme, 401), (&other, 401), (&kept, 200), (&bob, 200)] {
        assert_eq!(bundle.strict(&session.access).await, status);
    }
    for options in ["", "--dry-run"] {
        let refused =
            bundle.sever(&format!("users revoke ada --except {} {options}", bob.handle)).await;
        refused.fails(3, "not a live session of this user; nothing was revoked");
    }
    let ended = bundle.sever("users revoke ada").await.ok();
    assert!(!ended.contains("spelling"), "{ended}");
    assert!(ended.contains(&kept.handle) && ended.contains("ended: 1 session"), "{ended}");
    assert_eq!((bundle.strict(&kept.access).await, bundle.strict(&bob.access).await), (401, 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_misspelt_user_is_revoked_with_a_hint() {
    let bundle = Bundled::start().await;
    let session = bundle.open(&json!({"userId": "ada", "tenantId": "acme"})).await;
    for (words, hint) in [
        ("adda", "no session of user adda was found: check the spelling of the user id\n"),
        (
            "adda --dry-run",
            "no session of user adda was found: check the spelling of the user id\n",
        ),
        (
            "ada --tenant globex",
            "no session of user ada in tenant globex was found: check the spelling",
        ),
    ] {
        let text = bundle.sever(&format!("users revoke {words}")).await.ok();
        assert!(text.contains("0 sessions") && text.contains(hint), "{text}");
    }
    assert_eq!(bundle.strict(&session.access).await, 200);
    let alone = format!("users revoke ada --except {}", session.handle);
    let text = bundle.sever(&alone).await.ok();
    assert!(!text.contains("spelling"), "{text}");
}
