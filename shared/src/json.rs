//! JSON objects in which no member stands twice: two readers could otherwise each believe another
//! of them.

use serde::Serialize;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

/// The members of such an object.
#[derive(Debug)]
pub struct UniqueMembers(pub Map<String, Value>);

/// What the error says when one does.
pub const STANDS_TWICE: &str = "a member stands twice";

/// An object that belongs to an application: its values are kept as the text they came as, so that
/// a number beyond 64 bits, `1.0` and `null` come back as they were (PROTOCOL 2.2).
///
/// Two are equal when their values are, whatever the order and the white space within.
#[derive(Clone, Default, Serialize)]
pub struct Object(BTreeMap<String, Box<RawValue>>);

impl Object {
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

impl<'de> Deserialize<'de> for UniqueMembers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members: Vec<(String, Value)> = deserializer.deserialize_map(UniqueVisitor::new())?;
        Ok(Self(members.into_iter().collect()))
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members: Vec<(String, Box<RawValue>)> =
            deserializer.deserialize_map(UniqueVisitor::new())?;
        Ok(Self(members.into_iter().collect()))
    }
}

struct UniqueVisitor<V>(PhantomData<V>);

impl<V> UniqueVisitor<V> {
    fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'de, V: DeserializeOwned> Visitor<'de> for UniqueVisitor<V> {
    type Value = Vec<(String, V)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object whose members are unique")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, value)) = access.next_entry::<String, V>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom(STANDS_TWICE));
            }
        }
        Ok(members.into_iter().collect())
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
        assert!(serde_json::from_str::<UniqueMembers>(r#"{"a":1,"a":1}"#).is_err());
        assert!(serde_json::from_str::<Object>("[]").is_err());
    }
}
