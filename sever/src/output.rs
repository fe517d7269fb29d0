//! What is printed: columns for a person, JSON for a program.

use crate::audit::Told;
use crate::failure::Failure;
use chrono::{DateTime, SecondsFormat};
use serde_json::Value;
use shared::model::Summary;
use shared::time::Timestamp;

/// The most characters of one cell. JSON has all of it.
const WIDEST: usize = 60;

/// What a command did, and why that is not all.
#[derive(Default)]
pub(crate) struct Done {
    /// For a person.
    pub(crate) text: String,
    /// The same for a program. Its members are stable. `null`: nothing is known to have been done or
    /// found, so that nothing but the failure is printed.
    pub(crate) json: Value,
    /// What became of the audit record, if there was something to record.
    pub(crate) told: Option<Told>,
    /// What went wrong after that.
    pub(crate) failure: Option<Failure>,
}

/// Aligned columns, the last one as it comes.
pub(crate) fn table<const N: usize>(
    head: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut lines = vec![head.map(str::to_owned)];
    lines.extend(rows.into_iter().map(|row| row.map(|cell| shown(&cell))));
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    let widths: [usize; N] = std::array::from_fn(|column| width(column).unwrap_or_default());
    let line = |cells: &[String; N]| {
        let padded = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    lines.iter().map(line).collect()
}

/// Text from outside as a terminal may have it: a client chooses its `User-Agent`, and could move
/// the cursor, or turn the line around, to show an operator something else.
fn shown(text: &str) -> String {
    let moves = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
    };
    let safe = text.chars().map(|c| if moves(c) { '\u{fffd}' } else { c });
    let mut cell: String = safe.clone().take(WIDEST).collect();
    if safe.count() > WIDEST {
        cell.pop();
        cell.push('…');
    }
    cell
}

/// A moment in UTC, to the second.
pub(crate) fn moment(at: Timestamp) -> String {
    let time = DateTime::from_timestamp_millis(at.millis());
    time.map_or_else(|| "never".to_owned(), |time| time.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// `1 session`, `2 sessions`.
pub(crate) fn count(number: usize, of: &str) -> String {
    if number == 1 { format!("1 {of}") } else { format!("{number} {of}s") }
}

/// Sessions for a person.
pub(crate) fn sessions_text(sessions: &[Summary]) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let rows = sessions.iter().map(|session| {
        [
            session.handle.as_str().to_owned(),
            session.standing.tenant.as_str().to_owned(),
            moment(session.created_at),
            moment(session.last_refreshed_at()),
            moment(session.standing.expires_at),
            text(&session.device.ip),
            text(&session.device.user_agent),
        ]
    });
    table(["HANDLE", "TENANT", "CREATED", "REFRESHED", "EXPIRES", "IP", "USER AGENT"], rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_the_last_has_no_tail() {
        let rows = [["1", "x"], ["22", ""]].map(|row| row.map(str::to_owned));
        assert_eq!(table(["A", "LONG"], rows), "A   LONG\n1   x\n22\n");
    }

    #[test]
    fn a_clients_text_moves_no_cursor_and_is_cut() {
        assert_eq!(shown("a\u{1b}[2Jb\u{202e}c\n"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}");
        let long = shown(&"ü".repeat(61));
        assert_eq!((long.chars().count(), long.ends_with('…')), (60, true));
        assert_eq!(shown(&"ü".repeat(60)), "ü".repeat(60));
    }

    #[test]
    fn a_moment_is_told_in_utc() {
        assert_eq!(moment(Timestamp::from_millis(1_800_000_000_999)), "2027-01-15T08:00:00Z");
        assert_eq!(moment(Timestamp::from_millis(i64::MAX)), "never");
    }
}
