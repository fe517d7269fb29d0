//! The whole bundle as one value: what the binary serves and what tests drive, without a socket.

use crate::dynamodb::{
    self, Embedded, Endpoint, Engine, OpenError, TableError, create_table_if_absent,
};
use crate::functions::{ComposeError, Deployed, Parts, compose_all};
use crate::gateway::{Call, Gateway};
use crate::invoke;
use crate::pages;
use crate::services::Operation;
use crate::template::{SEVER, Template, TemplateError};
use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use bytes::Bytes;
use http::{Request, Response};
use lambda_runtime::Diagnostic;
use serde_json::value::RawValue;
use shared::lambda::Function;
use shared::time::{Clock, Entropy};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Gateway, functions and table, composed from the template.
pub struct Bundle {
    template: Template,
    functions: BTreeMap<String, Arc<Deployed>>,
    gateway: Gateway,
    dynamodb: Client,
    endpoint: Option<Endpoint>,
    clock: Clock,
    calls: AtomicU64,
}

/// Collects what a [`Bundle`] is made of; everything has a default.
pub struct Builder {
    template: String,
    parameters: BTreeMap<String, String>,
    port: u16,
    dynamodb: Option<(Client, Option<Endpoint>)>,
    aws: SdkConfig,
    clock: Clock,
    entropy: Entropy,
    takes_odd_lifetimes: bool,
    stand_ins: BTreeMap<String, Function>,
}

/// The bundle could not be composed.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The template is at fault.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The database is.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The table is.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A function is.
    #[error(transparent)]
    Compose(#[from] ComposeError),
}

impl Bundle {
    /// Sever's own template, a table in memory, the machine's clock and randomness.
    #[must_use]
    pub fn builder() -> Builder {
        Builder {
            template: SEVER.to_owned(),
            parameters: BTreeMap::new(),
            port: 3000,
            dynamodb: None,
            aws: SdkConfig::builder().build(),
            clock: Clock::system(),
            entropy: Entropy::system(),
            takes_odd_lifetimes: false,
            stand_ins: BTreeMap::new(),
        }
    }

    /// Answers one HTTP request: a route of the API, a call of the Lambda Invoke API, of `DynamoDB` or of
    /// what else `sever` needs, or a page.
    pub async fn request(&self, request: Request<Bytes>) -> Response<Bytes> {
        let call = Call { id: self.call_id(), now: self.clock.now(), request };
        if invoke::is_for(&call.request) {
            return invoke::answer(&self.functions, &call).await;
        }
        if let Some(page) = pages::find(&call.request) {
            return page;
        }
        if let Some(operation) = Operation::of(&call.request) {
            return operation.answer(&call).await;
        }
        match &self.endpoint {
            Some(endpoint) if Endpoint::is_for(&call.request) => endpoint.answer(&call).await,
            _ => self.gateway.handle(&call).await,
        }
    }

    /// Invokes a function with a JSON payload, as another function would: by its name alone, or by
    /// that of an alias, such as `revoke-user:direct`.
    ///
    /// # Errors
    /// What the function failed with, or that there is no such function or that the payload is no
    /// JSON.
    pub async fn invoke(&self, function: &str, payload: &str) -> Result<Box<RawValue>, Diagnostic> {
        let failed = |kind: &str, message: String| Diagnostic {
            error_type: kind.to_owned(),
            error_message: message,
        };
        let Some(function) = invoke::find(&self.functions, function) else {
            let message = format!("Function not found: {function}");
            return Err(failed("ResourceNotFoundException", message));
        };
        let payload = RawValue::from_string(payload.to_owned())
            .map_err(|error| failed("InvalidRequestContentException", error.to_string()))?;
        function.invoke(None, &self.call_id(), self.clock.now(), payload).await
    }

    /// The template, as it was understood.
    #[must_use]
    pub fn template(&self) -> &Template {
        &self.template
    }

    /// The client all functions share.
    #[must_use]
    pub fn dynamodb(&self) -> &Client {
        &self.dynamodb
    }

    pub(crate) fn unread(&self, too_large: bool) -> Response<Bytes> {
        self.gateway.unread(too_large)
    }

    /// Shaped like a UUID. A counter, so that ids draw nothing from the entropy that makes secrets.
    fn call_id(&self) -> String {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        format!("00000000-0000-4000-8000-{call:012x}")
    }
}

impl Builder {
    /// Takes another template.
    #[must_use]
    pub fn template(mut self, yaml: &str) -> Self {
        yaml.clone_into(&mut self.template);
        self
    }

    /// Sets a parameter of the template.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        self.parameters.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Says where the bundle is reached: the default of `ApiDomain` and `WebsiteDomain`.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Puts `engine` under the client in place of a database in memory.
    #[must_use]
    pub fn engine<E: Engine>(mut self, engine: Arc<E>) -> Self {
        self.dynamodb = Some(over(engine));
        self
    }

    /// Takes a client of its own making. Its table is not served over HTTP.
    #[must_use]
    pub fn dynamodb(mut self, client: Client) -> Self {
        self.dynamodb = Some((client, None));
        self
    }

    /// Says how services other than the table are reached. There are none here unless it does.
    #[must_use]
    pub fn aws(mut self, aws: SdkConfig) -> Self {
        self.aws = aws;
        self
    }

    /// Sets the clock of gateway and functions.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the randomness the functions draw from.
    #[must_use]
    pub fn entropy(mut self, entropy: Entropy) -> Self {
        self.entropy = entropy;
        self
    }

    /// Takes from apps what the SuperTokens core takes in its test mode: lifetimes that do not go
    /// together.
    #[must_use]
    pub fn taking_odd_lifetimes(mut self) -> Self {
        self.takes_odd_lifetimes = true;
        self
    }

    /// Lets `function` stand in for every function that runs `binary`.
    #[must_use]
    pub fn stand_in(mut self, binary: &str, function: Function) -> Self {
        self.stand_ins.insert(binary.to_owned(), function);
        self
    }

    /// Composes the bundle and makes its table ready.
    pub async fn build(mut self) -> Result<Bundle, BundleError> {
        for name in ["ApiDomain", "WebsiteDomain"] {
            let here = || format!("http://127.0.0.1:{}", self.port);
            self.parameters.entry(name.to_owned()).or_insert_with(here);
        }
        // On one machine whoever can reach the bundle may use it.
        for (name, value) in [("CoreDriverOpen", "true"), ("TrustedIssuers", "any")] {
            self.parameters.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
        let template = Template::parse(&self.template, &self.parameters)?;
        let (dynamodb, endpoint) = match self.dynamodb {
            Some(given) => given,
            None => over(Arc::new(Embedded::memory()?)),
        };
        create_table_if_absent(&dynamodb, &template.table).await?;
        let parts = Parts {
            dynamodb,
            aws: self.aws,
            clock: self.clock,
            entropy: self.entropy,
            takes_odd_lifetimes: self.takes_odd_lifetimes,
            stand_ins: self.stand_ins,
        };
        let functions = compose_all(&template.functions, &parts)?;
        Ok(Bundle {
            gateway: Gateway::new(template.api.clone(), &functions)?,
            template,
            functions,
            dynamodb: parts.dynamodb,
            endpoint,
            clock: parts.clock,
            calls: AtomicU64::new(0),
        })
    }
}

fn over<E: Engine>(engine: Arc<E>) -> (Client, Option<Endpoint>) {
    (dynamodb::client(Arc::clone(&engine)), Some(Endpoint::new(engine)))
}
