//! The resources: first every name, so that any of them may refer to any other, then what each one
//! is.

use super::intrinsics::{Scope, join};
use super::{STACK, Template, TemplateError, api, rules, table};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const FUNCTION: &str = "AWS::Serverless::Function";
const API: &str = "AWS::Serverless::Api";
const TABLE: &str = "AWS::DynamoDB::Table";
const ALIAS: &str = "AWS::Lambda::Alias";

/// One function resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionResource {
    /// Its name without the stack's, such as `verify-session-fast`.
    pub name: String,
    /// Its name as Lambda knows it.
    pub full_name: String,
    /// Its ARN.
    pub arn: String,
    /// The binary it runs; two functions may run one binary.
    pub binary: String,
    /// Its environment: the template's globals, with its own variables over them.
    pub environment: BTreeMap<String, String>,
    /// How long one invocation may take.
    pub timeout: Duration,
    /// Its memory, in MB.
    pub memory: i32,
    /// The names of its aliases. Each leads to `$LATEST`.
    pub aliases: BTreeSet<String>,
}

impl FunctionResource {
    /// Its ARN with a qualifier, as it is invoked by an alias or a version.
    #[must_use]
    pub fn qualified_arn(&self, qualifier: Option<&str>) -> String {
        qualifier.map_or_else(|| self.arn.clone(), |qualifier| format!("{}:{qualifier}", self.arn))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AliasProperties {
    function_name: String,
    function_version: String,
    name: String,
}

/// The folder with one folder for each binary.
const BUILT: &str = "target/lambda/";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    #[serde(rename = "Type")]
    kind: String,
    #[serde(default)]
    properties: Value,
    condition: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct FunctionProperties {
    code_uri: String,
    environment: Environment,
    timeout: Option<u64>,
    memory_size: Option<i32>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct Environment {
    variables: BTreeMap<String, Scalar>,
}

/// `CloudFormation` takes numbers and booleans where a variable is text.
#[derive(Deserialize, Clone)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Other(serde_json::Number),
    Flag(bool),
}

impl Scalar {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Other(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
        }
    }
}

/// Reads `Globals` and `Resources` of `document`.
pub(super) fn read(
    document: &Value,
    parameters: BTreeMap<String, String>,
) -> Result<Template, TemplateError> {
    let scope = Scope::new(parameters, &document["Conditions"]);
    rules::check(&document["Rules"], &scope)?;
    let resources = resources(document, &scope)?;
    let scope = self::scope(&resources, scope)?;
    let globals = globals(document, &scope)?;
    let mut functions = of_kind(&resources, FUNCTION)
        .map(|(id, resource)| Ok((id.clone(), function(id, resource, &globals, &scope)?)))
        .collect::<Result<BTreeMap<_, _>, TemplateError>>()?;
    for (id, resource) in of_kind(&resources, ALIAS) {
        add_alias(&mut functions, resource, &scope, &format!("Resources.{id}.Properties"))?;
    }
    let (table_id, table) = only(&resources, TABLE)?;
    let table_at = format!("Resources.{table_id}.Properties");
    let properties = without(&table.properties, &table::NO_EFFECT_HERE);
    let properties = scope.resolve(&properties, &table_at)?;
    let table = table::read(&properties, &table_name(table_id), &table_at)?;
    let (api_id, api) = only(&resources, API)?;
    let api_at = format!("Resources.{api_id}.Properties");
    let properties = without(&api.properties, &api::NO_EFFECT_HERE);
    let properties = scope.resolve(&properties, &api_at)?;
    let mut api = api::read(&properties, &functions, &api_at)?;
    for (id, resource) in of_kind(&resources, FUNCTION) {
        let at = format!("Resources.{id}.Properties.Events");
        let events = scope.resolve(&resource.properties["Events"], &at)?;
        api.add_routes(id, &events, &at)?;
    }
    Ok(Template { functions, api, table })
}

/// The resources that are looked at here and whose condition holds.
fn resources(document: &Value, scope: &Scope) -> Result<BTreeMap<String, Resource>, TemplateError> {
    let mut resources: BTreeMap<String, Resource> =
        super::read(&document["Resources"], "Resources")?;
    resources.retain(|_, resource| [FUNCTION, API, TABLE, ALIAS].contains(&resource.kind.as_str()));
    let mut there = BTreeMap::new();
    for (id, resource) in resources {
        let condition = resource.condition.as_deref();
        let is_there =
            condition.map_or(Ok(true), |name| scope.holds(name, &join("Resources", &id)))?;
        if is_there {
            there.insert(id, resource);
        }
    }
    Ok(there)
}

fn of_kind<'r>(
    resources: &'r BTreeMap<String, Resource>,
    kind: &'r str,
) -> impl Iterator<Item = (&'r String, &'r Resource)> {
    resources.iter().filter(move |(_, resource)| resource.kind == kind)
}

fn only<'r>(
    resources: &'r BTreeMap<String, Resource>,
    kind: &'r str,
) -> Result<(&'r String, &'r Resource), TemplateError> {
    let mut found = of_kind(resources, kind);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        _ => Err(TemplateError::at("Resources", format!("there must be exactly one {kind}"))),
    }
}

/// Everything a template may refer to. A resource's own name may use parameters, but no other
/// resource.
fn scope(resources: &BTreeMap<String, Resource>, mut scope: Scope) -> Result<Scope, TemplateError> {
    for (name, value) in [
        ("AWS::AccountId", crate::ACCOUNT),
        ("AWS::Partition", "aws"),
        ("AWS::Region", crate::REGION),
        ("AWS::StackName", STACK),
        ("AWS::URLSuffix", "amazonaws.com"),
    ] {
        scope.add_reference(name, value);
    }
    let mut functions = Vec::new();
    for (id, resource) in of_kind(resources, FUNCTION) {
        functions.push((id, function_name(id, resource, &scope)?));
    }
    for (id, name) in functions {
        scope.add_reference(id, &name);
        scope.add_attribute(id, "Arn", &function_arn(&name));
    }
    for (id, _) in of_kind(resources, TABLE) {
        let name = table_name(id);
        let arn = format!("arn:aws:dynamodb:{}:{}:table/{name}", crate::REGION, crate::ACCOUNT);
        scope.add_reference(id, &name);
        scope.add_attribute(id, "Arn", &arn);
    }
    for (id, _) in of_kind(resources, API) {
        scope.add_reference(id, crate::API_ID);
    }
    Ok(scope)
}

fn table_name(id: &str) -> String {
    format!("{STACK}-{id}")
}

fn function_arn(name: &str) -> String {
    format!("arn:aws:lambda:{}:{}:function:{name}", crate::REGION, crate::ACCOUNT)
}

fn function_name(id: &str, resource: &Resource, scope: &Scope) -> Result<String, TemplateError> {
    let at = format!("Resources.{id}.Properties.FunctionName");
    super::read(&scope.resolve(&resource.properties["FunctionName"], &at)?, &at)
}

fn globals(document: &Value, scope: &Scope) -> Result<FunctionProperties, TemplateError> {
    let globals = &document["Globals"];
    let others = globals.as_object().into_iter().flat_map(|globals| globals.keys());
    if let Some(other) = others.into_iter().find(|key| *key != "Function") {
        return Err(TemplateError::at(&join("Globals", other), "is not understood here"));
    }
    function_properties(&globals["Function"], "Globals.Function", scope)
}

/// Only what is read is resolved: policies and packaging are `CloudFormation`'s business.
fn function_properties(
    properties: &Value,
    at: &str,
    scope: &Scope,
) -> Result<FunctionProperties, TemplateError> {
    let read = ["CodeUri", "Environment", "Timeout", "MemorySize"];
    let properties: Value = properties
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, _)| read.contains(&key.as_str()))
        .map(|(key, value)| Ok((key.clone(), scope.resolve(value, &join(at, key))?)))
        .collect::<Result<_, TemplateError>>()?;
    super::read(&properties, at)
}

fn function(
    id: &str,
    resource: &Resource,
    globals: &FunctionProperties,
    scope: &Scope,
) -> Result<FunctionResource, TemplateError> {
    let at = join("Resources", id);
    let own = function_properties(&resource.properties, &format!("{at}.Properties"), scope)?;
    let full_name = function_name(id, resource, scope)?;
    let Some(name) = full_name.strip_prefix(&format!("{STACK}-")) else {
        let fault = "a function's name begins with ${AWS::StackName}-";
        return Err(TemplateError::at(&format!("{at}.Properties.FunctionName"), fault));
    };
    let variables = globals.environment.variables.clone().into_iter();
    let variables = variables.chain(own.environment.variables);
    let Some(binary) = own.code_uri.strip_prefix(BUILT) else {
        let fault = format!("a function's code is in {BUILT}, where deploy/build puts it");
        return Err(TemplateError::at(&format!("{at}.Properties.CodeUri"), &fault));
    };
    Ok(FunctionResource {
        name: name.to_owned(),
        arn: function_arn(&full_name),
        binary: binary.to_owned(),
        environment: variables.map(|(name, value)| (name, value.into_text())).collect(),
        // Lambda's own defaults.
        timeout: Duration::from_secs(own.timeout.or(globals.timeout).unwrap_or(3)),
        memory: own.memory_size.or(globals.memory_size).unwrap_or(128),
        aliases: BTreeSet::new(),
        full_name,
    })
}

fn add_alias(
    functions: &mut BTreeMap<String, FunctionResource>,
    resource: &Resource,
    scope: &Scope,
    at: &str,
) -> Result<(), TemplateError> {
    let alias: AliasProperties = super::read(&scope.resolve(&resource.properties, at)?, at)?;
    if alias.function_version != "$LATEST" {
        return Err(TemplateError::at(&join(at, "FunctionVersion"), "only $LATEST runs here"));
    }
    let function = functions.values_mut().find(|one| one.full_name == alias.function_name);
    let Some(function) = function else {
        return Err(TemplateError::at(&join(at, "FunctionName"), "names no function"));
    };
    function.aliases.insert(alias.name);
    Ok(())
}

/// `properties` without the members named, which make no difference on one machine.
fn without(properties: &Value, names: &[&str]) -> Value {
    let mut properties = properties.clone();
    if let Some(members) = properties.as_object_mut() {
        members.retain(|name, _| !names.contains(&name.as_str()));
    }
    properties
}
