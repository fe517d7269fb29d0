//! What an operator reads fits the terminal, and cannot be turned against them by a client.

use crate::operator::Bundled;
use serde_json::json;

/// What a client can send to look like something else: a cleared screen, a line turned around, letters
/// that cannot be seen.
const HOSTILE: &str = "eve\u{202e}\u{200b}\u{9b}2J\u{1f512}";
const SHOWN: &str = "eve<U+202E><U+200B><U+009B>2J\u{1f512}";

fn assert_harmless(text: &str) {
    for c in ['\u{1b}', '\u{9b}', '\u{202e}', '\u{200b}'] {
        assert!(!text.contains(c), "{text:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_fits_80_columns_and_shows_each_handle_whole() {
    let bundle = Bundled::start().await;
    let agent =
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome";
    for ip in ["203.0.113.7", "2001:0db8:85a3:0000:0000:8a2e:0370:7334"] {
        let device = json!({"ip": ip, "userAgent": agent});
        bundle.open(&json!({"userId": "ada", "device": device})).await;
    }
    let long = "t".repeat(64);
    let (one, two) = (
        bundle.open(&json!({"userId": "ada", "tenantId": "acme"})).await,
        bundle.open(&json!({"userId": "ada", "tenantId": long})).await,
    );
    for command in [
        "sessions list --user ada".to_owned(),
        "users revoke ada --dry-run".to_owned(),
        format!("sessions revoke {} {} --dry-run", one.handle, two.handle),
        "keys list".to_owned(),
        format!("sessions revoke {} {}", one.handle, two.handle),
    ] {
        let text = bundle.sever(&command).await.ok();
        if !command.starts_with("keys") {
            for handle in [&one.handle, &two.handle] {
                assert!(text.split_whitespace().any(|word| word == handle), "{command}: {text}");
            }
        }
        // A name that is longer than that is still whole, so that it can be copied.
        let lines = text.lines().filter(|line| !line.contains(&long));
        for line in lines {
            assert!(line.chars().count() <= 80, "{command}: {line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_over_several_users_says_whose_each_session_is() {
    let bundle = Bundled::start().await;
    let ada = bundle.open(&json!({"userId": "ada"})).await;
    let bob = bundle.open(&json!({"userId": "bob"})).await;
    let both = format!("sessions revoke --dry-run {} {} unknown", ada.handle, bob.handle);
    let text = bundle.sever(&both).await.ok();
    assert!(text.starts_with("HANDLE ") && text.contains("\n  USER\n"), "{text}");
    for (session, user) in [(&ada, "ada"), (&bob, "bob")] {
        let lines: Vec<_> =
            text.lines().skip_while(|line| !line.starts_with(&session.handle)).collect();
        assert_eq!(lines[1].trim(), user, "{text}");
    }
    assert!(
        text.contains("unknown: not found\nwould end: 2 sessions; nothing was done\n"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_clients_chose_is_shown_by_number_where_it_has_no_shape() {
    let bundle = Bundled::start().await;
    // No control character may be in a user id; a device may have any.
    let user = HOSTILE.replace('\u{9b}', "");
    let device = json!({"ip": "\u{1b}[1A", "userAgent": HOSTILE});
    let session = bundle.open(&json!({"userId": user, "device": device})).await;
    let list = ["sessions", "list", "--user", &user];
    let listed = bundle.run(&list, "", &[]).await.ok();
    assert!(listed.contains(SHOWN) && listed.contains("<U+001B>[1A"), "{listed}");
    assert_harmless(&listed);
    let rehearsed = ["sessions", "revoke", "--dry-run", &session.handle, "x\u{202e}"];
    let rehearsed = bundle.run(&rehearsed, "", &[]).await.ok();
    assert!(rehearsed.contains("x<U+202E>: not found"), "{rehearsed}");
    assert_harmless(&rehearsed);

    // A program reads what was sent.
    let raw = bundle.run(&[&list[..], &["--output", "json"]].concat(), "", &[]).await;
    assert_harmless(&raw.out);
    let found = raw.json();
    assert_eq!(found["sessions"][0]["userId"], json!(user));
    assert_eq!(found["sessions"][0]["device"], device);
    let nobody = bundle.run(&["users", "revoke", "ada\u{200b}"], "", &[]).await.ok();
    assert!(nobody.contains("no session of user ada<U+200B> was found"), "{nobody}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_help_of_each_command_shows_its_options_in_groups_and_how_it_is_typed() {
    let bundle = Bundled::start().await;
    for command in
        ["", "sessions list", "sessions revoke", "users revoke", "keys rotate", "keys kill"]
    {
        let help = bundle.sever(&format!("{command} --help")).await.ok();
        assert!(
            help.contains("\nTable and AWS account:\n") && help.contains("\nExample"),
            "{help}"
        );
        let changes = help.contains("\nAudit record:\n");
        assert_eq!(
            changes,
            ["revoke", "rotate", "kill"].iter().any(|word| command.ends_with(word))
        );
    }
}
