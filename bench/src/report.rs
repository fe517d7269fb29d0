//! Tables for people, in Markdown, and JSON for programs.

use crate::{Failure, root};
use bench::spread::Spread;
use serde_json::{Value, json};
use std::fs;

/// One line of the table of goals.
pub(crate) struct Row {
    pub(crate) figure: String,
    pub(crate) unit: &'static str,
    pub(crate) spread: Spread,
    /// The same of the function that only answers, where it has such a figure.
    pub(crate) floor: Option<f64>,
    /// At most this.
    pub(crate) goal: Option<f64>,
}

impl Row {
    fn met(&self) -> Option<bool> {
        self.goal.map(|goal| self.spread.p50 <= goal)
    }

    fn ratio(&self) -> Option<f64> {
        self.floor.map(|floor| self.spread.p50 / floor)
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "figure": self.figure,
            "unit": self.unit,
            "p10": self.spread.p10,
            "p50": self.spread.p50,
            "p90": self.spread.p90,
            "floor": self.floor,
            "timesFloor": self.ratio(),
            "goal": self.goal,
            "met": self.met(),
        })
    }
}

/// The table of goals.
pub(crate) fn goals(rows: &[Row]) -> String {
    let head = ["figure", "p10", "**p50**", "p90", "no-op floor", "× floor", "goal", "met"];
    let cells = rows.iter().map(|row| {
        let number = |value: f64| short(value);
        let varies = (row.spread.p10 < row.spread.p90).then_some(row.spread);
        let maybe = |value: Option<f64>| value.map(number).unwrap_or_default();
        vec![
            row.figure.clone(),
            varies.map(|spread| number(spread.p10)).unwrap_or_default(),
            format!("**{}** {}", number(row.spread.p50), row.unit).trim_end().to_owned(),
            varies.map(|spread| number(spread.p90)).unwrap_or_default(),
            maybe(row.floor),
            maybe(row.ratio()),
            row.goal.map(|goal| format!("≤ {}", number(goal))).unwrap_or_default(),
            row.met().map_or("", |met| if met { "yes" } else { "**no**" }).to_owned(),
        ]
    });
    table(&head, &cells.collect::<Vec<_>>())
}

/// A table whose columns but the first are numbers.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let head: Vec<_> = head.iter().map(|&name| name.to_owned()).collect();
    let rule = (0..head.len()).map(|i| if i == 0 { "---" } else { "--:" }.to_owned()).collect();
    let lines = [&head, &rule].into_iter().chain(rows);
    let lines: Vec<_> = lines.map(|cells| format!("| {} |\n", cells.join(" | "))).collect();
    lines.concat()
}

/// Puts `text` into `docs/reference/performance.md`, in place of what stands between the marks of `section`.
pub(crate) fn write(section: &str, text: &str) -> Result<(), Failure> {
    let path = root().join("docs/reference/performance.md");
    let failed = || Failure::io(path.display().to_string());
    let page = fs::read_to_string(&path).map_err(failed())?;
    let (begin, end) = (format!("<!-- {section} -->\n"), format!("<!-- end of {section} -->"));
    let parts = page.split_once(&begin).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(&end)?;
        Some((before, after))
    });
    let (before, after) =
        parts.ok_or_else(|| Failure::Missed(format!("{} has no {begin}", path.display())))?;
    let page = format!("{before}{begin}\n{}\n\n{end}{after}", text.trim());
    fs::write(&path, page).map_err(failed())
}

/// As many digits as say something.
pub(crate) fn short(value: f64) -> String {
    let decimals = match value.abs() {
        value if value.fract().abs() < 1e-9 || value >= 100.0 => 0,
        value if value >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.decimals$}")
}
