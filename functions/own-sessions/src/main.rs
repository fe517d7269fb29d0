//! The Lambda binary: composes the function and hands it to the runtime.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    shared::lambda::serve("own-sessions", own_sessions::function).await
}
