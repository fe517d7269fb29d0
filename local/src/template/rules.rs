//! The template's rules: which values of parameters go together, checked as `CloudFormation` checks
//! them before it makes anything.

use super::TemplateError;
use super::intrinsics::{Scope, join};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Rule {
    rule_condition: Option<Value>,
    assertions: Vec<Assertion>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Assertion {
    assert: Value,
    assert_description: String,
}

/// Refuses parameters that a rule in `declared` refuses, in the words of the rule.
pub(super) fn check(declared: &Value, scope: &Scope) -> Result<(), TemplateError> {
    let declared: Option<BTreeMap<String, Rule>> = super::read(declared, "Rules")?;
    for (name, rule) in declared.unwrap_or_default() {
        let at = join("Rules", &name);
        let applies = rule.rule_condition.map_or(Ok(true), |when| scope.is_true(&when, &at))?;
        if !applies {
            continue;
        }
        for assertion in rule.assertions {
            if !scope.is_true(&assertion.assert, &at)? {
                return Err(TemplateError::at(&at, assertion.assert_description));
            }
        }
    }
    Ok(())
}
