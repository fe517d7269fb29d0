//! The end of `session/store/revoke_user.rs`: rows are found by the index and deleted on condition
//! that they are behind. Whatever goes wrong here, the call answers success.
//!
//! The index (`table/index.rs`) may show any past state, of each session by itself: any that was
//! ever written, and none that must be. So a page, another page and their deletes come to the same
//! as this: as long as it likes, the sweep finds one row that was ever there, and deletes it. A
//! delete that fails leaves the row: as if the index had not shown it.

use crate::moves::{Fate, Moves, What};
use crate::mutant::Mutant;
use crate::state::{Answer, Process};
use crate::table::{Generation, Handle, Write, Written};

pub(crate) fn step(moves: &mut Moves<'_>, below: Generation, kept: Option<Handle>, stay: Process) {
    moves.push(Fate::Answered, |turn| {
        turn.answer(Answer::UserRevoked);
        What::NothingMoreShown
    });
    // Without generations, nothing but its name spares the kept session.
    let spared = kept.filter(|_| moves.system.mutant == Mutant::GenerationsOff);
    for handle in moves.state.history.written.iter().filter(|handle| Some(*handle) != spared) {
        let write = Write::Sweep { handle, below };
        moves.push(Fate::Answered, |turn| {
            let written = turn.write(write);
            turn.go(stay);
            // A session whose time was over is left out of the answer.
            if matches!(written, Written::Done(met) if !met.is_some_and(|row| row.over)) {
                turn.report(handle);
            }
            What::wrote(write, written)
        });
        moves.lost(write, stay);
        moves.late(write, stay);
    }
}
