//! Signing keys and API keys.

use crate::operator::Bundled;
use serde_json::{Value, json};

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
