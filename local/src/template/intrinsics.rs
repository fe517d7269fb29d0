//! `CloudFormation`'s intrinsic functions: YAML's short form becomes the long form, and the long
//! form becomes values.
//!
//! What is not understood is an error that names where it stands. Ignoring it would run something
//! else than is deployed.

use super::TemplateError;
use serde_json::{Map, Value};
use serde_norway::Value as Yaml;
use std::collections::BTreeMap;

/// Turns YAML into JSON, and `!Sub x` into `{"Fn::Sub": "x"}`.
pub(super) fn long_form(yaml: Yaml, at: &str) -> Result<Value, TemplateError> {
    match yaml {
        Yaml::Null => Ok(Value::Null),
        Yaml::Bool(value) => Ok(Value::Bool(value)),
        Yaml::String(value) => Ok(Value::String(value)),
        Yaml::Number(number) => serde_json::to_value(number)
            .map_err(|_| TemplateError::at(at, "a number JSON has no word for")),
        Yaml::Sequence(items) => items
            .into_iter()
            .enumerate()
            .map(|(index, item)| long_form(item, &format!("{at}[{index}]")))
            .collect(),
        Yaml::Mapping(members) => members
            .into_iter()
            .map(|(key, value)| {
                let Yaml::String(key) = key else {
                    return Err(TemplateError::at(at, "a key that is not text"));
                };
                let value = long_form(value, &join(at, &key))?;
                Ok((key, value))
            })
            .collect(),
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            tagged_form(tag.trim_start_matches('!'), long_form(tagged.value, at)?, at)
        }
    }
}

fn tagged_form(tag: &str, argument: Value, at: &str) -> Result<Value, TemplateError> {
    let (name, argument) = match (tag, argument) {
        ("Ref" | "Condition", argument) => (tag.to_owned(), argument),
        ("GetAtt", Value::String(dotted)) => {
            let Some((resource, attribute)) = dotted.split_once('.') else {
                return Err(TemplateError::at(at, "!GetAtt takes Resource.Attribute"));
            };
            ("Fn::GetAtt".to_owned(), Value::from(vec![resource, attribute]))
        }
        (tag, argument) => (format!("Fn::{tag}"), argument),
    };
    Ok(Value::Object(Map::from_iter([(name, argument)])))
}

/// What `Ref`, `Fn::GetAtt` and `Fn::If` yield: parameters, pseudo parameters, resources and
/// conditions.
#[derive(Default)]
pub(super) struct Scope {
    references: BTreeMap<String, String>,
    attributes: BTreeMap<(String, String), String>,
    conditions: Map<String, Value>,
}

impl Scope {
    pub(super) fn new(references: BTreeMap<String, String>, conditions: &Value) -> Self {
        let conditions = conditions.as_object().cloned().unwrap_or_default();
        Self { references, attributes: BTreeMap::new(), conditions }
    }

    pub(super) fn add_reference(&mut self, name: &str, value: &str) {
        self.references.insert(name.to_owned(), value.to_owned());
    }

    pub(super) fn add_attribute(&mut self, resource: &str, attribute: &str, value: &str) {
        self.attributes.insert((resource.to_owned(), attribute.to_owned()), value.to_owned());
    }

    /// `value` with every intrinsic function in it replaced by what it yields.
    pub(super) fn resolve(&self, value: &Value, at: &str) -> Result<Value, TemplateError> {
        match value {
            Value::Object(members) => {
                if let Some((name, argument)) = intrinsic(members) {
                    return self.call(name, argument, at).map(Value::String);
                }
                members
                    .iter()
                    .map(|(key, value)| Ok((key.clone(), self.resolve(value, &join(at, key))?)))
                    .collect()
            }
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(index, item)| self.resolve(item, &format!("{at}[{index}]")))
                .collect(),
            scalar => Ok(scalar.clone()),
        }
    }

    fn call(&self, name: &str, argument: &Value, at: &str) -> Result<String, TemplateError> {
        match (name, argument) {
            ("Ref", Value::String(name)) => self.reference(name, at),
            ("Fn::GetAtt", Value::Array(path)) => match path.as_slice() {
                [Value::String(resource), Value::String(attribute)] => {
                    self.attribute(resource, attribute, at)
                }
                _ => Err(TemplateError::at(at, "Fn::GetAtt takes a resource and an attribute")),
            },
            ("Fn::Sub", Value::String(text)) => self.substitute(text, &BTreeMap::new(), at),
            ("Fn::Sub", Value::Array(pair)) => match pair.as_slice() {
                [Value::String(text), Value::Object(variables)] => {
                    self.substitute(text, &self.variables(variables, at)?, at)
                }
                _ => Err(TemplateError::at(at, "Fn::Sub takes a text, or a text and a map")),
            },
            ("Fn::If", Value::Array(choice)) => match choice.as_slice() {
                [Value::String(condition), then, otherwise] => {
                    let chosen = if self.holds(condition, at)? { then } else { otherwise };
                    self.text(chosen, at)
                }
                _ => Err(TemplateError::at(at, "Fn::If takes a condition and two values")),
            },
            (name, _) => Err(TemplateError::at(at, format!("{name} is not understood here"))),
        }
    }

    fn text(&self, value: &Value, at: &str) -> Result<String, TemplateError> {
        match self.resolve(value, at)? {
            Value::String(text) => Ok(text),
            _ => Err(TemplateError::at(at, "is not text")),
        }
    }

    /// Whether the condition of this name holds.
    pub(super) fn holds(&self, name: &str, at: &str) -> Result<bool, TemplateError> {
        let unknown = || TemplateError::at(at, format!("there is no condition {name}"));
        self.is_true(self.conditions.get(name).ok_or_else(unknown)?, &join("Conditions", name))
    }

    /// Whether `condition` holds: a condition that is written out, or an assertion of a rule.
    pub(super) fn is_true(&self, condition: &Value, at: &str) -> Result<bool, TemplateError> {
        let call = condition.as_object().and_then(intrinsic);
        let call = call.map(|(name, argument)| (name.as_str(), argument));
        match call {
            Some(("Condition", Value::String(name))) => self.holds(name, at),
            Some(("Fn::Equals", Value::Array(pair))) if pair.len() == 2 => {
                Ok(self.text(&pair[0], at)? == self.text(&pair[1], at)?)
            }
            Some(("Fn::Not", Value::Array(one))) if one.len() == 1 => {
                self.is_true(&one[0], at).map(|holds| !holds)
            }
            Some(("Fn::And", Value::Array(all))) if !all.is_empty() => {
                self.each_is_true(all, at).map(|each| each.iter().all(|holds| *holds))
            }
            Some(("Fn::Or", Value::Array(any))) if !any.is_empty() => {
                self.each_is_true(any, at).map(|each| each.contains(&true))
            }
            Some(("Fn::Contains", Value::Array(pair))) => match pair.as_slice() {
                [Value::Array(allowed), value] => {
                    let value = self.text(value, at)?;
                    Ok(allowed.iter().any(|one| one.as_str() == Some(value.as_str())))
                }
                _ => Err(TemplateError::at(at, "Fn::Contains takes a list and a value")),
            },
            _ => Err(TemplateError::at(at, "is no condition that is understood here")),
        }
    }

    fn each_is_true(&self, conditions: &[Value], at: &str) -> Result<Vec<bool>, TemplateError> {
        conditions.iter().map(|condition| self.is_true(condition, at)).collect()
    }

    fn variables(
        &self,
        variables: &Map<String, Value>,
        at: &str,
    ) -> Result<BTreeMap<String, String>, TemplateError> {
        let resolve = |(name, value)| match self.resolve(value, at)? {
            Value::String(value) => Ok((String::clone(name), value)),
            _ => Err(TemplateError::at(at, format!("the variable {name} of Fn::Sub is not text"))),
        };
        variables.iter().map(resolve).collect()
    }

    /// `${Name}`, `${Resource.Attribute}` and `${!Literal}`.
    fn substitute(
        &self,
        text: &str,
        variables: &BTreeMap<String, String>,
        at: &str,
    ) -> Result<String, TemplateError> {
        let (mut result, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once("${") {
            result.push_str(before);
            let Some((name, after)) = after.split_once('}') else {
                return Err(TemplateError::at(at, "Fn::Sub with an open ${"));
            };
            rest = after;
            if let Some(literal) = name.strip_prefix('!') {
                result.extend(["${", literal, "}"]);
            } else if let Some(value) = variables.get(name) {
                result.push_str(value);
            } else if let Some((resource, attribute)) = name.split_once('.') {
                result.push_str(&self.attribute(resource, attribute, at)?);
            } else {
                result.push_str(&self.reference(name, at)?);
            }
        }
        Ok(result + rest)
    }

    fn reference(&self, name: &str, at: &str) -> Result<String, TemplateError> {
        let unknown = || TemplateError::at(at, format!("{name} cannot be referred to here"));
        self.references.get(name).cloned().ok_or_else(unknown)
    }

    fn attribute(
        &self,
        resource: &str,
        attribute: &str,
        at: &str,
    ) -> Result<String, TemplateError> {
        let unknown = || TemplateError::at(at, format!("{resource}.{attribute} is not known here"));
        let key = (resource.to_owned(), attribute.to_owned());
        self.attributes.get(&key).cloned().ok_or_else(unknown)
    }
}

/// An object of one member named `Ref`, `Condition` or `Fn::…` is a call, as `CloudFormation` sees it.
fn intrinsic(members: &Map<String, Value>) -> Option<(&String, &Value)> {
    let mut members = members.iter();
    match (members.next(), members.next()) {
        (Some((name, argument)), None) if is_name_of_call(name) => Some((name, argument)),
        _ => None,
    }
}

fn is_name_of_call(name: &str) -> bool {
    name == "Ref" || name == "Condition" || name.starts_with("Fn::")
}

pub(super) fn join(at: &str, key: &str) -> String {
    if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn resolved(yaml: &str) -> Result<Value, String> {
        let conditions = json!({
            "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
            "IsTest": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Stage"}, "prod"]}]},
            "Both": {"Fn::And": [{"Condition": "IsProd"}, {"Condition": "IsTest"}]},
            "Either": {"Fn::Or": [{"Condition": "IsTest"}, {"Condition": "IsProd"}]},
            "Listed": {"Fn::Contains": [["test", "prod"], {"Ref": "Stage"}]},
            "Odd": {"Fn::Or": []},
        });
        let stage = BTreeMap::from([("Stage".to_owned(), "prod".to_owned())]);
        let mut scope = Scope::new(stage, &conditions);
        scope.add_reference("AWS::Region", "us-east-1");
        scope.add_reference("Table", "sever-Table");
        scope.add_attribute("Table", "Arn", "arn:table");
        let yaml = serde_norway::from_str(yaml).unwrap();
        long_form(yaml, "")
            .and_then(|value| scope.resolve(&value, ""))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_understood_yields_its_value() {
        for (yaml, expected) in [
            ("a: !Ref Stage", json!({"a": "prod"})),
            ("a: {Ref: Stage}", json!({"a": "prod"})),
            ("a: !GetAtt Table.Arn", json!({"a": "arn:table"})),
            ("a: {'Fn::GetAtt': [Table, Arn]}", json!({"a": "arn:table"})),
            ("a: !Sub '${AWS::Region}/${Table}'", json!({"a": "us-east-1/sever-Table"})),
            ("a: !Sub '${Table.Arn}/index/*'", json!({"a": "arn:table/index/*"})),
            ("a: !Sub '${!Stage} ${Stage}'", json!({"a": "${Stage} prod"})),
            ("a: !Sub ['${x}-${Stage}', {x: !Ref Table}]", json!({"a": "sever-Table-prod"})),
            ("a: !If [IsProd, !Sub '${Stage}!', no]", json!({"a": "prod!"})),
            ("a: !If [IsTest, !Ref Stage, no]", json!({"a": "no"})),
            ("a: !If [Both, b, c]", json!({"a": "c"})),
            ("a: !If [Either, b, c]", json!({"a": "b"})),
            ("a: !If [Listed, b, c]", json!({"a": "b"})),
            ("a: [1, true, null, 0.05]", json!({"a": [1, true, null, 0.05]})),
            ("a: {Ref: x, b: c}", json!({"a": {"Ref": "x", "b": "c"}})),
        ] {
            assert_eq!(resolved(yaml), Ok(expected), "{yaml}");
        }
    }

    #[test]
    fn what_is_not_understood_names_where_it_stands() {
        for (yaml, expected) in [
            ("a: [x, !Ref Nobody]", "a[1]: Nobody cannot be referred to here"),
            ("a: {b: !GetAtt Table.Name}", "a.b: Table.Name is not known here"),
            ("a: !GetAtt Table", "a: !GetAtt takes Resource.Attribute"),
            ("a: !If [X, b, c]", "a: there is no condition X"),
            ("a: !If [IsProd, 1, 2]", "a: is not text"),
            ("a: !If [IsProd, b]", "a: Fn::If takes a condition and two values"),
            ("a: !If [Odd, b, c]", "Conditions.Odd: is no condition that is understood here"),
            ("a: !Join [x, [y]]", "a: Fn::Join is not understood here"),
            ("a: !Sub '${Stage'", "a: Fn::Sub with an open ${"),
            ("a: !Sub '${Nobody}'", "a: Nobody cannot be referred to here"),
            ("a: {Ref: [x]}", "a: Ref is not understood here"),
            ("{1: x}", ": a key that is not text"),
        ] {
            let error = resolved(yaml).unwrap_err();
            assert!(error.ends_with(expected), "{yaml}: {error}");
        }
    }
}
