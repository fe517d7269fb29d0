//! `sever`: what an operator does to sessions and signing keys from a command line. It works on the
//! table itself, by the verbs the functions use.

mod api_keys;
mod confirm;
mod connect;
mod failure;
mod keys;
mod options;
mod output;
mod sessions;
mod users;

use clap::{CommandFactory as _, Parser as _};
use failure::Failure;
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
        Ok(done) => {
            let text = match options.global.output {
                Output::Table => done.text,
                Output::Json => format!("{:#}\n", done.json),
            };
            end(print(text.as_bytes()).err().or(done.failure))
        }
        Err(failure) => end(Some(failure)),
    }
}

async fn run(options: &Options) -> Result<Done, Failure> {
    let global = &options.global;
    if let Command::ApiKeys(ApiKeys::New) = options.command {
        return api_keys::new();
    }
    let sessions = connect::sessions(global).await?;
    match &options.command {
        Command::Sessions(SessionsCommand::List(list)) => sessions::list(&sessions, list).await,
        Command::Sessions(SessionsCommand::Revoke { handles }) => {
            sessions::revoke(&sessions, handles, global).await
        }
        Command::Users(Users::Revoke(revoke)) => users::revoke(&sessions, revoke, global).await,
        Command::Keys(Keys::List) => keys::list(&sessions).await,
        Command::Keys(Keys::Rotate) => keys::rotate(&sessions, global).await,
        Command::Keys(Keys::Kill { kid }) => keys::kill(&sessions, kid, global).await,
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
    eprintln!("error: {failure}");
    failure.exit_code()
}
