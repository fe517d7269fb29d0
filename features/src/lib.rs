//! Nothing but dependencies: `Cargo.toml` says which and why.
