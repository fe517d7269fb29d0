//! `session/supertokens/app_changes.rs`, `remove_tenant`: the tenant is taken out of the app's
//! record, and then each copy of its generation is raised, all at once. It is answered when all are
//! raised.

use crate::moves::{Fate, Moves, Turn, What};
use crate::mutant::Mutant;
use crate::set::Set;
use crate::state::{Answer, Process};
use crate::table::{Copy, Write, Written};

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct At {
    /// Whether the tenant is out of the record.
    gone: bool,
    /// The copies that are raised.
    raised: Set,
    /// The copies that are not lower than our clock, to which one is to be added.
    stepped: Set,
    /// How often one was added without an answer.
    attempt: u8,
}

pub(crate) fn begin(moves: &mut Moves<'_>) {
    step(moves, At { gone: false, raised: Set::EMPTY, stepped: Set::EMPTY, attempt: 1 });
}

pub(crate) fn step(moves: &mut Moves<'_>, at: At) {
    let mutant = moves.system.mutant;
    let mut copies = moves.system.configuration.copies();
    if mutant == Mutant::CopyLeftOut {
        copies.end -= 1;
    }
    let left: Vec<Copy> = copies.filter(|copy| !at.raised.has(*copy)).collect();
    let raises = at.gone || (mutant == Mutant::TenantGoneLast && !left.is_empty());
    if !raises {
        return undeclare(moves, at, left.is_empty());
    }
    for copy in &left {
        raise(moves, at, *copy, left.len() == 1);
    }
}

fn undeclare(moves: &mut Moves<'_>, at: At, is_last: bool) {
    moves.write(Write::Undeclare, Process::EndTenant(at), |turn, written| {
        // Another call took it out, or nobody had made it: its sessions end all the same.
        go_on(turn, At { gone: true, ..at }, is_last);
        What::wrote(Write::Undeclare, written)
    });
}

fn raise(moves: &mut Moves<'_>, at: At, copy: Copy, is_last: bool) {
    let done = At { raised: with(at.raised, copy), stepped: at.stepped.without(copy), ..at };
    let is_last = is_last && (at.gone || moves.system.mutant != Mutant::TenantGoneLast);
    if at.stepped.has(copy) {
        let step = Write::Step { copy };
        moves.push(Fate::Answered, |turn| {
            let written = turn.write(step);
            go_on(turn, done, is_last);
            What::wrote(step, written)
        });
        if at.attempt < moves.system.configuration.attempts {
            let stay = Process::EndTenant(At { attempt: at.attempt + 1, ..at });
            moves.lost(step, stay);
        }
        return;
    }
    let clock = moves.state.clocks[usize::from(moves.me)];
    let write = Write::Raise { copy, to: clock.max(1) };
    moves.write(write, Process::EndTenant(at), |turn, written| {
        match written {
            Written::Done(_) => go_on(turn, done, is_last),
            Written::Refused(_) => {
                let stepped = with(at.stepped, copy);
                turn.go(Process::EndTenant(At { stepped, ..at }));
            }
        }
        What::wrote(write, written)
    });
}

fn go_on(turn: &mut Turn<'_>, at: At, is_last: bool) {
    if is_last {
        turn.answer(Answer::TenantRemoved);
    } else {
        turn.go(Process::EndTenant(at));
    }
}

const fn with(mut set: Set, copy: Copy) -> Set {
    set.insert(copy);
    set
}
