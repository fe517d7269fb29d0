//! A function with faults, started as all others are: it panics over a text and over a list that it
//! is sent, and answers anything else as it came.

use lambda_runtime::LambdaEvent;
use serde_json::value::RawValue;
use shared::app::App;
use shared::lambda::Function;
use std::sync::Arc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::lambda::serve("panics", function).await
}

fn function(_: Arc<App>) -> Function {
    Function::from_fn(|event: LambdaEvent<Box<RawValue>>| async move {
        if let Ok(text) = serde_json::from_str::<String>(event.payload.get()) {
            panic!("stumbled over {text}");
        }
        assert!(!event.payload.get().starts_with('['), "there is no place for a list");
        Ok(event.payload)
    })
}
