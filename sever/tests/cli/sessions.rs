//! Sessions are listed, and revoked by handle.

use crate::operator::Bundled;
use crate::{handles, sorted};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_the_operator_ends_is_refused_on_its_next_request() {
    let bundle = Bundled::start().await;
    let session =
        bundle.open(&json!({"userId": "ada", "device": {"userAgent": "a\u{1b}[2Jb"}})).await;
    assert_eq!(bundle.strict(&session.access).await, 200);

    let listed = bundle.sever("sessions list --user ada").await.ok();
    assert!(listed.starts_with("HANDLE "), "{listed}");
    assert!(listed.contains(&session.handle) && !listed.contains('\u{1b}'), "{listed}");

    let rehearsed =
        bundle.sever(&format!("sessions revoke --dry-run {}", session.handle)).await.ok();
    assert!(rehearsed.contains("would end: 1 session; nothing was done"), "{rehearsed}");
    assert_eq!(bundle.strict(&session.access).await, 200);

    let ended = bundle.sever(&format!("sessions revoke {}", session.handle)).await.ok();
    assert!(ended.lines().any(|line| line == format!("{}  ended", session.handle)), "{ended}");
    assert_eq!(bundle.strict(&session.access).await, 401);
    assert_eq!(
        bundle.sever("sessions list --user ada").await.ok(),
        "no live sessions of user ada\n"
    );

    let again = bundle.sever(&format!("sessions revoke {}", session.handle)).await;
    assert!(again.out.contains("not found"), "{again:?}");
    again.fails(3, "no live session has any of these handles");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_is_paged_and_its_json_is_that_of_the_function() {
    let bundle = Bundled::start().await;
    let acme = bundle.open(&json!({"userId": "ada", "tenantId": "acme"})).await;
    for _ in 0..104 {
        bundle.open(&json!({"userId": "ada"})).await;
    }
    let list = async |options: &str| {
        bundle.sever(&format!("sessions list --user ada --output json {options}")).await.json()
    };
    for (options, number, more) in
        [("", 50, true), ("--limit 101", 101, true), ("--all", 105, false)]
    {
        let found = list(options).await;
        assert_eq!((handles(&found["sessions"]).len(), &found["more"]), (number, &json!(more)));
    }
    let found = list("--tenant acme").await;
    let function =
        bundle.invoke("list-sessions", &json!({"userId": "ada", "tenantId": "acme"})).await;
    assert_eq!(found["sessions"], function["sessions"]);
    assert_eq!(handles(&found["sessions"]), [acme.handle.as_str()]);
    let more = bundle.sever("sessions list --user ada --limit 5").await.ok();
    assert!(more.ends_with("there may be more: give --all, or a higher --limit\n"), "{more}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_several_users_do_not_end_unasked() {
    let bundle = Bundled::start().await;
    let ada = bundle.open(&json!({"userId": "ada"})).await;
    let too = bundle.open(&json!({"userId": "ada"})).await;
    let bob = bundle.open(&json!({"userId": "bob"})).await;
    let all = format!("sessions revoke {} {} {} unknown", ada.handle, too.handle, bob.handle);
    let refused = bundle.sever(&all).await;
    refused.fails(3, "This ends 3 sessions of 2 users. Nobody can be asked here: give --yes");
    for session in [&ada, &too, &bob] {
        assert_eq!(bundle.strict(&session.access).await, 200);
    }
    let one_users = format!("sessions revoke {} {}", ada.handle, ada.handle);
    bundle.sever(&one_users).await.ok();
    assert_eq!(bundle.strict(&ada.access).await, 401);

    // The same list from standard input, with --yes.
    let input = format!("{}\r\n\n {} \nunknown\n", too.handle, bob.handle);
    let done = bundle.sever_with("sessions revoke - --yes --output json", &input).await.json();
    let mut expected = [too.handle.as_str(), bob.handle.as_str()];
    expected.sort_unstable();
    assert_eq!(sorted(&done["sessionHandlesRevoked"]), expected);
    assert_eq!((&done["notFound"], &done["unknown"]), (&json!(["unknown"]), &json!([])));
    assert_eq!(bundle.strict(&bob.access).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_cannot_be_read_fails_the_whole_listing() {
    let bundle = Bundled::start().await;
    for _ in 0..101 {
        bundle.open(&json!({"userId": "ada"})).await;
    }
    for command in ["sessions list --user ada --all", "users revoke ada --dry-run"] {
        bundle.fail_second_page();
        let run = bundle.sever(&format!("{command} --output json")).await;
        assert_eq!(run.out, "");
        run.fails(1, "AWS does not allow it: no second page");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_shown_is_sorted_newest_first() {
    let bundle = Bundled::start().await;
    for _ in 0..130 {
        bundle.open(&json!({"userId": "ada"})).await;
    }
    for (command, member) in [
        ("sessions list --user ada --all", "sessions"),
        ("sessions list --user ada --limit 120", "sessions"),
        ("users revoke ada --dry-run", "wouldEnd"),
    ] {
        let found = bundle.sever(&format!("{command} --output json")).await.json();
        let moment = |session: &Value| session["createdAt"].as_i64().unwrap();
        let moments: Vec<_> = found[member].as_array().unwrap().iter().map(moment).collect();
        assert!(moments.len() >= 120 && moments.is_sorted_by(|a, b| a >= b), "{command}");
    }
}
