//! What happened: who asked what of whom, from when to when, and what came of it.

use crate::program::Step;
use serde_json::Value;

/// The number of the tenant that is not `public`.
pub(crate) const OTHER: usize = 1;

/// A moment: its place in the order of all, and the true time in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Grows with every event of the history.
    pub order: u64,
    /// Since the beginning.
    pub millis: i64,
}

/// Everything that happened.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The calls, in the order of their beginning.
    pub calls: Vec<Call>,
    /// The sessions whose opening was answered.
    pub sessions: Vec<Session>,
    /// The access tokens that were handed out.
    pub accesses: Vec<Access>,
    /// The refresh tokens that were handed out, each once.
    pub refreshes: Vec<Refresh>,
}

/// A session that somebody has.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its name.
    pub handle: String,
    /// Whose.
    pub user: usize,
    /// Where.
    pub tenant: usize,
    /// The call that opened it.
    pub call: usize,
}

/// An access token.
#[derive(Clone, Debug)]
pub struct Access {
    /// Of which session.
    pub session: usize,
    /// The token itself.
    pub text: String,
    /// The refresh token it goes with.
    pub refresh: usize,
    /// From when, in milliseconds.
    pub issued: i64,
    /// Until when.
    pub expires: i64,
}

/// A refresh token.
#[derive(Clone, Debug)]
pub struct Refresh {
    /// Of which session.
    pub session: usize,
    /// The token itself.
    pub text: String,
    /// The one it was exchanged for.
    pub parent: Option<usize>,
}

/// One call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The step that made it; `None` in the audit at the end.
    pub step: Option<Step>,
    /// What was asked, with everything picked.
    pub asked: Asked,
    /// How far the clock of the instance that served it was off, in milliseconds.
    pub skew: i64,
    /// When it began.
    pub begun: Moment,
    /// When it was answered, or given up.
    pub ended: Moment,
    /// What came of it.
    pub outcome: Outcome,
    /// Whether something that it wrote may have taken effect after it was answered.
    pub late: bool,
}

/// What was asked.
#[derive(Clone, Debug)]
pub enum Asked {
    /// Open a session.
    Create {
        /// Whose.
        user: usize,
        /// Where.
        tenant: usize,
    },
    /// Exchange this refresh token.
    Refresh(usize),
    /// Check this access token strictly.
    Strict(usize),
    /// Check it by itself.
    Fast(usize),
    /// Log out by it.
    Logout(usize),
    /// End these sessions.
    RevokeHandles(Vec<usize>),
    /// End a user's sessions.
    RevokeUser {
        /// Whose.
        user: usize,
        /// Where, or everywhere.
        tenant: Option<usize>,
        /// All but this one.
        except: Option<usize>,
    },
    /// Remove the tenant that is not `public`.
    RemoveTenant,
    /// List a user's sessions.
    List(usize),
    /// Nobody: an item that holds a generation becomes what it once was, or is lost.
    Lose(String),
}

/// What came of a call.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// This session was opened.
    Opened(usize),
    /// These tokens were handed out: access and refresh.
    Exchanged(usize, usize),
    /// The request may pass.
    Allowed,
    /// It may not.
    Refused,
    /// The refresh token is not accepted.
    Unauthorised,
    /// It was used before; the session was ended.
    Theft,
    /// Logged out.
    LoggedOut,
    /// These handles were reported.
    Revoked(Vec<String>),
    /// The session to be kept does not live; nothing was revoked.
    NothingToKeep,
    /// These handles were shown.
    Listed(Vec<String>),
    /// The tenant was removed.
    Removed,
    /// An item became what it once was.
    Lost {
        /// The sessions of another generation than it now holds.
        ended: Vec<usize>,
        /// The sessions of the generation that it now holds, and did not hold before.
        revived: Vec<usize>,
    },
    /// It could not be done, or nobody knows.
    Failed(String),
    /// The function ended on the way.
    Crashed,
}

impl Call {
    /// Whether nobody knows what it has done.
    #[must_use]
    pub fn is_unclear(&self) -> bool {
        matches!(self.outcome, Outcome::Failed(_) | Outcome::Crashed)
    }

    /// Whether a refresh that yielded no token may have exchanged one all the same. One that is
    /// refused may: its write was done, the answer to it was lost, and the session was revoked
    /// before it looked again.
    #[must_use]
    pub fn may_have_exchanged(&self) -> bool {
        self.is_unclear() || matches!(self.outcome, Outcome::Unauthorised)
    }

    /// Whether it raises a generation.
    #[must_use]
    pub fn raises(&self) -> bool {
        matches!(self.asked, Asked::RevokeUser { .. } | Asked::RemoveTenant)
    }

    /// Whether the whole of it lay before this moment or after it, with every write.
    #[must_use]
    pub fn is_apart_from(&self, other: &Self) -> bool {
        (self.ended < other.begun && !self.late) || self.begun > other.ended
    }

    /// What the serving instance's clock showed at a moment.
    #[must_use]
    pub fn clock_at(&self, moment: Moment) -> i64 {
        moment.millis + self.skew
    }
}

impl History {
    /// The session that a refresh call is about.
    #[must_use]
    pub fn session_of(&self, call: &Call) -> Option<usize> {
        match call.asked {
            Asked::Refresh(token) => Some(self.refreshes[token].session),
            Asked::Strict(token) | Asked::Fast(token) | Asked::Logout(token) => {
                Some(self.accesses[token].session)
            }
            _ => None,
        }
    }

    /// The number of a session by its handle; a session whose opening was never answered has none.
    #[must_use]
    pub fn named(&self, handle: &str) -> Option<usize> {
        self.sessions.iter().position(|session| session.handle == handle)
    }
}

/// The texts of a JSON list.
pub(crate) fn texts(list: &Value) -> Vec<String> {
    let texts = list.as_array().into_iter().flatten();
    texts.filter_map(Value::as_str).map(ToOwned::to_owned).collect()
}
