//! Runs the table's contract against a `DynamoDB` that listens somewhere, through the real client.

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, timeout::TimeoutConfig};
use aws_sdk_dynamodb::types::{IndexStatus, TableStatus};
use aws_sdk_dynamodb::{Client, Config};
use clap::Parser;
use futures_util::FutureExt as _;
use local::dynamodb::create_table_if_absent;
use local::template::{SEVER, Table, Template};
use shared::table::harden;
use std::error::Error;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::time::Duration;
use tests::contract::{CASES, Case, Tables, case};

/// Runs the table's contract against a DynamoDB that listens somewhere.
#[derive(Parser)]
struct Options {
    /// Where it listens. It gets a table for each case, and loses it again.
    #[arg(long, value_name = "URL")]
    endpoint_url: String,
    /// A case that this engine cannot keep, and why.
    #[arg(long, value_name = "CASE=REASON", value_parser = skipped)]
    skip: Vec<(&'static str, String)>,
}

fn skipped(text: &str) -> Result<(&'static str, String), String> {
    let (name, reason) = text.split_once('=').ok_or("CASE=REASON is asked for")?;
    let case = case(name).ok_or("there is no such case")?;
    Ok((case.name, reason.to_owned()))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let options = Options::parse();
    let client = client(&options.endpoint_url);
    let table = table()?;
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for case in CASES {
        let name = case.name;
        if let Some((_, reason)) = options.skip.iter().find(|(skipped, _)| *skipped == name) {
            skipped += 1;
            println!("skip  {name}: {reason}");
        } else if keeps(*case, &client, &table).await? {
            passed += 1;
            println!("ok    {name}");
        } else {
            failed += 1;
            println!("FAIL  {name}");
        }
    }
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs a case with a table of its own. What it says when it panics goes to standard error.
async fn keeps(case: Case, client: &Client, table: &Table) -> Result<bool, Box<dyn Error>> {
    let name = format!("{}-{}-{}", table.name, std::process::id(), case.name);
    let table = Table { name, ..table.clone() };
    create_table_if_absent(client, &table).await?;
    let active = until_active(client, &table.name);
    tokio::time::timeout(Duration::from_mins(1), active).await.map_err(|_| "no table")??;
    let tables = Tables::new(client.clone(), &table.name);
    let kept = AssertUnwindSafe(case.run(tables)).catch_unwind().await.is_ok();
    client.delete_table().table_name(&table.name).send().await?;
    Ok(kept)
}

/// The table as the template has it, but without time to live: the cases play at a moment that will
/// have passed one day, and no engine may delete what they write.
fn table() -> Result<Table, Box<dyn Error>> {
    let here = |name: &str| (name.to_owned(), "http://localhost".to_owned());
    let table = Template::parse(SEVER, &["ApiDomain", "WebsiteDomain"].map(here).into())?.table;
    Ok(Table { ttl_attribute: None, ..table })
}

/// A table and its indexes are not there as soon as they were asked for.
async fn until_active(client: &Client, name: &str) -> Result<(), Box<dyn Error>> {
    loop {
        let table = client.describe_table().table_name(name).send().await?.table;
        let active = table.is_some_and(|table| {
            let mut indexes = table.global_secondary_indexes().iter();
            table.table_status == Some(TableStatus::Active)
                && indexes.all(|index| index.index_status == Some(IndexStatus::Active))
        });
        if active {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The client of the functions, but with more patience: how fast an engine is is no promise of the
/// table. What it tries again by itself is the same.
fn client(endpoint_url: &str) -> Client {
    let patient = TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_secs(30))
        .operation_timeout(Duration::from_mins(1));
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(local::REGION))
        .credentials_provider(Credentials::new(
            local::ACCESS_KEY,
            local::SECRET_KEY,
            None,
            None,
            "local",
        ))
        .endpoint_url(endpoint_url);
    Client::from_conf(harden(config).timeout_config(patient.build()).build())
}
