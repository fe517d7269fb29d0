//! Curves as SVG: logarithmic axes, since what is asked is how cost grows. Readable on a light page
//! and on a dark one.

use std::fmt::Write as _;

/// A plot.
pub struct Plot<'a> {
    /// What it shows.
    pub title: &'a str,
    /// What runs along.
    pub x: &'a str,
    /// What runs up.
    pub y: &'a str,
    /// The curves, at most as many as there are colours.
    pub curves: &'a [Curve],
}

/// One curve.
pub struct Curve {
    /// What it is.
    pub name: String,
    /// Its points, both coordinates above 0, from left to right.
    pub points: Vec<(f64, f64)>,
}

/// Light and dark, of the same order.
const COLOURS: [(&str, &str); 4] = [
    ("#0b62c4", "#6cb6ff"),
    ("#b35900", "#f0a04b"),
    ("#1a7f37", "#57c770"),
    ("#8250df", "#c297ff"),
];

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 72.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 76.0;
const BOTTOM: f64 = 56.0;

/// Whole powers of ten around some values.
struct Axis {
    from: f64,
    to: f64,
}

impl Axis {
    fn around(values: impl Iterator<Item = f64>) -> Self {
        let (mut from, mut to) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values {
            from = from.min(value.log10().floor());
            to = to.max(value.log10().ceil());
        }
        if from.is_finite() {
            Self { from, to: to.max(from + 1.0) }
        } else {
            Self { from: 0.0, to: 1.0 }
        }
    }

    /// 0 at the lower end, 1 at the upper one.
    fn share(&self, value: f64) -> f64 {
        (value.log10() - self.from) / (self.to - self.from)
    }

    fn decades(&self) -> impl Iterator<Item = f64> {
        let (from, to) = (self.from, self.to);
        std::iter::successors(Some(from), move |at| (at + 1.0 <= to).then_some(at + 1.0))
            .map(|at| 10_f64.powf(at))
    }
}

impl Plot<'_> {
    /// The picture.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let points = || self.curves.iter().flat_map(|curve| &curve.points);
        let (x, y) = (Axis::around(points().map(|p| p.0)), Axis::around(points().map(|p| p.1)));
        let across = |value| LEFT + x.share(value) * (WIDTH - LEFT - RIGHT);
        let up = |value| HEIGHT - BOTTOM - y.share(value) * (HEIGHT - TOP - BOTTOM);
        let mut body = String::new();
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        for value in x.decades() {
            let (at, below) = (across(value), bottom + 18.0);
            line(&mut body, "grid", (at, TOP), (at, bottom));
            text(&mut body, ("tick", "middle"), (at, below), &short(value));
        }
        for value in y.decades() {
            let at = up(value);
            line(&mut body, "grid", (LEFT, at), (right, at));
            text(&mut body, ("tick", "end"), (LEFT - 8.0, at + 4.0), &short(value));
        }
        for (i, curve) in self.curves.iter().enumerate() {
            let path: Vec<_> =
                curve.points.iter().map(|p| format!("{:.1},{:.1}", across(p.0), up(p.1))).collect();
            pushln(&mut body, &format!(r#"<polyline class="c{i}" points="{}"/>"#, path.join(" ")));
            for p in &curve.points {
                let (at, up) = (across(p.0), up(p.1));
                let dot = format!(r#"<circle class="d{i}" cx="{at:.1}" cy="{up:.1}" r="3"/>"#);
                pushln(&mut body, &dot);
            }
        }
        self.legend(&mut body);
        text(&mut body, ("title", "start"), (LEFT, 24.0), self.title);
        text(&mut body, ("tick", "middle"), (f64::midpoint(LEFT, right), HEIGHT - 14.0), self.x);
        text(&mut body, ("tick", "start"), (LEFT, TOP - 10.0), self.y);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\n\
             <title>{}</title>\n<style>\n{}</style>\n{body}</svg>\n",
            escaped(self.title),
            style(self.curves.len()),
        )
    }

    fn legend(&self, body: &mut String) {
        let mut left = LEFT;
        for (i, curve) in self.curves.iter().enumerate() {
            let at = format!(r#"<circle class="d{i}" cx="{:.1}" cy="43" r="4"/>"#, left + 4.0);
            pushln(body, &at);
            text(body, ("tick", "start"), (left + 14.0, 47.0), &curve.name);
            // About what a letter takes at this size.
            left += 34.0 + 6.4 * curve.name.chars().map(|_| 1.0).sum::<f64>();
        }
    }
}

fn style(curves: usize) -> String {
    let colours = |of: fn(&(&'static str, &'static str)) -> &'static str| {
        COLOURS.iter().take(curves).enumerate().fold(String::new(), |mut css, (i, both)| {
            let colour = of(both);
            write!(css, ".c{i} {{ stroke: {colour} }} .d{i} {{ fill: {colour} }} ").unwrap_or(());
            css
        })
    };
    format!(
        "text {{ font: 12px system-ui, sans-serif; fill: #57606a }} .title {{ font-size: 15px; fill: #1f2328 }}\n\
         polyline {{ fill: none; stroke-width: 2 }} .grid {{ stroke: #d0d7de }}\n{}\n\
         @media (prefers-color-scheme: dark) {{\n\
         text {{ fill: #9198a1 }} .title {{ fill: #f0f6fc }} .grid {{ stroke: #3d444d }}\n{}\n}}\n",
        colours(|both| both.0),
        colours(|both| both.1),
    )
}

fn line(body: &mut String, class: &str, from: (f64, f64), to: (f64, f64)) {
    let ends =
        format!(r#"x1="{:.1}" y1="{:.1}" x2="{:.1}" y2="{:.1}""#, from.0, from.1, to.0, to.1);
    pushln(body, &format!(r#"<line class="{class}" {ends}/>"#));
}

fn text(body: &mut String, (class, anchor): (&str, &str), at: (f64, f64), text: &str) {
    let (x, y, text) = (at.0, at.1, escaped(text));
    let place = format!(r#"x="{x:.1}" y="{y:.1}" text-anchor="{anchor}""#);
    pushln(body, &format!(r#"<text class="{class}" {place}>{text}</text>"#));
}

fn pushln(body: &mut String, line: &str) {
    body.push_str(line);
    body.push('\n');
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// A power of ten as a reader writes it.
fn short(value: f64) -> String {
    if value >= 1_000.0 {
        let digits = format!("{value:.0}");
        let (head, tail) = digits.split_at(digits.len() % 3);
        let groups = tail.as_bytes().chunks(3).map(String::from_utf8_lossy);
        let parts =
            std::iter::once(head.into()).filter(|head: &std::borrow::Cow<_>| !head.is_empty());
        parts.chain(groups).collect::<Vec<_>>().join(",")
    } else {
        format!("{value}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_reads_as_a_number() {
        let ticks = [0.01, 1.0, 100.0, 1_000.0, 10_000.0, 1_000_000.0].map(short);
        assert_eq!(ticks, ["0.01", "1", "100", "1,000", "10,000", "1,000,000"]);
    }

    #[test]
    fn points_lie_within_the_frame_and_names_are_escaped() {
        let curve = Curve { name: "a < b".to_owned(), points: vec![(1.0, 0.5), (10_000.0, 90.0)] };
        let svg = Plot { title: "t", x: "x", y: "y", curves: &[curve] }.to_svg();
        assert!(svg.contains("a &lt; b"));
        // 0.5 is between 0.1 and 1, 90 between 10 and 100: three decades up, four across.
        assert!(svg.contains(r#"points="72.0,281.6 696.0,80.1""#), "{svg}");
        assert_eq!(svg.matches("class=\"grid\"").count(), 5 + 4);
    }
}
