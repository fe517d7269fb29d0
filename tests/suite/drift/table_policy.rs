//! Whom the table itself refuses, whatever IAM policies grant.

use super::iam::{Statement, plain, statements};
use local::template::SEVER;
use serde_json::Value;
use std::collections::BTreeSet;

/// Roles of this stack's functions that sign.
const SIGNERS: &str =
    "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${AWS::StackName}/signing-keys/*";
/// The role by which DynamoDB copies a global table.
const REPLICATION: &str = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/aws-service-role/replication.dynamodb.amazonaws.com/*";
const OPERATORS: &str = "OperatorArns";
const ANYBODY: &str = "arn:aws:iam::123456789012:role/read-only";

fn denials() -> Vec<Value> {
    let template = plain(serde_norway::from_str(SEVER).expect("YAML"));
    let policy = &template["Resources"]["SessionTable"]["Properties"]["ResourcePolicy"];
    let statements = policy["PolicyDocument"]["Statement"].as_array().expect("statements").clone();
    for one in &statements {
        assert_eq!([&one["Effect"], &one["Principal"], &one["Resource"]], ["Deny", "*", "*"]);
    }
    statements
}

/// Whom a denial spares: what its list is joined of.
fn spared(denial: &Value) -> Vec<&str> {
    let joined = &denial["Condition"]["ArnNotLike"]["aws:PrincipalArn"][1][1];
    let parts = joined.as_array().expect("a list").iter();
    parts.map(|part| part.as_str().or(part[1].as_str()).expect("text")).collect()
}

/// Whether the table refuses `who` an `action` that names a partition key that begins so, or none.
fn refuses(who: &str, action: &str, key: Option<&str>) -> bool {
    denials().iter().any(|denial| {
        let actions = denial["Action"].as_array().expect("actions");
        let conditions = denial["Condition"].as_object().expect("conditions");
        let hold = conditions.iter().all(|(operator, about)| match operator.as_str() {
            "ArnNotLike" => !spared(denial).contains(&who),
            "ForAnyValue:StringLike" => {
                let pattern = about["dynamodb:LeadingKeys"][0].as_str().expect("a pattern");
                key.is_some_and(|key| key == pattern.trim_end_matches('*'))
            }
            "Null" => {
                assert_eq!(about["dynamodb:LeadingKeys"], "true");
                key.is_none()
            }
            other => panic!("{other} is not understood"),
        });
        hold && actions.iter().any(|one| one == action)
    })
}

#[test]
fn the_table_refuses_its_private_keys_to_all_but_signers_and_operators() {
    for action in ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"] {
        assert!(refuses(ANYBODY, action, Some("signing-keys#")), "{action}");
        assert!(refuses(ANYBODY, action, None), "{action}");
        assert!(!refuses(ANYBODY, action, Some("session#")), "{action}");
        for who in [SIGNERS, OPERATORS, REPLICATION] {
            assert!(!refuses(who, action, Some("signing-keys#")), "{who}: {action}");
        }
    }
}

#[test]
fn nobody_but_an_operator_reads_the_whole_table() {
    for action in ["Scan", "PartiQLSelect", "ExportTableToPointInTime"] {
        let action = format!("dynamodb:{action}");
        for who in [ANYBODY, SIGNERS] {
            assert!(refuses(who, &action, None) && refuses(who, &action, Some("session#")));
        }
        assert!(!refuses(OPERATORS, &action, None) && !refuses(REPLICATION, &action, None));
    }
}

/// Whoever may change the stack may also change this policy.
#[test]
fn the_table_refuses_reads_and_nothing_else() {
    let denials = denials();
    let actions = denials.iter().flat_map(|one| one["Action"].as_array().expect("actions"));
    let actions: BTreeSet<_> = actions.map(|action| action.as_str().expect("text")).collect();
    let reads =
        ["BatchGetItem", "ExportTableToPointInTime", "GetItem", "PartiQLSelect", "Query", "Scan"];
    let reads = reads.map(|action| format!("dynamodb:{action}"));
    assert_eq!(actions, reads.iter().map(String::as_str).collect());
}

#[test]
fn the_roles_under_the_signers_path_are_those_of_the_functions_that_read_private_keys() {
    let reads = |statement: &Statement| {
        let keys = statement.leading_keys.iter().flatten();
        statement.actions == ["dynamodb:GetItem"] && keys.clone().any(|key| key == "signing-keys#*")
    };
    let reading = statements().into_iter().filter(|(_, own)| own.iter().any(reads));
    let reading: BTreeSet<_> = reading.map(|(function, _)| function).collect();
    let template = plain(serde_norway::from_str(SEVER).expect("YAML"));
    let resources = template["Resources"].as_object().expect("resources").values();
    let under_the_path = resources.filter_map(|resource| {
        let properties = &resource["Properties"];
        let path = properties.get("RolePath")?;
        assert_eq!(path, "/${AWS::StackName}/signing-keys/");
        let name = properties["FunctionName"].as_str().expect("a name");
        name.strip_prefix("${AWS::StackName}-").map(ToOwned::to_owned)
    });
    assert_eq!(under_the_path.collect::<BTreeSet<_>>(), reading);
}
