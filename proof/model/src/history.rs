//! What was said and done so far, as far as a promise asks for it, and the judgement of each answer
//! by it. None of it is known to the protocol.
//!
//! A call begins with its first table call and answers with its last one. A caller that begins
//! earlier or hears later is owed less, so nothing is lost by that.

use crate::configuration::Role;
use crate::promise::{Broken, Promise};
use crate::set::Set;
use crate::state::{Answer, Process, State};
use crate::system::System;
use crate::table::{Copy, Ended, Generation, HANDLES, Handle, Table, Write, judge};
use crate::verbs::create;

/// What the world has seen. The sets are of handles where nothing else is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct History {
    /// Their opening has begun.
    pub(crate) begun: Set,
    /// Their opening was answered: somebody has their tokens.
    pub(crate) opened: Set,
    /// Their row was there once.
    pub(crate) written: Set,
    /// A call that ends them was answered with success.
    pub(crate) revoked: Set,
    /// A check or a refresh was answered that they have ended.
    pub(crate) found_ended: Set,
    /// A call that may end them has begun: they may be refused.
    pub(crate) excused: Set,
    /// They were reported revoked.
    pub(crate) reported: Set,
    /// Their time is over, and nobody has renewed it.
    pub(crate) timed_out: Set,
    /// A check was answered that their time is over.
    pub(crate) found_timed_out: Set,
    /// The refresh tokens of session 0 that were current at some time.
    pub(crate) current: Set,
    /// The refresh tokens of session 0 that somebody was given.
    pub(crate) given: Set,
    /// The removal of the tenant was answered.
    pub(crate) tenant_removed: bool,
    /// The processes that have answered success, while late writes are possible.
    pub(crate) succeeded: Set,
    /// The promises that were broken.
    pub(crate) broken: Broken,
}

/// What a process notes when it begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Note {
    /// The sessions that a revocation must end.
    pub(crate) covers: Set,
    /// What is the case.
    facts: Set,
}

/// What may be the case when a check or a refresh of a session begins.
#[derive(Clone, Copy)]
pub(crate) enum Fact {
    /// The session was revoked.
    Revoked,
    /// It was found ended.
    FoundEnded,
    /// Its time is over.
    TimedOut,
    /// It was refused because of that.
    FoundTimedOut,
    /// The presented refresh token was superseded.
    Superseded,
    /// The session's tenant was removed.
    TenantRemoved,
    /// The generation was lost since then: what was read before and after does not go together.
    Overtaken,
}

impl Note {
    pub(crate) const fn note(&mut self, fact: Fact, is_case: bool) {
        if is_case {
            self.facts.insert(fact as u8);
        }
    }

    /// The generation was lost while the process was under way.
    const fn overtake(&mut self) {
        self.facts = Set::EMPTY;
        self.note(Fact::Overtaken, true);
    }

    const fn has(self, fact: Fact) -> bool {
        self.facts.has(fact as u8)
    }
}

impl History {
    /// Before anything happened.
    pub(crate) fn new(open: Set) -> Self {
        Self {
            begun: open,
            opened: open,
            written: open,
            revoked: Set::default(),
            found_ended: Set::default(),
            excused: Set::default(),
            reported: Set::default(),
            timed_out: Set::default(),
            found_timed_out: Set::default(),
            current: Set::of(&[0]),
            given: Set::of(&[0]),
            tenant_removed: false,
            succeeded: Set::default(),
            broken: Broken::default(),
        }
    }

    /// Notes what a write did.
    pub(crate) fn wrote(&mut self, write: Write, before: &Table, after: &Table) {
        for handle in 0..HANDLES {
            match (before.row(handle), after.row(handle)) {
                (None, Some(_)) => {
                    // A row is written once. One that was there and is not was removed.
                    self.break_if(self.written.has(handle), Promise::EndedStaysEnded);
                    self.written.insert(handle);
                }
                (Some(_), None) => self.timed_out.remove(handle),
                (None, None) | (Some(_), Some(_)) => {}
            }
        }
        if let Write::Rotate { handle, next, .. } = write {
            self.current.insert(next);
            self.timed_out.remove(handle);
        }
    }

    /// A call has removed the row of this handle, and will report it unless it fails before.
    pub(crate) fn report(&mut self, handle: Handle) {
        self.break_if(self.reported.has(handle), Promise::ReportedOnce);
        self.reported.insert(handle);
    }

    /// A call that ends these was answered with success. From here on they are refused for that,
    /// found ended before or not.
    fn revoke(&mut self, handles: Set) {
        self.revoked.add(handles);
        handles.iter().for_each(|handle| self.found_ended.remove(handle));
    }

    pub(crate) const fn break_if(&mut self, condition: bool, promise: Promise) {
        if condition {
            self.broken.note(promise);
        }
    }
}

impl State {
    /// The process begins, about this session if it is about one.
    pub(crate) fn begin(&mut self, system: &System, me: u8, about: Option<Handle>) {
        let role = system.configuration.role(me);
        let history = &mut self.history;
        match role {
            Role::Create => {
                history.begun.add(create::DRAWN);
                if self.processes.iter().any(Process::may_still_raise) {
                    history.excused.add(create::DRAWN);
                }
            }
            Role::RevokeUser | Role::EndTenant => {
                self.notes[usize::from(me)].covers = history.written;
                history.excused.add(history.begun);
            }
            Role::RevokeOthers(kept) => {
                self.notes[usize::from(me)].covers = history.written.without(kept);
                history.excused.add(history.begun.without(kept));
            }
            Role::Logout(handle) | Role::RevokeHandle(handle) => history.excused.insert(handle),
            Role::Refresh(_) | Role::Check => {}
        }
        if let Some(handle) = about {
            let note = &mut self.notes[usize::from(me)];
            note.note(Fact::Revoked, history.revoked.has(handle));
            note.note(Fact::FoundEnded, history.found_ended.has(handle));
            note.note(Fact::TimedOut, history.timed_out.has(handle));
            note.note(Fact::FoundTimedOut, history.found_timed_out.has(handle));
            note.note(Fact::TenantRemoved, history.tenant_removed);
        }
    }

    /// The process answers, and is over; a checking client begins anew.
    pub(crate) fn answer(&mut self, system: &System, me: u8, answer: Answer) {
        let note = std::mem::take(&mut self.notes[usize::from(me)]);
        self.processes[usize::from(me)] = match answer {
            Answer::Refreshed { presented, got } => Process::Refreshed { presented, got },
            Answer::Stolen => Process::Stolen,
            Answer::Allowed(_) | Answer::Refused(..) | Answer::Superseded(_) => Process::Waiting,
            _ => Process::Over,
        };
        if system.configuration.late_writes {
            self.history.succeeded.insert(me);
        }
        match answer {
            Answer::Created(handle) => {
                let written = self.history.written.has(handle);
                self.history.break_if(!written, Promise::SuccessHasEffect);
                self.history.opened.insert(handle);
            }
            Answer::Refreshed { presented, got } => {
                self.passed(note, 0);
                self.succeeded(note, me, presented, got);
            }
            Answer::RefreshRefused(why) => self.refused(note, 0, why),
            Answer::Allowed(handle) => self.passed(note, handle),
            Answer::Refused(handle, why) => self.refused(note, handle, why),
            Answer::Superseded(_) | Answer::NoTenant => {}
            Answer::Stolen => {
                let lives = self.table.row(0).is_some();
                self.history.break_if(lives, Promise::TheftEnds);
                self.history.revoke(Set::of(&[0]));
            }
            Answer::LoggedOut(handle) => self.removed(handle, false),
            Answer::HandleRevoked { handle, reported } => self.removed(handle, reported),
            Answer::UserRevoked => self.revoked_all(system, note),
            Answer::TenantRemoved => {
                self.revoked_all(system, note);
                self.history.tenant_removed = true;
            }
            Answer::NoSessionToKeep(kept) => {
                let excused = self.history.excused.has(kept);
                self.history.break_if(!excused, Promise::OthersAreSpared);
            }
        }
    }

    /// A check or a refresh of a session succeeds.
    fn passed(&mut self, note: Note, handle: Handle) {
        let history = &mut self.history;
        history.break_if(note.has(Fact::Revoked), Promise::RevokedIsRefused);
        history.break_if(note.has(Fact::FoundEnded), Promise::EndedStaysEnded);
        let still_over = note.has(Fact::TimedOut) && history.timed_out.has(handle);
        history.break_if(still_over, Promise::TimeOverIsRefused);
        history.break_if(note.has(Fact::FoundTimedOut), Promise::TimeOverStaysOver);
        history.break_if(note.has(Fact::TenantRemoved), Promise::RemovedTenantIsEmpty);
    }

    /// A check or a refresh is told that the session has ended.
    fn refused(&mut self, note: Note, handle: Handle, why: Ended) {
        let history = &mut self.history;
        history.break_if(!history.excused.has(handle), Promise::OthersAreSpared);
        match why {
            Ended::Expired => history.found_timed_out.insert(handle),
            // Who finds a revoked session later, is refused for that.
            _ if history.revoked.has(handle) || note.has(Fact::Overtaken) => {}
            Ended::Missing | Ended::Revoked | Ended::Ahead => history.found_ended.insert(handle),
        }
    }

    fn succeeded(&mut self, note: Note, me: u8, presented: u8, got: u8) {
        let another = (0..).zip(self.processes).any(|(other, process)| match process {
            Process::Refreshed { presented: by, got: gave } => {
                other != me && by == presented && gave != got
            }
            _ => false,
        });
        let history = &mut self.history;
        history.break_if(another, Promise::OneSuccessor);
        history.break_if(note.has(Fact::Superseded), Promise::TheftEnds);
        history.break_if(!history.current.has(got), Promise::SuccessHasEffect);
        history.given.insert(got);
    }

    fn removed(&mut self, handle: Handle, reported: bool) {
        let lives = self.table.row(handle).is_some();
        self.history.break_if(lives, Promise::SuccessHasEffect);
        self.history.revoke(Set::of(&[handle]));
        if reported {
            self.history.report(handle);
        }
    }

    fn revoked_all(&mut self, system: &System, note: Note) {
        let Table { generations, .. } = self.table;
        let present = |handle| generations[usize::from(system.configuration.copy(handle))];
        let lives = |handle| judge(self.table.row(handle), present(handle), system.mutant).is_ok();
        let without_effect = note.covers.iter().any(lives);
        self.history.break_if(without_effect, Promise::SuccessHasEffect);
        self.history.revoke(note.covers);
    }

    /// A copy of the generation became what it once was. It ends the sessions of another generation.
    /// Of those that it revives nothing is promised any more: a revocation that is lost is lost.
    /// Nothing is promised of calls that are under way.
    pub(crate) fn lost(&mut self, system: &System, copy: Copy, to: Generation) {
        for (process, note) in self.processes.iter().zip(&mut self.notes) {
            if !matches!(process, Process::Absent | Process::Waiting) {
                note.overtake();
            }
        }
        self.history.tenant_removed = false;
        let judged = (0..HANDLES).filter(|handle| system.configuration.copy(*handle) == copy);
        for handle in judged {
            self.history.excused.insert(handle);
            match self.table.row(handle) {
                Some(row) if row.born == to => {
                    self.history.revoked.remove(handle);
                    self.history.found_ended.remove(handle);
                    self.notes.iter_mut().for_each(|note| note.covers.remove(handle));
                }
                Some(_) => self.history.revoke(Set::of(&[handle])),
                None => {}
            }
        }
    }
}
