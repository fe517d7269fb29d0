//! What the checker asks of every state; and what must be reachable, lest the promises hold only
//! because nothing ever happens.

use crate::promise::{PROMISES, Promise};
use crate::state::{Process, State};
use crate::system::{Search, System};
use crate::table::Ended;
use crate::verbs::{check, create, refresh};
use stateright::Property;

type Condition = fn(&System, &State) -> bool;

/// Something that must be able to happen.
pub(crate) struct Reach {
    /// What.
    pub(crate) name: &'static str,
    /// In which configurations.
    pub(crate) configurations: &'static [&'static str],
    condition: Condition,
}

/// All of it.
pub(crate) const REACHES: &[Reach] = &[
    Reach {
        name: "a row outlives the revocation that ended its session: the index did not show it",
        configurations: &["revoke", "keep", "keep-two", "keep-open", "late"],
        condition: |_, state| {
            state.present().any(|(handle, row)| {
                state.history.revoked.has(handle) && row.born < state.table.generations[0]
            })
        },
    },
    Reach {
        name: "a session is dead at birth: it was opened while its user was revoked",
        configurations: &["revoke", "keep-open", "handles", "late"],
        condition: |_, state| {
            let opened = |handle| state.history.opened.has(handle) && handle > 1;
            let (present, now) = (state.present(), state.table.generations[0]);
            { present }.any(|(handle, row)| opened(handle) && row.born < now)
        },
    },
    Reach {
        name: "a row is left whose opening was never answered",
        configurations: &["revoke", "handles", "late"],
        condition: |_, state| {
            let creates = state.processes.iter().any(|p| matches!(p, Process::Create(_)));
            let left = |handle| handle > 1 && !state.history.opened.has(handle) && !creates;
            state.present().any(|(handle, _)| left(handle))
        },
    },
    Reach {
        name: "a check reads the raise without the lift, and looks again",
        configurations: &["keep", "keep-two", "keep-same", "keep-open"],
        condition: |_, state| {
            state.processes.iter().any(|process| match process {
                Process::Check(check::At { handle, last: Some(last), .. }) => {
                    last.why == Ended::Revoked
                        && state.table.row(*handle).is_some_and(|row| row.born >= last.generation)
                }
                _ => false,
            })
        },
    },
    Reach {
        name: "the kept session lives, the other one is ended",
        configurations: &["keep", "keep-two", "late-keep"],
        condition: |_, state| {
            let lives = |row: crate::table::Row| row.born >= state.table.generations[0];
            state.history.revoked.has(1) && state.table.row(0).is_some_and(lives)
        },
    },
    Reach {
        name: "two tabs are given the same successor",
        configurations: &["tabs", "theft"],
        condition: |_, state| {
            let first =
                |process: &&Process| matches!(process, Process::Refreshed { presented: 0, .. });
            state.processes.iter().filter(first).count() == 2
        },
    },
    Reach {
        name: "a client goes on with a successor that another call has drawn",
        configurations: &["tabs"],
        condition: |_, state| {
            let drawn_by_1 = matches!(state.processes[0], Process::Refreshed { got: 2, .. });
            drawn_by_1 && matches!(state.processes[2], Process::Refreshed { got: 3, .. })
        },
    },
    Reach {
        name: "theft is found",
        configurations: &["tabs", "theft", "time"],
        condition: |_, state| state.processes.contains(&Process::Stolen),
    },
    Reach {
        name: "an exchange took effect after the end of the session's time, and is undone",
        configurations: &["time"],
        condition: |_, state| {
            let undone = Process::Refresh(refresh::At::Remove { theft: false });
            state.processes.contains(&undone)
        },
    },
    Reach {
        name: "a handle is reported revoked, and another call for it reports nothing",
        configurations: &["handles-refresh"],
        condition: |_, state| {
            let over = |me: usize| state.processes[me] == Process::Over;
            state.history.reported.has(0) && over(0) && over(1)
        },
    },
    Reach {
        name: "a revocation has answered while an attempt of its own is still on its way",
        configurations: &["late", "late-keep"],
        condition: |_, state| {
            state.late.is_some_and(|late| {
                late.write.raises().is_some() && state.history.succeeded.has(late.by)
            })
        },
    },
    Reach {
        name: "a check reads the lift without the raise, and looks again",
        configurations: &["keep", "keep-two", "keep-same", "keep-open"],
        condition: |_, state| {
            state.processes.iter().any(|process| match process {
                Process::Check(check::At { last: Some(last), .. }) => last.why == Ended::Ahead,
                _ => false,
            })
        },
    },
    Reach {
        name: "one copy of a tenant's generation is raised and another is not",
        configurations: &["tenant", "tenant-twice"],
        condition: |_, state| state.table.generations[0] != state.table.generations[1],
    },
    Reach {
        name: "a session was opened in a tenant that was removed meanwhile, and is ended",
        configurations: &["tenant"],
        condition: |_, state| {
            let undone =
                |process: &Process| matches!(process, Process::Create(create::At::Undo { .. }));
            state.processes.iter().any(undone)
        },
    },
    Reach {
        name: "a session is ahead of a generation that was lost",
        configurations: &["lost", "lost-keep", "lost-copy"],
        condition: |system, state| {
            let present =
                |handle| state.table.generations[usize::from(system.configuration.copy(handle))];
            state.present().any(|(handle, row)| row.born > present(handle))
        },
    },
    Reach {
        name: "a generation was lost, and the next revocation is above every session",
        configurations: &["lost", "lost-keep", "lost-copy"],
        condition: |system, state| {
            let present =
                |handle| state.table.generations[usize::from(system.configuration.copy(handle))];
            let behind = |(handle, row): (u8, crate::table::Row)| row.born < present(handle);
            state.lost && state.present().any(behind) && state.present().all(behind)
        },
    },
];

/// What the checker is to look for.
pub(crate) fn of(system: &System) -> Vec<Property<System>> {
    match system.search {
        Search::Promises => PROMISES.into_iter().map(always).collect(),
        Search::One(promise) => vec![always(promise)],
        Search::Reached => {
            let here = |reach: &&Reach| reach.configurations.contains(&system.configuration.name);
            let sometimes = |reach: &Reach| Property::sometimes(reach.name, reach.condition);
            REACHES.iter().filter(here).map(sometimes).collect()
        }
    }
}

fn always(promise: Promise) -> Property<System> {
    Property::always(promise.name(), kept(promise))
}

/// The checker takes functions that capture nothing: one for each promise.
fn kept(promise: Promise) -> Condition {
    macro_rules! kept {
        ($($promise:ident)*) => {
            match promise {
                $(Promise::$promise => |_, state| !state.history.broken.has(Promise::$promise),)*
            }
        };
    }
    kept! {
        RevokedIsRefused EndedStaysEnded OneSuccessor TheftEnds ReportedOnce SuccessHasEffect
        OthersAreSpared TimeOverIsRefused RemovedTenantIsEmpty NothingAfterTheAnswer
        TimeOverStaysOver
    }
}
