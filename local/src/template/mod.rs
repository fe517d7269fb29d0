//! Reads `template.yaml`, the one source of routes, guards, environments and the table, into typed
//! values.

mod answers;
mod api;
mod intrinsics;
mod parameters;
mod resources;
mod rules;
mod table;

pub use answers::{Cors, GatewayResponse};
pub use api::{Api, Authorizer, Guard, Route};
pub use parameters::Parameters;
pub use resources::FunctionResource;
pub use table::{Attribute, Index, KeyElement, Projection, Table};

use intrinsics::long_form;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

/// The name of the stack that runs here: the prefix of every function's name.
pub const STACK: &str = "sever";

/// The template the bundle is built with, as text.
pub const SEVER: &str = include_str!("../../../template.yaml");

/// What the template says, with every intrinsic function resolved.
#[derive(Clone, Debug)]
pub struct Template {
    /// The functions, by logical id.
    pub functions: BTreeMap<String, FunctionResource>,
    /// The one API.
    pub api: Api,
    /// The one table.
    pub table: Table,
}

/// The template says something that is not understood here, or lacks something that is needed.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// Not YAML at all.
    #[error("the template is not YAML")]
    Yaml(#[source] serde_norway::Error),
    /// Something in it, and where it stands.
    #[error("template.yaml: {at}: {fault}")]
    At {
        /// Where, such as `Resources.SessionApi.Properties.Cors`.
        at: String,
        /// What is wrong there.
        fault: String,
    },
}

impl TemplateError {
    pub(crate) fn at(at: &str, fault: impl Into<String>) -> Self {
        Self::At { at: at.to_owned(), fault: fault.into() }
    }
}

impl Template {
    /// Reads the template `yaml`, its parameters taken from `overrides` and else from their
    /// defaults.
    pub fn parse(yaml: &str, overrides: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let yaml = serde_norway::from_str(yaml).map_err(TemplateError::Yaml)?;
        let document = long_form(yaml, "")?;
        let parameters = parameters::values(&document["Parameters"], overrides)?;
        resources::read(&document, parameters)
    }

    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        let domain = |name: &str| (name.to_owned(), "http://127.0.0.1:3000".to_owned());
        let overrides = BTreeMap::from([domain("ApiDomain"), domain("WebsiteDomain")]);
        Self::parse(SEVER, &overrides).expect("the template reads")
    }
}

/// Reads `value` into a `T`; a fault names the member under `at`.
fn read<T: DeserializeOwned>(value: &Value, at: &str) -> Result<T, TemplateError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let at = if path == "." { at.to_owned() } else { format!("{at}.{path}") };
        TemplateError::at(&at, error.into_inner().to_string())
    })
}

#[cfg(test)]
mod tests;
