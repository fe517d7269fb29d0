//! What is printed: columns for a person, JSON for a program.

use crate::audit::Told;
use crate::failure::Failure;
use crate::legible::text;
use chrono::{DateTime, SecondsFormat};
use serde_json::Value;
use shared::model::Summary;
use shared::time::Timestamp;
use std::iter;

/// The width of a terminal that nobody has made wider.
const WIDTH: usize = 80;
/// The longest IPv6 address that has no IPv4 address in it.
const WIDEST_IP: usize = 39;

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

/// Records of a few lines each, under a head of as many: a row of so many columns would not fit the
/// width of a terminal. Columns are aligned, lines after the first indented.
pub(crate) fn table(head: &[&[&str]], rows: impl IntoIterator<Item = Vec<Vec<String>>>) -> String {
    let head = head.iter().map(|line| line.iter().map(|&cell| cell.to_owned()).collect());
    let records: Vec<Vec<Vec<String>>> = iter::once(head.collect()).chain(rows).collect();
    // A line that is too long in any case would push all others beyond the width.
    let fits = |line: &&Vec<String>| {
        line.iter().map(|cell| cell.chars().count() + 2).sum::<usize>() <= WIDTH
    };
    let width = |line: usize, column: usize| {
        let lines = records.iter().filter_map(|record| record.get(line)).filter(fits);
        let cells = lines.filter_map(|line| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let mut text = String::new();
    for record in &records {
        for (number, line) in record.iter().enumerate() {
            let cells = line.iter().enumerate();
            let cells = cells.map(|(at, cell)| format!("{cell:0$}", width(number, at)));
            let written = cells.collect::<Vec<_>>().join("  ");
            text.push_str(if number == 0 { "" } else { "  " });
            text.push_str(written.trim_end());
            text.push('\n');
        }
    }
    text
}

/// At most `width` columns of a terminal.
fn cut(cell: &str, width: usize) -> String {
    // From here on a letter may be as wide as two.
    let columns = |c: char| if c < '\u{1100}' { 1 } else { 2 };
    if cell.chars().map(columns).sum::<usize>() <= width {
        return cell.to_owned();
    }
    let mut left = width.saturating_sub(1);
    let fits = cell.chars().take_while(|c| {
        let fits = columns(*c) <= left;
        left = left.saturating_sub(columns(*c));
        fits
    });
    fits.chain(['…']).collect()
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

/// A user's sessions for a person.
pub(crate) fn sessions_text(sessions: &[Summary]) -> String {
    records(sessions, false)
}

/// Sessions of anybody, each with its user.
pub(crate) fn sessions_of_users_text(sessions: &[Summary]) -> String {
    records(sessions, true)
}

fn records(sessions: &[Summary], with_user: bool) -> String {
    let mut head: Vec<&[&str]> =
        vec![&["HANDLE", "TENANT"], &["CREATED", "REFRESHED", "EXPIRES"], &["IP", "USER AGENT"]];
    if with_user {
        head.insert(1, &["USER"]);
    }
    let rows = sessions.iter().map(|session| {
        let standing = &session.standing;
        let ip = session.device.ip.as_deref().map_or_else(|| "-".to_owned(), text);
        let agent = session.device.user_agent.as_deref().map_or_else(|| "-".to_owned(), text);
        let mut record = vec![
            vec![text(session.handle.as_str()), text(standing.tenant.as_str())],
            [session.created_at, session.last_refreshed_at(), standing.expires_at]
                .map(moment)
                .to_vec(),
            vec![cut(&ip, WIDEST_IP), cut(&agent, WIDTH - WIDEST_IP - 4)],
        ];
        if with_user {
            record.insert(1, vec![text(standing.user.as_str())]);
        }
        record
    });
    table(&head, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_no_line_has_a_tail() {
        let rows = [["1", "x"], ["22", ""]];
        let rows = rows.map(|row| vec![row.map(str::to_owned).to_vec(), vec!["below".to_owned()]]);
        let told = table(&[&["A", "LONG"], &["B"]], rows);
        assert_eq!(told, "A   LONG\n  B\n1   x\n  below\n22\n  below\n");
    }

    #[test]
    fn a_cell_that_is_cut_says_so() {
        assert_eq!(cut(&"ü".repeat(60), 60), "ü".repeat(60));
        let long = cut(&"ü".repeat(61), 60);
        assert_eq!((long.chars().count(), long.ends_with('…')), (60, true));
        // Such letters are as wide as two.
        assert_eq!(cut("漢字漢字", 5), "漢字…");
    }

    #[test]
    fn a_moment_is_told_in_utc() {
        assert_eq!(moment(Timestamp::from_millis(1_800_000_000_999)), "2027-01-15T08:00:00Z");
        assert_eq!(moment(Timestamp::from_millis(i64::MAX)), "never");
    }
}
