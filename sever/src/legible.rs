//! Text from outside as a terminal may have it. Clients choose their `User-Agent` and often their user
//! id: a control character in it could move the cursor, and one without a shape could make an id look
//! like another.

/// Characters that format, are ignored or are for private use, and an empty pattern of dots. The console
/// shows the same ones in the same way (`console/legible.js`); a test there compares the two.
const WITHOUT_SHAPE: [(char, char); 29] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{e000}', '\u{f8ff}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
    ('\u{f0000}', '\u{ffffd}'),
    ('\u{100000}', '\u{10fffd}'),
];

/// Each character without a shape is shown as its number, such as `<U+202E>`. JSON has the text itself.
pub(crate) fn text(text: &str) -> String {
    rewritten(text, |c| format!("<U+{:04X}>", u32::from(c)))
}

/// The same text for a program: in JSON such characters stand only in strings, where they may be
/// written as escapes.
pub(crate) fn json(json: &str) -> String {
    let lines = json.split('\n').map(|line| {
        rewritten(line, |c| {
            let mut units = [0; 2];
            let escapes = c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}"));
            escapes.collect::<Vec<_>>().concat()
        })
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn rewritten(text: &str, shown: impl Fn(char) -> String) -> String {
    let mut written = String::with_capacity(text.len());
    for c in text.chars() {
        if has_no_shape(c) { written.push_str(&shown(c)) } else { written.push(c) }
    }
    written
}

fn has_no_shape(c: char) -> bool {
    c.is_control()
        || (c.is_whitespace() && c != ' ')
        || WITHOUT_SHAPE.iter().any(|(first, last)| (*first..=*last).contains(&c))
}

#[cfg(test)]
mod tests {
    use super::{json, text};

    #[test]
    fn what_moves_the_cursor_or_hides_is_told_by_number() {
        assert_eq!(text("a\u{1b}[2Jb\u{202e}c\n"), "a<U+001B>[2Jb<U+202E>c<U+000A>");
        assert_eq!(text("ada\u{200b}\u{a0}\u{e0041}"), "ada<U+200B><U+00A0><U+E0041>");
        for plain in ["ada lovelace", "Zoë <b>漢字</b>", "مرحبا", "🔒"] {
            assert_eq!(text(plain), plain);
        }
    }

    #[test]
    fn json_means_what_it_meant() {
        let value = serde_json::json!({"a": ["x\u{9b}2J\u{202e}", "\u{e0041}é\n"]});
        let written = json(&format!("{value:#}\n"));
        assert!(
            written.contains(r"\u009b2J\u202e") && written.contains(r"\udb40\udc41é\n"),
            "{written}"
        );
        assert_eq!(serde_json::from_str::<serde_json::Value>(&written).unwrap(), value);
    }
}
