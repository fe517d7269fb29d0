//! `core-driver`: what a SuperTokens SDK asks of its core, and what it is told (PROTOCOL Parts 3
//! and 4).

mod anti_csrf;
mod api_keys;
mod app_config;
mod app_races;
mod apps;
mod bad_input;
mod crossing;
mod endpoints;
mod failures;
mod golden;
mod journal;
mod one_truth;
mod protected;
mod races;
mod regenerate;
mod remove;
mod row;
mod scenarios;
mod sdk;
mod sessions;
mod signing;
mod tenants;
mod transport;
mod unfit_payloads;
