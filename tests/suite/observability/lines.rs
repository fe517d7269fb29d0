//! Every line that a function writes on Lambda.

use serde_json::{Value, json};
use shared::lambda::metric::Metric;
use std::collections::BTreeSet;
use std::time::Duration;
use tests::lines::{TABLE, parsed};
use tests::world::faulty;
use tests::{Fault, Lines, World};

#[tokio::test]
async fn nothing_is_written_for_a_request_that_passes() {
    let world = World::new().await;
    let session = world.open("ada").await;
    let lines = Lines::of(&world);
    assert_eq!(world.strict(&session.access).await, 200);
    assert_eq!(world.fast(&session.access).await, 200);
    assert_eq!(lines.take_text(), "");
    assert_eq!(world.strict("nonsense").await, 401);
    assert_eq!(lines.take().len(), 1, "one for a refusal");
}

/// A whole life: sessions are opened, refreshed, refused, robbed and ended, and the table fails.
async fn live(world: &World, engine: &tests::Faulty<local::dynamodb::Embedded>) {
    let (one, robbed) = (world.open("ada").await, world.open_in("bob", "acme").await);
    let left = world.open("eve").await;
    let (_, second) = world.refreshed(&robbed.refresh).await;
    world.refreshed(&second).await;
    assert_eq!(world.refresh(&robbed.refresh).await.code(), "token theft detected");
    assert_eq!(world.strict(&robbed.access).await, 401);
    assert_eq!(world.post("/logout").bearer(&left.access).send().await.status, 200);
    let revoke = json!({"sessionHandles": [one.handle, "guess"]});
    engine.fail("DeleteItem", usize::MAX, Fault::Unreachable);
    assert_eq!(world.admin("/revoke-handle", &revoke).await.status, 503);
    assert_eq!(world.post("/logout").bearer(&one.access).send().await.status, 503);
    engine.heal();
    world.bundle.invoke("revoke-handle:direct", &revoke.to_string()).await.expect("a revocation");
    engine.fail("Query", usize::MAX, Fault::Throttled);
    world.revoke("/revoke-user", &json!({"userId": "ada", "tenantId": "public"})).await;
    engine.heal();
    let removal = json!({"sessionHandles": [robbed.handle], "userId": null});
    world.post("/core/recipe/session/remove").json(&removal).send().await;
    engine.fail("*", usize::MAX, Fault::Throttled);
    assert_eq!(world.strict(&one.access).await, 500);
    assert_eq!(world.refresh(&one.refresh).await.status, 503);
    engine.heal();
}

#[tokio::test(start_paused = true)]
async fn every_line_is_json_with_the_promised_members_and_no_secret() {
    let (world, engine) = faulty().await;
    let lines = Lines::of(&world);
    live(&world, &engine).await;
    let text = lines.take_text();
    let all = parsed(&text);
    let (mut metrics, mut records, mut logged) = (0, 0, 0);
    for line in &all {
        assert!(line["requestId"].as_str().is_some_and(|id| !id.is_empty()), "{line}");
        if line.get("_aws").is_some() {
            metrics += 1;
            assert_metric(line, world.clock.now().millis());
            continue;
        }
        assert!(line["function"].as_str().is_some_and(|name| name.starts_with("sever-")), "{line}");
        let level = line["level"].as_str().expect("a level");
        if line.get("audit").is_some() {
            records += 1;
            assert_eq!((level, line["audit"]["version"].as_i64()), ("INFO", Some(1)), "{line}");
        } else {
            logged += 1;
            assert!(["INFO", "WARN", "ERROR"].contains(&level), "{line}");
            assert!(line["message"].is_string(), "{line}");
        }
    }
    assert!(metrics > 10 && records == 6 && logged > 4, "{metrics} {records} {logged}");
    let secrets = world.secrets();
    assert!(secrets.len() > 8);
    for secret in secrets {
        assert!(!text.contains(&secret), "a token was written");
    }
    let failed = all.iter().filter(|line| line["message"] == "request failed");
    assert!(failed.clone().count() > 3);
    for line in failed {
        assert_eq!(line["level"], "ERROR");
    }
    let theft = all.iter().find(|line| line["message"].to_string().contains("theft"));
    assert_eq!(theft.expect("a theft")["level"], "WARN");
}

/// As CloudWatch's specification of the embedded metric format has it.
fn assert_metric(line: &Value, now: i64) {
    assert_eq!(line["_aws"]["Timestamp"], now);
    let directives = line["_aws"]["CloudWatchMetrics"].as_array().expect("a list");
    let [directive] = directives.as_slice() else { panic!("one directive: {line}") };
    assert_eq!(directive["Namespace"], "Sever");
    assert_eq!(directive["Dimensions"], json!([["Function"], ["Table"]]));
    assert_eq!(line["Table"], TABLE);
    assert!(line["Function"].as_str().is_some_and(|name| name.starts_with("sever-")), "{line}");
    let metric = &directive["Metrics"][0];
    let known = Metric::ALL.iter().find(|known| known.name() == metric["Name"]);
    let known = known.unwrap_or_else(|| panic!("{metric} is no metric"));
    assert_eq!(metric["Unit"], known.unit());
    assert!(line[known.name()].is_u64(), "{line}");
    let members: BTreeSet<_> = line.as_object().expect("an object").keys().cloned().collect();
    let allowed =
        ["_aws", "Function", "Table", "Reason", "requestId", known.name()].map(ToOwned::to_owned);
    assert!(members.is_subset(&allowed.into()), "{line}");
}

#[tokio::test]
async fn a_line_outside_of_a_request_names_its_function_too() {
    let world = World::new().await;
    let lines = Lines::of(&world);
    tracing::error!(error = "a \"quoted\"\nreason", "cannot start");
    tracing::debug!("not written");
    let expected = json!({
        "function": "no-function", "level": "ERROR", "message": "cannot start",
        "error": "a \"quoted\"\nreason",
    });
    assert_eq!(lines.take(), [expected]);
    world.pass(Duration::from_millis(1));
    Metric::TheftDetected.count(1);
    let metric = &lines.take()[0];
    assert_eq!(metric["Function"], "no-function");
    assert_eq!(metric["_aws"]["Timestamp"], world.clock.now().millis());
    Metric::TheftDetected.count(0);
    assert_eq!(lines.take_text(), "");
}
