//! The command line as an operator runs it: the real binary against the local bundle, over TCP.

#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

mod operator;

use operator::{Bundled, Bus, Run};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The texts of a JSON array, sorted.
fn sorted(list: &Value) -> Vec<&str> {
    let mut texts: Vec<_> =
        list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    texts.sort_unstable();
    texts
}

fn handles(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|session| session["handle"].as_str().unwrap()).collect()
}

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
    assert_eq!(bundle.sever("sessions list --user ada").await.ok(), "no live sessions\n");

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
    assert!(ended.contains(&kept.handle) && ended.contains("ended: 1 session"), "{ended}");
    assert_eq!((bundle.strict(&kept.access).await, bundle.strict(&bob.access).await), (401, 200));
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
async fn keys_are_shown_rotated_and_killed() {
    let bundle = Bundled::start().await;
    assert_eq!(bundle.sever("keys list").await.ok(), "no keys yet\n");
    let session = bundle.open(&json!({"userId": "ada"})).await;
    let keys = async || bundle.sever("keys list --output json").await.json()["keys"].clone();
    let first = keys().await;
    let dynamic = first.as_array().unwrap().iter().find(|key| key["kind"] == "dynamic").unwrap();
    let kid = dynamic["kid"].as_str().unwrap();
    assert_eq!((&dynamic["signsNow"], &dynamic["publishedUntil"]), (&json!(true), &Value::Null));
    assert_eq!(dynamic["createdAt"], dynamic["signsFrom"]);
    assert!(bundle.sever("keys list").await.ok().contains(kid));

    bundle.sever("keys rotate --dry-run").await.ok();
    assert_eq!(keys().await, first);
    let made = bundle.sever("keys rotate --output json").await.json();
    let again = bundle.sever("keys rotate --output json").await.json();
    assert_eq!((&made["made"], &again["made"]), (&json!(true), &json!(false)));
    assert_eq!(made["kid"], again["kid"]);
    assert_eq!(keys().await.as_array().unwrap().len(), 3);

    let rehearsed = bundle.sever(&format!("keys kill {kid} --dry-run")).await.ok();
    assert!(rehearsed.contains("signs now and would be replaced"), "{rehearsed}");
    bundle
        .sever(&format!("keys kill {kid}"))
        .await
        .fails(3, "Nobody can be asked here: give --yes");
    assert_eq!(bundle.strict(&session.access).await, 200);
    let killed = bundle.sever(&format!("keys kill {kid} --yes --output json")).await.json();
    assert_eq!((&killed["kid"], &killed["refusedWithinSeconds"]), (&json!(kid), &json!(300)));
    let replacement = killed["replacement"].as_str().unwrap();
    let left = keys().await;
    let signs = left.as_array().unwrap().iter().find(|key| key["kid"] == replacement).unwrap();
    assert_eq!(signs["signsNow"], true);
    for unknown in [kid, "no key", "d-1"] {
        let run = bundle.run(&["keys", "kill", unknown, "--yes"], "", &[]).await;
        run.fails(3, "there is no key of this name");
    }
    // Keys of a private kind are nowhere in what was printed.
    assert!(!left.to_string().contains("pkcs8"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_is_told_in_one_line() {
    let bundle = Bundled::start().await;
    let session = bundle.open(&json!({"userId": "ada"})).await;
    let list = ["sessions", "list", "--user", "ada"];
    let run = async |more: &[&str], environment: &[(&str, &str)]| {
        bundle.run(&[&list[..], more].concat(), "", environment).await
    };
    run(&["--table", "elsewhere"], &[]).await.fails(1, "there is no such table");
    run(&[], &[("SEVER_TABLE", "")]).await.fails(2, "which table? Give --table NAME");
    run(&["--app", "shop"], &[]).await.fails(3, "there is no app shop");
    run(&["--app", "Shop"], &[]).await.fails(2, "appId must be");
    run(&["--tenant", "Acme"], &[]).await.fails(2, "tenantId must be");
    run(&[], &[("AWS_REGION", "")]).await.fails(2, "which Region?");
    run(&[], &[("AWS_ACCESS_KEY_ID", "")]).await.fails(1, "no AWS credentials");
    run(&[], &[("AWS_ACCESS_KEY_ID", "other")])
        .await
        .fails(1, "AWS does not take these credentials");
    run(&["--endpoint-url", "http://127.0.0.1:9"], &[]).await.fails(1, "Connection refused");
    run(&["--endpoint-url", "nowhere"], &[]).await.fails(1, "endpoint must contain scheme");
    run(&["--profile", "nobody"], &[]).await.fails(1, "no AWS credentials");

    // Somebody pasted a token: it is not repeated.
    let pasted = session.access.as_str();
    let refused = bundle.run(&["sessions", "revoke", &session.handle, pasted], "", &[]).await;
    assert!(!refused.err.contains(pasted));
    refused.fails(2, "argument 2: sessionHandle must be 1 to 128 bytes");
    assert_eq!(bundle.strict(&session.access).await, 200, "none was ended");
    bundle.sever_with("sessions revoke -", "\n").await.fails(2, "standard input has no handles");
    bundle.sever_with("sessions revoke -", "a\nb\u{7}\n").await.fails(2, "line 2: sessionHandle");
    for usage in ["sessions list", "sessions revoke", "keys", "sessions list --user a --limit 0"] {
        assert_eq!(bundle.sever(usage).await.code, 2, "{usage}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_to_look_prints_the_failure_and_nothing_else() {
    let bundle = Bundled::start().await;
    let session = bundle.open(&json!({"userId": "ada"})).await;
    let handle = session.handle.as_str();
    let faults = [
        (vec!["--table", "elsewhere"], vec![]),
        (vec![], vec![("AWS_ACCESS_KEY_ID", "other")]),
        (vec!["--endpoint-url", "http://127.0.0.1:9"], vec![]),
    ];
    let commands: [&[&str]; 10] = [
        &["sessions", "list", "--user", "ada"],
        &["sessions", "list", "--user", "ada", "--all"],
        &["sessions", "revoke", handle, "--dry-run"],
        &["sessions", "revoke", handle, "other"],
        &["sessions", "revoke", handle, "--yes"],
        &["users", "revoke", "ada", "--dry-run"],
        &["users", "revoke", "ada"],
        &["users", "revoke", "ada", "--except", handle],
        &["keys", "list"],
        &["keys", "rotate", "--dry-run"],
    ];
    for (options, environment) in faults {
        for command in commands {
            for output in ["table", "json"] {
                let words = [command, options.as_slice(), &["--output", output]].concat();
                let run = bundle.run(&words, "", &environment).await;
                assert_eq!((run.code, run.out.as_str()), (1, ""), "{words:?}: {run:?}");
                assert!(run.err.ends_with('\n') && run.err.contains("error: "), "{run:?}");
                for lie in ["no live session", "would end", "no keys", "ended:"] {
                    assert!(!run.err.contains(lie), "{words:?}: {run:?}");
                }
            }
        }
    }
    assert_eq!(bundle.strict(&session.access).await, 200);
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

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_argument_widens_nothing() {
    let bundle = Bundled::start().await;
    let session = bundle.open(&json!({"userId": "ada"})).await;
    let words: [&[&str]; 9] = [
        &["users", "revoke", ""],
        &["users", "revoke", "ada", "--tenant", ""],
        &["users", "revoke", "ada", "--except", ""],
        &["users", "revoke", "ada", "--tenant", "acme", "--tenant", "globex"],
        &["users", "revoke", "ada", "--app", ""],
        &["users", "revoke", "ada", "--reason", ""],
        &["users", "revoke", "ada", "--reason", " "],
        &["users", "revoke", "ada", "--event-bus", ""],
        &["sessions", "revoke", &session.handle, ""],
    ];
    for words in words {
        let run = bundle.run(words, "", &[]).await;
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{words:?}: {run:?}");
    }
    assert_eq!(bundle.strict(&session.access).await, 200);
}

/// The one record that the bus took: its type, and its detail without the moment.
fn only(bus: &Bus) -> (String, Value) {
    let entries = bus.take();
    let [entry] = entries.as_slice() else { panic!("one record: {entries:?}") };
    assert_eq!(
        (&entry["Source"], &entry["EventBusName"]),
        (&json!("sever.operator"), &json!("audit"))
    );
    let mut detail = entry["Detail"].clone();
    assert!(detail.as_object_mut().unwrap().remove("at").is_some());
    (entry["DetailType"].as_str().unwrap().to_owned(), detail)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_sends_one_record_that_says_who_what_and_why() {
    let (bundle, bus) = (Bundled::start().await, Bus::start().await);
    let table = bundle.table();
    let environment = [("AWS_ENDPOINT_URL_EVENTBRIDGE", bus.url()), ("SEVER_EVENT_BUS", "audit")];
    let run = async |words: &str| {
        let mut words: Vec<_> = words.split_whitespace().collect();
        words.extend(["--reason", "ticket 4711"]);
        bundle.run(&words, "", &environment).await
    };
    let digest =
        |handle: &str| shared::ids::SessionHandle::parse(handle).unwrap().salted_digest(&table);
    let begins = |action: &str| {
        json!({
            "version": 1, "action": action, "outcome": "done", "appId": "public", "table": table,
            "actor": {"type": "operator", "arn": "arn:aws:iam::000000000000:user/local"},
            "reason": "ticket 4711", "count": 0, "sessions": [], "omitted": 0,
        })
    };
    let expect = |action: &str, event: &str, members: Value| {
        let mut expected = begins(action);
        expected.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        assert_eq!(only(&bus), (event.to_owned(), expected));
    };
    let one = bundle.open(&json!({"userId": "ada", "tenantId": "acme"})).await;
    let two = bundle.open(&json!({"userId": "ada"})).await;

    run(&format!("sessions revoke {} guess --yes", one.handle)).await.ok();
    let ended = json!({"session": digest(&one.handle), "state": "ended", "userId": "ada"});
    let guess = json!({"session": digest("guess"), "state": "not-live"});
    let members = json!({"scope": {"kind": "sessions"}, "count": 1, "sessions": [ended, guess]});
    expect("revoke-handles", "session.revoked", members);

    let kept = bundle.open(&json!({"userId": "ada"})).await;
    let done =
        run(&format!("users revoke ada --except {} --output json", kept.handle)).await.json();
    let audit = json!({"eventBus": "audit", "sent": 1, "unsent": [], "error": null});
    assert_eq!(done["audit"], audit);
    let ended = json!({"session": digest(&two.handle), "state": "ended", "userId": "ada"});
    let scope = json!({"kind": "user", "userId": "ada", "exceptSession": digest(&kept.handle)});
    let members = json!({"scope": scope, "count": 1, "sessions": [ended], "sweepComplete": true});
    expect("revoke-user", "user.revoked", members);

    let made = run("keys rotate --output json").await.json();
    let members = json!({"scope": {"kind": "key", "kid": made["kid"]}});
    expect("rotate-key", "key.rotated", members);
    // It waits to sign: nothing is made.
    run("keys rotate").await.ok();
    assert_eq!(bus.take(), Vec::<Value>::new());
    let keys = run("keys list --output json").await.json()["keys"].clone();
    let signs = |key: &&Value| key["signsNow"] == true && key["kind"] == "dynamic";
    let kid = keys.as_array().unwrap().iter().find(signs).unwrap()["kid"].clone();
    let killed =
        run(&format!("keys kill {} --yes --output json", kid.as_str().unwrap())).await.json();
    let scope = json!({"kind": "key", "kid": kid, "replacement": killed["replacement"]});
    expect("kill-key", "key.killed", json!({"scope": scope}));

    // What changes nothing is no record.
    for (words, code) in [
        ("sessions list --user ada".to_owned(), 0),
        ("users revoke ada --dry-run".to_owned(), 0),
        (format!("users revoke ada --except {}", one.handle), 3),
        ("keys rotate --dry-run".to_owned(), 0),
        ("keys kill d-1 --yes".to_owned(), 3),
        ("users revoke ada --table elsewhere".to_owned(), 1),
        ("sessions revoke x --yes --table elsewhere".to_owned(), 1),
    ] {
        assert_eq!(run(&words).await.code, code, "{words}");
    }
    assert_eq!(bus.take(), Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_could_not_be_sent_is_said_loudly_and_undoes_nothing() {
    let (bundle, bus) = (Bundled::start().await, Bus::start().await);
    bus.refuse();
    let environment = [("AWS_ENDPOINT_URL_EVENTBRIDGE", bus.url())];
    let record_of = |run: &Run| -> Value {
        let lines: Vec<_> = run.err.lines().collect();
        let [warning, record] = lines.as_slice() else { panic!("two lines: {run:?}") };
        let begins =
            "warning: no audit record was written: the EventBridge bus `default` did not take it";
        assert!(warning.starts_with(begins), "{warning}");
        assert!(
            warning.contains("not yours") && warning.contains("What was done remains in effect")
        );
        serde_json::from_str(record.strip_prefix("record: ").unwrap()).unwrap()
    };
    for words in ["users revoke ada", "users revoke ada --output json"] {
        let session = bundle.open(&json!({"userId": "ada"})).await;
        let words: Vec<_> = words.split_whitespace().collect();
        let run = bundle.run(&words, "", &environment).await;
        assert_eq!(run.code, 4, "{run:?}");
        let record = record_of(&run);
        assert_eq!((&record["action"], &record["count"]), (&json!("revoke-user"), &json!(1)));
        assert!(!run.err.contains(&session.handle), "a handle is in no record");
        if words.len() > 3 {
            let done: Value = serde_json::from_str(&run.out).unwrap();
            assert_eq!(done["sessionHandlesRevoked"], json!([session.handle]));
            assert_eq!(
                (&done["audit"]["sent"], &done["audit"]["unsent"]),
                (&json!(0), &json!([record]))
            );
            assert!(done["audit"]["error"].as_str().unwrap().contains("not yours"));
        }
        assert_eq!(bundle.strict(&session.access).await, 401);
    }
    // A failure of the command itself decides its exit status.
    let unlucky = ["sessions", "revoke", "x", operator::UNLUCKY, "--yes"];
    assert_eq!(bundle.run(&unlucky, "", &environment).await.code, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_sts_the_record_has_the_access_key() {
    let (bundle, bus) = (Bundled::start().await, Bus::start().await);
    let environment = [
        ("AWS_ENDPOINT_URL_EVENTBRIDGE", bus.url()),
        ("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9"),
        ("SEVER_EVENT_BUS", "audit"),
    ];
    let run = bundle.run(&["users", "revoke", "ada"], "", &environment).await;
    assert_eq!((run.code, run.err.lines().count()), (0, 1), "{run:?}");
    let begins = "warning: the audit record has only the id of the access key";
    assert!(run.err.starts_with(begins), "{run:?}");
    let (_, detail) = only(&bus);
    assert_eq!(detail["actor"], json!({"type": "operator", "accessKeyId": "local"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_is_told_although_the_rest_could_not_be() {
    let bundle = Bundled::start().await;
    let session = bundle.open(&json!({"userId": "ada"})).await;
    let handles = format!("{} {} unknown", session.handle, operator::UNLUCKY);
    let run = bundle.sever(&format!("sessions revoke {handles} --yes --output json")).await;
    run.fails(1, "ending a session: AWS does not allow it: no luck");
    let done: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(done["sessionHandlesRevoked"], json!([session.handle]));
    assert_eq!(done["unknown"], json!([operator::UNLUCKY, "unknown"]));
    assert_eq!(bundle.strict(&session.access).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_environment_serves_where_nothing_is_typed() {
    let bundle = Bundled::start().await;
    bundle.open(&json!({"userId": "ada"})).await;
    let list = ["sessions", "list", "--user", "ada"];
    let alone = bundle.bare(&list, &[]).await;
    alone.fails(2, "which table?");
    let (table, url) = (bundle.table(), bundle.url());
    for (table_variable, url_variable) in
        [("SEVER_TABLE", "AWS_ENDPOINT_URL"), ("TABLE_NAME", "AWS_ENDPOINT_URL_DYNAMODB")]
    {
        let found =
            bundle.bare(&list, &[(table_variable, &table), (url_variable, &url)]).await.ok();
        assert!(found.starts_with("HANDLE"), "{found}");
    }
    let script = bundle.bare(&["completions", "bash"], &[]).await.ok();
    assert!(script.contains("complete -F _sever"), "{script}");
}

/// The rows of the table of rights: a command, and what it needs.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let text = include_str!("../../docs/sever.md");
    let (_, text) = text.split_once("## Rights").unwrap();
    let rows = text.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    let rows = rows.take_while(|line| line.starts_with('|')).map(|row| {
        let mut quoted = row.split('`').skip(1).step_by(2).map(str::to_owned);
        (quoted.next().unwrap(), quoted.collect())
    });
    rows.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_needs_the_rights_that_are_documented_and_no_others() {
    let bundle = Bundled::start().await;
    let keys = async || bundle.sever("keys list --output json").await.json()["keys"].clone();
    let mut needed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut run = async |command: &str, rest: String| {
        bundle.take_needs();
        bundle.sever(&format!("{command} {rest}")).await.ok();
        needed.entry(command.to_owned()).or_default().extend(bundle.take_needs());
    };
    for tenant in ["public", "acme"] {
        let body = json!({"userId": "ada", "tenantId": tenant});
        let open = async || bundle.open(&body).await.handle;
        open().await;
        run("sessions list", "--user ada".to_owned()).await;
        run("sessions revoke --yes", format!("{} {}", open().await, open().await)).await;
        run("sessions revoke", format!("{} {}", open().await, open().await)).await;
        open().await;
        run("users revoke", "ada".to_owned()).await;
        run("users revoke", format!("ada --tenant {tenant}")).await;
        let kept = open().await;
        open().await;
        run("users revoke --except", format!("{kept} ada")).await;
    }
    run("keys list", String::new()).await;
    run("keys rotate", String::new()).await;
    let signs =
        keys().await.as_array().unwrap().iter().find(|key| key["signsNow"] == true).cloned();
    run("keys kill --yes", signs.unwrap()["kid"].as_str().unwrap().to_owned()).await;
    assert_eq!(needed, documented());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_api_key_is_printed_once_with_the_digest_that_accepts_it() {
    let bundle = Bundled::start().await;
    let made = bundle.sever("api-keys new --output json").await.json();
    let (key, digest) = (made["key"].as_str().unwrap(), made["digest"].as_str().unwrap());
    assert_eq!(made.as_object().unwrap().len(), 2);
    let keys = shared::api_keys::ApiKeys::parse(digest).unwrap();
    assert!(keys.accept(key) && !keys.accept(digest));
    let text = bundle.sever("api-keys new").await.ok();
    let [key_line, digest_line] = text.lines().collect::<Vec<_>>()[..] else { panic!("{text}") };
    let key_again = key_line.strip_prefix("key     sever-").unwrap();
    assert_ne!(format!("sever-{key_again}"), key, "each is another");
    assert!(digest_line.starts_with("digest  sha256:"), "{text}");
}
