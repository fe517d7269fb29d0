//! The binaries that are deployed, each in a process of its own: started, fed and ended as Lambda
//! does it, over a table that is reached by HTTP.

mod failures;
mod memory;
mod samples;
mod start;
mod warm;

use local::template::FunctionResource;
use serde_json::Value;
use shared::time::{Clock, Timestamp};
use tests::programs::built;
use tests::{Sandbox, World};

/// Every function that the template deploys.
fn functions(world: &World) -> Vec<FunctionResource> {
    world.bundle.template().functions.values().cloned().collect()
}

fn function(world: &World, name: &str) -> FunctionResource {
    let mut functions = functions(world).into_iter();
    functions.find(|function| function.name == name).expect("a function of the template")
}

/// The present second: an access token knows no less.
fn now() -> Timestamp {
    Timestamp::from_seconds(Clock::system().now().seconds())
}

async fn start(function: &FunctionResource, dynamodb: &str) -> Sandbox {
    Sandbox::start(built(&function.binary), function, dynamodb).await
}

/// The lines of a log, each of them a JSON object.
fn lines(log: &str) -> Vec<Value> {
    let line = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    log.lines().map(line).collect()
}

/// The long words without a meaning in a text: every token, handle, digest and key is one, or is
/// made of some.
fn opaque_words(text: &str) -> impl Iterator<Item = &str> {
    let outside = |letter: char| !letter.is_ascii_alphanumeric() && !"-_+/=".contains(letter);
    text.split(outside).filter(|word| word.len() > 30)
}

#[test]
fn what_must_not_be_shown_is_found_in_whatever_it_stands() {
    let handle = "0b8e1a52-6f53-4d7c-9a3e-2f4f5e8f0c11";
    let token = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImQtMSJ9.eyJzdWIiOiJhZGEiLCJleHAiOjE4MDAwMDM2MDB9.";
    let text = format!(r#"{{"a":"Bearer {token}","b":"{{\"handle\":\"{handle}\"}}"}}"#);
    let found: Vec<_> = opaque_words(&text).collect();
    let parts: Vec<_> = token.split('.').filter(|part| !part.is_empty()).collect();
    assert_eq!(found, [parts[0], parts[1], handle]);
    assert_eq!(opaque_words("application/json; charset=UTF-8, x-amzn-requestid").count(), 0);
}
