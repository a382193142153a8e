//! JSON as bytes with places: which span holds which value.
//!
//! Answers: where does each member and element of this text begin and end? In: bytes. Out: a
//! [`Document`], its values in the order in which they stand, or why the bytes are not one JSON
//! text (RFC 8259). Invariants: one pass, no recursion, bounded depth and count; what two readers
//! could read differently is refused: duplicate names at any depth, unpaired surrogates, NUL, a
//! byte order mark, anything after the value. Numbers stay text: nothing is ever rounded.
//! Deliberately absent: values, numbers as floats, writing.

mod document;
mod number;
mod scan;

pub use document::{Document, Kind, Node, NodeId};
pub use number::Decimal;

use bytes::Bytes;

use scan::Scanner;

/// How deep and how many: what a text may ask of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Containers within containers.
    pub depth_max: usize,
    /// Values of all kinds.
    pub nodes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth_max: DEPTH_MAX,
            nodes_max: NODES_MAX,
        }
    }
}

/// Containers within containers, where nothing else is said.
pub const DEPTH_MAX: usize = 64;

/// Values in one text, where nothing else is said.
pub const NODES_MAX: usize = 200_000;

/// Why bytes are not a JSON text that may be read here. Says where, never what stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    #[error("the text is not UTF-8")]
    NotUtf8,
    #[error("the text begins with a byte order mark")]
    ByteOrderMark,
    #[error("{what} at byte {at}")]
    Malformed { what: &'static str, at: usize },
    #[error("an object has two members of one name, before byte {at}")]
    DuplicateName { at: usize },
    #[error("more than {depth_max} containers within one another")]
    TooDeep { depth_max: usize },
    #[error("more than {nodes_max} values")]
    TooManyValues { nodes_max: usize },
    #[error("more than {} bytes", u32::MAX)]
    TooLong,
}

/// Reads one JSON text (RFC 8259) and nothing after it but white space.
pub fn parse(bytes: Bytes, limits: &Limits) -> Result<Document, JsonError> {
    if u32::try_from(bytes.len()).is_err() {
        return Err(JsonError::TooLong);
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| JsonError::NotUtf8)?;
    if text.starts_with('\u{feff}') {
        return Err(JsonError::ByteOrderMark);
    }
    let nodes = Scanner::new(text, limits).run()?;
    Ok(Document::new(bytes, nodes))
}

#[cfg(test)]
mod tests;
