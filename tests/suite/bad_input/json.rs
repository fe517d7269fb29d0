//! Changes to JSON that keep it JSON: members that are missing, stand twice, have another name or
//! a value of another kind. What no `serde_json::Value` can hold is written all the same.

use super::texts::{TextChange, text};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;
use std::fmt;

/// JSON as it is written. An object may have a member twice; a leaf is any JSON text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    Object(Vec<(String, Tree)>),
    List(Vec<(String, Tree)>),
    Leaf(String),
}

/// Where something stands: the position at each level.
type Path = Vec<usize>;

impl Tree {
    /// Reads JSON text.
    pub(super) fn read(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok().map(|value: Value| Self::of(&value))
    }

    /// The tree of a value.
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Object(members) => Self::Object(
                members.iter().map(|(name, value)| (name.clone(), Self::of(value))).collect(),
            ),
            Value::Array(items) => {
                Self::List(items.iter().map(|item| (String::new(), Self::of(item))).collect())
            }
            leaf => Self::Leaf(leaf.to_string()),
        }
    }

    /// A string.
    pub(super) fn text(text: &str) -> Self {
        Self::Leaf(Value::from(text).to_string())
    }

    /// As JSON text.
    pub(super) fn write(&self) -> String {
        let joined = |items: Vec<String>| items.join(",");
        match self {
            Self::Leaf(json) => json.clone(),
            Self::List(items) => {
                let items = items.iter().map(|(_, item)| item.write()).collect();
                format!("[{}]", joined(items))
            }
            Self::Object(members) => {
                let member = |(name, value): &(String, Self)| {
                    format!("{}:{}", Value::from(&**name), value.write())
                };
                format!("{{{}}}", joined(members.iter().map(member).collect()))
            }
        }
    }

    /// The text of a leaf that is a string.
    pub(super) fn as_text(&self) -> Option<String> {
        let Self::Leaf(json) = self else { return None };
        serde_json::from_str(json).ok()
    }

    /// The members of an object.
    pub(super) fn members(&mut self) -> Option<&mut Vec<(String, Self)>> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    /// A member of an object.
    pub(super) fn member(&mut self, name: &str) -> Option<&mut Self> {
        let mut members = self.members()?.iter_mut();
        members.find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// A member of an object, which is made one if it is something else.
    pub(super) fn member_or_new(&mut self, name: &str) -> &mut Self {
        if self.members().is_none() {
            *self = Self::Object(Vec::new());
        }
        let members = self.members().expect("it is an object now");
        let at = members.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            members.push((name.to_owned(), Self::Leaf("null".to_owned())));
            members.len() - 1
        });
        &mut members[at].1
    }

    /// Changes every string in it.
    pub(super) fn each_text(&mut self, change: &dyn Fn(&str) -> Option<String>) {
        match self {
            Self::Object(children) | Self::List(children) => {
                for (_, child) in children {
                    child.each_text(change);
                }
            }
            Self::Leaf(_) => {
                if let Some(changed) = self.as_text().and_then(|text| change(&text)) {
                    *self = Self::text(&changed);
                }
            }
        }
    }

    fn children(&self) -> &[(String, Self)] {
        match self {
            Self::Object(children) | Self::List(children) => children,
            Self::Leaf(_) => &[],
        }
    }

    fn paths(&self) -> Vec<Path> {
        let mut paths = Vec::new();
        for (at, (_, child)) in self.children().iter().enumerate() {
            paths.push(vec![at]);
            paths.extend(child.paths().into_iter().map(|path| [vec![at], path].concat()));
        }
        paths
    }

    /// The siblings among which the path ends, and which of them it names.
    fn at(&mut self, path: &[usize]) -> Option<(&mut Vec<(String, Self)>, usize)> {
        let (first, rest) = path.split_first()?;
        let (Self::Object(children) | Self::List(children)) = self else { return None };
        if rest.is_empty() {
            Some((children, *first))
        } else {
            children.get_mut(*first)?.1.at(rest)
        }
    }
}

/// JSON text that nobody expects.
#[derive(Clone)]
pub(super) struct Odd(pub(super) String);

impl fmt::Debug for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.60} ({} bytes)", self.0, self.0.len())
    }
}

const ODD: [&str; 30] = [
    "null",
    "true",
    "false",
    "0",
    "-0.0",
    "-1",
    "1",
    "1.0",
    "1.5",
    "1e999999",
    "-1e999999",
    "1E400",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "18446744073709551616",
    "123456789012345678901234567890",
    "0.1e-400",
    r#""""#,
    r#""\ud800""#,
    r#""\u0000""#,
    r#""null""#,
    r#""1800000000""#,
    "[]",
    "[[]]",
    "[null]",
    "{}",
    r#"{"":null}"#,
    r#"{"a":{"a":1,"a":2}}"#,
    r#"["Bearer x",7]"#,
];

/// Any of them: of every kind, deeper and longer than anything good.
pub(super) fn odd() -> BoxedStrategy<Odd> {
    let deep = select(&[2_usize, 127, 129, 6_000][..]);
    let deep = (deep, any::<bool>()).prop_map(|(levels, lists)| {
        let (open, close) = if lists { ("[", "]") } else { (r#"{"a":"#, "}") };
        format!("{}1{}", open.repeat(levels), close.repeat(levels))
    });
    let many = select(&[2_usize, 501, 3_000][..]);
    let many = (many, select(&ODD[..]))
        .prop_map(|(times, item)| format!("[{}]", vec![item; times].join(",")));
    prop_oneof![
        6 => select(&ODD[..]).prop_map(ToOwned::to_owned),
        4 => text().prop_map(|text| Value::from(text).to_string()),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => deep,
        1 => many,
    ]
    .prop_map(Odd)
    .boxed()
}

/// What is done to JSON, and where: places are counted through the whole of it.
#[derive(Clone, Debug)]
pub(super) struct JsonChange {
    at: Index,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    /// A value is another.
    Becomes(Odd),
    /// A text, or anything as text, is changed.
    Text(TextChange),
    /// A member or an item is missing.
    Gone,
    /// A member or an item stands twice.
    Twice(Option<Odd>),
    /// A member has another name.
    Renamed(TextChange),
    /// There is a member or an item more.
    More(String, Odd),
}

impl JsonChange {
    /// Any change.
    pub(super) fn any() -> BoxedStrategy<Self> {
        let what = prop_oneof![
            5 => odd().prop_map(What::Becomes),
            4 => TextChange::any().prop_map(What::Text),
            3 => Just(What::Gone),
            2 => proptest::option::of(odd()).prop_map(What::Twice),
            1 => TextChange::any().prop_map(What::Renamed),
            1 => (text(), odd()).prop_map(|(name, odd)| What::More(name, odd)),
        ];
        (any::<Index>(), what).prop_map(|(at, what)| Self { at, what }).boxed()
    }

    /// Puts this in some place.
    pub(super) fn becomes(odd: Odd) -> BoxedStrategy<Self> {
        let what = What::Becomes(odd);
        any::<Index>().prop_map(move |at| Self { at, what: what.clone() }).boxed()
    }

    /// Makes the change. Where there is no place for it, nothing happens.
    pub(super) fn apply(&self, tree: &mut Tree) {
        let paths = tree.paths();
        if paths.is_empty() {
            return;
        }
        let path: &Path = self.at.get(&paths);
        let Some((siblings, at)) = tree.at(path) else { return };
        match &self.what {
            What::Becomes(odd) => siblings[at].1 = Tree::Leaf(odd.0.clone()),
            What::Text(change) => {
                let value = &mut siblings[at].1;
                let text = value.as_text().unwrap_or_else(|| value.write());
                *value = Tree::text(&change.apply(&text));
            }
            What::Gone => drop(siblings.remove(at)),
            What::Twice(odd) => {
                let (name, value) = siblings[at].clone();
                let value = odd.as_ref().map_or(value, |odd| Tree::Leaf(odd.0.clone()));
                siblings.push((name, value));
            }
            What::Renamed(change) => siblings[at].0 = change.apply(&siblings[at].0),
            What::More(name, odd) => {
                siblings.insert(at, (name.clone(), Tree::Leaf(odd.0.clone())));
            }
        }
    }
}
