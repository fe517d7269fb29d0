//! Asking before what reaches further than one user.

use crate::failure::Failure;
use crate::options::Global;
use std::io::{self, IsTerminal as _, Write as _};

/// Goes on if `--yes` was given, or if a person at the terminal types `word`. Where nobody can be
/// asked, silence is no consent.
pub(crate) fn confirm(global: &Global, what: &str, word: &str) -> Result<(), Failure> {
    if global.yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        let refusal = format!("{what}. Nobody can be asked here: give --yes. Nothing was done");
        return Err(Failure::Refused(refusal));
    }
    eprint!("{what}.\nType {word} to go on: ");
    let mut answer = String::new();
    // What cannot be read is not the word.
    let _read = io::stderr().flush().and_then(|()| io::stdin().read_line(&mut answer));
    if answer.trim() == word {
        Ok(())
    } else {
        Err(Failure::Refused("not confirmed; nothing was done".to_owned()))
    }
}
