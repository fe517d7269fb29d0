//! Small worlds. Each is explored to the last state, so each has only what its question needs.

use crate::table::{COPIES, Copy, Generation, Handle};

/// The most processes in one configuration.
pub(crate) const PROCESSES: usize = 5;

/// Which refresh token a client presents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presents {
    /// The one with which session 0 was opened.
    First,
    /// The one that this process was given. It waits for that.
    GivenTo(u8),
}

/// What a process does: one call of one function, from its first table call to its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Opens a session.
    Create,
    /// Refreshes session 0.
    Refresh(Presents),
    /// Strict checks of every session somebody has tokens for, one after another, without end.
    Check,
    /// Logs out.
    Logout(Handle),
    /// Revokes a handle, once somebody can know it: from a listing, as soon as its row is written.
    RevokeHandle(Handle),
    /// Revokes all sessions of the user.
    RevokeUser,
    /// Revokes all but this one.
    RevokeOthers(Handle),
    /// Removes the tenant, and ends everybody's sessions in it.
    EndTenant,
}

/// Where sessions are, and so what they are judged by. The generation that nobody raises there is
/// not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In `public`, which nobody removes: the user's generation.
    Public,
    /// In a tenant that can be removed: the copies of the tenant's generation.
    Tenant,
}

/// One small world.
#[derive(Clone, Copy, Debug)]
pub struct Configuration {
    /// Its name.
    pub name: &'static str,
    /// What it asks.
    pub about: &'static str,
    /// How many sessions are open at first: 1 or 2.
    pub sessions: u8,
    /// Where all sessions are.
    pub place: Place,
    /// The generation at first: each of these is tried.
    pub generations: &'static [Generation],
    /// What the functions' clocks may show, against the generations: each is tried for each
    /// process that reads its clock.
    pub clocks: &'static [Generation],
    /// The processes.
    pub roles: &'static [Role],
    /// How often the SDK makes a call that adds one. Any other call it may repeat without end.
    pub attempts: u8,
    /// Whether the time of session 0 may come to its end, and time to live may then remove rows.
    pub time_ends: bool,
    /// Whether a write whose caller no longer waits may take effect at any later moment.
    pub late_writes: bool,
    /// Whether an item that holds the generation may once be lost, or restored to what it held at
    /// first, while nobody raises it. From then on clocks show more than what was lost: a revocation
    /// comes later than the one that wrote it, by more than clocks are apart.
    pub loses: bool,
}

const BASE: Configuration = Configuration {
    name: "",
    about: "",
    sessions: 1,
    place: Place::Public,
    generations: &[0, 2],
    clocks: &[1, 3],
    roles: &[],
    attempts: 2,
    time_ends: false,
    late_writes: false,
    loses: false,
};

impl Configuration {
    /// What the process in this place does.
    pub(crate) fn role(&self, process: u8) -> Role {
        self.roles[usize::from(process)]
    }

    /// Which copy of the generation judges a session.
    pub(crate) fn copy(&self, handle: Handle) -> Copy {
        handle % self.copies().end
    }

    /// The copies that there are.
    pub(crate) fn copies(&self) -> std::ops::Range<Copy> {
        match self.place {
            Place::Public => 0..1,
            Place::Tenant => 0..COPIES,
        }
    }

    /// Whether more than one call reports handles. If not, none can be reported twice.
    pub(crate) fn has_reporters(&self) -> bool {
        let reports = |role: &&Role| {
            matches!(role, Role::RevokeHandle(_) | Role::RevokeUser | Role::RevokeOthers(_))
        };
        self.roles.iter().filter(reports).count() > 1
    }
}

use Presents::{First, GivenTo};
use Role::{Check, Create, EndTenant, Logout, Refresh, RevokeHandle, RevokeOthers, RevokeUser};

/// Those that `cargo test` explores, and in which every mutant is found.
pub const CONFIGURATIONS: &[Configuration] = &[
    Configuration {
        name: "revoke",
        about: "a user is revoked while a session is opened",
        roles: &[RevokeUser, Create, Check],
        ..BASE
    },
    Configuration {
        name: "refresh",
        about: "a user is revoked while a session is refreshed and logs out",
        roles: &[RevokeUser, Refresh(First), Logout(0), Check],
        ..BASE
    },
    Configuration {
        name: "keep",
        about: "one call ends all but session 0, another ends all",
        sessions: 2,
        roles: &[RevokeOthers(0), RevokeUser, Check],
        ..BASE
    },
    Configuration {
        name: "keep-two",
        about: "two calls keep one session each, while one of the two is refreshed",
        sessions: 2,
        roles: &[RevokeOthers(0), RevokeOthers(1), Refresh(First), Check],
        ..BASE
    },
    Configuration {
        name: "keep-same",
        about: "two calls keep the same session, which is refreshed",
        sessions: 2,
        roles: &[RevokeOthers(0), RevokeOthers(0), Refresh(First), Check],
        ..BASE
    },
    Configuration {
        name: "keep-open",
        about: "one call ends all but session 0, while a session is opened",
        roles: &[RevokeOthers(0), Create, Refresh(First), Check],
        ..BASE
    },
    Configuration {
        name: "tabs",
        about: "two tabs refresh with one token, a third goes on with what it was given",
        generations: &[0],
        roles: &[Refresh(First), Refresh(First), Refresh(GivenTo(0)), Logout(0), Check],
        ..BASE
    },
    Configuration {
        name: "theft",
        about: "a token is used again after its successor was used, while the user is revoked",
        generations: &[0],
        clocks: &[1],
        roles: &[Refresh(First), Refresh(GivenTo(0)), Refresh(First), RevokeUser, Check],
        ..BASE
    },
    Configuration {
        name: "handles",
        about: "two calls revoke the handle of a session being opened",
        generations: &[0],
        clocks: &[1],
        roles: &[Create, RevokeHandle(2), RevokeHandle(2), RevokeUser, Check],
        ..BASE
    },
    Configuration {
        name: "handles-refresh",
        about: "two calls revoke the handle of a session being refreshed",
        generations: &[0],
        clocks: &[1],
        roles: &[RevokeHandle(0), RevokeHandle(0), Refresh(First), RevokeUser, Check],
        ..BASE
    },
    Configuration {
        name: "time",
        about: "a session's time ends while it is refreshed, revoked and checked",
        generations: &[0],
        roles: &[Refresh(First), Refresh(First), RevokeHandle(0), Check],
        time_ends: true,
        ..BASE
    },
    Configuration {
        name: "late",
        about: "writes nobody waits for any more take effect later, around a revocation",
        generations: &[2],
        roles: &[RevokeUser, Create, Check],
        late_writes: true,
        ..BASE
    },
    Configuration {
        name: "late-keep",
        about: "the same, around a revocation that keeps a session",
        sessions: 2,
        generations: &[2],
        roles: &[RevokeOthers(0), RevokeUser, Check],
        late_writes: true,
        ..BASE
    },
    Configuration {
        name: "tenant",
        about: "a tenant is removed while a session is opened in it",
        sessions: 2,
        place: Place::Tenant,
        roles: &[EndTenant, Create, Check],
        ..BASE
    },
    Configuration {
        name: "tenant-twice",
        about: "a tenant is removed by two calls at once, one session in each copy",
        sessions: 2,
        place: Place::Tenant,
        generations: &[2],
        roles: &[EndTenant, EndTenant, Check],
        ..BASE
    },
    Configuration {
        name: "lost",
        about: "the user's item is lost or restored while a session is opened, around a revocation",
        generations: &[1],
        clocks: &[2],
        roles: &[RevokeUser, Create, Check],
        loses: true,
        ..BASE
    },
    Configuration {
        name: "lost-keep",
        about: "the same, around a revocation that keeps a session",
        sessions: 2,
        generations: &[1],
        clocks: &[2],
        roles: &[RevokeOthers(0), RevokeUser, Check],
        loses: true,
        ..BASE
    },
    Configuration {
        name: "lost-copy",
        about: "a copy of a tenant's generation is lost or restored, around the tenant's removal",
        sessions: 2,
        place: Place::Tenant,
        generations: &[1],
        clocks: &[2],
        roles: &[EndTenant, Create, Check],
        loses: true,
        ..BASE
    },
];

/// Those that take minutes: only the binary explores them, when asked.
pub const LARGE: &[Configuration] = &[
    Configuration {
        name: "large-revoke",
        about: "two revocations, one of which keeps session 0, while another is opened",
        generations: &[2],
        roles: &[RevokeOthers(0), RevokeUser, Create, Check],
        attempts: 3,
        ..BASE
    },
    Configuration {
        name: "large-late",
        about: "a session is opened and another refreshed around a revocation, with late writes",
        generations: &[2],
        roles: &[RevokeUser, Create, Refresh(First), Check],
        late_writes: true,
        ..BASE
    },
    Configuration {
        name: "large-tabs",
        about: "two tabs and a thief, late writes, while the user is revoked",
        generations: &[0],
        roles: &[Refresh(First), Refresh(First), Refresh(GivenTo(0)), RevokeUser, Check],
        late_writes: true,
        ..BASE
    },
    Configuration {
        name: "large-three",
        about: "three revocations, two of which keep one of two sessions",
        sessions: 2,
        roles: &[RevokeOthers(0), RevokeOthers(1), RevokeUser, Check],
        ..BASE
    },
];

/// The configuration of this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Configuration> {
    CONFIGURATIONS.iter().chain(LARGE).find(|configuration| configuration.name == name)
}
