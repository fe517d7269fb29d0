//! `sever`: what an operator does to sessions and signing keys from a command line. It works on the
//! table itself, by the verbs the functions use.

mod api_keys;
mod audit;
mod confirm;
mod connect;
mod failure;
mod keys;
mod legible;
mod options;
mod output;
mod sessions;
mod users;

use audit::Told;
use clap::{CommandFactory as _, Parser as _};
use connect::connect;
use failure::{Failure, UNRECORDED};
use options::{ApiKeys, Command, Keys, Options, Output, SessionsCommand, Users};
use output::Done;
use std::io::{self, Write as _};
use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = Options::parse();
    if let Command::Completions { shell } = options.command {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Options::command(), "sever", &mut script);
        return end(print(&script).err());
    }
    match run(&options).await {
        Ok(done) => finish(done, options.global.output),
        Err(failure) => end(Some(failure)),
    }
}

/// Prints what was done, then what became of its audit record, then what went wrong.
fn finish(mut done: Done, output: Output) -> ExitCode {
    if let (Some(told), false) = (&done.told, done.json.is_null()) {
        done.json["audit"] = told.to_json();
    }
    let text = match output {
        Output::Table => done.text,
        Output::Json if done.json.is_null() => String::new(),
        Output::Json => legible::json(&format!("{:#}\n", done.json)),
    };
    let failure = print(text.as_bytes()).err().or(done.failure);
    let told = done.told.as_ref();
    for line in told.map(Told::warnings).unwrap_or_default() {
        eprintln!("{}", legible::json(&line));
    }
    match (failure, told.is_none_or(Told::is_complete)) {
        (None, false) => ExitCode::from(UNRECORDED),
        (failure, _) => end(failure),
    }
}

async fn run(options: &Options) -> Result<Done, Failure> {
    if let Command::ApiKeys(ApiKeys::New) = options.command {
        return api_keys::new();
    }
    let place = connect(&options.global, options.command.signing_kms_key()).await?;
    match &options.command {
        Command::Sessions(SessionsCommand::List(asked)) => {
            sessions::list(&place.store, asked).await
        }
        Command::Sessions(SessionsCommand::Revoke(asked)) => {
            sessions::revoke(&place.audited(&asked.change)?, asked).await
        }
        Command::Users(Users::Revoke(asked)) => {
            users::revoke(&place.audited(&asked.change)?, asked).await
        }
        Command::Keys(Keys::List) => keys::list(&place.keys).await,
        Command::Keys(Keys::Rotate(asked)) => {
            keys::rotate(&place.audited(&asked.change)?, asked).await
        }
        Command::Keys(Keys::Kill(asked)) => keys::kill(&place.audited(&asked.change)?, asked).await,
        Command::ApiKeys(_) | Command::Completions { .. } => Ok(Done::default()),
    }
}

/// In one write: what has been done is told whole.
fn print(text: &[u8]) -> Result<(), Failure> {
    match io::stdout().write_all(text).and_then(|()| io::stdout().flush()) {
        // Who reads on has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::Unknown(format!("cannot write to standard output: {error}"))),
        Ok(()) => Ok(()),
    }
}

fn end(failure: Option<Failure>) -> ExitCode {
    let Some(failure) = failure else { return ExitCode::SUCCESS };
    eprintln!("error: {}", legible::text(&failure.to_string()));
    failure.exit_code()
}
