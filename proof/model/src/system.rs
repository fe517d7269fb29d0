//! The model: from which states it starts, and which steps there are.

use crate::configuration::{Configuration, PROCESSES, Place, Role};
use crate::history::{History, Note};
use crate::moves::{Fate, Move, Moves, What, Who};
use crate::mutant::Mutant;
use crate::promise::Promise;
use crate::set::Set;
use crate::state::{Process, State};
use crate::table::{COPIES, Generation, HANDLES, Handle, Row, Table, Write, Written};
use crate::verbs::{check, create, end_tenant, refresh, remove, revoke};
use stateright::{Model, Property};

/// A configuration and a protocol.
#[derive(Clone, Copy, Debug)]
pub(crate) struct System {
    /// Where.
    pub(crate) configuration: &'static Configuration,
    /// By which rules.
    pub(crate) mutant: Mutant,
    /// What the checker looks for.
    pub(crate) search: Search,
}

/// What the checker looks for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Search {
    /// A state in which something is broken that is promised.
    Promises,
    /// A state in which this is broken.
    One(Promise),
    /// States in which something happened without which the promises would say little.
    Reached,
}

impl System {
    /// Whether some reads may find the past.
    pub(crate) const fn reads_past(&self) -> bool {
        matches!(
            self.mutant,
            Mutant::CheckReadsThePast | Mutant::CreateReadsThePast | Mutant::RefreshReadsThePast
        )
    }

    /// Whether the process in this place reads its clock.
    fn has_clock(&self, role: Role) -> bool {
        match role {
            Role::RevokeUser | Role::RevokeOthers(_) | Role::EndTenant => true,
            Role::Create => self.mutant == Mutant::WallClockCutoff,
            Role::Refresh(_) | Role::Check | Role::Logout(_) | Role::RevokeHandle(_) => false,
        }
    }

    fn start(&self, generation: Generation, clocks: [Generation; PROCESSES]) -> State {
        let Configuration { sessions, place, .. } = *self.configuration;
        let mut generations = [0; COPIES as usize];
        generations[..self.configuration.copies().len()].fill(generation);
        // By the wall clock, they were opened after the last revocation.
        let born = generation + Generation::from(self.mutant == Mutant::WallClockCutoff);
        let mut rows = [None; HANDLES as usize];
        rows[..usize::from(sessions)].fill(Some(Row::new(born)));
        let mut processes = [Process::Absent; PROCESSES];
        processes[..self.configuration.roles.len()].fill(Process::Waiting);
        let open: Vec<Handle> = (0..sessions).collect();
        State {
            table: Table { generations, declared: place == Place::Tenant, rows },
            processes,
            notes: [Note::default(); PROCESSES],
            clocks,
            late: None,
            lost: false,
            history: History::new(Set::of(&open)),
            past: Vec::new(),
        }
    }

    fn process(&self, state: &State, me: u8, out: &mut Vec<Move>) {
        let process = state.processes[usize::from(me)];
        let role = self.configuration.role(me);
        let moves = &mut Moves { system: self, state, me, about: None, superseded: false, out };
        match (process, role) {
            (Process::Absent | Process::Over | Process::Stolen | Process::Refreshed { .. }, _) => {
                return;
            }
            (Process::Waiting, Role::Create) => create::begin(moves),
            (Process::Waiting, Role::Check) => check::begin(moves),
            (Process::Waiting, Role::RevokeUser | Role::RevokeOthers(_)) => revoke::begin(moves),
            (Process::Waiting, Role::EndTenant) => end_tenant::begin(moves),
            (Process::Waiting | Process::Refresh(_), Role::Refresh(presents)) => {
                let Some(token) = refresh::presented(state, presents) else { return };
                match process {
                    Process::Refresh(at) => refresh::look(moves, token, at),
                    _ => refresh::begin(moves, token),
                }
            }
            (Process::Waiting | Process::Remove, Role::Logout(handle)) => {
                if state.history.opened.has(handle) {
                    remove::moves(moves, handle);
                }
            }
            (Process::Waiting | Process::Remove, Role::RevokeHandle(handle)) => {
                if state.history.written.has(handle) {
                    remove::moves(moves, handle);
                }
            }
            (Process::Create(at), _) => create::moves(moves, at),
            (Process::Check(at), _) => check::look(moves, at),
            (Process::Revoke(at), _) => revoke::step(moves, at),
            (Process::EndTenant(at), _) => end_tenant::step(moves, at),
            (Process::Refresh(_) | Process::Remove, _) => {}
        }
        if process != Process::Waiting {
            moves.push(Fate::Answered, |turn| {
                turn.give_up();
                What::Stop
            });
        }
    }

    /// What happens without any process.
    fn world(&self, state: &State, out: &mut Vec<Move>) {
        let mut push = |who, what, next| {
            out.push(Move { who, what, fate: Fate::Answered, answer: None, next });
        };
        if let Some(late) = state.late {
            let mut next = state.clone();
            next.late = None;
            let written = next.write(self, late.write);
            if matches!(written, Written::Done(_)) && late.write.raises().is_some() {
                let kept = late.write.handle().map_or(Set::EMPTY, |kept| Set::of(&[kept]));
                let ended = next.history.begun.iter().filter(|handle| !kept.has(*handle));
                ended.for_each(|handle| next.history.excused.insert(handle));
                let answered = next.history.succeeded.has(late.by);
                next.history.break_if(answered, Promise::NothingAfterTheAnswer);
            }
            push(Who::Network, What::wrote(late.write, written), next);
        }
        self.losses(state, &mut push);
        if !self.configuration.time_ends {
            return;
        }
        for (handle, row) in state.present() {
            let mut next = state.clone();
            if row.over {
                next.write(self, Write::Remove { handle });
                push(Who::TimeToLive, What::Delete(handle), next);
            } else {
                next.table.rows[usize::from(handle)] = Some(Row { over: true, ..row });
                next.history.timed_out.insert(handle);
                next.history.excused.insert(handle);
                push(Who::Time, What::TimeEnds(handle), next);
            }
        }
    }
}

impl System {
    /// Each way in which a copy of the generation can be lost or restored now.
    fn losses(&self, state: &State, push: &mut impl FnMut(Who, What, State)) {
        let raises = state.processes.iter().any(Process::may_still_raise);
        if !self.configuration.loses || state.lost || raises {
            return;
        }
        for copy in self.configuration.copies() {
            let before = state.table.generations[usize::from(copy)];
            for to in [0].into_iter().chain(self.configuration.generations.iter().copied()) {
                if to == before {
                    continue;
                }
                let mut next = state.clone();
                next.table.generations[usize::from(copy)] = to;
                next.lost = true;
                next.lost(self, copy, to);
                let still_asked = next.clocks.iter_mut().filter(|clock| **clock > 0);
                still_asked.for_each(|clock| *clock = (*clock).max(before + 1));
                push(Who::Operator, What::Lose { copy, to }, next);
            }
        }
    }
}

impl Model for System {
    type State = State;
    type Action = Move;

    fn init_states(&self) -> Vec<State> {
        let Configuration { generations, clocks, roles, .. } = *self.configuration;
        let mut settings = vec![[0; PROCESSES]];
        for (me, role) in roles.iter().enumerate() {
            if self.has_clock(*role) {
                let set = |setting: [Generation; PROCESSES], clock| {
                    let mut setting = setting;
                    setting[me] = clock;
                    setting
                };
                settings = settings
                    .iter()
                    .flat_map(|setting| clocks.iter().map(move |clock| set(*setting, *clock)))
                    .collect();
            }
        }
        let with = |generation| settings.iter().map(move |clocks| self.start(generation, *clocks));
        generations.iter().flat_map(|generation| with(*generation)).collect()
    }

    fn actions(&self, state: &State, moves: &mut Vec<Move>) {
        for (me, _) in (0..).zip(self.configuration.roles) {
            self.process(state, me, moves);
        }
        self.world(state, moves);
    }

    fn next_state(&self, _: &State, step: Move) -> Option<State> {
        Some(step.next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        crate::properties::of(self)
    }
}
