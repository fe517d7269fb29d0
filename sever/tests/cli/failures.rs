//! Whatever goes wrong is told, and nothing else is done.

use crate::operator;
use crate::operator::Bundled;
use serde_json::{Value, json};

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
    // Whether there are profiles at all, and a Region: it is the profile that is wrong.
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    std::fs::write(&config, "[profile bare]\nregion = us-east-1\n").unwrap();
    for profile in ["nobody", "bare"] {
        for environment in
            [vec![], vec![("AWS_REGION", "")], vec![("AWS_CONFIG_FILE", config.to_str().unwrap())]]
        {
            let told = run(&["--profile", profile], &environment).await;
            told.fails(
                1,
                &format!("no AWS credentials: the profile `{profile}` does not exist or has none"),
            );
        }
    }
    let nobody = [("AWS_ACCESS_KEY_ID", ""), ("AWS_PROFILE", "nobody")];
    run(&[], &nobody).await.fails(1, "neither environment nor profile (AWS_PROFILE) nor role");

    // Somebody pasted a token: it is not repeated.
    let pasted = session.access.as_str();
    let refused = bundle.run(&["sessions", "revoke", &session.handle, pasted], "", &[]).await;
    assert!(!refused.err.contains(pasted));
    refused.fails(2, "argument 2: sessionHandle must be 1 to 128 bytes");
    assert_eq!(bundle.strict(&session.access).await, 200, "none was ended");
    bundle.sever_with("sessions revoke -", "\n").await.fails(2, "standard input has no handles");
    bundle.sever_with("sessions revoke -", "a\nb\u{7}\n").await.fails(2, "line 2: sessionHandle");
    for limit in ["0", "-1", "many", "1.5"] {
        let run = run(&[&format!("--limit={limit}")], &[]).await;
        assert_eq!(run.code, 2, "{run:?}");
        let told = "expected a whole number from 1; --all shows all sessions";
        assert!(run.err.contains(told), "{run:?}");
    }
    for usage in ["sessions list", "sessions revoke", "keys"] {
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
