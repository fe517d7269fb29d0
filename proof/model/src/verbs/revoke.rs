//! `session/store/revoke_user.rs`: the raise is the moment of effect; the sweep follows. With a
//! session to be kept, the raise and the lifting of that session are one transaction, on condition
//! of exactly what was seen.

use super::sweep;
use crate::configuration::Role;
use crate::moves::{Fate, Moves, Turn, What};
use crate::mutant::Mutant;
use crate::state::{Answer, Late, Process};
use crate::table::{Generation, Handle, Last, Row, Write, Written, judge};

const STEP: Write = Write::Step { copy: 0 };

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum At {
    /// About to read the row of the session to be kept. With what the look before found.
    Find { last: Option<Last> },
    /// About to read the generation.
    Generation { row: Row, last: Option<Last> },
    /// About to raise and lift in one transaction.
    Keep { seen: Generation, born: Generation, next: Generation, last: Option<Last> },
    /// The transaction took effect and its answer was lost.
    Kept { next: Generation },
    /// About to read the generation to be raised. Only a mutant does that.
    Look,
    /// About to raise to our clock.
    Raise { to: Generation },
    /// About to add one.
    Step { attempt: u8 },
    /// About to lift the session by a write of its own. Only a mutant does that.
    Lift { to: Generation },
    /// Sweeping what is behind this generation.
    Sweep { below: Generation },
}

impl Process {
    /// Whether it is a revocation that has begun and may still raise the generation.
    pub(crate) const fn may_still_raise(&self) -> bool {
        match self {
            Self::Revoke(at) => !matches!(at, At::Sweep { .. }),
            Self::EndTenant(_) => true,
            _ => false,
        }
    }
}

pub(crate) fn begin(moves: &mut Moves<'_>) {
    let clock = moves.state.clocks[usize::from(moves.me)];
    let at = match moves.system.configuration.role(moves.me) {
        _ if moves.system.mutant == Mutant::GenerationsOff => swept_from(0),
        Role::RevokeOthers(_) => At::Find { last: None },
        _ if moves.system.mutant == Mutant::RaiseOvertaken => At::Look,
        _ if moves.system.mutant == Mutant::GenerationsCounted => At::Raise { to: 1 },
        // `Generation::default().next(now)`
        _ => At::Raise { to: clock.max(1) },
    };
    step(moves, at);
}

pub(crate) fn step(moves: &mut Moves<'_>, at: At) {
    let kept = match moves.system.configuration.role(moves.me) {
        Role::RevokeOthers(kept) => Some(kept),
        _ => None,
    };
    match (at, kept) {
        (At::Find { last }, Some(kept)) => {
            let row = moves.state.table.row(kept);
            moves.push(Fate::Answered, |turn| {
                match row {
                    None => turn.answer(Answer::NoSessionToKeep(kept)),
                    Some(row) => turn.go(Process::Revoke(At::Generation { row, last })),
                }
                What::ReadRow(kept, row)
            });
        }
        (At::Generation { row, last }, Some(kept)) => found(moves, kept, row, last),
        (At::Keep { seen, born, next, last }, Some(kept)) => {
            keep(moves, Write::RaiseKeeping { seen, next, kept, born }, next, last);
        }
        (At::Kept { next }, Some(_)) => {
            // The SDK gives a transaction one `ClientRequestToken` for all its attempts: the
            // repeated call is answered with success, and does nothing.
            moves.push(Fate::Answered, |turn| {
                turn.go(Process::Revoke(swept_from(next)));
                What::Repeated
            });
        }
        (At::Lift { to }, Some(kept)) => {
            let lift = Write::Lift { kept, to };
            moves.write(lift, Process::Revoke(at), |turn, written| {
                turn.go(Process::Revoke(swept_from(to)));
                What::wrote(lift, written)
            });
        }
        (At::Look, _) => {
            let seen = moves.state.table.generations[0];
            moves.push(Fate::Answered, |turn| {
                turn.go(Process::Revoke(At::Raise { to: turn.clock().max(seen + 1) }));
                What::ReadGeneration(seen)
            });
        }
        (At::Raise { to }, _) => raise(moves, to),
        (At::Step { attempt }, _) => add_one(moves, attempt),
        (At::Sweep { below }, _) => sweep::step(moves, below, kept, Process::Revoke(at)),
        // What is not about a kept session was above.
        (_, None) => {}
    }
}

fn swept_from(generation: Generation) -> At {
    At::Sweep { below: generation }
}

/// `find_kept`, and what `raise_keeping` makes of it.
fn found(moves: &mut Moves<'_>, kept: Handle, row: Row, last: Option<Last>) {
    let (seen, mutant) = (moves.state.table.generations[0], moves.system.mutant);
    moves.push(Fate::Answered, |turn| {
        let clock = turn.clock();
        match judge(Some(row), seen, mutant) {
            Ok(_) if matches!(mutant, Mutant::LiftApart | Mutant::WallClockCutoff) => {
                turn.go(Process::Revoke(At::Raise { to: clock.max(1) }));
            }
            // `scope.of(seen).next(now)`
            Ok(Row { born, .. }) => {
                let next = clock.max(seen + 1);
                turn.go(Process::Revoke(At::Keep { seen, born, next, last }));
            }
            Err(why) => {
                let now = Last { generation: seen, why };
                if mutant == Mutant::OneLookToKeep || Last::proves(last, now, mutant) {
                    turn.answer(Answer::NoSessionToKeep(kept));
                } else {
                    turn.go(Process::Revoke(At::Find { last: Some(now) }));
                }
            }
        }
        What::ReadGeneration(seen)
    });
}

fn keep(moves: &mut Moves<'_>, write: Write, next: Generation, last: Option<Last>) {
    moves.push(Fate::Answered, |turn| {
        let written = turn.write(write);
        turn.go(Process::Revoke(match written {
            Written::Done(_) => swept_from(next),
            // `Kept::Stale`: what was seen has changed meanwhile.
            Written::Refused(_) => At::Find { last },
        }));
        What::wrote(write, written)
    });
    moves.lost(write, Process::Revoke(At::Kept { next }));
    if moves.may_be_late() {
        // All attempts are given up. (A repeated one would only wait for this one.)
        moves.push(Fate::Late, |turn| {
            turn.state.late = Some(Late { write, by: turn.me });
            turn.give_up();
            What::Write(write)
        });
    }
}

/// `raise`: the generation becomes our clock if that is ahead; otherwise `step`.
fn raise(moves: &mut Moves<'_>, to: Generation) {
    let write = Write::Raise { copy: 0, to };
    moves.write(write, Process::Revoke(At::Raise { to }), |turn, written| {
        let raised = matches!(written, Written::Done(_));
        let no_step = matches!(
            turn.system.mutant,
            Mutant::RaiseWithoutStep | Mutant::RaiseOvertaken | Mutant::WallClockCutoff
        );
        if raised || no_step {
            raised_to(turn, to);
        } else {
            turn.go(Process::Revoke(At::Step { attempt: 1 }));
        }
        What::wrote(write, written)
    });
}

fn add_one(moves: &mut Moves<'_>, attempt: u8) {
    moves.push(Fate::Answered, |turn| {
        let written = turn.write(STEP);
        // `ReturnValue::UpdatedNew`
        raised_to(turn, turn.state.table.generations[0]);
        What::wrote(STEP, written)
    });
    // Not idempotent: an attempt without an answer may have added one already. That ends more,
    // never fewer.
    if attempt < moves.system.configuration.attempts {
        let stay = Process::Revoke(At::Step { attempt: attempt + 1 });
        moves.lost(STEP, stay);
        moves.late(STEP, stay);
    }
}

fn raised_to(turn: &mut Turn<'_>, generation: Generation) {
    let lifts = turn.system.mutant == Mutant::LiftApart;
    let role = turn.system.configuration.role(turn.me);
    turn.go(Process::Revoke(match role {
        Role::RevokeOthers(_) if lifts => At::Lift { to: generation },
        _ => swept_from(generation),
    }));
}
