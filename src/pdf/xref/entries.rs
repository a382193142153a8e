//! The entries of a section, one an object.

use std::collections::BTreeMap;

use crate::pdf::PdfError;

/// Where one object stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pdf) enum Entry {
    Free,
    /// At an offset of the file.
    At {
        offset: usize,
        generation: u16,
    },
    /// In an object stream, at a place of it.
    Packed {
        stream: u32,
        index: usize,
    },
}

/// Collects entries; each number once, each below the size the trailer states.
#[derive(Debug)]
pub(super) struct Entries {
    size: u32,
    at: usize,
    found: BTreeMap<u32, Entry>,
}

impl Entries {
    /// For a section that stands `at`.
    pub(super) fn new(size: u32, at: usize) -> Self {
        let found = BTreeMap::new();
        Self { size, at, found }
    }

    pub(super) fn add(&mut self, number: u32, entry: Entry) -> Result<(), PdfError> {
        if number >= self.size {
            return Err(PdfError::damaged(
                self.at,
                "an object beyond the stated size",
            ));
        }
        if number == 0 && entry != Entry::Free {
            return Err(PdfError::damaged(self.at, "object 0 is not free"));
        }
        if self.found.insert(number, entry).is_some() {
            return Err(PdfError::damaged(self.at, "an object has two entries"));
        }
        Ok(())
    }

    pub(super) fn done(self) -> BTreeMap<u32, Entry> {
        self.found
    }
}

/// The stated `Size`, within bounds.
pub(super) fn size(size: Option<i64>, at: usize) -> Result<u32, PdfError> {
    let size = size.and_then(|size| u32::try_from(size).ok());
    let Some(size @ 1..) = size else {
        return Err(PdfError::damaged(at, "the trailer states no size"));
    };
    if size > OBJECTS_MAX {
        return Err(PdfError::Exceeds {
            max: OBJECTS_MAX as usize,
            unit: "objects",
        });
    }
    Ok(size)
}

const OBJECTS_MAX: u32 = 100_000;
