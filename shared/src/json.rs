//! The one reader of JSON objects from outside. It takes whatever RFC 8259 calls JSON, however deep
//! it is nested and however large a number is, and keeps values as the text they came as. A byte
//! order mark before it is ignored. No member may stand twice: two readers could otherwise each
//! believe another of them.

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use std::collections::BTreeMap;
use std::fmt;

/// Why a text from outside is not an object that Sever can keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It is not JSON: at this line and column, which count from 1 and 0.
    NotJson {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// It is JSON, but not an object.
    NotAnObject,
    /// A member stands twice.
    StandsTwice,
    /// The name of a member has half of a surrogate pair in it, so that it is no Unicode text.
    NameIsNoText,
}

const STANDS_TWICE: &str = "a member stands twice";

/// Reads an object that comes from outside.
///
/// # Errors
/// Only what is not JSON is said not to be.
pub fn read_object(json: &[u8]) -> Result<Object, Unreadable> {
    let text: &RawValue = serde_json::from_slice(without_mark(json))
        .map_err(|error| Unreadable::NotJson { line: error.line(), column: error.column() })?;
    if !text.get().starts_with('{') {
        return Err(Unreadable::NotAnObject);
    }
    serde_json::from_str(text.get()).map_err(|error| {
        if error.to_string().starts_with(STANDS_TWICE) {
            Unreadable::StandsTwice
        } else {
            Unreadable::NameIsNoText
        }
    })
}

/// The text without a byte order mark, which RFC 8259 section 8.1 lets a reader ignore.
#[must_use]
pub fn without_mark(json: &[u8]) -> &[u8] {
    json.strip_prefix("\u{feff}".as_bytes()).unwrap_or(json)
}

/// An object that belongs to an application: its values are kept as the text they came as, so that
/// a number beyond 64 bits, `1.0` and `null` come back as they were (PROTOCOL 2.2).
///
/// Two are equal when their values are, whatever the order and the white space within.
#[derive(Clone, Default, Serialize)]
pub struct Object(BTreeMap<String, Box<RawValue>>);

impl Object {
    /// The names of its members.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether a member of this name is there, if only as `null`.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Whether a member of this name is `null`.
    #[must_use]
    pub fn is_null(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| value.get() == "null")
    }

    /// The member of this name, if it is there and is a `T`.
    #[must_use]
    pub fn get<'a, T: Deserialize<'a>>(&'a self, name: &str) -> Option<T> {
        serde_json::from_str(self.0.get(name)?.get()).ok()
    }

    /// Takes a member away.
    pub fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Sets a member. Values are made of strings, numbers and other JSON, which always serialize.
    pub fn set(&mut self, name: &str, value: &impl Serialize) {
        if let Ok(value) = to_raw_value(value) {
            self.0.insert(name.to_owned(), value);
        }
    }

    /// As JSON text.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        let pairs = || self.0.values().zip(other.0.values());
        self.0.keys().eq(other.0.keys()) && pairs().all(|(a, b)| same_value(a, b))
    }
}

fn same_value(a: &RawValue, b: &RawValue) -> bool {
    let value = |text: &RawValue| serde_json::from_str::<Value>(text.get()).ok();
    a.get() == b.get() || value(a).is_some_and(|a| Some(a) == value(b))
}

// It may hold anything: nothing for a log.
impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Object({} members)", self.0.len())
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object whose members are unique")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, value)) = access.next_entry()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom(STANDS_TWICE));
            }
        }
        Ok(Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(json: &str) -> Object {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn values_come_back_as_they_were() {
        let json =
            r#"{"a":123456789012345678901234567890,"b":1.0,"c":null,"d":{"z":1e3,"a":[1 ,2]}}"#;
        assert_eq!(object(json).to_json(), json);
        assert!(object(json).contains("c"));
        assert_eq!(object(json).get::<f64>("b"), Some(1.0));
        assert_eq!(object(json).get::<String>("b"), None);
    }

    #[test]
    fn equal_means_equal_values() {
        let a = object(r#"{"x":{"b":1,"a":[2]},"y":null}"#);
        assert_eq!(a, object(r#"{"y":null,"x":{"a":[ 2 ],"b":1}}"#));
        for other in [r#"{"x":{"b":1,"a":[2]}}"#, r#"{"x":{"b":1,"a":[3]},"y":null}"#, "{}"] {
            assert_ne!(a, object(other), "{other}");
        }
    }

    #[test]
    fn no_member_stands_twice() {
        assert!(serde_json::from_str::<Object>(r#"{"a":1,"a":1}"#).is_err());
        assert!(serde_json::from_str::<Object>("[]").is_err());
    }

    #[test]
    fn whatever_rfc_8259_calls_an_object_is_read_and_kept_as_it_came() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(30_000), "]".repeat(30_000));
        for json in [
            r#"{"half":"\ud83d","whole":"\ud83d\ude00"}"#,
            r#"{"large":1e400,"long":123456789012345678901234567890}"#,
            r#"{"nested":{"\ud83d":1,"a":1,"a":2}}"#,
            &deep,
        ] {
            assert_eq!(read_object(json.as_bytes()).unwrap().to_json(), json);
        }
        let marked = "\u{feff} {\"a\": 1}";
        assert_eq!(read_object(marked.as_bytes()).unwrap().to_json(), r#"{"a":1}"#);
    }

    #[test]
    fn only_what_is_not_json_is_said_not_to_be() {
        use Unreadable::{NameIsNoText, NotAnObject, NotJson, StandsTwice};
        for json in [
            &b""[..],
            b"{",
            b"{}x",
            b"{'a':1}",
            b"{\"a\":01}",
            b"{\"a\":\"\xff\"}",
            b"{\"a\":\"\n\"}",
            b"\xef\xbb\xbf\xef\xbb\xbf{}",
            b"\xfe\xff\x00{\x00}",
        ] {
            let found = read_object(json).unwrap_err();
            assert!(matches!(found, NotJson { .. }), "{}", String::from_utf8_lossy(json));
        }
        assert_eq!(read_object(b"{\n\"a\": }").unwrap_err(), NotJson { line: 2, column: 6 });
        for (json, expected) in [
            ("[]", NotAnObject),
            ("1e400", NotAnObject),
            (r#""\ud83d""#, NotAnObject),
            (r#"{"a":1,"\u0061":1}"#, StandsTwice),
            (r#"{"\ud83d":1}"#, NameIsNoText),
        ] {
            assert_eq!(read_object(json.as_bytes()).unwrap_err(), expected, "{json}");
        }
    }
}
