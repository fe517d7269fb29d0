//! The functions as Lambda would run them: several instances, each with a clock that may be off and
//! with caches of its own, all over one table.

use aws_sdk_dynamodb::Client;
use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use local::dynamodb::client;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use shared::app::{App, SdkConfig};
use shared::config::Config;
use shared::lambda::{DIRECT, Function};
use shared::time::{Clock, Entropy, EntropyError, Timestamp};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Instant;

use crate::network::Network;
use aws_smithy_runtime::client::retries::{RetryPartition, TokenBucket};

/// When every history begins: a moment in the year 2027.
pub(crate) const BEGINNING: i64 = 1_800_000_000_000;
/// The one table.
pub(crate) const TABLE: &str = "sessions";

/// A function by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    Create,
    Refresh,
    Strict,
    Fast,
    Logout,
    RevokeHandle,
    RevokeUser,
    List,
    Core,
}

/// One instance of every function.
struct Instance {
    skew: i64,
    functions: Vec<(Name, Function)>,
}

/// All instances.
pub(crate) struct Cluster {
    client: Client,
    entropy: Entropy,
    began: Instant,
    instances: Mutex<Vec<Instance>>,
}

impl Cluster {
    /// Instances whose clocks are off by `skews`, in milliseconds.
    pub(crate) fn new(network: Network, skews: &[i64], seed: u64) -> Self {
        let client = client(Arc::new(network));
        // The clients of all histories would share one budget for retries, and influence each other.
        let alone =
            RetryPartition::custom("history").token_bucket(TokenBucket::unlimited()).build();
        let client = Client::from_conf(client.config().to_builder().retry_partition(alone).build());
        let cluster = Self {
            client,
            entropy: seeded(seed),
            began: Instant::now(),
            instances: Mutex::default(),
        };
        let instances = skews.iter().map(|skew| cluster.start(*skew)).collect();
        *cluster.instances.lock().unwrap_or_else(PoisonError::into_inner) = instances;
        cluster
    }

    /// True time since the beginning, in milliseconds.
    pub(crate) fn elapsed(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    pub(crate) fn skew(&self, instance: usize) -> i64 {
        self.instances.lock().unwrap_or_else(PoisonError::into_inner)[instance].skew
    }

    /// The instance ends, and another takes its place.
    pub(crate) fn restart(&self, instance: usize) {
        let fresh = self.start(self.skew(instance));
        self.instances.lock().unwrap_or_else(PoisonError::into_inner)[instance] = fresh;
    }

    fn start(&self, skew: i64) -> Instance {
        let began = self.began;
        let clock = Clock::from_fn(move || {
            let elapsed = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
            Timestamp::from_millis(BEGINNING + elapsed + skew)
        });
        let app = |check_database| {
            let (config, aws) = (config(check_database), SdkConfig::builder().build());
            let (client, entropy) = (self.client.clone(), self.entropy.clone());
            Arc::new(App::new(config, client, aws, clock.clone(), entropy))
        };
        let (strict, fast) = (app("always"), app("never"));
        let own = || Arc::clone(&strict);
        let functions = vec![
            (Name::Create, create_session::function(own())),
            (Name::Refresh, refresh_session::function(own())),
            (Name::Strict, verify_session::function(own())),
            (Name::Fast, verify_session::function(fast)),
            (Name::Logout, logout::function(own())),
            (Name::RevokeHandle, revoke_handle::function(own())),
            (Name::RevokeUser, revoke_user::function(own())),
            (Name::List, list_sessions::function(own())),
            (Name::Core, core_driver::function(own())),
        ];
        Instance { skew, functions }
    }

    /// Invokes a function of an instance.
    pub(crate) async fn invoke(
        &self,
        instance: usize,
        name: Name,
        event: &Value,
    ) -> Result<Value, Diagnostic> {
        let broken = |message: &str| Diagnostic {
            error_type: "harness".to_owned(),
            error_message: message.to_owned(),
        };
        let function = {
            let instances = self.instances.lock().unwrap_or_else(PoisonError::into_inner);
            let mut functions = instances[instance].functions.iter();
            functions.find(|(own, _)| *own == name).map(|(_, function)| function.clone())
        };
        let function = function.ok_or_else(|| broken("no such function"))?;
        let event = RawValue::from_string(event.to_string()).map_err(|_| broken("no JSON"))?;
        let answer = function.invoke(LambdaEvent::new(event, context(name))).await?;
        serde_json::from_str(answer.get()).map_err(|_| broken("the answer is no JSON"))
    }
}

/// What Lambda says of an event: commands go to the alias of an admin function, and API Gateway
/// invokes every other.
fn context(name: Name) -> Context {
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:checked";
    let mut context = Context::default();
    context.invoked_function_arn = match name {
        Name::Create | Name::RevokeHandle | Name::RevokeUser | Name::List => {
            format!("{arn}:{DIRECT}")
        }
        Name::Refresh | Name::Strict | Name::Fast | Name::Logout | Name::Core => arn.to_owned(),
    };
    context
}

/// An access token lives an hour, a session two.
#[expect(clippy::expect_used, reason = "a fixed configuration")]
fn config(check_database: &str) -> Config {
    let variables = [
        ("TABLE_NAME", TABLE),
        ("API_DOMAIN", "https://sever.example"),
        ("WEBSITE_DOMAIN", "https://sever.example"),
        ("ACCESS_TOKEN_VALIDITY_JITTER", "0"),
        ("REFRESH_TOKEN_VALIDITY", "120"),
        ("CHECK_DATABASE", check_database),
        ("CORE_DRIVER_OPEN", "true"),
    ];
    let read = |name: &str| {
        let value = variables.iter().find(|(variable, _)| *variable == name);
        value.map(|(_, value)| (*value).to_owned())
    };
    Config::from_vars(read).expect("a configuration")
}

fn seeded(seed: u64) -> Entropy {
    let rng = Mutex::new(fastrand::Rng::with_seed(seed));
    Entropy::from_fn(move |bytes| {
        rng.lock().map_err(|_| EntropyError)?.fill(bytes);
        Ok(())
    })
}

/// A request of a browser, as a REST API hands it to a function.
pub(crate) fn browser_event(path: &str, token: &str) -> Value {
    json!({
        "resource": path, "path": path, "httpMethod": "POST",
        "headers": {"Authorization": format!("Bearer {token}")},
        "multiValueHeaders": {"Authorization": [format!("Bearer {token}")]},
        "requestContext": {"httpMethod": "POST"}, "isBase64Encoded": false,
    })
}

/// A call of a SuperTokens SDK.
pub(crate) fn core_event(path: &str, body: &Value) -> Value {
    let headers = json!({"cdi-version": "5.0", "Content-Type": "application/json"});
    json!({
        "resource": "/core/{proxy+}", "path": format!("/core/{path}"), "httpMethod": "POST",
        "headers": headers, "pathParameters": {"proxy": path},
        "requestContext": {"httpMethod": "POST"}, "isBase64Encoded": false,
        "body": body.to_string(),
    })
}

/// A request of a browser, as a gateway asks an authorizer about it.
pub(crate) fn authorizer_event(token: &str) -> Value {
    json!({
        "type": "REQUEST", "methodArn": "arn:aws:execute-api:us-east-1:000000000000:a/prod/GET/x",
        "resource": "/x", "path": "/x", "httpMethod": "GET",
        "headers": {"Authorization": format!("Bearer {token}")},
        "multiValueHeaders": {"Authorization": [format!("Bearer {token}")]},
        "requestContext": {"httpMethod": "GET"},
    })
}

/// A header of a function's answer.
pub(crate) fn header<'a>(answer: &'a Value, name: &str) -> Option<&'a str> {
    answer["multiValueHeaders"][name][0].as_str().or_else(|| answer["headers"][name].as_str())
}
