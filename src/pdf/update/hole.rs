//! The hole a signature goes into (ISO 32000-2 §12.8.1, EN 319 142-1 §5.3).

use std::ops::Range;

use crate::pdf::PdfError;
use crate::pdf::syntax::{Dictionary, write_dictionary, write_hex};

/// How many bytes are reserved for a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoleBytes(usize);

impl HoleBytes {
    /// # Errors
    /// [`PdfError::HoleBytes`] when it is nothing, or more than any signature needs.
    pub fn new(bytes: usize) -> Result<Self, PdfError> {
        match bytes {
            1..=HOLE_BYTES_MAX => Ok(Self(bytes)),
            _ => Err(PdfError::HoleBytes(bytes)),
        }
    }
}

/// A file that is whole but for its signature.
#[derive(Debug)]
#[must_use]
pub struct Unsigned {
    bytes: Vec<u8>,
    /// `Contents` with its brackets.
    hole: Range<usize>,
}

impl Unsigned {
    /// The file again that had these bytes and this hole; nothing if there is no hole.
    #[must_use]
    pub fn restored(bytes: Vec<u8>, hole: Range<usize>) -> Option<Self> {
        let brackets = bytes.get(hole.clone())?;
        let is_hole = brackets.starts_with(b"<") && brackets.ends_with(b">");
        is_hole.then_some(Self { bytes, hole })
    }

    /// The file with its hole empty.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where `Contents` stands, with its brackets.
    #[must_use]
    pub fn hole(&self) -> Range<usize> {
        self.hole.clone()
    }

    /// What the signature covers: the file before the hole, and behind it.
    #[must_use]
    pub fn covered(&self) -> [&[u8]; 2] {
        let before = self.bytes.get(..self.hole.start);
        let after = self.bytes.get(self.hole.end..);
        [before.unwrap_or_default(), after.unwrap_or_default()]
    }

    /// The four numbers of `ByteRange`.
    #[must_use]
    pub fn byte_range(&self) -> [usize; 4] {
        let rest = self.bytes.len().saturating_sub(self.hole.end);
        [0, self.hole.start, self.hole.end, rest]
    }

    /// Puts a signature into the hole, in lower-case digits, and zeros behind it.
    ///
    /// # Errors
    /// [`PdfError::HoleTooSmall`].
    pub fn fill(mut self, signature: &[u8]) -> Result<Vec<u8>, PdfError> {
        let reserved = self.hole.len().saturating_sub(2) / 2;
        let mut digits = Vec::with_capacity(signature.len() * 2);
        write_hex(&mut digits, signature);
        let begin = self.hole.start + 1;
        let place = self.bytes.get_mut(begin..begin + digits.len());
        let place = place.filter(|_| signature.len() <= reserved);
        let Some(place) = place else {
            return Err(PdfError::HoleTooSmall {
                given: signature.len(),
                reserved,
            });
        };
        place.copy_from_slice(&digits);
        Ok(self.bytes)
    }
}

/// Where the range and the hole stand.
#[derive(Debug)]
pub(super) struct Places {
    range: Range<usize>,
    hole: Range<usize>,
}

impl Places {
    /// The same, with the body at this place.
    pub(super) fn at(self, offset: usize) -> Self {
        let moved = |range: Range<usize>| range.start + offset..range.end + offset;
        Self {
            range: moved(self.range),
            hole: moved(self.hole),
        }
    }

    /// Writes the range into the file that is now whole.
    pub(super) fn fit(self, bytes: Vec<u8>) -> Result<Unsigned, PdfError> {
        let hole = self.hole;
        let mut unsigned = Unsigned { bytes, hole };
        let [zero, before, begin, rest] = unsigned.byte_range();
        let text = format!("[{zero} {before} {begin} {rest}]");
        let text = format!("{text:RANGE_BYTES$}");
        let place = unsigned.bytes.get_mut(self.range);
        let place = place.filter(|place| place.len() == text.len());
        let missing = PdfError::damaged(before, "no place for the byte range");
        place.ok_or(missing)?.copy_from_slice(text.as_bytes());
        Ok(unsigned)
    }
}

/// The signature dictionary with room for both, and where in it.
pub(super) fn body(dictionary: &Dictionary, reserved: HoleBytes) -> (Vec<u8>, Places) {
    let mut dictionary = dictionary.clone();
    dictionary.remove("ByteRange");
    dictionary.remove("Contents");
    let mut body = Vec::with_capacity(reserved.0 * 2 + 512);
    write_dictionary(&mut body, &dictionary);
    body.truncate(body.len().saturating_sub(b" >>".len()));
    body.extend(b" /ByteRange ");
    let range = body.len()..body.len() + RANGE_BYTES;
    body.extend([b' '; RANGE_BYTES]);
    body.extend(b" /Contents ");
    let begin = body.len();
    body.push(b'<');
    body.resize(body.len() + reserved.0 * 2, b'0');
    body.push(b'>');
    let hole = begin..body.len();
    body.extend(b" >>");
    (body, Places { range, hole })
}

/// `[0 1234567890 1234567890 1234567890]`.
const RANGE_BYTES: usize = 36;
const HOLE_BYTES_MAX: usize = 64 * 1024;
