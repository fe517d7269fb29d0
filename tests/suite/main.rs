//! Sever as its callers see it.

#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

mod bad_input;
mod binaries;
mod contention;
mod core_driver;
mod create;
mod direct_invoke;
mod drift;
mod events;
mod failures;
mod gateway;
mod keys;
mod keys_by_hand;
mod logout;
mod lost_items;
mod observability;
mod own_sessions;
mod properties;
mod races;
mod refresh;
mod requirements;
mod revoke;
mod sealed_keys;
mod secrets;
mod table;
mod verify;
mod walkthrough;
