//! `session/store/logout.rs` and `session/store/revoke_handles.rs` with one handle: one conditional
//! delete.

use crate::configuration::Role;
use crate::moves::{Moves, What};
use crate::state::{Answer, Process};
use crate::table::{Handle, Write, Written};

/// Before its one call and, when an answer was lost, before the same call again.
pub(crate) fn moves(moves: &mut Moves<'_>, handle: Handle) {
    let reports = matches!(moves.system.configuration.role(moves.me), Role::RevokeHandle(_));
    let remove = Write::Remove { handle };
    moves.write(remove, Process::Remove, |turn, written| {
        if reports {
            // `revoke_handles` leaves out what was not there (`remove` answers `None`), and a
            // session whose time was over.
            let reported =
                matches!(written, Written::Done(met) if !met.is_some_and(|row| row.over));
            turn.answer(Answer::HandleRevoked { handle, reported });
        } else {
            turn.answer(Answer::LoggedOut(handle));
        }
        What::wrote(remove, written)
    });
}
