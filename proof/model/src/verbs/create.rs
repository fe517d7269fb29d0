//! `session/create.rs`: the generation, read strongly, then the row, put once under each name.

use crate::moves::{Fate, Moves, Turn, What};
use crate::mutant::Mutant;
use crate::set::Set;
use crate::state::{Answer, Late, Process};
use crate::table::{Generation, Row, Write, Written};

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
    /// About to write a row.
    Put { born: Generation, draw: u8 },
}

pub(crate) fn begin(moves: &mut Moves<'_>) {
    let mutant = moves.system.mutant;
    for generation in moves.state.generations(mutant == Mutant::CreateReadsThePast) {
        moves.push(Fate::Answered, |turn| {
            // Where generations are times, a session is born now, and in no other's millisecond.
            let now = turn.clock() + 1;
            let born = if mutant == Mutant::WallClockCutoff { now } else { generation };
            turn.go(Process::Create(At::Put { born, draw: 0 }));
            What::ReadGeneration(generation)
        });
    }
}

pub(crate) fn moves(moves: &mut Moves<'_>, At::Put { born, draw }: At) {
    let handle = FIRST + draw;
    let put = Write::Put { handle, row: Row::new(born) };
    moves.push(Fate::Answered, |turn| {
        let written = turn.write(put);
        match written {
            Written::Done(_) => turn.answer(Answer::Created(handle)),
            // HandleTaken: only a repeated put can meet its own row.
            Written::Refused(_) => again(turn, born, draw),
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
            again(turn, born, draw);
        }
        What::wrote(put, written)
    });
    moves.push(Fate::Failed, |turn| {
        again(turn, born, draw);
        What::Write(put)
    });
    if moves.may_be_late() {
        moves.push(Fate::Late, |turn| {
            turn.state.late = Some(Late { write: put, by: turn.me });
            again(turn, born, draw);
            What::Write(put)
        });
    }
}

fn again(turn: &mut Turn<'_>, born: Generation, draw: u8) {
    if draw + 1 < DRAWS {
        turn.go(Process::Create(At::Put { born, draw: draw + 1 }));
    } else {
        turn.give_up();
    }
}
