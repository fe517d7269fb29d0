//! A way from the start to a broken promise, for people.

use crate::configuration::{Configuration, Role};
use crate::explore::Timeline;
use crate::moves::{Fate, Move, What, Who};
use crate::state::Answer;
use crate::table::{Copy, Ended, Row, Write};
use std::fmt;

/// A timeline as a page of text.
pub struct Told<'a> {
    /// Where it happens.
    pub configuration: &'a Configuration,
    /// What happens.
    pub timeline: &'a Timeline,
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = &self.timeline.start;
        write!(f, "     at first: {} open", session_list(self.configuration.sessions))?;
        write!(f, ", generation {}", start.table.generations[0])?;
        let clocks = start.clocks.iter().zip('A'..).filter(|(clock, _)| **clock > 0);
        for (clock, name) in clocks {
            write!(f, ", clock of {name} at {clock}")?;
        }
        writeln!(f)?;
        for (number, step) in (1..).zip(&self.timeline.steps) {
            let who = self.who(step.who);
            writeln!(f, "  {number:3}  {who:28} {}{}", said(step.what), became(step))?;
            if let Some(answer) = step.answer {
                writeln!(f, "       {:28} => answers: {}", "", Answered(answer))?;
            }
        }
        Ok(())
    }
}

impl Told<'_> {
    fn who(&self, who: Who) -> String {
        let Who::Process(process) = who else {
            return match who {
                Who::Time => "the time",
                Who::TimeToLive => "time to live",
                Who::Operator => "a mishap",
                Who::Network | Who::Process(_) => "the network",
            }
            .to_owned();
        };
        let name = (b'A' + process) as char;
        match self.configuration.role(process) {
            Role::Create => format!("{name} create-session"),
            Role::Refresh(_) => format!("{name} refresh-session"),
            Role::Check => format!("{name} verify-session, strict"),
            Role::Logout(_) => format!("{name} logout"),
            Role::RevokeHandle(_) => format!("{name} revoke-handle"),
            Role::RevokeUser => format!("{name} revoke-user"),
            Role::RevokeOthers(kept) => format!("{name} revoke-user, keeps {kept}"),
            Role::EndTenant => format!("{name} removal of the tenant"),
        }
    }
}

fn session_list(sessions: u8) -> String {
    let names: Vec<_> = (0..sessions).map(|handle| format!("session {handle}")).collect();
    names.join(" and ")
}

fn said(what: What) -> String {
    match what {
        What::ReadRow(handle, None) => format!("reads session {handle}: no row"),
        What::ReadRow(handle, Some(row)) => format!("reads session {handle}: {}", told(row)),
        What::ReadGeneration(generation) => format!("reads generation {generation}"),
        What::ReadTenant(true) => "reads the app: the tenant is there".to_owned(),
        What::ReadTenant(false) => "reads the app: the tenant is gone".to_owned(),
        What::Lose { copy, to: 0 } => format!("loses copy {copy} of the generation"),
        What::Lose { copy, to } => format!("restores copy {copy} of the generation to {to}"),
        What::NothingMoreShown => "asks the index: it shows no (other) session".to_owned(),
        What::Wrote { write, done: true } => format!("{}: done", intent(write)),
        What::Wrote { write, done: false } => format!("{}: condition not met", intent(write)),
        What::Write(write) => intent(write),
        What::Repeated => "repeats the transaction under the same token: done before".to_owned(),
        What::TimeEnds(handle) => format!("of session {handle} is over"),
        What::Delete(handle) => format!("deletes the row of session {handle}"),
        What::Stop => "crashes, or passes an error on".to_owned(),
    }
}

fn told(row: Row) -> String {
    let Row { born, current, previous, over, whole } = row;
    let before = previous.map(|previous| format!(", before that {}", token(previous)));
    let over = if over { ", time over" } else { "" };
    let whole = if whole { "" } else { ", not whole" };
    format!("born {born}, token {}{}{over}{whole}", token(current), before.unwrap_or_default())
}

/// `t0` is the first token, `tB` the successor whose salt process B drew.
fn token(token: u8) -> String {
    match token {
        0 => "t0".to_owned(),
        drawn => format!("t{}", (b'A' + drawn - 1) as char),
    }
}

fn intent(write: Write) -> String {
    match write {
        Write::Put { handle, row } => format!("puts session {handle}, {}", told(row)),
        Write::Raise { copy, to } => format!("raises the generation{} to {to}", of(copy)),
        Write::Step { copy } => format!("adds 1 to the generation{}", of(copy)),
        Write::Undeclare => "takes the tenant out of the app".to_owned(),
        Write::RaiseKeeping { seen, next, kept, .. } => {
            format!("raises from {seen} to {next} and lifts session {kept}, in one transaction")
        }
        Write::Lift { kept, to } => format!("lifts session {kept} to {to}"),
        Write::Rotate { handle, presented, next, .. } => {
            format!("exchanges {} for {} in session {handle}", token(presented), token(next))
        }
        Write::Remove { handle } => format!("deletes session {handle}"),
        Write::Sweep { handle, below } => {
            format!("sweeps session {handle}, which the index shows, below {below}")
        }
    }
}

/// A user's generation has no copy but the first.
fn of(copy: Copy) -> String {
    if copy == 0 { String::new() } else { format!(" in copy {copy}") }
}

fn became(step: &Move) -> &'static str {
    match step.fate {
        Fate::Answered => "",
        Fate::Slow => " (so slow that the session's time is over)",
        Fate::Lost => " (and the answer is lost)",
        Fate::Failed => " fails",
        Fate::Late => " (no answer: this attempt is given up, and still on its way)",
    }
}

struct Answered(Answer);

impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Answer::Created(handle) => write!(f, "session {handle} is open"),
            Answer::Refreshed { presented, got } => {
                write!(f, "{} for {}", token(got), token(presented))
            }
            Answer::RefreshRefused(why) => write!(f, "refused, {}", reason(why)),
            Answer::Stolen => f.write_str("theft, the session is ended"),
            Answer::Allowed(handle) => write!(f, "session {handle} ALLOWED"),
            Answer::Refused(handle, why) => write!(f, "session {handle} REFUSED, {}", reason(why)),
            Answer::Superseded(handle) => write!(f, "session {handle} refused, token too old"),
            Answer::LoggedOut(handle) => write!(f, "session {handle} is logged out"),
            Answer::HandleRevoked { handle, reported: true } => write!(f, "revoked [{handle}]"),
            Answer::HandleRevoked { reported: false, .. } => f.write_str("revoked []"),
            Answer::UserRevoked => f.write_str("the user is revoked"),
            Answer::NoTenant => f.write_str("there is no such tenant"),
            Answer::TenantRemoved => f.write_str("the tenant is removed"),
            Answer::NoSessionToKeep(kept) => write!(f, "there is no session {kept} to keep"),
        }
    }
}

const fn reason(why: Ended) -> &'static str {
    match why {
        Ended::Missing => "no row",
        Ended::Expired => "its time is over",
        Ended::Revoked => "behind the generation",
        Ended::Ahead => "ahead of the generation",
    }
}
