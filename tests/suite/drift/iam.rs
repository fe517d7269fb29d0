//! What each function may do, as the template's policies have it. Read as YAML: the local bundle
//! does not look at them.

use super::needs::Need;
use super::{root, tree};
use local::template::SEVER;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// One statement of a function's policies.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) sid: String,
    pub(super) actions: Vec<String>,
    pub(super) resource: String,
    /// The patterns of its `LeadingKeys` condition; `None` without one.
    pub(super) leading_keys: Option<Vec<String>>,
    /// The patterns of its `Attributes` condition; `None` without one.
    pub(super) attributes: Option<Vec<String>>,
    /// The values of its `ReturnValues` condition; `None` without one.
    pub(super) return_values: Option<Vec<String>>,
}

pub(super) const TABLE: &str = "SessionTable.Arn";
pub(super) const INDEX: &str = "${SessionTable.Arn}/index/user-tenant-index";
/// The event bus that the operator names, by name or ARN.
pub(super) const BUS: &str = "EventBus";
/// The conditions under which policies allow the use of the KMS key that seals signing keys.
const SIGNING_KMS_KEY: [&str; 2] = ["HasSigningKmsKey", "SealsKeysOfApps"];
const READS: [&str; 3] = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"];

/// YAML as JSON, its tags left out.
pub(super) fn plain(value: serde_norway::Value) -> Value {
    match value {
        serde_norway::Value::Tagged(tagged) => plain(tagged.value),
        serde_norway::Value::Sequence(items) => items.into_iter().map(plain).collect(),
        serde_norway::Value::Mapping(members) => {
            let members = members.into_iter();
            let members = members
                .map(|(name, value)| (name.as_str().expect("a name").to_owned(), plain(value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        scalar => serde_json::to_value(scalar).expect("a scalar"),
    }
}

pub(super) fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().expect("an object")
}

pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn texts(value: &Value) -> Vec<String> {
    list(value).iter().map(|text| text.as_str().expect("text").to_owned()).collect()
}

/// Reads a statement of a policy. A member or condition that this test does not understand fails it.
pub(super) fn statement(value: &Value) -> Statement {
    assert_eq!(value["Effect"], "Allow", "{value}");
    let members: Vec<_> = object(value).keys().map(String::as_str).collect();
    for member in members {
        let known = ["Action", "Condition", "Effect", "Resource", "Sid"];
        assert!(known.contains(&member), "{member} is not understood: {value}");
    }
    let actions = one_or_more(&value["Action"]);
    let conditions =
        value.get("Condition").map(|condition| conditions(condition, &actions)).unwrap_or_default();
    let condition = |key: &str| {
        let mut of_key = conditions.iter().filter(|((_, of), _)| of == key);
        let found =
            of_key.next().map(|((operator, _), values)| (operator.as_str(), values.clone()));
        assert!(of_key.next().is_none(), "two conditions on {key}: {value}");
        found
    };
    let allowed = |key: &str, operators: &[&str]| {
        let (operator, values) = condition(key)?;
        assert!(operators.contains(&operator), "{operator} on {key}: {value}");
        Some(values)
    };
    let each = ["ForAllValues:StringLike", "ForAllValues:StringEquals"];
    Statement {
        sid: value["Sid"].as_str().unwrap_or_default().to_owned(),
        actions,
        resource: resource(&value["Resource"]),
        leading_keys: allowed("dynamodb:LeadingKeys", &each),
        attributes: allowed("dynamodb:Attributes", &each),
        return_values: allowed("dynamodb:ReturnValues", &["StringEqualsIfExists"]),
    }
}

/// The conditions of a statement: operator and key, and the values. `ForAllValues` is true of a
/// request that has no such key at all. A condition on attributes, and one on the keys of a read,
/// therefore asks that there is one.
fn conditions(condition: &Value, actions: &[String]) -> Vec<((String, String), Vec<String>)> {
    let mut found = Vec::new();
    let mut guarded = BTreeSet::new();
    for (operator, keys) in object(condition) {
        for (key, values) in object(keys) {
            if operator == "Null" {
                assert_eq!(values, "false", "{condition}");
                guarded.insert(key.as_str());
            } else {
                found.push(((operator.clone(), key.clone()), one_or_more(values)));
            }
        }
    }
    let reads = actions.iter().any(|action| READS.contains(&action.as_str()));
    let guard = |key: &&str| match *key {
        "dynamodb:Attributes" => true,
        "dynamodb:LeadingKeys" => reads,
        _ => false,
    };
    let expected: BTreeSet<_> =
        found.iter().map(|((_, key), _)| key.as_str()).filter(guard).collect();
    assert_eq!(guarded, expected, "{condition}");
    found
}

/// The roles that a policy is attached to, one that is not always there included.
fn roles(value: &Value) -> Vec<String> {
    let role = |one: &Value| match list_or_one(one) {
        [_, role, none] if none == "AWS::NoValue" => role.as_str().expect("a role").to_owned(),
        [role] => role.as_str().expect("a role").to_owned(),
        _ => panic!("{one} is no role"),
    };
    list(value).iter().map(role).collect()
}

fn list_or_one(value: &Value) -> &[Value] {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice)
}

fn one_or_more(value: &Value) -> Vec<String> {
    value.as_str().map_or_else(|| texts(value), |one| vec![one.to_owned()])
}

fn resource(value: &Value) -> String {
    let here =
        "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/${EventBus}";
    if *value == json!(["EventBusIsArn", "EventBus", here]) {
        return BUS.to_owned();
    }
    value.as_str().expect("one resource").to_owned()
}

fn is_for_kms(policy: &Value) -> bool {
    SIGNING_KMS_KEY.iter().any(|condition| policy["Condition"] == *condition)
}

/// The statements of each function, by the function's name. A policy that is not spelled out is not
/// accepted; one for several functions is that of each, and stands only with a bus.
pub(super) fn statements() -> BTreeMap<String, Vec<Statement>> {
    let template = plain(serde_norway::from_str(SEVER).expect("YAML"));
    let globals = &template["Globals"]["Function"];
    assert!(globals.get("Policies").is_none() && globals.get("Role").is_none());
    let resources = || object(&template["Resources"]).iter();
    let of_type = |kind| resources().filter(move |(_, resource)| resource["Type"] == kind);
    assert_eq!(of_type("AWS::IAM::ManagedPolicy").count(), 0, "not looked into");
    let policies = of_type("AWS::IAM::Policy").map(|(_, policy)| policy);
    // Those of KMS have a test of their own.
    let several: Vec<_> = policies.filter(|policy| !is_for_kms(policy)).collect();
    assert!(several.iter().all(|policy| policy["Condition"] == "HasEventBus"));
    let read = |(id, function): (&String, &Value)| {
        let role = format!("{id}Role");
        let properties = &function["Properties"];
        assert!(properties.get("Role").is_none(), "a role is not looked into");
        let name = properties["FunctionName"].as_str().expect("a name");
        let name = name.strip_prefix("${AWS::StackName}-").expect("the stack's name").to_owned();
        let policies = properties["Policies"].as_array().into_iter().flatten();
        let shared = several.iter().map(|policy| &policy["Properties"]);
        let shared = shared.filter(|policy| roles(&policy["Roles"]).contains(&role));
        let documents = policies.chain(shared.map(|policy| &policy["PolicyDocument"]));
        let statements = documents.flat_map(|policy| list(&policy["Statement"]));
        (name, statements.map(statement).collect())
    };
    of_type("AWS::Serverless::Function").map(read).collect()
}

impl Statement {
    /// Whether it allows this.
    pub(super) fn allows(&self, need: &Need) -> bool {
        let resource = match self.resource.as_str() {
            TABLE => TABLE,
            BUS => BUS,
            _ => INDEX,
        };
        let conditions = self.attributes.iter().flatten();
        let attribute = |name: &String| conditions.clone().any(|pattern| matches(pattern, name));
        let returns =
            |values: &Vec<String>| need.return_values.iter().all(|one| values.contains(one));
        self.actions.contains(&need.action)
            && resource == need.resource
            && self.kinds().contains(&need.kind)
            && (self.attributes.is_none() || need.attributes.iter().all(attribute))
            && self.return_values.as_ref().is_none_or(returns)
    }

    fn kinds(&self) -> Vec<Option<String>> {
        match &self.leading_keys {
            None => vec![None],
            Some(keys) => keys.iter().map(|key| Some(key.replace('*', ""))).collect(),
        }
    }

    /// Everything in it that none of `needs` would miss.
    pub(super) fn unused<'n>(&self, needs: impl Iterator<Item = &'n Need>) -> Vec<String> {
        let needs: Vec<_> = needs.filter(|need| self.allows(need)).collect();
        let mut unused = Vec::new();
        for action in &self.actions {
            for kind in self.kinds() {
                if !needs.iter().any(|need| need.action == *action && need.kind == kind) {
                    unused.push(format!("{action} of {kind:?}"));
                }
            }
        }
        for pattern in self.attributes.iter().flatten() {
            let mut named = needs.iter().flat_map(|need| &need.attributes);
            if !named.any(|name| matches(pattern, name)) {
                unused.push(format!("the attribute {pattern}"));
            }
        }
        for value in self.return_values.iter().flatten() {
            if !needs.iter().any(|need| need.return_values.as_ref() == Some(value)) {
                unused.push(format!("the return value {value}"));
            }
        }
        unused
    }
}

/// `*` at the end stands for anything.
fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |begin| name.starts_with(begin))
}

#[test]
fn no_statement_is_wide() {
    for (function, statements) in statements() {
        for statement in statements {
            let at = format!("{function}/{}", statement.sid);
            for action in &statement.actions {
                assert!(!action.contains('*'), "{at}: {action}");
                assert_ne!(action, "dynamodb:Scan", "{at}");
            }
            assert!(!statement.sid.is_empty(), "{function}: a statement says what it is for");
            let updates = statement.actions.iter().any(|action| action == "dynamodb:UpdateItem");
            assert_eq!(updates, statement.attributes.is_some(), "{at}: which attributes?");
            if updates {
                assert_eq!(statement.actions.len(), 1, "{at}: attributes are those of an update");
            }
            match statement.resource.as_str() {
                TABLE => {
                    let keys = statement.leading_keys.unwrap_or_default();
                    assert!(!keys.is_empty(), "{at}: any key");
                    for key in keys {
                        let one_item = key == "apps";
                        let kind = key.strip_suffix("#*").filter(|_| !one_item);
                        let kind = kind.or(one_item.then_some("apps"));
                        let kind = kind.unwrap_or_else(|| panic!("{at}: {key}"));
                        assert!(!kind.contains(['*', '?']), "{at}: {key}");
                    }
                }
                INDEX => assert_eq!(statement.actions, ["dynamodb:Query"], "{at}"),
                BUS => assert_eq!(statement.actions, ["events:PutEvents"], "{at}"),
                other => panic!("{at}: {other} is no resource of a function"),
            }
        }
    }
}

#[test]
fn an_authorizer_only_reads() {
    let statements = statements();
    for function in ["verify-session", "verify-session-fast", "jwks", "list-sessions"] {
        for action in statements[function].iter().flat_map(|statement| &statement.actions) {
            assert!(READS.contains(&action.as_str()), "{function}: {action}");
        }
    }
    assert!(statements["whoami"].is_empty());
}

#[test]
fn only_those_who_sign_touch_the_private_keys() {
    let touches = |statement: &Statement| {
        statement.leading_keys.iter().flatten().any(|key| key.starts_with("signing-keys#"))
    };
    let statements = statements();
    let who = statements.iter().filter(|(_, own)| own.iter().any(touches));
    let who: Vec<_> = who.map(|(function, _)| function.as_str()).collect();
    assert_eq!(who, ["core-driver", "create-session", "refresh-session"]);
}

/// `sever` revokes a user by the same code as the function.
#[test]
fn the_documented_policies_allow_updates_as_the_functions_do() {
    let own = statements();
    let mut documented = 0;
    for file in tree("docs").into_iter().chain(tree("console")).chain([root().join("README.md")]) {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let policies = text.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next());
        let policies = policies.filter_map(|json| serde_json::from_str::<Value>(json).ok());
        let statements = policies.flat_map(|policy| match policy.get("Statement") {
            Some(statements) => list(statements).to_vec(),
            None => vec![policy],
        });
        let of_tables = statements.filter(|one| one["Action"].to_string().contains("\"dynamodb:"));
        let of_tables: Vec<_> = of_tables.collect();
        // Each is understood, and guarded as those of the functions.
        for one in &of_tables {
            statement(one);
        }
        let updates: Vec<_> = of_tables
            .into_iter()
            .filter(|one| one["Action"].to_string().contains("dynamodb:UpdateItem"))
            .collect();
        assert_eq!(
            updates.len(),
            text.matches("\"dynamodb:UpdateItem\"").count(),
            "{}",
            file.display()
        );
        for update in updates {
            let update = statement(&update);
            let same = own["revoke-user"].iter().find(|one| {
                one.leading_keys == update.leading_keys && one.actions == update.actions
            });
            let same = same.unwrap_or_else(|| panic!("{}: {update:?}", file.display()));
            assert_eq!(update.attributes, same.attributes);
            assert_eq!(update.return_values, same.return_values);
            documented += 1;
        }
    }
    assert!(documented > 0);
}

#[test]
fn only_those_who_sign_may_use_the_kms_key_and_for_this_table_alone() {
    let template = plain(serde_norway::from_str(SEVER).expect("YAML"));
    let policies = object(&template["Resources"]).values();
    let policies = policies.filter(|resource| resource["Type"] == "AWS::IAM::Policy");
    let policies = policies.filter(|policy| is_for_kms(policy));
    let mut who = Vec::new();
    for policy in policies {
        let properties = &policy["Properties"];
        let [statement] = list(&properties["PolicyDocument"]["Statement"]) else {
            panic!("one statement: {policy}");
        };
        let actions = json!(["kms:Decrypt", "kms:GenerateDataKey"]);
        assert_eq!((&statement["Effect"], &statement["Action"]), (&json!("Allow"), &actions));
        assert_eq!(statement["Resource"], "SigningKmsKeyArn");
        let context = &statement["Condition"]["StringEquals"];
        assert_eq!(context["kms:EncryptionContext:table"], "SessionTable");
        let app = context["kms:EncryptionContext:app"].as_str().unwrap_or("any");
        who.extend(texts(&properties["Roles"]).into_iter().map(|role| (role, app.to_owned())));
    }
    who.sort();
    let expected = [
        ("CoreDriverFunctionRole", "any"),
        ("CreateSessionFunctionRole", "public"),
        ("RefreshSessionFunctionRole", "public"),
    ];
    assert_eq!(who, expected.map(|(role, app)| (role.to_owned(), app.to_owned())));
}

/// Whom the variable is for, and who links the client of KMS: a function that signs, and no other.
#[test]
fn only_those_who_sign_link_the_client_of_kms() {
    let mut linked = Vec::new();
    for function in crate::drift::folders("functions") {
        let manifest = crate::drift::read(format!("functions/{function}/Cargo.toml"));
        if manifest.contains("sealing.workspace") {
            linked.push(function);
        }
    }
    linked.sort();
    assert_eq!(linked, ["core-driver", "create-session", "refresh-session"]);
    let functions = &super::template().functions;
    let named =
        functions.values().filter(|one| one.environment.contains_key("SIGNING_KMS_KEY_ARN"));
    let mut named: Vec<_> = named.map(|function| function.binary.clone()).collect();
    named.sort();
    assert_eq!(named, linked);
    for everybodys in ["shared", "journal", "local"] {
        let manifest = crate::drift::read(format!("{everybodys}/Cargo.toml"));
        assert!(!manifest.contains("kms") && !manifest.contains("sealing"), "{everybodys}");
    }
}
