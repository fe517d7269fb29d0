//! Start and end: what is wrong with the environment is said to Lambda and to the log, and a process
//! for which there is nothing to do any more ends.

use super::{functions, lines, start};
use local::template::FunctionResource;
use shared::api_keys::NewApiKey;
use shared::config::VARIABLES;
use std::process::Command;
use tests::World;
use tests::programs::built;

/// Nobody asks a table before there is an event.
const NO_TABLE: &str = "http://127.0.0.1:9";

/// What a function that cannot start says, the same everywhere.
async fn fault_of(function: &FunctionResource) -> String {
    let (error, ended) = start(function, NO_TABLE).await.fails_to_start().await;
    assert_eq!(error.error_type, "Runtime.ConfigInvalid");
    assert_eq!((ended.status.code(), ended.errors.as_str()), (Some(1), ""));
    let [line] = &lines(&ended.log)[..] else { panic!("one line is enough: {}", ended.log) };
    assert_eq!((line["level"].as_str(), &line["message"]), (Some("ERROR"), &"cannot start".into()));
    assert_eq!(line["function"], function.binary);
    assert_eq!(line["error"], error.error_message);
    error.error_message
}

/// The variables that an error names.
fn named(fault: &str) -> Vec<&'static str> {
    let words: Vec<_> = fault.split([' ', ':', ';']).collect();
    // What is expected may name other variables, and says "is" of none.
    let named = |name: &str| words.windows(2).any(|pair| pair[0] == name && pair[1] == "is");
    VARIABLES.iter().map(|variable| variable.name).filter(|name| named(name)).collect()
}

#[tokio::test]
async fn a_function_without_a_required_variable_says_which_and_does_not_start() {
    let world = World::new().await;
    let required = || VARIABLES.iter().filter(|variable| variable.default == "required");
    assert!(required().count() > 0);
    for function in functions(&world) {
        for variable in required() {
            let mut lacking = function.clone();
            lacking.environment.remove(variable.name).expect("the template sets it");
            let fault = fault_of(&lacking).await;
            assert!(fault.contains("is missing"), "{fault}");
            assert_eq!(named(&fault), [variable.name], "{}", function.name);
        }
    }
}

#[tokio::test]
async fn a_function_names_every_variable_that_is_wrong_and_repeats_no_key() {
    let world = World::new().await;
    for mut function in functions(&world) {
        for (name, value) in &mut function.environment {
            let wrong = if name == "API_KEYS" { "secret°" } else { "wrong°" };
            wrong.clone_into(value);
        }
        let fault = fault_of(&function).await;
        let mut named = named(&fault);
        named.sort_unstable();
        assert_eq!(named, function.environment.keys().collect::<Vec<_>>(), "{}", function.name);
        let withheld = usize::from(function.environment.contains_key("API_KEYS"));
        assert_eq!(fault.matches("got `wrong°`").count(), named.len() - withheld, "{fault}");
        assert!(!fault.contains("secret"), "{fault}");
    }
}

#[tokio::test]
async fn a_function_warns_at_start_of_what_is_dangerous_in_a_line_each() {
    let world = World::new().await;
    for mut function in functions(&world) {
        function.environment.extend([
            ("ACCESS_TOKEN_VALIDITY".to_owned(), "86401".to_owned()),
            ("COOKIE_SAME_SITE".to_owned(), "none".to_owned()),
            ("COOKIE_SECURE".to_owned(), "true".to_owned()),
            ("ANTI_CSRF".to_owned(), "NONE".to_owned()),
        ]);
        let lines = lines(&start(&function, NO_TABLE).await.lose_api().await.log);
        let warned: Vec<_> = lines.iter().filter(|line| line["level"] == "WARN").collect();
        assert_eq!(warned.len(), 2, "{}: {warned:?}", function.name);
        for (line, variable) in warned.iter().zip(["ANTI_CSRF", "ACCESS_TOKEN_VALIDITY"]) {
            assert_eq!(line["message"], "check the configuration");
            assert_eq!(line["function"], function.binary);
            assert!(line["warning"].as_str().unwrap().starts_with(variable), "{line}");
        }
    }
}

#[tokio::test]
async fn an_api_key_in_plain_text_is_warned_of_at_start_and_not_shown() {
    let world = World::new().await;
    let (key, digest) = ("a-key-in-plain-text-1", NewApiKey::of([7; 32]).digest);
    for (keys, warnings) in [(digest.clone(), 0), (format!("{digest}, {key}"), 1)] {
        let mut core = super::function(&world, "core-driver");
        core.environment.insert("API_KEYS".to_owned(), keys);
        let ended = start(&core, NO_TABLE).await.terminate().await;
        let lines = lines(&ended.log);
        assert_eq!(lines.len(), warnings, "{}", ended.log);
        assert!(lines.iter().all(|line| line["level"] == "WARN"), "{}", ended.log);
        assert!(!ended.log.contains(key) && !ended.log.contains(&digest[7..]), "{}", ended.log);
    }
}

#[tokio::test]
async fn a_function_ends_when_the_runtime_api_goes_away() {
    let world = World::new().await;
    for function in functions(&world) {
        let ended = start(&function, NO_TABLE).await.lose_api().await;
        assert_eq!(
            (ended.status.code(), ended.errors.as_str()),
            (Some(1), ""),
            "{}",
            function.name
        );
        let lines = lines(&ended.log);
        let last = lines.last().expect("a reason");
        assert_eq!(last["message"], "the Lambda runtime failed");
        assert_eq!(last["function"], function.binary);
    }
}

#[tokio::test]
async fn a_function_ends_when_the_runtime_api_refuses_to_give_an_event() {
    let function = functions(&World::new().await).remove(0);
    let ended = start(&function, NO_TABLE).await.refuse_event().await;
    assert_eq!((ended.status.code(), ended.errors.as_str()), (Some(1), ""));
    let lines = lines(&ended.log);
    let line = lines.last().expect("a reason");
    assert_eq!(line["message"], "the Lambda runtime failed");
    let error = line["error"].as_str().expect("a reason");
    assert!(error.contains("503") && error.contains("/invocation/next"), "{error}");
}

#[test]
fn a_function_that_is_started_elsewhere_than_on_lambda_says_so() {
    let output = Command::new(built("jwks")).env_clear().output().expect("a program");
    assert_eq!((output.status.code(), output.stderr), (Some(1), Vec::new()));
    let log = String::from_utf8(output.stdout).expect("text");
    let [line] = &lines(&log)[..] else { panic!("one line is enough: {log}") };
    let error = "AWS_LAMBDA_RUNTIME_API is missing: this program runs on AWS Lambda only";
    assert_eq!((&line["message"], &line["error"]), (&"cannot start".into(), &error.into()));
}
