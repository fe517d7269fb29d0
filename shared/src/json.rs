//! A JSON object in which no member stands twice: two readers could otherwise each believe another
//! of them.

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// The members of such an object.
#[derive(Debug)]
pub struct UniqueMembers(pub Map<String, Value>);

/// What the error says when one does.
pub const STANDS_TWICE: &str = "a member stands twice";

impl<'de> Deserialize<'de> for UniqueMembers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UniqueVisitor).map(Self)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object whose members are unique")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, value)) = access.next_entry()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom(STANDS_TWICE));
            }
        }
        Ok(members)
    }
}
