//! The template's parameters: what was asked for, else the default, checked as `CloudFormation`
//! checks it.

use super::TemplateError;
use super::intrinsics::join;
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Parameter {
    #[serde(rename = "Type")]
    kind: Kind,
    default: Option<Value>,
    allowed_values: Option<Vec<Value>>,
    allowed_pattern: Option<String>,
    min_value: Option<f64>,
    max_value: Option<f64>,
    /// What is said when the value is not allowed.
    constraint_description: Option<String>,
    /// Whether the value is kept out of `CloudFormation`'s answers; nothing here shows one.
    #[serde(rename = "NoEcho")]
    _no_echo: Option<bool>,
    #[serde(rename = "Description")]
    _description: Option<String>,
}

#[derive(Deserialize, PartialEq)]
enum Kind {
    String,
    Number,
}

/// The parameters that a template declares.
pub struct Parameters(BTreeMap<String, Parameter>);

impl Parameters {
    /// Reads those of the template `yaml`.
    ///
    /// # Errors
    /// The YAML cannot be read, or a parameter has a member that is not understood here.
    pub fn of(yaml: &str) -> Result<Self, TemplateError> {
        let yaml = serde_norway::from_str(yaml).map_err(TemplateError::Yaml)?;
        let document = super::long_form(yaml, "")?;
        super::read(&document["Parameters"], "Parameters").map(Self)
    }

    /// Checks `value` as the value of the parameter `name`.
    ///
    /// # Errors
    /// Why `CloudFormation` refuses it.
    pub fn check(&self, name: &str, value: &str) -> Result<(), String> {
        let parameter = self.0.get(name).ok_or("no such parameter")?;
        parameter.check(value)
    }
}

/// The value of every parameter in `declared`, all of them as text.
pub(super) fn values(
    declared: &Value,
    overrides: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, TemplateError> {
    let declared: BTreeMap<String, Parameter> = super::read(declared, "Parameters")?;
    if let Some(stranger) = overrides.keys().find(|name| !declared.contains_key(*name)) {
        return Err(TemplateError::at(&join("Parameters", stranger), "no such parameter"));
    }
    let value = |(name, parameter): (String, Parameter)| {
        let at = join("Parameters", &name);
        let value = match (overrides.get(&name), &parameter.default) {
            (Some(value), _) => value.clone(),
            (None, Some(default)) => text(default, &at)?,
            (None, None) => return Err(TemplateError::at(&at, "has no default and no value")),
        };
        parameter.check(&value).map_err(|fault| TemplateError::at(&at, fault))?;
        Ok((name, value))
    };
    declared.into_iter().map(value).collect()
}

fn text(value: &Value, at: &str) -> Result<String, TemplateError> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(TemplateError::at(at, "neither text nor a number")),
    }
}

impl Parameter {
    fn check(&self, value: &str) -> Result<(), String> {
        if self.kind == Kind::Number {
            let number = value.parse().ok().filter(|number: &f64| number.is_finite());
            let number = number.ok_or_else(|| format!("{value:?} is not a number"))?;
            if self.min_value.is_some_and(|min| number < min)
                || self.max_value.is_some_and(|max| number > max)
            {
                return Err(format!("{value} is out of range"));
            }
        }
        if let Some(allowed) = &self.allowed_values
            && !allowed.iter().any(|one| text(one, "").is_ok_and(|one| one == value))
        {
            return Err(format!("{value:?} is not one of the allowed values"));
        }
        if let Some(pattern) = &self.allowed_pattern {
            // CloudFormation matches the whole value, anchored or not.
            let whole =
                Regex::new(&format!("^(?:{pattern})$")).map_err(|error| error.to_string())?;
            if !whole.is_match(value) {
                let described = self.constraint_description.as_deref();
                let fault = || format!("does not match {pattern}");
                let fault = described.map_or_else(fault, ToOwned::to_owned);
                return Err(format!("{value:?} {fault}"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn given(overrides: &[(&str, &str)]) -> Result<BTreeMap<String, String>, String> {
        let declared = json!({
            "Domain": {"Type": "String", "AllowedPattern": "^https?://[^/]+$",
                "ConstraintDescription": "must be an origin."},
            "Grace": {"Type": "Number", "Default": 30, "MinValue": 0, "MaxValue": 300},
            "Check": {"Type": "String", "Default": "never", "AllowedValues": ["never", "always"]},
        });
        let overrides = overrides.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        values(&declared, &overrides.collect()).map_err(|error| error.to_string())
    }

    #[test]
    fn an_override_comes_before_the_default() {
        let values = given(&[("Domain", "http://a"), ("Grace", "300")]).unwrap();
        assert_eq!((values["Grace"].as_str(), values["Check"].as_str()), ("300", "never"));
    }

    #[test]
    fn a_value_cloudformation_would_refuse_is_refused() {
        for (overrides, expected) in [
            (vec![], "Parameters.Domain: has no default and no value"),
            (vec![("Domain", "a/b")], "Parameters.Domain: \"a/b\" must be an origin."),
            (vec![("Domain", "http://a"), ("Grace", "301")], "301 is out of range"),
            (vec![("Domain", "http://a"), ("Grace", "x")], "\"x\" is not a number"),
            (vec![("Domain", "http://a"), ("Grace", "")], "\"\" is not a number"),
            (vec![("Domain", "http://a"), ("Grace", "NaN")], "\"NaN\" is not a number"),
            (vec![("Domain", "http://a"), ("Grace", "inf")], "\"inf\" is not a number"),
            (vec![("Domain", "http://a\nhttp://b")], "must be an origin"),
            (vec![("Domain", "http://a"), ("Check", "maybe")], "not one of the allowed"),
            (vec![("Domain", "http://a"), ("Chekc", "never")], "Chekc: no such parameter"),
        ] {
            let error = given(&overrides).unwrap_err();
            assert!(error.contains(expected), "{overrides:?}: {error}");
        }
    }
}
