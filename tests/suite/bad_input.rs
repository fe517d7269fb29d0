//! What comes from outside is no good: every parser of outside bytes is fed thousands of inputs that
//! were good once and have been changed since. Nothing panics, nothing answers 5xx, nothing lets
//! anybody in, and no answer repeats a secret; what was changed beside the point still works.
//!
//! The inputs follow from a fixed seed. `SEVER_FUZZ_CASES=50 cargo test bad_input` tries fifty times
//! as many.

// How an input is changed.
mod cases;
mod events;
mod json;
mod jwt;
mod texts;

// What an answer must be.
mod answers;

// What is fed.
mod access_tokens;
mod api_keys;
mod app_settings;
mod authorizer;
mod configuration;
mod credentials;
mod cursors;
mod direct_invokes;
mod gateway_events;
mod handles;
mod harmless;
mod huge;
mod presented;
mod refresh_tokens;
mod routes;
mod unrepeated;
