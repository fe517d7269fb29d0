//! `session/issue/refresh.rs` with `session/store/find.rs`: the row, then the generation, each read
//! strongly; then a conditional exchange, or the same successor again, or the end of a session
//! whose token was stolen.
//!
//! Whether the previous token is still within its grace window is left open: either can be the
//! case, whatever the clocks say. `ROUNDS` and `LOOKS` are not modelled: so few others exchange and
//! raise that neither is reached.

use crate::configuration::Presents;
use crate::moves::{Fate, Moves, Turn, What};
use crate::mutant::Mutant;
use crate::state::{Answer, Process, State};
use crate::table::{Ended, Generation, Last, Row, Token, Write, Written, judge};

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum At {
    /// About to read the row. With what the look before found, if it looks again.
    Row { last: Option<Last> },
    /// About to read the generation.
    Generation { row: Row, last: Option<Last> },
    /// About to exchange. `too_late`: an attempt without an answer took effect after the end of the
    /// session's time.
    Rotate { seen: Token, too_late: bool },
    /// About to end the session: for theft, or because the exchange came too late.
    Remove { theft: bool },
}

/// The refresh token that `presents` names, if the client has it by now.
pub(crate) fn presented(state: &State, presents: Presents) -> Option<Token> {
    match presents {
        Presents::First => Some(0),
        Presents::GivenTo(process) => match state.processes[usize::from(process)] {
            Process::Refreshed { got, .. } => Some(got),
            _ => None,
        },
    }
}

pub(crate) fn begin(moves: &mut Moves<'_>, token: Token) {
    moves.about = Some(0);
    let superseded = moves.state.table.row(0).is_some_and(|row| {
        moves.state.history.current.has(token)
            && row.current != token
            && row.previous != Some(token)
    });
    moves.superseded = superseded;
    look(moves, token, At::Row { last: None });
}

pub(crate) fn look(moves: &mut Moves<'_>, token: Token, at: At) {
    let stale = moves.system.mutant == Mutant::RefreshReadsThePast;
    match at {
        At::Row { last } => {
            for row in moves.state.rows(0, stale) {
                moves.push(Fate::Answered, |turn| {
                    match row {
                        None => turn.answer(Answer::RefreshRefused(Ended::Missing)),
                        // `Corrupt`.
                        Some(row) if !row.whole => turn.give_up(),
                        Some(row) => turn.go(Process::Refresh(At::Generation { row, last })),
                    }
                    What::ReadRow(0, row)
                });
            }
        }
        At::Generation { row, last } => {
            let copy = moves.system.configuration.copy(0);
            for generation in moves.state.generations(copy, stale) {
                judged(moves, token, row, generation, last);
            }
        }
        At::Rotate { seen, too_late } => rotate(moves, token, seen, too_late),
        At::Remove { theft } => remove(moves, theft),
    }
}

/// `find_judged`, and then what the token's place in the lineage asks for.
fn judged(
    moves: &mut Moves<'_>,
    token: Token,
    row: Row,
    generation: Generation,
    last: Option<Last>,
) {
    let mutant = moves.system.mutant;
    let mut then = |act: &dyn Fn(&mut Turn<'_>)| {
        moves.push(Fate::Answered, |turn| {
            act(turn);
            What::ReadGeneration(generation)
        });
    };
    let rotate = At::Rotate { seen: row.current, too_late: false };
    let same_again = Answer::Refreshed { presented: token, got: row.current };
    match judge(Some(row), generation, mutant) {
        Err(why) => {
            let now = Last { generation, why };
            let one_look = why == Ended::Revoked && mutant == Mutant::OneLookToRefresh;
            if one_look || Last::proves(last, now, mutant) {
                then(&|turn| turn.answer(Answer::RefreshRefused(why)));
            } else {
                then(&|turn| turn.go(Process::Refresh(At::Row { last: Some(now) })));
            }
        }
        Ok(_) if row.current == token => then(&|turn| turn.go(Process::Refresh(rotate))),
        Ok(_) if row.previous == Some(token) => {
            // Within the grace window: `token.successor(salt)` is the current token.
            then(&|turn| match mutant {
                Mutant::SuccessorDrawn => turn.go(Process::Refresh(rotate)),
                _ => turn.answer(same_again),
            });
            // And after it.
            then(&end_stolen);
        }
        Ok(_) if mutant == Mutant::ReplayAccepted => then(&|turn| turn.answer(same_again)),
        Ok(_) => then(&end_stolen),
    }
}

fn end_stolen(turn: &mut Turn<'_>) {
    if turn.system.mutant == Mutant::TheftLeavesSession {
        turn.answer(Answer::Stolen);
    } else {
        turn.state.history.excused.insert(0);
        turn.go(Process::Refresh(At::Remove { theft: true }));
    }
}

/// `exchange`. What it writes is derived from the presented token and a new salt, so the successor
/// is this process' own.
fn rotate(moves: &mut Moves<'_>, token: Token, seen: Token, too_late: bool) {
    let next = 1 + moves.me;
    let write = Write::Rotate { handle: 0, seen, presented: token, next };
    // The session's time was over before the exchange took effect (`clock.now() >= ends`).
    let over = moves.state.table.row(0).is_some_and(|row| row.over);
    let late_answer = moves.system.configuration.time_ends;
    for (slow, fate) in [(false, Fate::Answered), (true, Fate::Slow)] {
        if slow && !late_answer {
            continue;
        }
        moves.push(fate, |turn| {
            let written = turn.write(write);
            let (done, ours) = match written {
                Written::Done(_) => (true, true),
                // Our own write, of an attempt without an answer: only we have derived this token.
                Written::Refused(Some(met)) => {
                    (false, met.current == next || met.previous == Some(next))
                }
                Written::Refused(None) => (false, false),
            };
            if ours && (slow || too_late || (done && over)) {
                turn.state.history.excused.insert(0);
                turn.go(Process::Refresh(At::Remove { theft: false }));
            } else if ours {
                turn.answer(Answer::Refreshed { presented: token, got: next });
            } else {
                turn.go(Process::Refresh(At::Row { last: None }));
            }
            What::wrote(write, written)
        });
    }
    moves.lost(write, Process::Refresh(At::Rotate { seen, too_late: too_late || over }));
    moves.late(write, Process::Refresh(At::Rotate { seen, too_late }));
}

fn remove(moves: &mut Moves<'_>, theft: bool) {
    let write = Write::Remove { handle: 0 };
    moves.write(write, Process::Refresh(At::Remove { theft }), |turn, written| {
        if theft {
            turn.answer(Answer::Stolen);
        } else {
            turn.go(Process::Refresh(At::Row { last: None }));
        }
        What::wrote(write, written)
    });
}
