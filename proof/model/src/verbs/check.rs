//! `session/issue/verify.rs`: the strict check. One strongly consistent batch of the session and
//! the item that holds its generation, each read at its own moment, in either order; and again,
//! until two looks in a row find the same generation and the session behind both times, or ahead
//! both times.
//!
//! `LOOKS` is not modelled: as few calls as a configuration has raise too seldom to reach it. A key
//! that comes back unprocessed is asked for again: the same as having read it later.

use crate::moves::{Fate, Moves, Turn, What};
use crate::mutant::Mutant;
use crate::state::{Answer, Process};
use crate::table::{COPIES, Ended, Generation, Handle, Last, Row, Token, judge};

/// Where it stands: what it has read of this look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct At {
    /// Which session is checked.
    pub(crate) handle: Handle,
    /// The refresh token with which the access token was issued.
    pub(crate) token: Token,
    /// The session's row.
    pub(crate) row: Seen,
    /// The generation.
    pub(crate) generation: Option<Generation>,
    /// What the look before found.
    pub(crate) last: Option<Last>,
}

/// What is known of the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Seen {
    /// It was not read.
    NotYet,
    /// It was read, and there was this.
    Was(Option<Row>),
}

pub(crate) fn begin(moves: &mut Moves<'_>) {
    let history = &moves.state.history;
    for handle in history.opened.iter() {
        for token in history.given.iter().filter(|token| handle == 0 || *token == 0) {
            moves.about = Some(handle);
            let at = At { handle, token, row: Seen::NotYet, generation: None, last: None };
            look(moves, at);
        }
    }
}

pub(crate) fn look(moves: &mut Moves<'_>, at: At) {
    let mutant = moves.system.mutant;
    let stale = mutant == Mutant::CheckReadsThePast;
    let ignored = mutant == Mutant::UnprocessedIgnored;
    if at.row == Seen::NotYet {
        for row in moves.state.rows(at.handle, stale).chain(ignored.then_some(None)) {
            moves.push(Fate::Answered, |turn| {
                conclude(turn, At { row: Seen::Was(row), ..at });
                What::ReadRow(at.handle, row)
            });
        }
    }
    if at.generation.is_none() {
        let own = moves.system.configuration.copy(at.handle);
        let copy = if mutant == Mutant::AnotherCopyChecked { COPIES - 1 - own } else { own };
        for generation in moves.state.generations(copy, stale).chain(ignored.then_some(0)) {
            moves.push(Fate::Answered, |turn| {
                conclude(turn, At { generation: Some(generation), ..at });
                What::ReadGeneration(generation)
            });
        }
    }
}

/// `judge` and `refusal`, once both items are read.
fn conclude(turn: &mut Turn<'_>, at: At) {
    let (Seen::Was(row), Some(generation)) = (at.row, at.generation) else {
        return turn.go(Process::Check(at));
    };
    if row.is_some_and(|row| !row.whole) {
        // `Corrupt`: we could not find out.
        return turn.give_up();
    }
    let mutant = turn.system.mutant;
    match judge(row, generation, mutant) {
        // Items of one batch are read one by one.
        Err(why) => {
            let now = Last { generation, why };
            let one_look = why == Ended::Revoked && mutant == Mutant::OneLookToCheck;
            if one_look || Last::proves(at.last, now, mutant) {
                turn.answer(Answer::Refused(at.handle, why));
            } else {
                let again = At { row: Seen::NotYet, generation: None, last: Some(now), ..at };
                turn.go(Process::Check(again));
            }
        }
        // `Lineage::covers`.
        Ok(row) if row.current == at.token || row.previous == Some(at.token) => {
            turn.answer(Answer::Allowed(at.handle));
        }
        Ok(_) => turn.answer(Answer::Superseded(at.handle)),
    }
}
