//! The values a PDF is made of (ISO 32000-2 §7.3).

use std::fmt;
use std::ops::Range;

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

/// A name without its slash, escapes resolved.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Box<[u8]>);

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

/// Keys and values in the order of the file.
///
/// INVARIANT: no key stands in it twice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dictionary(Vec<(Name, Object)>);

impl Dictionary {
    pub(in crate::pdf) const EMPTY: Self = Self(Vec::new());

    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The dictionary of these entries; nothing when a key is there twice.
    pub(super) fn of(entries: Vec<(Name, Object)>) -> Option<Self> {
        let mut keys: Vec<_> = entries.iter().map(|(key, _)| key).collect();
        keys.sort_unstable();
        let twice = keys.windows(2).any(|pair| pair.first() == pair.last());
        (!twice).then_some(Self(entries))
    }

    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Object> {
        let mut entries = self.0.iter();
        let (_, value) = entries.find(|(name, _)| name.as_bytes() == key.as_bytes())?;
        Some(value)
    }

    /// Sets a key, in its old place when there is one.
    pub fn set(&mut self, key: &str, value: Object) {
        let mut entries = self.0.iter_mut();
        match entries.find(|(name, _)| name.as_bytes() == key.as_bytes()) {
            Some((_, old)) => *old = value,
            None => self.0.push((Name::new(key.as_bytes()), value)),
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
}
