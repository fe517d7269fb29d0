//! What can be typed. The comments are the help that is shown.

#![expect(clippy::doc_markdown, reason = "a terminal shows backticks as they are")]

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use shared::reason::Reason;

const PLACE: &str = "Table and AWS account";
const RECORD: &str = "Audit record";

/// List and revoke user sessions, and look after signing keys, on Sever's own table.
///
/// Credentials, Region and endpoint are found as every AWS tool finds them: environment, profiles,
/// single sign-on, credential_process, roles.
///
/// Exit codes: 0 done; 1 could not, the effect is unknown or partial; 2 usage; 3 refused, not
/// confirmed, or nothing of that name; 4 done, but its audit record was not written.
#[derive(Parser)]
#[command(
    name = "sever",
    version,
    propagate_version = true,
    after_help = "Examples:
  export SEVER_TABLE=sever-SessionTable AWS_REGION=eu-central-1
  sever sessions list --user ada
  sever users revoke ada --reason 'ticket 4711: laptop stolen'

Each command has its own help, such as sever users revoke --help"
)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Args)]
pub(crate) struct Global {
    /// How to print what was found and done
    #[arg(long, global = true, value_enum, default_value_t = Output::Table)]
    pub(crate) output: Output,
    /// The session table: the stack's output TableName [env: SEVER_TABLE, TABLE_NAME]
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "SEVER_TABLE",
        hide_env = true,
        help_heading = PLACE
    )]
    pub(crate) table: Option<String>,
    /// The name that the functions' own variable has. Typed, it is `--table`.
    #[arg(long, global = true, hide = true, env = "TABLE_NAME")]
    pub(crate) table_name: Option<String>,
    /// The app, for those that SuperTokens SDKs made
    #[arg(long, global = true, value_name = "ID", default_value = "public", help_heading = PLACE)]
    pub(crate) app: String,
    /// The AWS Region [env: AWS_REGION, or the profile's]
    #[arg(long, global = true, help_heading = PLACE)]
    pub(crate) region: Option<String>,
    /// The profile of AWS's shared configuration [env: AWS_PROFILE]
    #[arg(long, global = true, value_name = "NAME", help_heading = PLACE)]
    pub(crate) profile: Option<String>,
    /// Where DynamoDB, EventBridge and STS are, if not where AWS has them: `cargo run` serves all
    /// three at the bundle's own address [env: AWS_ENDPOINT_URL, or one for each, such as
    /// AWS_ENDPOINT_URL_DYNAMODB]
    #[arg(long, global = true, value_name = "URL", help_heading = PLACE)]
    pub(crate) endpoint_url: Option<String>,
}

/// What every command takes that changes something.
#[derive(Args)]
pub(crate) struct Change {
    /// Show what would be done, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Why, for the audit record: up to 256 characters
    #[arg(long, value_name = "TEXT", value_parser = Reason::parse, help_heading = RECORD)]
    pub(crate) reason: Option<Reason>,
    /// The EventBridge bus that is told who did what, by name or ARN: a rule of the stack writes it
    /// down [env: SEVER_EVENT_BUS]
    #[arg(
        long,
        value_name = "BUS",
        env = "SEVER_EVENT_BUS",
        hide_env = true,
        default_value = "default",
        help_heading = RECORD
    )]
    pub(crate) event_bus: String,
}

/// What every command takes that opens private keys.
#[derive(Args)]
pub(crate) struct Sealing {
    /// The KMS key that seals signing keys: the stack's parameter SigningKmsKeyArn, if it is set
    /// [env: SIGNING_KMS_KEY_ARN]
    #[arg(long, value_name = "ARN", env = "SIGNING_KMS_KEY_ARN", hide_env = true)]
    pub(crate) signing_kms_key: Option<String>,
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
    /// Sessions, by handle or of a user: list, revoke
    #[command(subcommand)]
    Sessions(SessionsCommand),
    /// A user's sessions as a whole: revoke
    #[command(subcommand)]
    Users(Users),
    /// Signing keys: list, rotate, kill
    #[command(subcommand)]
    Keys(Keys),
    /// API keys by which SuperTokens SDKs call core-driver: new. Reads and changes no table
    #[command(subcommand)]
    ApiKeys(ApiKeys),
    /// Print a script that completes `sever` in a shell
    #[command(after_help = "Examples:
  eval \"$(sever completions bash)\"
  sever completions fish > sever.fish")]
    Completions {
        /// Which shell
        shell: Shell,
    },
}

#[derive(Subcommand)]
pub(crate) enum SessionsCommand {
    /// Show a user's live sessions. One opened a moment ago may be missing
    #[command(after_help = "Examples:
  sever sessions list --user ada
  sever sessions list --user ada --tenant acme --all --output json")]
    List(List),
    /// Revoke sessions by handle; `-` reads handles from standard input, one on each line
    #[command(after_help = "Examples:
  sever sessions revoke 16348768-fc38-452f-8ad6-fc2515efd3d2
  sever sessions revoke - --dry-run < handles.txt")]
    Revoke(RevokeSessions),
}

#[derive(Args)]
pub(crate) struct RevokeSessions {
    /// The handles, or `-`
    #[arg(required = true, value_name = "HANDLE")]
    pub(crate) handles: Vec<String>,
    /// Do not ask before sessions of several users are revoked
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) change: Change,
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
    #[arg(
        long,
        value_name = "N",
        default_value = "50",
        conflicts_with = "all",
        value_parser = at_least_one
    )]
    pub(crate) limit: usize,
    /// All of them
    #[arg(long)]
    pub(crate) all: bool,
}

fn at_least_one(text: &str) -> Result<usize, &'static str> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or("expected a whole number from 1; --all shows all sessions")
}

#[derive(Subcommand)]
pub(crate) enum Users {
    /// Revoke all of a user's sessions by one write, those not listed yet included. Never asks: see
    /// --dry-run
    #[command(after_help = "Examples:
  sever users revoke ada --dry-run
  sever users revoke ada --reason 'ticket 4711: laptop stolen'
  sever users revoke ada --tenant acme
  sever users revoke ada --except 16348768-fc38-452f-8ad6-fc2515efd3d2")]
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
    #[command(flatten)]
    pub(crate) change: Change,
}

#[derive(Subcommand)]
pub(crate) enum Keys {
    /// Show the keys, without any private one
    List,
    /// Make the next dynamic key now. It is published for a minute before it signs
    #[command(after_help = "Example:
  sever keys rotate --reason 'yearly exercise'")]
    Rotate(RotateKey),
    /// Remove a leaked key at once: all its access tokens are refused within five minutes
    #[command(after_help = "Examples:
  sever keys list
  sever keys kill d-1795244537788 --dry-run
  sever keys kill d-1795244537788 --reason 'found in a public bucket'")]
    Kill(KillKey),
}

#[derive(Args)]
pub(crate) struct RotateKey {
    #[command(flatten)]
    pub(crate) sealing: Sealing,
    #[command(flatten)]
    pub(crate) change: Change,
}

#[derive(Args)]
pub(crate) struct KillKey {
    /// The key's name, as `keys list` and a token's header have it
    #[arg(value_name = "KID")]
    pub(crate) kid: String,
    /// Do not ask before the key is killed
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) sealing: Sealing,
    #[command(flatten)]
    pub(crate) change: Change,
}

#[derive(Subcommand)]
pub(crate) enum ApiKeys {
    /// Make a key and print it, once, with its digest. The SDK is given the key, and the template's
    /// parameter ApiKeys the digest
    New,
}

impl Command {
    /// The KMS key under which private keys are sealed, for the commands that open them.
    pub(crate) fn signing_kms_key(&self) -> Option<&str> {
        let sealing = match self {
            Self::Keys(Keys::Rotate(asked)) => &asked.sealing,
            Self::Keys(Keys::Kill(asked)) => &asked.sealing,
            _ => return None,
        };
        sealing.signing_kms_key.as_deref().filter(|arn| !arn.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;
    use std::ffi::OsString;

    #[test]
    fn the_options_fit_together() {
        Options::command().debug_assert();
    }

    /// The help of a command and of all below it.
    fn help(command: &mut clap::Command) -> String {
        let mut text = command.render_long_help().to_string();
        for below in command.get_subcommands_mut() {
            text.push_str(&help(below));
        }
        text
    }

    #[test]
    fn every_example_of_the_help_can_be_typed() {
        let text = help(&mut Options::command());
        let examples: Vec<_> =
            text.lines().filter_map(|line| line.strip_prefix("  sever ")).collect();
        assert!(examples.len() > 10, "{text}");
        for example in examples {
            let typed = example.split(['<', '>']).next().unwrap_or_default();
            let mut words = vec![OsString::from("sever")];
            // Every second part stands in quotes.
            for (at, part) in typed.split('\'').enumerate() {
                if at % 2 == 1 {
                    words.push(part.into());
                } else {
                    words.extend(part.split_whitespace().map(Into::into));
                }
            }
            let parsed = Options::try_parse_from(words);
            assert!(parsed.is_ok(), "{example}: {}", parsed.err().unwrap());
        }
    }

    #[test]
    fn an_option_is_offered_only_where_it_means_something() {
        for (option, typed, fits) in [
            ("--yes", "sessions revoke h", true),
            ("--yes", "keys kill d-1", true),
            ("--yes", "users revoke ada", false),
            ("--yes", "keys rotate", false),
            ("--dry-run", "sessions revoke h", true),
            ("--dry-run", "users revoke ada", true),
            ("--dry-run", "keys rotate", true),
            ("--dry-run", "keys kill d-1", true),
        ] {
            let words = ["sever"].into_iter().chain(typed.split(' ')).chain([option]);
            assert_eq!(Options::try_parse_from(words).is_ok(), fits, "{typed} {option}");
        }
        for option in ["--yes", "--dry-run", "--reason=why", "--event-bus=b", "--signing-kms-key=k"]
        {
            for typed in
                ["sessions list --user ada", "keys list", "api-keys new", "completions zsh"]
            {
                let words = ["sever"].into_iter().chain(typed.split(' ')).chain([option]);
                assert!(Options::try_parse_from(words).is_err(), "{typed} {option}");
            }
        }
    }
}
