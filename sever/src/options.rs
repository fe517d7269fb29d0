//! What can be typed. The comments are the help that is shown.

#![expect(clippy::doc_markdown, reason = "a terminal shows backticks as they are")]

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::num::NonZeroUsize;

/// List and end user sessions, and look after signing keys, on Sever's own table.
///
/// Credentials, region and endpoint are found as every AWS tool finds them: environment, profiles,
/// single sign-on, credential_process, roles.
///
/// Exit codes: 0 done; 1 could not, the effect is unknown or partial; 2 usage; 3 refused, not
/// confirmed, or nothing of that name; 4 done, but its audit record was not written.
#[derive(Parser)]
#[command(name = "sever", version, propagate_version = true)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Args)]
pub(crate) struct Global {
    /// The session table: the stack's output TableName [env: SEVER_TABLE, TABLE_NAME]
    #[arg(long, global = true, value_name = "NAME", env = "SEVER_TABLE", hide_env = true)]
    pub(crate) table: Option<String>,
    /// The name that the functions' own variable has. Typed, it is `--table`.
    #[arg(long, global = true, hide = true, env = "TABLE_NAME")]
    pub(crate) table_name: Option<String>,
    /// Where DynamoDB, EventBridge and STS are, if not where AWS has them: `cargo run` serves all
    /// three at the bundle's own address [env: AWS_ENDPOINT_URL, or one for each, such as
    /// AWS_ENDPOINT_URL_DYNAMODB]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,
    /// The AWS Region [env: AWS_REGION, or the profile's]
    #[arg(long, global = true)]
    pub(crate) region: Option<String>,
    /// The profile of AWS's shared configuration [env: AWS_PROFILE]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// The KMS key that seals signing keys: the stack's parameter SigningKmsKeyArn, if it is set. For
    /// keys rotate and keys kill
    #[arg(long, global = true, value_name = "ARN", env = "SIGNING_KMS_KEY_ARN")]
    pub(crate) signing_kms_key: Option<String>,
    /// The app, for those that SuperTokens SDKs made
    #[arg(long, global = true, value_name = "ID", default_value = "public")]
    pub(crate) app: String,
    /// Why, for the audit record: up to 256 characters
    #[arg(long, global = true, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// The EventBridge bus that is told who did what, by name or ARN: a rule of the stack writes it
    /// down [env: SEVER_EVENT_BUS]
    #[arg(
        long,
        global = true,
        value_name = "BUS",
        env = "SEVER_EVENT_BUS",
        hide_env = true,
        default_value = "default"
    )]
    pub(crate) event_bus: String,
    /// How to print what was found and done
    #[arg(long, global = true, value_enum, default_value_t = Output::Table)]
    pub(crate) output: Output,
    /// Show what would end, and change nothing
    #[arg(long, global = true)]
    pub(crate) dry_run: bool,
    /// Do not ask before what ends sessions of several users or kills a key
    #[arg(long, global = true)]
    pub(crate) yes: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Output {
    /// Aligned columns, times in UTC
    Table,
    /// One stable JSON object, times in epoch milliseconds
    Json,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Sessions, by handle or of a user
    #[command(subcommand)]
    Sessions(SessionsCommand),
    /// A user's sessions as a whole
    #[command(subcommand)]
    Users(Users),
    /// Signing keys
    #[command(subcommand)]
    Keys(Keys),
    /// API keys by which SuperTokens SDKs call core-driver. Reads and changes no table
    #[command(subcommand)]
    ApiKeys(ApiKeys),
    /// Print a script that completes `sever` in a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
}

#[derive(Subcommand)]
pub(crate) enum SessionsCommand {
    /// Show a user's live sessions. One opened a moment ago may be missing
    List(List),
    /// End sessions by handle; `-` reads handles from standard input, one on each line
    Revoke {
        /// The handles, or `-`
        #[arg(required = true, value_name = "HANDLE")]
        handles: Vec<String>,
    },
}

#[derive(Args)]
pub(crate) struct List {
    /// The user
    #[arg(long, value_name = "ID")]
    pub(crate) user: String,
    /// In this tenant alone
    #[arg(long, value_name = "ID")]
    pub(crate) tenant: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value = "50", conflicts_with = "all")]
    pub(crate) limit: NonZeroUsize,
    /// All of them
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Subcommand)]
pub(crate) enum Users {
    /// End all of a user's sessions by one write, those not listed yet included. Never asks: see
    /// --dry-run
    Revoke(RevokeUser),
}

#[derive(Args)]
pub(crate) struct RevokeUser {
    /// The user
    #[arg(value_name = "USER")]
    pub(crate) user: String,
    /// In this tenant alone
    #[arg(long, value_name = "ID")]
    pub(crate) tenant: Option<String>,
    /// Keep this session
    #[arg(long, value_name = "HANDLE")]
    pub(crate) except: Option<String>,
}

#[derive(Subcommand)]
pub(crate) enum Keys {
    /// Show the keys, without any private one
    List,
    /// Make the next dynamic key now. It is published for a minute before it signs
    Rotate,
    /// Remove a leaked key at once: all its access tokens are refused within five minutes
    Kill {
        /// The key's name, as `keys list` and a token's header have it
        kid: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum ApiKeys {
    /// Make a key and print it, once, with its digest. The SDK is given the key, and the template's
    /// parameter ApiKeys the digest
    New,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_options_fit_together() {
        Options::command().debug_assert();
    }
}
