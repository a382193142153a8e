//! The values a PDF is made of (ISO 32000-2 §7.3).

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// An indirect object's name: number and generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    pub number: u32,
    pub generation: u16,
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.generation)
    }
}

/// A name without its slash, escapes resolved. A file says few names often: they are shared.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Arc<[u8]>);

impl Name {
    #[must_use]
    pub fn new(name: &[u8]) -> Self {
        Self(name.into())
    }

    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A real number as the file writes it: what is copied stays the same to the byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Real(pub(super) Box<str>);

impl Real {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A stream: its dictionary, and where its encoded data stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    pub dictionary: Dictionary,
    pub data: Range<usize>,
}

/// Any value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    Null,
    Boolean(bool),
    Integer(i64),
    Real(Real),
    Text(Box<[u8]>),
    Name(Name),
    Array(Vec<Object>),
    Dictionary(Dictionary),
    Stream(Box<Stream>),
    Reference(Reference),
}

impl Object {
    /// A name, for writing.
    #[must_use]
    pub fn name(name: &str) -> Self {
        Self::Name(Name::new(name.as_bytes()))
    }

    /// A number with two digits behind the point, for writing.
    #[must_use]
    pub fn number(value: f64) -> Self {
        Self::Real(Real(format!("{value:.2}").into()))
    }

    /// A string of these bytes, for writing.
    #[must_use]
    pub fn text(bytes: &[u8]) -> Self {
        Self::Text(bytes.into())
    }

    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(value) => Some(*value),
            _ => None,
        }
    }

    /// An integer or a real number.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        match self {
            // Coordinates: beyond 2^53 nothing is one.
            Self::Integer(value) => i32::try_from(*value).ok().map(f64::from),
            Self::Real(real) => real.as_str().parse().ok(),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_text(&self) -> Option<&[u8]> {
        match self {
            Self::Text(bytes) => Some(bytes),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_name(&self) -> Option<&[u8]> {
        match self {
            Self::Name(name) => Some(name.as_bytes()),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_array(&self) -> Option<&[Object]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The dictionary, also of a stream.
    #[must_use]
    pub fn as_dictionary(&self) -> Option<&Dictionary> {
        match self {
            Self::Dictionary(dictionary) => Some(dictionary),
            Self::Stream(stream) => Some(&stream.dictionary),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_stream(&self) -> Option<&Stream> {
        match self {
            Self::Stream(stream) => Some(stream),
            _ => None,
        }
    }

    #[must_use]
    pub fn as_reference(&self) -> Option<Reference> {
        match self {
            Self::Reference(reference) => Some(*reference),
            _ => None,
        }
    }
}

/// Keys and values: in the order of the file while they are few, by their keys when they are many,
/// so that each look is short whatever the file says.
///
/// INVARIANT: no key stands in it twice; more than `LOOKED_THROUGH_MAX` keys are sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dictionary(Vec<(Name, Object)>);

impl Dictionary {
    pub(in crate::pdf) const EMPTY: Self = Self(Vec::new());

    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The dictionary of these entries; nothing when a key is there twice.
    pub(super) fn of(mut entries: Vec<(Name, Object)>) -> Option<Self> {
        entries.shrink_to_fit();
        let mut keys: Vec<_> = entries.iter().map(|(key, _)| key).collect();
        keys.sort_unstable();
        let twice = keys.windows(2).any(|pair| pair.first() == pair.last());
        (!twice).then(|| Self(entries).in_order())
    }

    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Object> {
        let (_, value) = self.0.get(self.place(key)?)?;
        Some(value)
    }

    /// Sets a key, in its old place when there is one.
    pub fn set(&mut self, key: &str, value: Object) {
        let place = self.place(key);
        match place.and_then(|place| self.0.get_mut(place)) {
            Some((_, old)) => *old = value,
            None => {
                self.0.push((Name::new(key.as_bytes()), value));
                *self = std::mem::take(self).in_order();
            }
        }
    }

    /// The same with this key set.
    #[must_use]
    pub fn with(mut self, key: &str, value: Object) -> Self {
        self.set(key, value);
        self
    }

    pub fn remove(&mut self, key: &str) {
        self.0.retain(|(name, _)| name.as_bytes() != key.as_bytes());
    }

    pub fn entries(&self) -> impl Iterator<Item = (&Name, &Object)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    #[must_use]
    pub fn has(&self, key: &str, name: &str) -> bool {
        self.get(key).and_then(Object::as_name) == Some(name.as_bytes())
    }

    fn place(&self, key: &str) -> Option<usize> {
        let key = key.as_bytes();
        match self.0.len() {
            0..=LOOKED_THROUGH_MAX => self.0.iter().position(|(name, _)| name.as_bytes() == key),
            _ => {
                let found = self
                    .0
                    .binary_search_by(|(name, _)| name.as_bytes().cmp(key));
                found.ok()
            }
        }
    }

    fn in_order(mut self) -> Self {
        if self.0.len() > LOOKED_THROUGH_MAX {
            self.0
                .sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        }
        self
    }
}

/// So few keys are looked through one by one.
const LOOKED_THROUGH_MAX: usize = 64;
