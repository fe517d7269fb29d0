//! Sever on one machine: an API Gateway REST API and the Lambda Invoke API over the real functions,
//! and an embedded `DynamoDB` under the real client. Routes, guards, environments and the table
//! come from `template.yaml` itself, so that what is tried here is what is deployed.

pub mod access_log;
pub mod bundle;
pub mod dynamodb;
pub mod functions;
mod gateway;
mod invoke;
mod pages;
pub mod server;
mod services;
mod signature;
pub mod template;
pub mod walkthrough;

/// The region everything here claims to be in, and the only one a signature may name.
pub const REGION: &str = "us-east-1";
/// The account everything here claims to belong to.
pub const ACCOUNT: &str = "000000000000";
/// The access key id of the one local caller with AWS credentials.
pub const ACCESS_KEY: &str = "local";
/// That caller's secret key. It guards nothing but this process, on loopback.
pub const SECRET_KEY: &str = "local";

/// The id of the one API.
const API_ID: &str = "local";
