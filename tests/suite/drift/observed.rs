//! Code, template and documentation know the same metrics, and every function has a log of its own.

use super::configuration::{same_rows, table};
use super::iam::plain;
use super::{read, template};
use local::template::SEVER;
use serde_json::{Value, json};
use shared::lambda::metric::Metric;
use std::collections::BTreeSet;

fn document() -> Value {
    plain(serde_norway::from_str(SEVER).expect("YAML"))
}

fn of_type<'d>(document: &'d Value, kind: &str) -> Vec<(&'d String, &'d Value)> {
    let resources = document["Resources"].as_object().expect("resources").iter();
    resources.filter(|(_, resource)| resource["Type"] == kind).collect()
}

#[test]
fn the_documentation_tells_every_metric_and_its_unit() {
    let expected =
        Metric::ALL.iter().map(|metric| (metric.name().to_owned(), metric.unit().to_owned()));
    same_rows(&table(&read("docs/reference/metrics.md"), "Metrics"), expected);
}

#[test]
fn the_documentation_tells_every_alarm() {
    let document = document();
    let expected = of_type(&document, "AWS::CloudWatch::Alarm").into_iter().map(|(_, alarm)| {
        let properties = &alarm["Properties"];
        let name = properties["AlarmName"].as_str().expect("a name");
        let name = name.strip_prefix("${AWS::StackName}-").expect("the stack's name");
        let first = metrics_of(properties).remove(0);
        let metric = match first.namespace.as_str() {
            "Sever" => first.name,
            other => format!("{other} {}", first.name),
        };
        (name.to_owned(), metric)
    });
    same_rows(&table(&read("docs/reference/metrics.md"), "Alarms"), expected);
}

/// A metric that an alarm reads.
struct Watched {
    namespace: String,
    name: String,
    dimensions: Value,
}

/// What an alarm reads: one metric, or those that its expression makes one number of.
fn metrics_of(properties: &Value) -> Vec<Watched> {
    let watched = |metric: &Value| Watched {
        namespace: metric["Namespace"].as_str().expect("a namespace").to_owned(),
        name: metric["MetricName"].as_str().expect("a metric").to_owned(),
        dimensions: metric["Dimensions"].clone(),
    };
    match properties["Metrics"].as_array() {
        None => vec![watched(properties)],
        Some(queries) => {
            let stats = queries.iter().filter_map(|query| query.get("MetricStat"));
            stats.map(|stat| watched(&stat["Metric"])).collect()
        }
    }
}

#[test]
fn an_alarm_notifies_the_topic_and_is_quiet_where_there_is_no_data() {
    let document = document();
    for (id, alarm) in of_type(&document, "AWS::CloudWatch::Alarm") {
        let properties = &alarm["Properties"];
        // A metric that is seldom written has seldom data.
        assert_eq!(properties["TreatMissingData"], "notBreaching", "{id}");
        let notify = json!(["HasAlarmTopic", ["AlarmTopic"], "AWS::NoValue"]);
        let actions = [&properties["AlarmActions"], &properties["OKActions"]];
        assert_eq!(actions, [&notify, &notify], "{id}");
        let periods = properties["Metrics"].as_array().into_iter().flatten();
        let periods =
            periods.filter_map(|query| query.get("MetricStat")).map(|stat| &stat["Period"]);
        let periods: BTreeSet<_> = periods.map(Value::to_string).collect();
        assert!(periods.len() <= 1, "{id}: {periods:?}");
        // CloudWatch's own limit for an alarm on an expression.
        assert!(metrics_of(properties).len() <= 10, "{id}");
    }
}

#[test]
fn an_alarm_on_a_metric_of_ours_watches_what_is_written_for_this_table() {
    let document = document();
    let alarms = of_type(&document, "AWS::CloudWatch::Alarm").into_iter();
    let ours = alarms.filter(|(_, alarm)| alarm["Properties"]["Namespace"] == "Sever");
    let watched: BTreeSet<_> = ours
        .map(|(id, alarm)| {
            let properties = &alarm["Properties"];
            let name = properties["MetricName"].as_str().expect("a metric");
            assert_eq!(*id, format!("{name}Alarm"));
            assert!(Metric::ALL.iter().any(|metric| metric.name() == name), "{name}");
            let table = json!([{"Name": "Table", "Value": "SessionTable"}]);
            assert_eq!(properties["Dimensions"], table, "{id}");
            name
        })
        .collect();
    let wanted = [
        "AuditFailures",
        "AuthorizerErrors",
        "GenerationsAhead",
        "TableErrors",
        "TheftDetected",
        "Throttles",
        "TimeToDeny",
        "UnknownHandles",
    ];
    assert_eq!(watched, wanted.into());
}

/// The functions of which an alarm on Lambda's own metric `name` reads it, by logical id.
fn functions_watched(document: &Value, name: &str) -> BTreeSet<String> {
    let alarms = of_type(document, "AWS::CloudWatch::Alarm").into_iter();
    let metrics = alarms.flat_map(|(_, alarm)| metrics_of(&alarm["Properties"]));
    let metrics = metrics.filter(|metric| metric.namespace == "AWS/Lambda" && metric.name == name);
    // A function that is not always there is watched by its name.
    let named = |function: &str| {
        let name = function.strip_prefix("${AWS::StackName}-")?;
        let mut functions = template().functions.into_iter();
        functions.find(|(_, one)| one.name == name).map(|(id, _)| id)
    };
    let functions = metrics.map(|metric| {
        assert_eq!(metric.dimensions[0]["Name"], "FunctionName");
        let function = metric.dimensions[0]["Value"].as_str().expect("a function");
        named(function).unwrap_or_else(|| function.to_owned())
    });
    functions.collect()
}

#[test]
fn alarms_see_what_no_function_can_count_itself() {
    let document = document();
    let functions: BTreeSet<_> = template().functions.into_keys().collect();
    for metric in ["Errors", "Throttles"] {
        assert_eq!(functions_watched(&document, metric), functions, "{metric}");
    }
    let authorizers = template().api.authorizers.into_values();
    let authorizers = authorizers.map(|authorizer| authorizer.function).collect();
    assert_eq!(functions_watched(&document, "Duration"), authorizers);

    let resources = &document["Resources"];
    let api = &resources["ApiErrorsAlarm"]["Properties"];
    assert_eq!(
        (&api["Namespace"], &api["MetricName"]),
        (&"AWS/ApiGateway".into(), &"5XXError".into())
    );
    let stage = &resources["SessionApi"]["Properties"];
    let dimensions = json!([
        {"Name": "ApiName", "Value": stage["Name"]}, {"Name": "Stage", "Value": stage["StageName"]}
    ]);
    assert_eq!(api["Dimensions"], dimensions);
}

/// Lambda counts a refusal of an authorizer as an error, and a refused command of an admin function.
#[test]
fn alarms_on_errors_take_off_what_is_no_failure() {
    let document = document();
    let resources = &document["Resources"];
    let authorizers = metrics_of(&resources["AuthorizerFailuresAlarm"]["Properties"]);
    for name in ["Refusals", "AuthorizerErrors"] {
        let ours = authorizers.iter().filter(|metric| metric.name == name);
        let functions: Vec<_> = ours.map(|metric| &metric.dimensions).collect();
        let of = |function| json!([{"Name": "Function", "Value": function}]);
        let expected = [of("VerifySessionFunction"), of("VerifySessionFastFunction")];
        assert_eq!(functions, expected.iter().collect::<Vec<_>>(), "{name}");
    }
    for metric in metrics_of(&resources["FunctionErrorsAlarm"]["Properties"]) {
        let function = metric.dimensions[0]["Value"].as_str().expect("a function");
        let by_gateway_alone = metric.dimensions.get(1).map(|dimension| &dimension["Value"]);
        let functions = template().functions;
        let has_alias = functions.get(function).is_some_and(|one| !one.aliases.is_empty());
        let expected = has_alias.then_some(&metric.dimensions[0]["Value"]);
        assert_eq!(by_gateway_alone, expected, "{function}");
    }
}

#[test]
fn the_dashboard_is_json_and_shows_every_metric_and_every_alarm() {
    let document = document();
    let dashboards = of_type(&document, "AWS::CloudWatch::Dashboard");
    let [(_, dashboard)] = dashboards.as_slice() else { panic!("one dashboard") };
    let body = dashboard["Properties"]["DashboardBody"].as_str().expect("text");
    let body: Value = serde_json::from_str(body).expect("JSON");
    let widgets = body["widgets"].as_array().expect("widgets");
    let metrics = widgets.iter().filter_map(|widget| widget["properties"]["metrics"].as_array());
    let ours = metrics.flatten().filter(|metric| metric[0] == "Sever");
    let shown: BTreeSet<_> = ours
        .map(|metric| {
            assert_eq!([&metric[2], &metric[3]], ["Table", "${SessionTable}"]);
            metric[1].as_str().expect("a name")
        })
        .collect();
    assert_eq!(shown, Metric::ALL.map(Metric::name).into());
    let alarms = widgets.iter().filter_map(|widget| widget["properties"]["alarms"].as_array());
    let alarms: BTreeSet<_> = alarms.flatten().filter_map(Value::as_str).collect();
    let all = of_type(&document, "AWS::CloudWatch::Alarm").into_iter();
    let all: Vec<_> = all.map(|(id, _)| format!("${{{id}.Arn}}")).collect();
    assert_eq!(alarms, all.iter().map(String::as_str).collect());
}

#[test]
fn every_function_writes_into_a_log_that_is_kept_for_a_set_time() {
    let document = document();
    let groups = of_type(&document, "AWS::Logs::LogGroup").into_iter();
    let groups: Vec<_> = groups.map(|(_, group)| &group["Properties"]).collect();
    for group in &groups {
        assert_eq!(group["RetentionInDays"], "LogRetentionDays", "{group}");
    }
    let named = groups.iter().filter_map(|group| group["LogGroupName"].as_str());
    let named: BTreeSet<_> = named.map(ToOwned::to_owned).collect();
    let functions = template().functions.into_values();
    let expected = functions.map(|one| format!("/aws/lambda/${{AWS::StackName}}-{}", one.name));
    // And what the command line does.
    let expected = expected.chain(["/aws/events/${AWS::StackName}-operator".to_owned()]);
    assert_eq!(named, expected.collect());
}

#[test]
fn what_the_command_line_did_to_this_table_is_written_down_from_both_buses() {
    let document = document();
    let rules = of_type(&document, "AWS::Events::Rule");
    let buses: Vec<_> = rules
        .iter()
        .map(|(id, rule)| {
            let properties = &rule["Properties"];
            let pattern =
                json!({"source": ["sever.operator"], "detail": {"table": ["SessionTable"]}});
            assert_eq!(properties["EventPattern"], pattern, "{id}");
            assert_eq!(
                properties["Targets"],
                json!([{"Id": "log", "Arn": "OperatorLog.Arn"}]),
                "{id}"
            );
            (rule["Condition"].as_str(), properties["EventBusName"].as_str())
        })
        .collect();
    assert_eq!(buses, [(None, None), (Some("HasOwnEventBus"), Some("EventBus"))]);
    let policies = of_type(&document, "AWS::Logs::ResourcePolicy");
    let [(_, policy)] = policies.as_slice() else { panic!("one policy") };
    let policy: Value =
        serde_json::from_str(policy["Properties"]["PolicyDocument"].as_str().expect("text"))
            .expect("JSON");
    for statement in policy["Statement"].as_array().expect("statements") {
        assert_eq!(statement["Resource"], "${OperatorLog.Arn}");
        let services = json!({"Service": ["events.amazonaws.com", "delivery.logs.amazonaws.com"]});
        assert_eq!(statement["Principal"], services);
    }
}

#[test]
fn the_documentation_tells_every_event_by_which_sessions_end() {
    let text = read("docs/reference/events.md");
    let rows = table(&text, "Events");
    let told: BTreeSet<_> = rows.iter().flat_map(|(names, _)| names.split("`, `")).collect();
    for event in journal::REVOKING_EVENTS {
        assert!(told.contains(event), "{event}: {told:?}");
    }
}

#[test]
fn the_example_of_a_web_socket_listens_to_every_event_by_which_its_sessions_end() {
    let example = read("examples/websocket-api/template.yaml");
    let example = plain(serde_norway::from_str(&example).expect("YAML"));
    let pattern = &example["Resources"]["Revocations"]["Properties"]["EventPattern"];
    let heard: BTreeSet<_> = pattern["detail-type"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    // Its sessions are those of `public`, which nobody can remove.
    assert_eq!(pattern["detail"], json!({"appId": ["public"]}));
    let ends: BTreeSet<_> =
        journal::REVOKING_EVENTS.into_iter().filter(|event| *event != "app.removed").collect();
    assert_eq!(heard, ends);
    assert_eq!(pattern["source"], json!(["sever", "sever.operator"]));
}

#[test]
fn the_authorizer_has_no_journal_and_no_client_but_the_tables() {
    // Cargo builds it from what its manifest and that of `shared` name.
    for manifest in ["functions/verify-session/Cargo.toml", "shared/Cargo.toml"] {
        let manifest = read(manifest);
        assert!(!manifest.contains("journal") && !manifest.contains("eventbridge"));
    }
}
