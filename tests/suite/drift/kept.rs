//! What the template promises about data and logs. Read as YAML: on one machine none of it makes a
//! difference, so nothing else would notice its absence before somebody needs it.

use super::iam::plain;
use local::template::SEVER;
use serde_json::{Value, json};

fn resource(id: &str) -> Value {
    plain(serde_norway::from_str(SEVER).expect("YAML"))["Resources"][id].clone()
}

#[test]
fn the_table_outlives_the_stack_and_can_be_restored() {
    let table = resource("SessionTable");
    assert_eq!([&table["DeletionPolicy"], &table["UpdateReplacePolicy"]], ["Retain", "Retain"]);
    let properties = &table["Properties"];
    assert_eq!(properties["BillingMode"], "PAY_PER_REQUEST");
    assert_eq!(properties["DeletionProtectionEnabled"], true);
    let recovery = &properties["PointInTimeRecoverySpecification"];
    assert_eq!(recovery["PointInTimeRecoveryEnabled"], true);
    assert_eq!(
        properties["TimeToLiveSpecification"],
        json!({"AttributeName": "expiresAt", "Enabled": true})
    );
}

#[test]
fn the_access_log_shows_no_token_and_nothing_that_a_caller_could_forge() {
    let properties = &resource("SessionApi")["Properties"];
    let format = properties["AccessLogSetting"]["Format"].as_str().expect("a format");
    let line: Value = serde_json::from_str(format).expect("a line is JSON");
    assert!(line.as_object().is_some_and(|line| line.len() > 5), "{line}");
    for shown in format.split("$context.").skip(1) {
        let end = |letter: char| !letter.is_ascii_alphabetic() && letter != '.';
        let shown = shown.split(end).next().expect("a name");
        let of_the_gateway = [
            "authorizer.latency",
            "authorizer.status",
            "error.responseType",
            "httpMethod",
            "identity.sourceIp",
            "identity.userArn",
            "integration.status",
            "requestId",
            "requestTime",
            "resourcePath",
            "responseLatency",
            "responseLength",
            "status",
        ];
        assert!(of_the_gateway.contains(&shown), "{shown}");
    }
}

#[test]
fn no_stage_logs_headers_or_bodies_and_every_route_has_a_rate() {
    let properties = &resource("SessionApi")["Properties"];
    let settings = properties["MethodSettings"].as_array().expect("settings");
    assert_eq!(settings.len(), 1, "one for all: another would take its methods' settings away");
    let all = &settings[0];
    assert_eq!([&all["ResourcePath"], &all["HttpMethod"]], ["/*", "*"]);
    assert_eq!([&all["DataTraceEnabled"], &all["LoggingLevel"]], [&json!(false), &json!("OFF")]);
    for limit in ["ThrottlingRateLimit", "ThrottlingBurstLimit"] {
        assert_eq!(all[limit], limit, "the parameter of that name");
    }
    assert_eq!(properties["OpenApiVersion"], "3.0.1", "or SAM adds a stage without all this");
}
