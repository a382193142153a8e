//! Signatures that are none: P1 and P3 of `cases/notary.md`, and two contents of one signature.

use std::ops::Range;

use muhrdor::pdf::{Document, PdfError, SignatureField, Spelling};

use super::paper::Paper;
use super::{HOLE_BYTES, find, free, put, refused, rfind, sealed, unsigned, why, with};

/// A sealed file, and where its parts stand.
struct Sealed {
    bytes: Vec<u8>,
    hole: Range<usize>,
    /// `[0 …]`, with the spaces behind it.
    range: Range<usize>,
}

impl Sealed {
    fn new() -> Self {
        let bytes = sealed(&Paper::new().bytes());
        let hole = only(&bytes).hole;
        let begin = find(&bytes, b"/ByteRange ") + b"/ByteRange ".len();
        let end = begin + bytes[begin..].iter().position(|b| *b == b'/').unwrap();
        Self {
            bytes,
            hole,
            range: begin..end,
        }
    }

    /// With something else for the byte range.
    fn range(&self, numbers: [i64; 4]) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        let [a, b, c, d] = numbers;
        put(
            &mut bytes,
            self.range.clone(),
            format!("[{a} {b} {c} {d}]").as_bytes(),
        );
        bytes
    }

    /// With something else in the hole, brackets and all.
    fn contents(&self, contents: &[u8]) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        put(&mut bytes, self.hole.clone(), contents);
        bytes
    }

    /// The right numbers.
    fn numbers(&self) -> [i64; 4] {
        let (begin, end) = (self.hole.start, self.hole.end);
        [0, begin, end, self.bytes.len() - end].map(|number| i64::try_from(number).unwrap())
    }
}

fn only(bytes: &[u8]) -> SignatureField {
    let document = Document::read(bytes).unwrap();
    let mut signatures = document.signatures().unwrap();
    assert_eq!(signatures.len(), 1);
    signatures.remove(0)
}

#[test]
fn p1_contents_that_are_null_are_no_signature() {
    let bytes = Sealed::new().contents(b"null");
    assert_eq!(why(&unsigned(&bytes)), "an empty signature");
}

#[test]
fn p1_contents_that_are_empty_are_no_signature() {
    let bytes = Sealed::new().contents(b"<>");
    assert_eq!(why(&unsigned(&bytes)), "an empty signature");
}

#[test]
fn p1_contents_of_zeros_are_no_signature() {
    let zeros = format!("<{}>", "00".repeat(HOLE_BYTES));
    let bytes = Sealed::new().contents(zeros.as_bytes());
    assert_eq!(why(&unsigned(&bytes)), "an empty signature");
}

#[test]
fn p1_a_signature_without_contents_or_byte_range_is_none() {
    let sealed = Sealed::new();
    for (key, expected) in [
        ("/Contents", "an empty signature"),
        ("/ByteRange", "a wrong byte range"),
    ] {
        let other = key.replace('e', "E");
        let mut bytes = sealed.bytes.clone();
        let at = rfind(&bytes, key.as_bytes());
        put(&mut bytes, at..at + key.len(), other.as_bytes());
        assert_eq!(why(&unsigned(&bytes)), expected, "{key}");
    }
}

#[test]
fn p1_a_byte_range_of_zeros_is_no_signature() {
    let bytes = Sealed::new().range([0, 0, 0, 0]);
    assert_eq!(why(&unsigned(&bytes)), "a wrong byte range");
}

#[test]
fn p1_a_negative_byte_range_is_no_signature() {
    let sealed = Sealed::new();
    let [_, before, begin, rest] = sealed.numbers();
    for numbers in [
        [-1, before, begin, rest],
        [0, -before, begin, rest],
        [0, before, -begin, rest],
        [0, before, begin, -rest],
    ] {
        assert_eq!(why(&unsigned(&sealed.range(numbers))), "a wrong byte range");
    }
}

#[test]
fn p1_byte_ranges_that_overlap_the_hole_or_each_other_are_no_signature() {
    let sealed = Sealed::new();
    let [_, before, begin, rest] = sealed.numbers();
    for numbers in [
        [0, before + 1, begin, rest],
        [0, begin, begin, rest],
        [0, begin + 1, begin, rest],
        [0, before, before, rest + begin - before],
        [0, before, begin - 1, rest + 1],
    ] {
        assert_eq!(why(&unsigned(&sealed.range(numbers))), "a wrong byte range");
    }
}

#[test]
fn p1_a_byte_range_beyond_the_end_or_short_of_it_is_no_signature() {
    let sealed = Sealed::new();
    let [_, before, begin, rest] = sealed.numbers();
    for rest in [rest + 1, rest - 2, 0, i64::MAX / 1_000_000_000] {
        let bytes = sealed.range([0, before, begin, rest]);
        let expected = "its byte range does not end its revision";
        assert_eq!(why(&unsigned(&bytes)), expected, "{rest}");
    }
}

#[test]
fn p1_a_byte_range_that_is_no_four_numbers_is_no_signature() {
    let sealed = Sealed::new();
    for text in [
        "[]",
        "[0 1 2]",
        "[0 1 2 3 4 5]",
        "null",
        "(a)",
        "[0 1.0 2 3]",
    ] {
        let mut bytes = sealed.bytes.clone();
        put(&mut bytes, sealed.range.clone(), text.as_bytes());
        assert_eq!(why(&unsigned(&bytes)), "a wrong byte range", "{text}");
    }
}

#[test]
fn p3_bytes_beside_the_string_in_the_gap_are_no_signature() {
    let sealed = Sealed::new();
    let digits = "a5".repeat(100);
    for gap in [
        format!("<{digits}>"),
        format!("<{digits}> % bytes that nobody covers\n"),
        format!(" <{digits}>"),
    ] {
        let bytes = sealed.contents(gap.as_bytes());
        assert_eq!(why(&unsigned(&bytes)), "a wrong byte range", "{gap}");
    }
}

#[test]
fn p3_more_than_a_string_in_the_gap_is_refused() {
    let sealed = Sealed::new();
    for (gap, expected) in [
        ("<a5> /Contents <a5>", "a key stands twice in a dictionary"),
        ("<a5> /Other <a5>", ""),
        ("<a5 99 0 obj endobj>", "not a hexadecimal digit"),
        ("<a5> >> endobj 99 0 obj << /A /B", ""),
        ("(a5)", ""),
    ] {
        let bytes = sealed.contents(gap.as_bytes());
        let error = Document::read(&bytes).and_then(|document| document.signatures());
        let found = why(&error.unwrap_err());
        assert!(found == expected || expected.is_empty(), "{gap}: {found}");
    }
}

#[test]
fn p3_a_second_range_that_was_moved_is_no_signature() {
    let sealed = Sealed::new();
    let [_, before, begin, rest] = sealed.numbers();
    for by in [1, 16, rest - 1, rest] {
        let bytes = sealed.range([0, before, begin + by, rest - by]);
        assert_eq!(why(&unsigned(&bytes)), "a wrong byte range", "by {by}");
    }
    // Longer, with what was covered behind what is inserted: the file has another revision then.
    let mut bytes = sealed.bytes.clone();
    let inserted = b"\n% inserted into the gap\n";
    bytes.splice(sealed.hole.end..sealed.hole.end, inserted.iter().copied());
    assert!(matches!(refused(&bytes), PdfError::Damaged { .. }));
}

#[test]
fn p3_an_entry_that_points_into_the_gap_is_refused() {
    let sealed = Sealed::new();
    let document = Document::read(&sealed.bytes).unwrap();
    let page = document.pages()[0].reference.number;
    let body = sealed.bytes[..].windows(8).rposition(|w| w == b"3 0 obj\n");
    let line = format!("{:010} 00000 n \n", body.unwrap());
    assert_eq!(page, Paper::PAGE);
    for at in [
        sealed.hole.start,
        sealed.hole.start + 1,
        sealed.hole.end - 1,
    ] {
        let moved = format!("{at:010} 00000 n \n");
        let bytes = with(&sealed.bytes, line.as_bytes(), moved.as_bytes());
        assert!(matches!(refused(&bytes), PdfError::Damaged { .. }), "{at}");
    }
}

#[test]
fn p5_two_contents_of_one_signature_are_refused() {
    let sealed = Sealed::new();
    for again in ["/Contents <a5>", "/#43ontents <a5>", "/ByteRange []"] {
        let mut bytes = sealed.bytes.clone();
        // In the place of the filter, which nobody needs to be one key of two.
        let at = rfind(&bytes, b"/Filter /Adobe.PPKLite");
        put(&mut bytes, at..at + 22, again.as_bytes());
        let expected = "a key stands twice in a dictionary";
        assert_eq!(why(&refused(&bytes)), expected, "{again}");
    }
}

#[test]
fn p13_contents_in_another_spelling_are_told_from_canonical_ones() {
    let sealed = Sealed::new();
    let upper = {
        let mut bytes = sealed.bytes.clone();
        bytes[sealed.hole.clone()].make_ascii_uppercase();
        bytes
    };
    assert_eq!(only(&upper).spelling, Spelling::Other);
    let spaced = {
        let mut bytes = sealed.bytes.clone();
        let end = sealed.hole.end;
        bytes[end - 3..end - 1].copy_from_slice(b" \n");
        bytes
    };
    assert_eq!(only(&spaced).spelling, Spelling::Other);
    assert_eq!(only(&sealed.bytes).spelling, Spelling::Canonical);
}

#[test]
fn p8_two_signatures_of_one_name_or_of_one_revision_are_refused() {
    let sealed = Sealed::new();
    let field = only(&sealed.bytes);
    let size = free(&sealed.bytes);
    let value = field.value;
    for (name, expected) in [
        ("Seal", "two form fields have one name"),
        ("Other", "two signatures close one revision"),
    ] {
        let second = format!("<< /FT /Sig /T ({name}) /V {value} R >>");
        let form = format!(
            "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [{} R {size} 0 R] >> >>",
            field.field
        );
        let bytes = Paper::nothing()
            .object(Paper::CATALOG, form)
            .object(size, second)
            .after(&sealed.bytes);
        assert_eq!(why(&unsigned(&bytes)), expected, "{name}");
    }
}
