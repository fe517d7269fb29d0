//! The floor of every function that is built on the runtime crates: it only answers.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::value::RawValue;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let answer = async |_: LambdaEvent<Box<RawValue>>| Ok::<_, Error>(());
    lambda_runtime::run(service_fn(answer)).await
}
