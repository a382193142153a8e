//! One incremental update: what is there stays to the byte, what is new stands behind it
//! (ISO 32000-2 §7.5.6).

mod hole;
mod section;

pub use hole::{HoleBytes, Unsigned};

use std::collections::BTreeMap;

use super::PdfError;
use super::document::{Document, Sealable};
use super::syntax::{Dictionary, Object, Reference, write, write_dictionary};
use section::{Written, section};

/// The new second part of a file's identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileId(pub [u8; 16]);

/// Objects to add to a document, or to replace in it.
#[derive(Debug)]
pub struct Update<'d, 'a> {
    document: &'d Document<'a>,
    first: u32,
    next: u32,
    bodies: BTreeMap<Reference, Vec<u8>>,
}

impl<'d, 'a> Update<'d, 'a> {
    /// An update without any object.
    #[must_use]
    pub fn new(sealable: &Sealable<'d, 'a>) -> Self {
        let document = sealable.document();
        let size = document.trailer().get("Size").and_then(Object::as_integer);
        let next = size.and_then(|size| u32::try_from(size).ok()).unwrap_or(0);
        Self {
            document,
            first: next,
            next,
            bodies: BTreeMap::new(),
        }
    }

    /// A number for a new object, which has to be put before the update is written.
    pub fn reserve(&mut self) -> Reference {
        let number = self.next;
        self.next = self.next.saturating_add(1);
        Reference {
            number,
            generation: 0,
        }
    }

    /// Adds a new object, and gives its name.
    ///
    /// # Errors
    /// As [`Update::put`].
    pub fn add(&mut self, object: &Object) -> Result<Reference, PdfError> {
        let reference = self.reserve();
        self.put(reference, object)?;
        Ok(reference)
    }

    /// Sets an object that was reserved or is in the document. A stream of the document keeps its
    /// data.
    ///
    /// # Errors
    /// [`PdfError::NotReserved`] when there is no such object.
    pub fn put(&mut self, reference: Reference, object: &Object) -> Result<(), PdfError> {
        let mut body = Vec::new();
        match self.document.data(object) {
            Some(data) => write_stream(&mut body, object.as_dictionary(), data),
            None => write(&mut body, object),
        }
        self.insert(reference, body)
    }

    /// Sets a stream with this data; its `Length` is set to fit.
    ///
    /// # Errors
    /// [`PdfError::NotReserved`] when there is no such object.
    pub fn put_stream(
        &mut self,
        reference: Reference,
        dictionary: &Dictionary,
        data: &[u8],
    ) -> Result<(), PdfError> {
        let mut body = Vec::with_capacity(data.len() + 128);
        write_stream(&mut body, Some(dictionary), data);
        self.insert(reference, body)
    }

    /// Writes the document with this update, which can be read again.
    ///
    /// # Errors
    /// [`PdfError::NotReserved`] names a number that was reserved and never put. As
    /// [`Document::read`] when what was put makes no document, or one that is out of bounds.
    pub fn write(self, id: FileId) -> Result<Vec<u8>, PdfError> {
        let (bytes, _) = self.assemble(id, None)?;
        Document::read(&bytes)?;
        Ok(bytes)
    }

    /// Writes the document with this update and a signature dictionary in it, whose `Contents` is
    /// a hole and whose `ByteRange` covers everything else.
    ///
    /// # Errors
    /// As [`Update::write`], and [`PdfError::NotReserved`] when `signature` was not reserved.
    pub fn write_unsigned(
        mut self,
        signature: Reference,
        dictionary: &Dictionary,
        reserved: HoleBytes,
        id: FileId,
    ) -> Result<Unsigned, PdfError> {
        let (body, places) = hole::body(dictionary, reserved);
        self.insert(signature, body)?;
        let (bytes, body_at) = self.assemble(id, Some(signature))?;
        let unsigned = places.at(body_at).fit(bytes)?;
        Document::read(unsigned.bytes())?;
        Ok(unsigned)
    }

    fn insert(&mut self, reference: Reference, body: Vec<u8>) -> Result<(), PdfError> {
        let reserved = (self.first..self.next).contains(&reference.number);
        let reserved = reserved && reference.generation == 0;
        if !reserved && self.document.object(reference).is_none() {
            return Err(PdfError::NotReserved(reference));
        }
        self.bodies.insert(reference, body);
        Ok(())
    }

    /// The file, and where the body of `wanted` begins in it.
    fn assemble(self, id: FileId, wanted: Option<Reference>) -> Result<(Vec<u8>, usize), PdfError> {
        for number in self.first..self.next {
            let reference = Reference {
                number,
                generation: 0,
            };
            if !self.bodies.contains_key(&reference) {
                return Err(PdfError::NotReserved(reference));
            }
        }
        let before = self.document.bytes();
        let added: usize = self.bodies.values().map(|body| body.len() + 64).sum();
        let mut out = Vec::with_capacity(before.len() + added + SECTION_BYTES);
        out.extend(before);
        // This end of line belongs to the new revision.
        if !before.ends_with(b"\n") && !before.ends_with(b"\r") {
            out.push(b'\n');
        }
        let mut offsets = BTreeMap::new();
        let mut wanted_at = 0;
        for (reference, body) in &self.bodies {
            offsets.insert(*reference, out.len());
            out.extend(format!("{reference} obj\n").bytes());
            if wanted == Some(*reference) {
                wanted_at = out.len();
            }
            out.extend(body);
            out.extend(b"\nendobj\n");
        }
        let written = Written {
            offsets,
            next: self.next,
            id,
        };
        section(&mut out, self.document, written);
        Ok((out, wanted_at))
    }
}

fn write_stream(out: &mut Vec<u8>, dictionary: Option<&Dictionary>, data: &[u8]) {
    let length = i64::try_from(data.len()).unwrap_or(i64::MAX);
    let dictionary = dictionary.cloned().unwrap_or_default();
    write_dictionary(out, &dictionary.with("Length", Object::Integer(length)));
    out.extend(b"\nstream\n");
    out.extend(data);
    out.extend(b"\nendstream");
}

/// Room for a usual cross-reference section.
const SECTION_BYTES: usize = 2048;
