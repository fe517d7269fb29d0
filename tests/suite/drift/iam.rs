//! What each function may do, as the template's policies have it. Read as YAML: the local bundle
//! does not look at them.

use local::dynamodb::WireRequest;
use local::template::SEVER;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// One statement of a function's policies.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) sid: String,
    pub(super) actions: Vec<String>,
    pub(super) resource: String,
    /// The patterns of its `LeadingKeys` condition; `None` without one.
    pub(super) leading_keys: Option<Vec<String>>,
}

pub(super) const TABLE: &str = "SessionTable.Arn";
pub(super) const INDEX: &str = "${SessionTable.Arn}/index/user-tenant-index";
/// The event bus that the operator names, by name or ARN.
pub(super) const BUS: &str = "EventBus";
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

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().expect("an object")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn texts(value: &Value) -> Vec<String> {
    list(value).iter().map(|text| text.as_str().expect("text").to_owned()).collect()
}

fn statement(value: &Value) -> Statement {
    assert_eq!(value["Effect"], "Allow", "{value}");
    let members: Vec<_> = object(value).keys().map(String::as_str).collect();
    for member in members {
        let known = ["Action", "Condition", "Effect", "Resource", "Sid"];
        assert!(known.contains(&member), "{member} is not understood: {value}");
    }
    let condition = value.get("Condition").map(|condition| {
        let keys = &condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
        assert_eq!(condition.as_object().map(Map::len), Some(1), "one operator: {condition}");
        texts(keys)
    });
    Statement {
        sid: value["Sid"].as_str().expect("a statement says what it is for").to_owned(),
        actions: texts(&value["Action"]),
        resource: resource(&value["Resource"]),
        leading_keys: condition,
    }
}

fn resource(value: &Value) -> String {
    let here =
        "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/${EventBus}";
    if *value == json!(["EventBusIsArn", "EventBus", here]) {
        return BUS.to_owned();
    }
    value.as_str().expect("one resource").to_owned()
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
    let several: Vec<_> = of_type("AWS::IAM::Policy").map(|(_, policy)| policy).collect();
    assert!(several.iter().all(|policy| policy["Condition"] == "HasEventBus"));
    let read = |(id, function): (&String, &Value)| {
        let role = Value::from(format!("{id}Role"));
        let properties = &function["Properties"];
        assert!(properties.get("Role").is_none(), "a role is not looked into");
        let name = properties["FunctionName"].as_str().expect("a name");
        let name = name.strip_prefix("${AWS::StackName}-").expect("the stack's name").to_owned();
        let policies = properties["Policies"].as_array().into_iter().flatten();
        let shared = several.iter().map(|policy| &policy["Properties"]);
        let shared = shared.filter(|policy| list(&policy["Roles"]).contains(&role));
        let documents = policies.chain(shared.map(|policy| &policy["PolicyDocument"]));
        let statements = documents.flat_map(|policy| list(&policy["Statement"]));
        (name, statements.map(statement).collect())
    };
    of_type("AWS::Serverless::Function").map(read).collect()
}

/// What IAM is asked about a call: the action, the resource, and the kind of the partition key,
/// such as `session#`, or the whole of `apps`, where there is one.
pub(super) type Need = (String, &'static str, Option<String>);

/// What IAM would be asked about this call.
pub(super) fn needs(call: &WireRequest) -> Vec<Need> {
    let body = call.json();
    match call.operation.as_str() {
        operation @ ("GetItem" | "UpdateItem" | "DeleteItem") => {
            vec![need(operation, &body["Key"])]
        }
        "PutItem" => vec![need("PutItem", &body["Item"])],
        "BatchGetItem" => {
            let tables = object(&body["RequestItems"]).values();
            let keys = tables.flat_map(|table| list(&table["Keys"]));
            keys.map(|key| need("BatchGetItem", key)).collect()
        }
        "TransactWriteItems" => {
            let members = list(&body["TransactItems"]).iter();
            members.flat_map(object).map(need_of_member).collect()
        }
        "Query" => {
            assert_eq!(body["IndexName"], "user-tenant-index");
            vec![("dynamodb:Query".to_owned(), INDEX, None)]
        }
        other => panic!("{other}: no function calls this"),
    }
}

fn need(operation: &str, item: &Value) -> Need {
    let key = item["pk"]["S"].as_str().expect("a partition key");
    let kind = match key.split_once('#') {
        Some((kind, _)) => format!("{kind}#"),
        // The one item of its kind.
        None if key == "apps" => key.to_owned(),
        None => panic!("{key}: a key begins with its kind"),
    };
    (format!("dynamodb:{operation}"), TABLE, Some(kind))
}

/// A transaction needs what its members need.
fn need_of_member((kind, member): (&String, &Value)) -> Need {
    match kind.as_str() {
        "Put" => need("PutItem", &member["Item"]),
        "ConditionCheck" => need("ConditionCheckItem", &member["Key"]),
        kind => need(&format!("{kind}Item"), &member["Key"]),
    }
}

impl Statement {
    /// Every single thing it allows.
    pub(super) fn grants(&self) -> Vec<Need> {
        let resource = match self.resource.as_str() {
            TABLE => TABLE,
            BUS => BUS,
            _ => INDEX,
        };
        let kinds = match &self.leading_keys {
            None => vec![None],
            Some(keys) => keys.iter().map(|key| Some(key.replace('*', ""))).collect(),
        };
        let grants = |action: &String| {
            kinds.iter().map(|kind| (action.clone(), resource, kind.clone())).collect::<Vec<_>>()
        };
        self.actions.iter().flat_map(grants).collect()
    }
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
