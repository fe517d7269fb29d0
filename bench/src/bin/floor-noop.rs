//! The floor of all functions: always the same answer.

fn main() -> std::io::Result<std::convert::Infallible> {
    let address = bench::variable("AWS_LAMBDA_RUNTIME_API").unwrap_or_default();
    bench::floor::serve(&address, |_| b"{\"principalId\":\"floor\"}".to_vec())
}
