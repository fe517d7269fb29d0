//! Each command needs the rights that docs/reference/sever.md names.

use crate::operator::Bundled;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// The rows of the table of rights: a command, and what it needs.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let text = include_str!("../../../docs/reference/sever.md");
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
