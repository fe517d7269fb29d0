//! What can happen next: which table call a process makes, and what becomes of it.

use crate::history::{Fact, Note};
use crate::state::{Answer, Late, Process, State};
use crate::system::System;
use crate::table::{Copy, Generation, Handle, Row, Write, Written};

/// One atomic step, together with what comes of it. The checker asks for the steps first and for
/// what follows second; to carry it along is to work it out once.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Move {
    /// Who does it.
    pub(crate) who: Who,
    /// What is done.
    pub(crate) what: What,
    /// What becomes of it.
    pub(crate) fate: Fate,
    /// What a caller is told by it.
    pub(crate) answer: Option<Answer>,
    /// The state after it.
    pub(crate) next: State,
}

/// Who does a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// The process in this place.
    Process(u8),
    /// The time.
    Time,
    /// DynamoDB's deletion of what is over.
    TimeToLive,
    /// An operator, or a mishap.
    Operator,
    /// The network, which still had a write.
    Network,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A session's row is read.
    ReadRow(Handle, Option<Row>),
    /// The generation is read.
    ReadGeneration(Generation),
    /// The app's record is read: is the tenant there?
    ReadTenant(bool),
    /// The index is asked, and shows no session more.
    NothingMoreShown,
    /// Something is written, and this is what the table said.
    Wrote { write: Write, done: bool },
    /// Something is to be written.
    Write(Write),
    /// A transaction that took effect is sent once more, under the same name.
    Repeated,
    /// A session's time comes to its end.
    TimeEnds(Handle),
    /// A row is deleted because it is over.
    Delete(Handle),
    /// A copy of the generation is lost, or restored.
    Lose { copy: Copy, to: Generation },
    /// A process ends between two calls: by a crash, by a time-out, or by an error that it passes
    /// on to its caller.
    Stop,
}

/// What becomes of a table call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It takes effect, and is answered.
    Answered,
    /// It takes effect, and is answered when the session's time is over.
    Slow,
    /// It takes effect, and the answer is lost.
    Lost,
    /// It takes no effect, and an error comes back.
    Failed,
    /// It is given up, and may take effect later.
    Late,
}

impl What {
    /// A write with its answer.
    pub(crate) const fn wrote(write: Write, written: Written) -> Self {
        Self::Wrote { write, done: matches!(written, Written::Done(_)) }
    }
}

/// The steps of one process from one state.
pub(crate) struct Moves<'a> {
    pub(crate) system: &'a System,
    pub(crate) state: &'a State,
    pub(crate) me: u8,
    /// Which session a process that begins is about.
    pub(crate) about: Option<Handle>,
    /// Whether a refresh that begins presents a token that was superseded.
    pub(crate) superseded: bool,
    pub(crate) out: &'a mut Vec<Move>,
}

impl Moves<'_> {
    /// A step in which `act` happens.
    pub(crate) fn push(&mut self, fate: Fate, act: impl FnOnce(&mut Turn<'_>) -> What) {
        let mut turn =
            Turn { system: self.system, me: self.me, state: self.state.clone(), answer: None };
        if turn.state.processes[usize::from(self.me)] == Process::Waiting {
            turn.state.begin(self.system, self.me, self.about);
            turn.state.notes[usize::from(self.me)].note(Fact::Superseded, self.superseded);
        }
        let what = act(&mut turn);
        let Turn { answer, state: next, .. } = turn;
        self.out.push(Move { who: Who::Process(self.me), what, fate, answer, next });
    }

    /// A write that the SDK repeats when its answer is lost. `stay` is where the process stands
    /// while it does.
    pub(crate) fn write(
        &mut self,
        write: Write,
        stay: Process,
        then: impl Fn(&mut Turn<'_>, Written) -> What,
    ) {
        self.push(Fate::Answered, |turn| {
            let written = turn.write(write);
            then(turn, written)
        });
        self.lost(write, stay);
        self.late(write, stay);
    }

    /// The write takes effect, its answer is lost, and the SDK makes the same call again. (A call
    /// that took no effect and is made again is one that was made later.)
    pub(crate) fn lost(&mut self, write: Write, stay: Process) {
        if self.has_effect(write) {
            self.push(Fate::Lost, |turn| {
                let written = turn.write(write);
                turn.go(stay);
                What::wrote(write, written)
            });
        }
    }

    /// The attempt is given up and still on its way, and the SDK makes the same call again.
    pub(crate) fn late(&mut self, write: Write, stay: Process) {
        if self.may_be_late() && self.has_effect(write) {
            self.push(Fate::Late, |turn| {
                turn.state.late = Some(Late { write, by: turn.me });
                turn.go(stay);
                What::Write(write)
            });
        }
    }

    /// Whether one more write may be on its way. One at a time.
    pub(crate) fn may_be_late(&self) -> bool {
        self.system.configuration.late_writes && self.state.late.is_none()
    }

    /// Whether the write would change anything now. None whose condition does not hold now could
    /// hold later: generations grow, tokens and handles do not come back.
    fn has_effect(&self, write: Write) -> bool {
        let mut table = self.state.table;
        matches!(table.apply(write, self.system.mutant), Written::Done(_))
            && table != self.state.table
    }
}

/// A step that is being made.
pub(crate) struct Turn<'a> {
    pub(crate) system: &'a System,
    pub(crate) me: u8,
    pub(crate) state: State,
    answer: Option<Answer>,
}

impl Turn<'_> {
    pub(crate) fn go(&mut self, to: Process) {
        self.state.processes[usize::from(self.me)] = to;
        if !to.may_still_raise() {
            // Nobody asks it again: what it showed makes no difference any more.
            self.state.clocks[usize::from(self.me)] = 0;
        }
    }

    pub(crate) fn write(&mut self, write: Write) -> Written {
        self.state.write(self.system, write)
    }

    pub(crate) fn answer(&mut self, answer: Answer) {
        self.state.answer(self.system, self.me, answer);
        self.answer = Some(answer);
    }

    /// The process will report this handle, if it comes to that.
    pub(crate) fn report(&mut self, handle: Handle) {
        if self.system.configuration.has_reporters() {
            self.state.history.report(handle);
        }
    }

    /// The caller gets an error, or nothing. A checking client begins anew.
    pub(crate) fn give_up(&mut self) {
        let checks = matches!(
            self.state.processes[usize::from(self.me)],
            Process::Check(_) | Process::Waiting
        );
        self.go(if checks { Process::Waiting } else { Process::Over });
        self.state.notes[usize::from(self.me)] = Note::default();
    }

    pub(crate) fn clock(&self) -> Generation {
        self.state.clocks[usize::from(self.me)]
    }
}
