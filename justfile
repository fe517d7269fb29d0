# Every command that builds, tests and checks Sever. `just` alone lists them. `.ci/run` and the workflow run these recipes.
# `.ci/just RECIPE` runs one where `just` is not installed.

set shell := ["bash", "-euo", "pipefail", "-c"]

export CARGO_TERM_COLOR := env("CARGO_TERM_COLOR", "never")

target := env("CARGO_TARGET_DIR", justfile_directory() / "target")
# The server against which the scripts in tests/ run. `just server` builds it.
built_server := if target =~ '^/' { target } else { justfile_directory() / target }
export SEVER_SERVER := env("SEVER_SERVER", built_server / "debug/local")

# List the recipes
default:
    @{{ quote(just_executable()) }} --justfile {{ quote(justfile()) }} --list --unsorted

# Everything that must hold before a change lands. The guard builds the functions that `binaries` tests
all: format lint test doc server guard binaries engines sdk browser console templates

# Run the whole bundle on this machine
[group('run')]
run *arguments:
    cargo run -- {{ arguments }}

# Fail if the code is not formatted
[group('check')]
format:
    cargo fmt --all --check

# Run clippy on every target
[group('check')]
lint:
    cargo clippy --workspace --all-targets -- -D warnings

# Run every Rust test
[group('check')]
test *arguments:
    cargo test --workspace {{ arguments }}

# Compare code, template and documentation
[group('check')]
drift:
    cargo test --workspace --test suite -- drift

# Build the documentation of the code
[group('check')]
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# Build the server that the scripts in tests/ run against
[group('check')]
server:
    cargo build

# Compare instructions and sizes with bench/baseline.json
[group('check')]
guard *arguments:
    bench/guard {{ arguments }}

# Test the binaries, built with the flags of a deployment
[group('check')]
binaries:
    SEVER_PROGRAMS=$(bench/programs) && export SEVER_PROGRAMS && cargo test --workspace --test suite -- binaries::

# Run the table's contract on other implementations of DynamoDB
[group('check')]
engines:
    tests/engines/run

# Run the SuperTokens backend SDKs
[group('check')]
sdk: server
    tests/sdk/run

# Run the SuperTokens browser SDKs in Chromium
[group('check')]
browser: server
    tests/browser/run

# Drive the console and the demo page in Chromium
[group('check')]
console: server
    tests/console/run

# Check the templates
[group('check')]
templates:
    tests/templates/run

# Check licences, sources, duplicates and advisories of the dependencies (needs cargo-deny and the network)
[group('check')]
dependencies:
    cargo deny --workspace --locked check

# Compile everything; for the oldest Rust that Cargo.toml allows
[group('check')]
oldest-rust:
    cargo check --workspace --all-targets

# Build every function for a deployment
[group('deploy')]
build *arguments:
    deploy/build {{ arguments }}

# Format the code
[group('edit')]
fix:
    cargo fmt --all
