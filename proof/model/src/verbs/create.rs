//! `session/issue/create.rs`: the generation, read strongly, then the row, put once under each
//! name. In a tenant that can be removed also `session/supertokens/apps.rs`: the tenant is looked
//! for before, and once more after the row is written.

use crate::configuration::Place;
use crate::moves::{Fate, Moves, Turn, What};
use crate::mutant::Mutant;
use crate::set::Set;
use crate::state::{Answer, Late, Process};
use crate::table::{Generation, Handle, Row, Write, Written};

/// The first name it draws; the next one is one more.
const FIRST: u8 = 2;
/// How many names it draws: 3 in the code; each is a repetition of the one before.
const DRAWS: u8 = 2;
/// The names it may draw.
pub(crate) const DRAWN: Set = {
    let mut drawn = Set::EMPTY;
    drawn.insert(FIRST);
    drawn.insert(FIRST + 1);
    drawn
};

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum At {
    /// About to read the generation that will judge the session of this name.
    Generation { draw: u8 },
    /// About to write a row.
    Put { born: Generation, draw: u8 },
    /// About to look for the tenant once more.
    Look { handle: Handle },
    /// The tenant is gone: about to remove the row.
    Undo { handle: Handle },
}

pub(crate) fn begin(moves: &mut Moves<'_>) {
    if moves.system.configuration.place == Place::Public {
        return read(moves, 0);
    }
    let declared = moves.state.table.declared;
    moves.push(Fate::Answered, |turn| {
        if declared {
            turn.go(Process::Create(At::Generation { draw: 0 }));
        } else {
            turn.answer(Answer::NoTenant);
        }
        What::ReadTenant(declared)
    });
}

pub(crate) fn moves(moves: &mut Moves<'_>, at: At) {
    match at {
        At::Generation { draw } => read(moves, draw),
        At::Put { born, draw } => put(moves, born, draw),
        At::Look { handle } => {
            let declared = moves.state.table.declared;
            moves.push(Fate::Answered, |turn| {
                if declared {
                    turn.answer(Answer::Created(handle));
                } else {
                    turn.go(Process::Create(At::Undo { handle }));
                }
                What::ReadTenant(declared)
            });
        }
        At::Undo { handle } => {
            let remove = Write::Remove { handle };
            moves.write(remove, Process::Create(at), |turn, written| {
                turn.answer(Answer::NoTenant);
                What::wrote(remove, written)
            });
        }
    }
}

fn read(moves: &mut Moves<'_>, draw: u8) {
    let mutant = moves.system.mutant;
    let copy = moves.system.configuration.copy(FIRST + draw);
    for generation in moves.state.generations(copy, mutant == Mutant::CreateReadsThePast) {
        moves.push(Fate::Answered, |turn| {
            // Where generations are times, a session is born now, and in no other's millisecond.
            let now = turn.clock() + 1;
            let born = if mutant == Mutant::WallClockCutoff { now } else { generation };
            turn.go(Process::Create(At::Put { born, draw }));
            What::ReadGeneration(generation)
        });
    }
}

fn put(moves: &mut Moves<'_>, born: Generation, draw: u8) {
    let handle = FIRST + draw;
    let put = Write::Put { handle, row: Row::new(born) };
    moves.push(Fate::Answered, |turn| {
        let written = turn.write(put);
        let looks_again = turn.system.configuration.place == Place::Tenant
            && turn.system.mutant != Mutant::TenantNotLookedForAgain;
        match written {
            Written::Done(_) if looks_again => turn.go(Process::Create(At::Look { handle })),
            Written::Done(_) => turn.answer(Answer::Created(handle)),
            // HandleTaken: only a repeated put can meet its own row.
            Written::Refused(_) => again(turn, draw),
        }
        What::wrote(put, written)
    });
    // The answer is lost. The put is never repeated (`insert_new` switches the SDK's retries off):
    // another name is drawn, and the row that may be there stays behind.
    moves.push(Fate::Lost, |turn| {
        let written = turn.write(put);
        if turn.system.mutant == Mutant::PutRepeated {
            turn.go(Process::Create(At::Put { born, draw }));
        } else {
            again(turn, draw);
        }
        What::wrote(put, written)
    });
    moves.push(Fate::Failed, |turn| {
        again(turn, draw);
        What::Write(put)
    });
    if moves.may_be_late() {
        moves.push(Fate::Late, |turn| {
            turn.state.late = Some(Late { write: put, by: turn.me });
            again(turn, draw);
            What::Write(put)
        });
    }
}

fn again(turn: &mut Turn<'_>, draw: u8) {
    if draw + 1 < DRAWS {
        turn.go(Process::Create(At::Generation { draw: draw + 1 }));
    } else {
        turn.give_up();
    }
}
