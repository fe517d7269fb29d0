//! The functions, composed as on Lambda: one [`App`] for each function resource, made from that
//! resource's own environment, over one client.

use crate::template::FunctionResource;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use lambda_runtime::{Config as LambdaConfig, Context, Diagnostic, LambdaEvent};
use serde_json::Value;
use serde_json::value::RawValue;
use shared::app::App;
use shared::config::{Config, ConfigError};
use shared::lambda::Function;
use shared::time::{Clock, Entropy, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

type Constructor = fn(Arc<App>) -> Function;

/// Every binary of the workspace's `functions/`, and what composes it.
const REGISTRY: [(&str, Constructor); 11] = [
    ("core-driver", core_driver::function),
    ("create-session", create_session::function),
    ("jwks", jwks::function),
    ("list-sessions", list_sessions::function),
    ("logout", logout::function),
    ("own-sessions", own_sessions::function),
    ("refresh-session", refresh_session::function),
    ("revoke-handle", revoke_handle::function),
    ("revoke-user", revoke_user::function),
    ("verify-session", verify_session::function),
    ("whoami", whoami::function),
];

/// The names of the binaries that can run here.
pub fn binaries() -> impl Iterator<Item = &'static str> {
    REGISTRY.iter().map(|(name, _)| *name)
}

/// A function resource could not be composed.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// Its binary is not one of ours.
    #[error("{function}: there is no binary {binary}")]
    NoBinary {
        /// The function's name.
        function: String,
        /// The binary the template names.
        binary: String,
    },
    /// Its environment is not a configuration.
    #[error("the functions cannot start")]
    Config(#[source] ConfigError),
}

/// What every function is composed with.
pub(crate) struct Parts {
    pub(crate) dynamodb: Client,
    pub(crate) aws: SdkConfig,
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
    /// Whether apps may have lifetimes that do not go together.
    pub(crate) takes_odd_lifetimes: bool,
    /// Functions that stand in for binaries.
    pub(crate) stand_ins: BTreeMap<String, Function>,
}

/// A function that is ready to be invoked.
pub(crate) struct Deployed {
    pub(crate) resource: FunctionResource,
    function: Function,
    config: Arc<LambdaConfig>,
}

impl Deployed {
    pub(crate) fn compose(
        resource: &FunctionResource,
        parts: &Parts,
        warnings: &mut BTreeSet<String>,
    ) -> Result<Self, ComposeError> {
        let function = match parts.stand_ins.get(&resource.binary) {
            Some(stand_in) => stand_in.clone(),
            None => construct(resource, parts, warnings)?,
        };
        let config = LambdaConfig {
            function_name: resource.full_name.clone(),
            memory: resource.memory,
            version: "$LATEST".to_owned(),
            ..LambdaConfig::default()
        };
        Ok(Self { resource: resource.clone(), function, config: Arc::new(config) })
    }

    /// Invokes the function in a task of its own: like a sandbox, its panic ends it and nothing
    /// else, and it runs on when its caller has gone.
    pub(crate) async fn invoke(
        &self,
        request_id: &str,
        now: Timestamp,
        payload: Box<RawValue>,
    ) -> Result<Box<RawValue>, Diagnostic> {
        self.invoke_qualified((None, None), request_id, now, payload).await
    }

    /// The same by a qualified ARN (an alias, or `$LATEST`), with a client context: what the invoker
    /// says of itself.
    pub(crate) async fn invoke_qualified(
        &self,
        (qualifier, client): (Option<&str>, Option<Value>),
        request_id: &str,
        now: Timestamp,
        payload: Box<RawValue>,
    ) -> Result<Box<RawValue>, Diagnostic> {
        let mut context = self.context(qualifier, request_id, now);
        context.client_context = client.and_then(|client| serde_json::from_value(client).ok());
        let event = LambdaEvent::new(payload, context);
        let function = self.function.clone();
        let mut task = tokio::spawn(async move { function.invoke(event).await });
        match tokio::time::timeout(self.resource.timeout, &mut task).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(Diagnostic {
                error_type: "Runtime.Panic".to_owned(),
                error_message: "the function panicked".to_owned(),
            }),
            Err(_) => {
                task.abort();
                let seconds = self.resource.timeout.as_secs();
                Err(Diagnostic {
                    error_type: "Sandbox.Timedout".to_owned(),
                    error_message: format!("Task timed out after {seconds}.00 seconds"),
                })
            }
        }
    }

    fn context(&self, qualifier: Option<&str>, request_id: &str, now: Timestamp) -> Context {
        let mut context = Context::default();
        request_id.clone_into(&mut context.request_id);
        context.deadline = now.plus(self.resource.timeout).millis().unsigned_abs();
        context.invoked_function_arn = self.resource.qualified_arn(qualifier);
        context.env_config = Arc::clone(&self.config);
        context
    }
}

/// Composes every function, or tells all that is wrong with any of their environments. What each
/// would warn of is logged once.
pub(crate) fn compose_all(
    resources: &BTreeMap<String, FunctionResource>,
    parts: &Parts,
) -> Result<BTreeMap<String, Arc<Deployed>>, ComposeError> {
    let (mut functions, mut faults) = (BTreeMap::new(), Vec::new());
    let mut warnings = BTreeSet::new();
    for (id, resource) in resources {
        match Deployed::compose(resource, parts, &mut warnings) {
            Ok(function) => drop(functions.insert(id.clone(), Arc::new(function))),
            Err(ComposeError::Config(error)) => faults.extend(error.faults),
            Err(error) => return Err(error),
        }
    }
    let mut seen = Vec::new();
    faults.retain(|fault| {
        !seen.contains(fault) && {
            seen.push(fault.clone());
            true
        }
    });
    if !faults.is_empty() {
        return Err(ComposeError::Config(ConfigError { faults }));
    }
    for warning in &warnings {
        tracing::warn!(warning, "check the configuration");
    }
    Ok(functions)
}

fn construct(
    resource: &FunctionResource,
    parts: &Parts,
    warnings: &mut BTreeSet<String>,
) -> Result<Function, ComposeError> {
    let Some((_, constructor)) = REGISTRY.iter().find(|(name, _)| *name == resource.binary) else {
        return Err(ComposeError::NoBinary {
            function: resource.name.clone(),
            binary: resource.binary.clone(),
        });
    };
    let config = Config::from_vars(|name| resource.environment.get(name).cloned())
        .map_err(ComposeError::Config)?;
    warnings.extend(config.warnings.iter().cloned());
    let (dynamodb, aws) = (parts.dynamodb.clone(), parts.aws.clone());
    let app = App::new(config, dynamodb, aws, parts.clock.clone(), parts.entropy.clone());
    let apps = if parts.takes_odd_lifetimes { app.apps.taking_odd_lifetimes() } else { app.apps };
    Ok(constructor(Arc::new(App { apps, ..app })))
}
