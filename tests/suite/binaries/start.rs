//! Start and end: what is wrong with the environment is said to Lambda and to the log, and a process
//! for which there is nothing to do any more ends.

use super::{functions, lines, start};
use local::template::FunctionResource;
use shared::api_keys::NewApiKey;
use shared::config::VARIABLES;
use tests::World;

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
    // "it must be" goes before what is allowed, where other variables may be named.
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
async fn a_function_names_every_variable_that_is_wrong_and_repeats_none() {
    let world = World::new().await;
    for mut function in functions(&world) {
        // Any text is the name of a table.
        for (_, value) in function.environment.iter_mut().filter(|(name, _)| *name != "TABLE_NAME")
        {
            *value = "wrong°".to_owned();
        }
        let fault = fault_of(&function).await;
        let mut named = named(&fault);
        named.extend(["TABLE_NAME"]);
        named.sort_unstable();
        assert_eq!(named, function.environment.keys().collect::<Vec<_>>(), "{}", function.name);
        assert!(!fault.contains("wrong"), "{fault}");
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
