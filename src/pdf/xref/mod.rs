//! Where the objects stand: cross-reference sections, and the chain of revisions they make
//! (ISO 32000-2 §7.5).

mod chain;
mod entries;
mod stream;
mod table;

pub(super) use chain::{Layer, chain};
pub(super) use entries::Entry;

use std::collections::BTreeMap;
use std::ops::Range;

use super::syntax::{Dictionary, Reference};

/// Which of the two kinds of cross-reference section a file uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SectionKind {
    Table,
    Stream,
}

/// One cross-reference section with its trailer.
#[derive(Debug)]
pub(super) struct Section {
    kind: SectionKind,
    /// The section, its trailer and what follows to the end of the line of its `%%EOF`.
    pub(super) span: Range<usize>,
    /// The end of its `%%EOF`, without the end of line.
    marker_end: usize,
    /// The object a cross-reference stream is.
    pub(super) own: Option<Reference>,
    /// What stands after its `startxref`.
    points_to: usize,
    trailer: Dictionary,
    entries: BTreeMap<u32, Entry>,
}
