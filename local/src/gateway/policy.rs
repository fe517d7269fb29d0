//! The policy an authorizer answers, and whether it lets a call through.

use crate::{ACCOUNT, API_ID, REGION};
use serde::Deserialize;

/// What a policy says about one method.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decision {
    Allowed,
    DeniedExplicitly,
    NotAllowed,
}

/// An IAM policy, as far as authorizers use it. Anything else in it makes it unreadable, so that
/// nothing is ignored.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Policy {
    #[serde(rename = "Version")]
    _version: Option<String>,
    #[serde(rename = "Id")]
    _id: Option<String>,
    statement: Many<Statement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    #[serde(rename = "Sid")]
    _sid: Option<String>,
    effect: Effect,
    action: Many<String>,
    resource: Many<String>,
}

#[derive(Deserialize, PartialEq)]
enum Effect {
    Allow,
    Deny,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Many<T> {
    One(T),
    Several(Vec<T>),
}

impl<T> Many<T> {
    fn iter(&self) -> std::slice::Iter<'_, T> {
        match self {
            Self::One(one) => std::slice::from_ref(one).iter(),
            Self::Several(several) => several.iter(),
        }
    }
}

impl Policy {
    /// What the policy says about the method `arn`: a denial beats every permission.
    pub(super) fn decide(&self, arn: &str) -> Decision {
        let mut decision = Decision::NotAllowed;
        for statement in self.statement.iter().filter(|statement| statement.covers(arn)) {
            if statement.effect == Effect::Deny {
                return Decision::DeniedExplicitly;
            }
            decision = Decision::Allowed;
        }
        decision
    }
}

impl Statement {
    fn covers(&self, arn: &str) -> bool {
        let invoke = |action: &String| matches("execute-api:invoke", &action.to_ascii_lowercase());
        self.action.iter().any(invoke)
            && self.resource.iter().any(|resource| matches(arn, resource))
    }
}

/// The ARN of a method of this API.
pub(super) fn method_arn(stage: &str, method: &str, path: &str) -> String {
    format!("arn:aws:execute-api:{REGION}:{ACCOUNT}:{API_ID}/{stage}/{method}{path}")
}

/// Whether `text` is covered by `pattern`, in which `*` is any text and `?` any one character.
fn matches(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) =
        (text.chars().collect(), pattern.chars().collect());
    let (mut at, mut of) = (0, 0);
    // Where the last star stands, and how far the text has been read for it.
    let mut star = None;
    while at < text.len() {
        match pattern.get(of) {
            Some('*') => {
                star = Some((of, at));
                of += 1;
            }
            Some(&one) if one == '?' || one == text[at] => (at, of) = (at + 1, of + 1),
            _ => {
                let Some((from, read)) = star else { return false };
                star = Some((from, read + 1));
                (at, of) = (read + 1, from + 1);
            }
        }
    }
    pattern[of..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn stars_and_question_marks() {
        for (text, pattern, expected) in [
            ("a/b/c", "*", true),
            ("a/b/c", "a/*", true),
            ("a/b/c", "a/*/c", true),
            ("a/b/c", "a/?/c", true),
            ("a/b/c", "a/*b", false),
            ("a/b/c", "a/b", false),
            ("a/b", "a/b/c", false),
            ("", "", true),
            ("", "**", true),
            ("a", "", false),
            ("aXbXc", "a*X?", true),
        ] {
            assert_eq!(matches(text, pattern), expected, "{text} {pattern}");
        }
    }

    fn decision(statements: &Value) -> Decision {
        let policy = json!({"Version": "2012-10-17", "Statement": statements});
        let policy: Policy = serde_json::from_value(policy).unwrap();
        policy.decide(&method_arn("prod", "GET", "/whoami"))
    }

    #[test]
    fn a_denial_beats_a_permission_and_silence_is_no_permission() {
        let statement = |effect: &str, action: Value, resource: Value| json!({"Effect": effect, "Action": action, "Resource": resource});
        let arn = method_arn("prod", "GET", "/whoami");
        let allow = statement("Allow", json!("execute-api:Invoke"), json!("*"));
        let deny = statement("Deny", json!(["execute-api:*"]), json!([arn]));
        assert_eq!(decision(&allow), Decision::Allowed);
        assert_eq!(decision(&json!([allow, deny])), Decision::DeniedExplicitly);
        assert_eq!(decision(&json!([])), Decision::NotAllowed);
        let elsewhere = method_arn("prod", "POST", "/whoami");
        for other in [
            statement("Allow", json!("execute-api:Invoke"), json!(elsewhere)),
            statement("Allow", json!("s3:GetObject"), json!("*")),
        ] {
            assert_eq!(decision(&other), Decision::NotAllowed, "{other}");
        }
    }

    #[test]
    fn a_condition_is_not_ignored() {
        let policy = json!({"Statement": {
            "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"x": "true"}}
        }});
        assert!(serde_json::from_value::<Policy>(policy).is_err());
    }
}
