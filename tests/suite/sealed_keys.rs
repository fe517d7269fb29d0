//! Private signing keys that are sealed in the table, under a data key that KMS wraps.

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use local::dynamodb::Embedded;
use serde_json::json;
use shared::ids::AppId;
use shared::session::{KeyKilled, KeyRotated, KeyServiceSlot, KeyStore, SessionError};
use shared::table::SessionTable;
use shared::time::Entropy;
use shared::token::key::{Kid, SigningKeyError};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tests::kms::Kms;
use tests::{HandClock, Reply, World, logs};

const KEY: &str = "arn:aws:kms:us-east-1:000000000000:key/0f0f0f0f-0000-4000-8000-000000000001";
const OTHER: &str = "arn:aws:kms:us-east-1:000000000000:key/0f0f0f0f-0000-4000-8000-000000000002";
const NO_CALLS: [&str; 0] = [];

/// Execution environments that come and go, on one table and one KMS.
#[derive(Clone)]
struct Account {
    engine: Arc<Embedded>,
    clock: HandClock,
    kms: Kms,
}

impl Account {
    fn new() -> Self {
        let engine = Arc::new(Embedded::memory().unwrap());
        Self { engine, clock: HandClock::new(), kms: Kms::default() }
    }

    /// Functions that start now, with this KMS key or none.
    async fn start(&self, key: &str) -> World {
        let (engine, aws) = (Arc::clone(&self.engine), self.kms.aws());
        World::with_clock(self.clock.clone(), |builder| {
            builder.engine(engine).aws(aws).parameter("SigningKmsKeyArn", key)
        })
        .await
    }

    /// `sever`, with this KMS key or none.
    fn operator(&self, world: &World, key: Option<&str>) -> KeyStore {
        let name = &world.bundle.template().table.name;
        let table = SessionTable::new(world.bundle.dynamodb().clone(), name, &AppId::public());
        let service = KeyServiceSlot::default();
        if let Some(key) = key {
            service.connect(sealing::key_service(&self.kms.aws(), key));
        }
        KeyStore::new(table, self.clock.clock(), Entropy::system(), service)
    }
}

type Item = HashMap<String, AttributeValue>;

async fn item(world: &World, pk: &str) -> Item {
    let table = &world.bundle.template().table.name;
    let get = world.bundle.dynamodb().get_item().table_name(table).consistent_read(true);
    let get = get.key("pk", AttributeValue::S(pk.to_owned()));
    get.send().await.unwrap().item.expect("the item")
}

/// Whether the private keys stand there as they are, and whether they are sealed.
async fn forms(world: &World, app: &str) -> (bool, bool) {
    let item = item(world, &format!("signing-keys#{app}")).await;
    let keys = item["signingKeys"].as_l().unwrap().iter().map(|key| key.as_m().unwrap());
    let keys: Vec<_> = keys.collect();
    let all = |name: &str| keys.iter().all(|key| key.contains_key(name));
    let any = |name: &str| keys.iter().any(|key| key.contains_key(name));
    assert_eq!((any("pkcs8"), any("sealed")), (all("pkcs8"), all("sealed")), "one form");
    assert_eq!(item.contains_key("dataKey"), all("sealed"));
    (any("pkcs8"), any("sealed"))
}

async fn checks(world: &World, access: &str) -> (u16, u16) {
    (world.strict(access).await, world.fast(access).await)
}

async fn create(world: &World) -> Reply {
    world.admin("/create-session", &json!({"userId": "u1"})).await
}

fn assert_fails(reply: &Reply, status: u16, code: &str) {
    assert_eq!((reply.status, reply.code().as_str()), (status, code), "{}", reply.body);
}

#[tokio::test]
async fn no_private_key_and_no_data_key_can_be_read_from_the_table_or_the_log() {
    let account = Account::new();
    let world = account.start(KEY).await;
    let session = world.open("u1").await;
    assert_eq!(checks(&world, &session.access).await, (200, 200));
    assert_eq!(forms(&world, "public").await, (false, true));
    let table = world.bundle.template().table.name.clone();
    assert_eq!(account.kms.contexts(), [json!({"table": table, "app": "public"})]);

    let (private, public) =
        (item(&world, "signing-keys#public").await, item(&world, "public-keys#public").await);
    let names = |item: &Item| {
        let mut names: Vec<_> = item.keys().cloned().collect();
        names.sort();
        names
    };
    assert_eq!(names(&private), ["dataKey", "keysVersion", "pk", "signingKeys"]);
    assert_eq!(names(&public), ["keysVersion", "pk", "publicKeys"]);
    for key in public["publicKeys"].as_l().unwrap() {
        let key = key.as_m().unwrap();
        assert!(!key.contains_key("sealed") && !key.contains_key("pkcs8"), "{key:?}");
    }
    // A PKCS#8 key begins with its algorithm, rsaEncryption.
    let algorithm = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    let data_key = account.kms.data_keys()[0];
    for key in private["signingKeys"].as_l().unwrap() {
        let sealed = key.as_m().unwrap()["sealed"].as_b().unwrap().as_ref();
        assert!(sealed.windows(9).all(|bytes| bytes != algorithm));
        assert!(sealed.windows(32).all(|bytes| bytes != data_key));
    }
    for shown in [STANDARD.encode(data_key), format!("{data_key:?}")] {
        assert!(!logs::contain(&shown));
    }
}

#[tokio::test]
async fn kms_is_asked_once_by_an_execution_environment_that_signs_and_never_by_another() {
    let account = Account::new();
    let world = account.start(KEY).await;
    let session = world.open("u1").await;
    assert_eq!(account.kms.take_calls(), ["GenerateDataKey"]);
    let (access, refresh) = world.refreshed(&session.refresh).await;
    assert_eq!(account.kms.take_calls(), ["Decrypt"], "another environment");

    assert_eq!(checks(&world, &access).await, (200, 200));
    world.get("/auth/jwt/jwks.json").send().await;
    world.get("/core/.well-known/jwks.json").send().await;
    world.get("/list-sessions?userId=u1").signed().send().await;
    world.post("/logout").bearer(&access).send().await;
    world.revoke("/revoke-user", &json!({"userId": "u1"})).await;
    assert_eq!(account.kms.take_calls(), NO_CALLS);

    // The keys are read again, and a week later there is another one.
    for span in [Duration::from_mins(6), Duration::from_hours(24 * 7)] {
        world.pass(span);
        let session = world.open("u1").await;
        world.refreshed(&session.refresh).await;
        assert_eq!(checks(&world, &session.access).await, (200, 200));
        assert_eq!(account.kms.take_calls(), NO_CALLS);
    }
    assert_eq!(world.refresh(&refresh).await.status, 401);
    assert_eq!(forms(&world, "public").await, (false, true));

    let later = account.start(KEY).await;
    later.open("u1").await;
    later.open("u2").await;
    assert_eq!(account.kms.take_calls(), ["Decrypt"]);
}

#[tokio::test]
async fn a_deployment_moves_over_by_one_rotation_and_nobody_is_signed_out() {
    let account = Account::new();
    let before = account.start("").await;
    let session = before.open("u1").await;
    assert_eq!(forms(&before, "public").await, (true, false));

    // With the setting, plain keys are read and sign on until the next write.
    let after = account.start(KEY).await;
    let second = after.open("u1").await;
    assert_eq!(account.kms.take_calls(), NO_CALLS);
    assert_eq!(forms(&after, "public").await, (true, false));

    let operator = account.operator(&after, Some(KEY));
    let KeyRotated::Made(_) = operator.rotate_key().await.unwrap() else { panic!("a key is made") };
    assert_eq!(forms(&after, "public").await, (false, true), "every key, not only the new one");
    account.clock.pass(Duration::from_mins(6));
    let third = after.open("u1").await;
    for access in [&session.access, &second.access, &third.access] {
        assert_eq!(checks(&after, access).await, (200, 200));
    }
    let killed = operator.show_keys().await.unwrap().remove(1).key.kid;
    assert!(matches!(operator.kill_key(&killed).await.unwrap(), KeyKilled::Killed { .. }));
    assert_eq!(forms(&after, "public").await, (false, true));
    assert_eq!(checks(&account.start(KEY).await, &third.access).await, (200, 200));
}

#[tokio::test]
async fn sealed_keys_without_the_setting_are_refused_and_not_replaced() {
    let account = Account::new();
    let world = account.start(KEY).await;
    let session = world.open("u1").await;
    let stored = item(&world, "signing-keys#public").await;

    let without = account.start("").await;
    assert_fails(&create(&without).await, 500, "internal-error");
    assert_fails(&without.refresh(&session.refresh).await, 500, "internal-error");
    let operator = account.operator(&without, None);
    let kid = Kid::parse("d-1").unwrap();
    for failure in
        [operator.rotate_key().await.unwrap_err(), operator.kill_key(&kid).await.unwrap_err()]
    {
        assert!(matches!(failure, SessionError::Key(SigningKeyError::Sealed)), "{failure:?}");
    }
    assert!(logs::contain("SIGNING_KMS_KEY_ARN"), "the operator is told what to set");
    // Who signs nothing does not need it.
    assert_eq!(checks(&without, &session.access).await, (200, 200));
    assert_eq!(operator.show_keys().await.unwrap().len(), 2);

    let other = account.start(OTHER).await;
    assert_fails(&create(&other).await, 500, "internal-error");
    assert!(logs::contain("IncorrectKeyException"));
    let operator = account.operator(&other, Some(OTHER));
    assert!(matches!(operator.rotate_key().await.unwrap_err(), SessionError::KeyService(_)));
    assert_eq!(item(&world, "signing-keys#public").await, stored, "nothing was written");
}

#[tokio::test(start_paused = true)]
async fn when_kms_does_not_answer_nothing_is_signed_and_checks_go_on() {
    let account = Account::new();
    let session = account.start(KEY).await.open("u1").await;
    let world = account.start(KEY).await;
    for (code, status, said) in [
        ("AccessDeniedException", 500, "internal-error"),
        ("DisabledException", 500, "internal-error"),
        ("ThrottlingException", 503, "signing-keys-unavailable"),
        ("KMSInternalException", 503, "signing-keys-unavailable"),
    ] {
        account.kms.refuse(Some(code));
        drop(account.kms.take_calls());
        let reply = create(&world).await;
        assert_fails(&reply, status, said);
        assert_eq!(reply.header("retry-after"), (status == 503).then_some("1"), "{code}");
        assert_eq!(account.kms.take_calls().len(), if status == 503 { 3 } else { 1 }, "{code}");
        assert_fails(&world.refresh(&session.refresh).await, status, said);
        let call = world.call(Method::POST, "/core/recipe/session").header("cdi-version", "5.4");
        let body = json!({
            "userId": "u1", "userDataInJWT": {}, "userDataInDatabase": {}, "enableAntiCsrf": false,
            "useDynamicSigningKey": true,
        });
        let reply = call.json(&body).send().await;
        assert_eq!((reply.status, reply.body.trim_end()), (status, said));
        assert_eq!(checks(&world, &session.access).await, (200, 200), "{code}");
        let jwks = world.get("/core/.well-known/jwks.json").send().await;
        assert_eq!(jwks.status, 200, "what is published is no secret");
    }
    account.kms.refuse(None);
    let (access, _) = world.refreshed(&session.refresh).await;
    assert_eq!(checks(&world, &access).await, (200, 200));
}

#[tokio::test]
async fn each_app_has_a_data_key_of_its_own() {
    let account = Account::new();
    let world = account.start(KEY).await;
    let put = async || {
        let app = json!({"appId": "shop"});
        world.call(Method::PUT, "/core/recipe/multitenancy/app/v2").json(&app).send().await
    };
    assert_eq!(put().await.status, 200);
    world.open("u1").await;
    let jwks = async || world.get("/core/appid-shop/.well-known/jwks.json").send().await;
    assert_eq!(jwks().await.json()["keys"].as_array().unwrap().len(), 2);
    assert_eq!(forms(&world, "shop").await, (false, true));
    // One that is made again is another.
    let remove = world.post("/core/recipe/multitenancy/app/remove").json(&json!({"appId": "shop"}));
    assert_eq!(remove.send().await.status, 200);
    put().await;
    assert_eq!(jwks().await.status, 200);
    assert_eq!(forms(&world, "shop.2").await, (false, true));
    let apps: Vec<_> =
        account.kms.contexts().iter().map(|context| context["app"].clone()).collect();
    assert_eq!(apps, ["public", "shop", "shop.2"]);
}

#[tokio::test]
async fn a_sealed_key_opens_in_no_other_place() {
    let account = Account::new();
    let world = account.start(KEY).await;
    world.open("u1").await;
    let table = world.bundle.template().table.name.clone();
    let mut changed = item(&world, "signing-keys#public").await;
    let AttributeValue::L(keys) = changed.get_mut("signingKeys").unwrap() else { panic!("a list") };
    let sealed: Vec<_> = keys.iter().map(|key| key.as_m().unwrap()["sealed"].clone()).collect();
    for (key, other) in keys.iter_mut().zip(sealed.into_iter().rev()) {
        let AttributeValue::M(key) = key else { panic!("a map") };
        key.insert("sealed".to_owned(), other);
    }
    let put = world.bundle.dynamodb().put_item().table_name(table);
    put.set_item(Some(changed.clone())).send().await.unwrap();
    assert_fails(&create(&account.start(KEY).await).await, 500, "internal-error");
    assert_eq!(item(&world, "signing-keys#public").await, changed, "nothing was written");
}

#[tokio::test]
async fn of_two_first_callers_one_makes_the_data_key_that_counts() {
    let account = Account::new();
    let (one, two) = (account.start(KEY).await, account.start(KEY).await);
    let (first, second) = tokio::join!(one.open("u1"), two.open("u2"));
    for access in [&first.access, &second.access] {
        assert_eq!(checks(&one, access).await, (200, 200));
        assert_eq!(checks(&two, access).await, (200, 200));
    }
    assert_eq!(forms(&one, "public").await, (false, true));
}
