//! The Lambda binary: composes the function and hands it to the runtime.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::lambda::serve("core-driver", core_driver::function).await
}
