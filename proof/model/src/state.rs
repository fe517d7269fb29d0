//! A state of the world: the table, where each process stands, and what has been said so far.

use crate::configuration::PROCESSES;
use crate::history::{History, Note};
use crate::system::System;
use crate::table::{Copy, Ended, Generation, HANDLES, Handle, Row, Table, Token, Write, Written};
use crate::verbs::{check, create, end_tenant, refresh, revoke};

/// Where a process stands: always between two table calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Process {
    /// There is none in this place.
    Absent,
    /// It has not begun.
    Waiting,
    /// Opening a session.
    Create(create::At),
    /// Refreshing.
    Refresh(refresh::At),
    /// Checking strictly.
    Check(check::At),
    /// Removing a row by its handle.
    Remove,
    /// Revoking a user.
    Revoke(revoke::At),
    /// Removing the tenant.
    EndTenant(end_tenant::At),
    /// A refresh that was answered with a token.
    Refreshed { presented: Token, got: Token },
    /// A refresh that was answered with theft.
    Stolen,
    /// It has answered otherwise, or was given up: by an error that its caller got, or by a crash.
    Over,
}

/// What a caller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The session is open.
    Created(Handle),
    /// Here is the successor.
    Refreshed { presented: Token, got: Token },
    /// The session to be refreshed has ended.
    RefreshRefused(Ended),
    /// Theft.
    Stolen,
    /// The request may pass.
    Allowed(Handle),
    /// It may not.
    Refused(Handle, Ended),
    /// It may not: the token is older than the previous one.
    Superseded(Handle),
    /// The caller is logged out.
    LoggedOut(Handle),
    /// The handle was revoked, and is reported if this call removed it.
    HandleRevoked { handle: Handle, reported: bool },
    /// The user was revoked.
    UserRevoked,
    /// There is no such tenant (any more): no session was opened.
    NoTenant,
    /// The tenant was removed.
    TenantRemoved,
    /// The session to be kept does not live.
    NoSessionToKeep(Handle),
}

/// A write that an attempt left behind: its caller has stopped waiting for that attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Late {
    /// The write.
    pub(crate) write: Write,
    /// Whose it was.
    pub(crate) by: u8,
}

/// An item as it once was, for those mutants that read the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Past {
    /// The generation.
    Generation(Copy, Generation),
    /// A row that was not there.
    NoRow(Handle),
    /// A session with the generation at birth and the token that its row had.
    Row(Handle, Generation, Token),
}

/// The state of everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    /// The table.
    pub(crate) table: Table,
    /// The processes.
    pub(crate) processes: [Process; PROCESSES],
    /// What each noted when it began.
    pub(crate) notes: [Note; PROCESSES],
    /// What each process' clock shows.
    pub(crate) clocks: [Generation; PROCESSES],
    /// What is on its way.
    pub(crate) late: Option<Late>,
    /// Whether an item that holds the generation was lost or restored.
    pub(crate) lost: bool,
    /// What has been said and done.
    pub(crate) history: History,
    /// What the items were; empty unless a mutant reads the past.
    pub(crate) past: Vec<Past>,
}

impl State {
    /// Does a write, and notes what it did.
    pub(crate) fn write(&mut self, system: &System, write: Write) -> Written {
        if system.reads_past() {
            self.remember(write);
        }
        let before = self.table;
        let written = self.table.apply(write, system.mutant);
        if let Written::Done(_) = written {
            self.history.wrote(write, &before, &self.table);
        }
        written
    }

    fn remember(&mut self, write: Write) {
        let row = |handle| match self.table.row(handle) {
            None => Past::NoRow(handle),
            Some(row) => Past::Row(handle, row.born, row.current),
        };
        let rows = write.handle().map(row);
        let present = |copy: Copy| self.table.generations[usize::from(copy)];
        let raised = write.raises().map(|copy| Past::Generation(copy, present(copy)));
        self.past.extend(rows.into_iter().chain(raised));
        self.past.sort_unstable();
        self.past.dedup();
    }

    /// What a read of this row may find: what is there, or, `stale`, what once was.
    pub(crate) fn rows(&self, handle: Handle, stale: bool) -> impl Iterator<Item = Option<Row>> {
        let past = self.past.iter().filter_map(move |past| match past {
            Past::NoRow(of) if *of == handle => Some(None),
            Past::Row(of, born, current) if *of == handle => {
                Some(Some(Row { current: *current, ..Row::new(*born) }))
            }
            _ => None,
        });
        std::iter::once(self.table.row(handle)).chain(past.filter(move |_| stale))
    }

    /// The generations that a read of this copy may find: the present one, and past ones if `stale`.
    pub(crate) fn generations(&self, copy: Copy, stale: bool) -> impl Iterator<Item = Generation> {
        let past = self.past.iter().filter_map(move |past| match past {
            Past::Generation(of, generation) if *of == copy => Some(*generation),
            _ => None,
        });
        let present = self.table.generations[usize::from(copy)];
        std::iter::once(present).chain(past.filter(move |_| stale))
    }

    /// The rows that are there.
    pub(crate) fn present(&self) -> impl Iterator<Item = (Handle, Row)> {
        (0..HANDLES).zip(self.table.rows).filter_map(|(handle, row)| Some((handle, row?)))
    }
}
