//! Asking before what reaches further than one user.

use crate::failure::Failure;
use std::io::{self, IsTerminal as _, Write as _};

/// Goes on if a person at the terminal types `word`. Where nobody can be asked, silence is no consent.
pub(crate) fn confirm(what: &str, word: &str) -> Result<(), Failure> {
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
