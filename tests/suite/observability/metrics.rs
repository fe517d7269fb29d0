//! What is counted and measured, and when.

use lambda_runtime::LambdaEvent;
use serde_json::json;
use serde_json::value::RawValue;
use shared::app::{App, SdkConfig};
use shared::config::Config;
use shared::time::{Clock, Entropy};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tests::lines::TABLE;
use tests::world::faulty;
use tests::{Fault, Lines, World};

fn metrics(expected: &[(&str, u64)]) -> Vec<(String, u64)> {
    expected.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
}

#[tokio::test(start_paused = true)]
async fn an_authorizer_that_cannot_find_out_is_counted_with_the_reason_of_the_table() {
    let (world, engine) = faulty().await;
    let session = world.open("ada").await;
    let lines = Lines::of(&world);
    for (fault, expected) in [
        (Fault::Unreachable, &[("AuthorizerErrors", 1), ("TableErrors", 1)][..]),
        (Fault::AnswerLost, &[("AuthorizerErrors", 1), ("TableErrors", 1)]),
        (Fault::Throttled, &[("AuthorizerErrors", 1), ("TableErrors", 1), ("Throttles", 1)]),
        (Fault::Unprocessed(0), &[("AuthorizerErrors", 1), ("TableErrors", 1), ("Throttles", 1)]),
    ] {
        engine.fail("BatchGetItem", usize::MAX, fault);
        assert_eq!(world.strict(&session.access).await, 500);
        assert_eq!(lines.take_metrics(), metrics(expected));
        engine.heal();
    }
    engine.fail("BatchGetItem", 1, Fault::Throttled);
    assert_eq!(world.strict(&session.access).await, 200);
    assert_eq!(lines.take_metrics(), [], "the SDK's second try made it good");
    assert!(world.bundle.invoke("verify-session", "{}").await.is_err());
    assert_eq!(lines.take_metrics(), metrics(&[("AuthorizerErrors", 1)]));
}

#[tokio::test]
async fn an_authorizer_that_gives_no_answer_at_all_is_counted() {
    let world = World::new().await;
    let vars = BTreeMap::from([
        ("TABLE_NAME", TABLE),
        ("API_DOMAIN", "https://api.example.com"),
        ("WEBSITE_DOMAIN", "https://www.example.com"),
    ]);
    let config = Config::from_vars(|name| vars.get(name).map(|value| (*value).to_owned()));
    let broken = Clock::from_fn(|| panic!("a fault of ours"));
    let dynamodb = world.bundle.dynamodb().clone();
    let app = App::new(
        config.expect("a configuration"),
        dynamodb,
        SdkConfig::builder().build(),
        broken,
        Entropy::system(),
    );
    let function = verify_session::function(Arc::new(app));
    let session = world.open("ada").await;
    let event = json!({
        "type": "REQUEST", "methodArn": "arn:x", "resource": "/x", "path": "/x",
        "httpMethod": "GET", "headers": {"Authorization": format!("Bearer {}", session.access)},
        "requestContext": {},
    });
    let event = RawValue::from_string(event.to_string()).expect("JSON");
    let lines = Lines::of(&world);
    let event = LambdaEvent::new(event, lambda_runtime::Context::default());
    let task = tokio::spawn(async move { function.invoke(event).await });
    assert!(task.await.expect_err("a panic").is_panic());
    assert_eq!(lines.take_metrics(), metrics(&[("AuthorizerErrors", 1)]));
}

#[tokio::test]
async fn a_refusal_is_counted_with_its_reason_and_nothing_that_was_presented() {
    let world = World::new().await;
    let (live, ended) = (world.open("ada").await, world.open("ada").await);
    world.revoke("/revoke-handle", &json!({"sessionHandle": ended.handle})).await;
    let revoked = world.open("bob").await;
    let (cut, _) = live.access.rsplit_once('.').expect("a JWT");
    let forged = format!("{cut}.{}", revoked.access.rsplit('.').next().expect("a signature"));
    let lines = Lines::of(&world);
    let mut reasons = Vec::new();
    for access in [&ended.access, "nonsense", &forged] {
        assert_eq!(world.strict(access).await, 401);
        for line in lines.take() {
            assert_eq!(line["Refusals"], 1, "{line}");
            reasons.push(line["Reason"].as_str().expect("a reason").to_owned());
        }
    }
    world.pass(Duration::from_hours(1));
    assert_eq!(world.fast(&live.access).await, 401);
    assert_eq!(world.post("/logout").bearer(&live.access).send().await.status, 401);
    world.pass(Duration::from_hours(2400));
    assert_eq!(world.refresh(&live.refresh).await.status, 401);
    let more = lines.take();
    reasons.extend(more.iter().filter_map(|line| Some(line["Reason"].as_str()?.to_owned())));
    let expected = [
        "no-session",
        "no-single-token",
        "bad-signature",
        "token-expired",
        "token-expired",
        "session-expired",
    ];
    assert_eq!(reasons, expected);
    let functions: Vec<_> = more.iter().map(|line| line["Function"].clone()).collect();
    assert_eq!(functions, ["sever-verify-session-fast", "sever-logout", "sever-refresh-session"]);
}

#[tokio::test]
async fn time_to_deny_ends_with_the_effect_and_not_with_the_sweep() {
    let (world, engine) = faulty().await;
    world.open("ada").await;
    world.open("ada").await;
    let lines = Lines::of(&world);
    let (raise, sweep) = (engine.hold("UpdateItem"), engine.hold("Query"));
    let body = json!({"userId": "ada"});
    let revoke = world.admin("/revoke-user", &body);
    let time = async {
        raise.arrival().await;
        world.pass(Duration::from_millis(40));
        raise.open();
        sweep.arrival().await;
        world.pass(Duration::from_millis(500));
        sweep.open();
    };
    let (reply, ()) = futures_util::future::join(revoke, time).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let expected = [("SessionsRevoked", 2), ("SweepMillis", 500), ("TimeToDeny", 40)];
    assert_eq!(lines.take_metrics(), metrics(&expected));
}

#[tokio::test]
async fn for_handles_and_logout_it_ends_with_the_delete() {
    let (world, engine) = faulty().await;
    let (one, two) = (world.open("ada").await, world.open("ada").await);
    let lines = Lines::of(&world);
    let delayed = async |call, millis| {
        let gate = engine.hold("DeleteItem");
        let time = async {
            gate.arrival().await;
            world.pass(Duration::from_millis(millis));
            gate.open();
        };
        let (reply, ()): (tests::Reply, ()) = futures_util::future::join(call, time).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    };
    let asked = json!({"sessionHandles": [one.handle, "guess", "another", "guess"]});
    delayed(world.post("/revoke-handle").json(&asked).signed().send(), 25).await;
    let expected = [("SessionsRevoked", 1), ("TimeToDeny", 25), ("UnknownHandles", 2)];
    assert_eq!(lines.take_metrics(), metrics(&expected));
    delayed(world.post("/logout").bearer(&two.access).send(), 7).await;
    assert_eq!(lines.take_metrics(), metrics(&[("SessionsRevoked", 1), ("TimeToDeny", 7)]));
    assert_eq!(world.post("/logout").bearer(&two.access).send().await.status, 200);
    assert_eq!(lines.take_metrics(), metrics(&[("TimeToDeny", 0)]), "it was over already");
}

#[tokio::test]
async fn sessions_are_counted_as_they_are_opened_and_stolen() {
    let world = World::new().await;
    let lines = Lines::of(&world);
    let session = world.open("ada").await;
    assert_eq!(lines.take_metrics(), metrics(&[("SessionsCreated", 1)]));
    let (_, second) = world.refreshed(&session.refresh).await;
    world.refreshed(&second).await;
    assert_eq!(lines.take_text(), "", "a refresh is no news");
    assert_eq!(world.refresh(&session.refresh).await.code(), "token theft detected");
    let expected = [("SessionsRevoked", 1), ("TheftDetected", 1)];
    assert_eq!(lines.take_metrics(), metrics(&expected));
}

#[tokio::test(start_paused = true)]
async fn a_sweep_that_the_table_stops_is_counted_though_the_answer_is_good() {
    let (world, engine) = faulty().await;
    world.open("ada").await;
    let lines = Lines::of(&world);
    engine.fail("Query", usize::MAX, Fault::Throttled);
    let reply = world.admin("/revoke-user", &json!({"userId": "ada"})).await;
    assert_eq!((reply.status, &reply.json()["sweepComplete"]), (200, &json!(false)));
    let expected = [("SweepMillis", 0), ("TableErrors", 1), ("Throttles", 1), ("TimeToDeny", 0)];
    assert_eq!(lines.take_metrics(), metrics(&expected));
}
