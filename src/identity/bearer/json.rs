//! JSON of a token: what two readers could read differently is refused.

use std::fmt;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// A JSON object in which no member stands twice, at no depth.
pub(super) struct Object(Map<String, Value>);

impl Object {
    /// `None` for anything else, and for what is nested too deep.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        match serde_json::from_slice(bytes) {
            Ok(Strict(Value::Object(members))) => Some(Self(members)),
            Ok(Strict(_)) | Err(_) => None,
        }
    }

    pub(super) fn member(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.member(name).and_then(Value::as_str)
    }
}

struct Strict(Value);

struct StrictVisitor;

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(StrictVisitor)
    }
}

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Strict;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Strict, E> {
        Ok(Strict(Value::Null))
    }

    fn visit_bool<E>(self, given: bool) -> Result<Strict, E> {
        Ok(Strict(given.into()))
    }

    fn visit_i64<E>(self, given: i64) -> Result<Strict, E> {
        Ok(Strict(given.into()))
    }

    fn visit_u64<E>(self, given: u64) -> Result<Strict, E> {
        Ok(Strict(given.into()))
    }

    fn visit_f64<E>(self, given: f64) -> Result<Strict, E> {
        Ok(Strict(given.into()))
    }

    fn visit_str<E>(self, given: &str) -> Result<Strict, E> {
        Ok(Strict(given.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut given: A) -> Result<Strict, A::Error> {
        let mut items = Vec::new();
        while let Some(Strict(item)) = given.next_element()? {
            items.push(item);
        }
        Ok(Strict(Value::Array(items)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut given: A) -> Result<Strict, A::Error> {
        let mut members = Map::new();
        while let Some((name, Strict(value))) = given.next_entry::<String, Strict>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a member stands twice"));
            }
        }
        Ok(Strict(Value::Object(members)))
    }
}
