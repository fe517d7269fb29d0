//! Every change is recorded: who, what, why.

use crate::operator;
use crate::operator::{Bundled, Bus, Run};
use serde_json::{Value, json};

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
        if words[1] != "list" {
            words.extend(["--reason", "ticket 4711"]);
        }
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
