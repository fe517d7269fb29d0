//! A history as a person can read it.

use crate::check::Violation;
use crate::cluster::BEGINNING;
use crate::history::{Asked, Call, History, Outcome};

/// One line for each call, in the order of their beginning; the one that broke the promise is
/// marked.
#[must_use]
pub fn timeline(history: &History, violation: &Violation) -> String {
    let mut lines = vec!["  began     ended     order      who  what".to_owned()];
    for (number, call) in history.calls.iter().enumerate() {
        let mark = if number == violation.call { ">" } else { " " };
        let millis = |moment: i64| moment - BEGINNING;
        let who = call
            .step
            .as_ref()
            .map_or("audit".to_owned(), |step| format!("c{} i{}", step.client, step.instance));
        lines.push(format!(
            "{mark} {:<9} {:<9} {:>3}..{:<3} {who:>6}  {} -> {}{}",
            millis(call.begun.millis),
            millis(call.ended.millis),
            call.begun.order,
            call.ended.order,
            asked(history, call),
            outcome(history, call),
            remarks(call),
        ));
    }
    let of = violation.session.map_or(String::new(), |session| format!(" (session s{session})"));
    lines.push(format!("broken: {}{of}", violation.promise));
    lines.join("\n") + "\n"
}

fn asked(history: &History, call: &Call) -> String {
    let access = |token: usize| format!("a{token} of s{}", history.accesses[token].session);
    match &call.asked {
        Asked::Create { user, tenant } => format!("create for u{user} in t{tenant}"),
        Asked::Refresh(token) => {
            format!("refresh r{token} of s{}", history.refreshes[*token].session)
        }
        Asked::Strict(token) => format!("strict {}", access(*token)),
        Asked::Fast(token) => format!("fast {}", access(*token)),
        Asked::Logout(token) => format!("logout {}", access(*token)),
        Asked::RevokeHandles(sessions) => format!("revoke sessions {sessions:?}"),
        Asked::RevokeUser { user, tenant, except } => {
            let tenant = tenant.map_or(String::new(), |tenant| format!(" in t{tenant}"));
            let except = except.map_or(String::new(), |session| format!(" except s{session}"));
            format!("revoke u{user}{tenant}{except}")
        }
        Asked::RemoveTenant => "remove t1".to_owned(),
        Asked::List(user) => format!("list u{user}"),
        Asked::Lose(pk) => format!("{pk} becomes what it was"),
    }
}

fn outcome(history: &History, call: &Call) -> String {
    let names = |handles: &[String]| {
        let name = |handle: &String| {
            history.named(handle).map_or("?".to_owned(), |session| format!("s{session}"))
        };
        handles.iter().map(name).collect::<Vec<_>>().join(" ")
    };
    match &call.outcome {
        Outcome::Opened(session) => format!("s{session}"),
        Outcome::Exchanged(access, refresh) => format!("a{access}, r{refresh}"),
        Outcome::Revoked(handles) => format!("revoked [{}]", names(handles)),
        Outcome::Listed(handles) => format!("[{}]", names(handles)),
        Outcome::Lost { ended, revived } => format!("ends {ended:?}, revives {revived:?}"),
        Outcome::Failed(why) => format!("failed: {why}"),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn remarks(call: &Call) -> String {
    let mut remarks = String::new();
    if call.skew != 0 {
        remarks = format!("  (clock {:+} s)", call.skew / 1000);
    }
    if call.late {
        remarks.push_str("  (a write was still under way)");
    }
    remarks
}
