//! The API resource and the routes that the functions' events add to it.

use super::answers::{Cors, CorsProperties, GatewayResponse, ResponseProperties};
use super::intrinsics::join;
use super::{FunctionResource, TemplateError};
use http::Method;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The REST API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api {
    /// The stage it is deployed to.
    pub stage: String,
    /// Its routes.
    pub routes: Vec<Route>,
    /// Its Lambda authorizers, by the name routes use.
    pub authorizers: BTreeMap<String, Authorizer>,
    /// What a preflight is answered, if anything.
    pub cors: Option<Cors>,
    /// What is set for answers the gateway makes itself, by response type such as `UNAUTHORIZED`.
    pub gateway_responses: BTreeMap<String, GatewayResponse>,
}

/// A method and a path that lead to a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The method; `None` is every method.
    pub method: Option<Method>,
    /// The path, such as `/whoami` or `/core/{proxy+}`.
    pub path: String,
    /// The logical id of the function.
    pub function: String,
    /// What stands before it.
    pub guard: Guard,
}

/// What stands before a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Nothing.
    None,
    /// A request must be signed with AWS credentials.
    Iam,
    /// The authorizer of that name.
    Authorizer(String),
}

/// A Lambda authorizer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorizer {
    /// The logical id of its function.
    pub function: String,
    /// What it is given; only `REQUEST` is understood here.
    pub payload_type: String,
    /// For how many seconds its answer is reused.
    pub result_ttl: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    stage_name: String,
    cors: Option<CorsProperties>,
    #[serde(default)]
    auth: AuthProperties,
    #[serde(default)]
    gateway_responses: BTreeMap<String, ResponseProperties>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct AuthProperties {
    // It concerns a DefaultAuthorizer, and that is not understood.
    #[serde(rename = "AddDefaultAuthorizerToCorsPreflight")]
    _add_default_authorizer_to_cors_preflight: bool,
    authorizers: BTreeMap<String, AuthorizerProperties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AuthorizerProperties {
    function_arn: String,
    function_payload_type: String,
    #[serde(default)]
    identity: Identity,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct Identity {
    reauthorize_every: u32,
}

impl Default for Identity {
    fn default() -> Self {
        // API Gateway's own default, and the reason why the template sets another.
        Self { reauthorize_every: 300 }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Event {
    #[serde(rename = "Type")]
    kind: String,
    properties: EventProperties,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct EventProperties {
    rest_api_id: String,
    path: String,
    method: String,
    #[serde(default)]
    auth: EventAuth,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct EventAuth {
    authorizer: Option<String>,
    // With whose credentials the function is called makes no difference on one machine.
    #[serde(rename = "InvokeRole")]
    _invoke_role: Option<String>,
}

/// How the API is named, observed and reached makes no difference on one machine.
pub(super) const NO_EFFECT_HERE: [&str; 10] = [
    "AccessLogSetting",
    "AlwaysDeploy",
    "Description",
    "DisableExecuteApiEndpoint",
    "EndpointConfiguration",
    "MethodSettings",
    "Name",
    "OpenApiVersion",
    "Tags",
    "TracingEnabled",
];

/// Reads the resolved `properties` of the API; its routes are added afterwards.
pub(super) fn read(
    properties: &Value,
    functions: &BTreeMap<String, FunctionResource>,
    at: &str,
) -> Result<Api, TemplateError> {
    let properties: Properties = super::read(properties, at)?;
    let authorizers = properties.auth.authorizers.into_iter().map(|(name, authorizer)| {
        let at = format!("{at}.Auth.Authorizers.{name}");
        Ok((name, authorizer.read(functions, &at)?))
    });
    let responses = properties.gateway_responses.into_iter().map(|(kind, response)| {
        let at = format!("{at}.GatewayResponses.{kind}");
        let response = response.read(&kind, &at)?;
        Ok((kind, response))
    });
    Ok(Api {
        stage: properties.stage_name,
        routes: Vec::new(),
        authorizers: authorizers.collect::<Result<_, TemplateError>>()?,
        cors: properties.cors.map(|cors| cors.read(&format!("{at}.Cors"))).transpose()?,
        gateway_responses: responses.collect::<Result<_, _>>()?,
    })
}

impl Api {
    /// Adds a route for each of `function`'s events.
    pub(super) fn add_routes(
        &mut self,
        function: &str,
        events: &Value,
        at: &str,
    ) -> Result<(), TemplateError> {
        let events: Option<BTreeMap<String, Event>> = super::read(events, at)?;
        for (name, event) in events.unwrap_or_default() {
            let at = join(at, &name);
            if event.kind != "Api" {
                return Err(TemplateError::at(&at, "only events of Type Api are understood here"));
            }
            if event.properties.rest_api_id != crate::API_ID {
                return Err(TemplateError::at(&at, "RestApiId names another API"));
            }
            let route = self.route(function, event.properties, &at)?;
            self.routes.push(route);
        }
        Ok(())
    }

    fn route(
        &self,
        function: &str,
        event: EventProperties,
        at: &str,
    ) -> Result<Route, TemplateError> {
        let guard = match event.auth.authorizer {
            None => Guard::None,
            Some(name) if name == "NONE" => Guard::None,
            Some(name) if name == "AWS_IAM" => Guard::Iam,
            Some(name) if self.authorizers.contains_key(&name) => Guard::Authorizer(name),
            Some(name) => {
                return Err(TemplateError::at(at, format!("there is no authorizer {name}")));
            }
        };
        let method = match event.method.to_ascii_uppercase() {
            any if any == "ANY" => None,
            name => Some(
                Method::from_bytes(name.as_bytes())
                    .map_err(|_| TemplateError::at(at, format!("{name} is no method")))?,
            ),
        };
        Ok(Route { method, path: event.path, function: function.to_owned(), guard })
    }
}

impl AuthorizerProperties {
    fn read(
        self,
        functions: &BTreeMap<String, FunctionResource>,
        at: &str,
    ) -> Result<Authorizer, TemplateError> {
        let function = functions.iter().find(|(_, function)| function.arn == self.function_arn);
        let Some((function, _)) = function else {
            return Err(TemplateError::at(at, "FunctionArn names no function of this template"));
        };
        if self.function_payload_type != "REQUEST" {
            return Err(TemplateError::at(
                at,
                "only FunctionPayloadType REQUEST is understood here",
            ));
        }
        Ok(Authorizer {
            function: function.clone(),
            payload_type: self.function_payload_type,
            result_ttl: self.identity.reauthorize_every,
        })
    }
}
