//! Structure in streams that costs too much, or is not what it says: P5 and P11 of
//! `cases/notary.md`.

use std::collections::BTreeMap;

use miniz_oxide::deflate::compress_to_vec_zlib;
use muhrdor::pdf::{Document, PdfError};

use super::paper::{Packed, Paper, startxref, write_stream};
use super::{exceeds, free, refused, why, with};

const MI: usize = 1024 * 1024;

/// A file of which only its section is looked at.
pub(super) fn file(section: &[u8]) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let begin = bytes.len();
    bytes.extend(section);
    bytes.extend(format!("startxref\n{begin}\n%%EOF\n").bytes());
    bytes
}

/// A cross-reference stream with these entries beside the usual ones.
pub(super) fn stream_section(entries: &str, data: &[u8]) -> Vec<u8> {
    let length = data.len();
    let head = format!("9 0 obj\n<< /Type /XRef /Root 1 0 R {entries} /Length {length} >>\n");
    let mut section = head.into_bytes();
    section.extend(b"stream\n");
    section.extend(data);
    section.extend(b"\nendstream\nendobj\n");
    section
}

pub(super) fn refused_stream(entries: &str, data: &[u8]) -> PdfError {
    refused(&file(&stream_section(entries, data)))
}

#[test]
fn p11_object_streams_that_unpack_to_more_than_a_bound_are_refused() {
    let too_far = exceeds(16 * MI, "unpacked bytes of structure");
    let mut packed = Packed::of(&[(7, "null")]);
    packed.data.resize(17 * MI, b' ');
    packed.data = compress_to_vec_zlib(&packed.data, 6);
    packed.entries.push_str("/Filter /FlateDecode");
    assert!(packed.data.len() < 20_000, "a thousand times");
    assert_eq!(refused(&Paper::new().packed(&packed)), too_far);
}

#[test]
fn p11_cross_reference_streams_that_unpack_to_more_than_a_bound_together_are_refused() {
    let too_far = exceeds(16 * MI, "unpacked bytes of structure");
    let lines = compress_to_vec_zlib(&vec![0; 2_400_000], 6);
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut previous = String::new();
    for _ in 0..7 {
        let begin = bytes.len();
        let entries = format!("/W [8 8 8] /Size 100000 /Filter /FlateDecode {previous}");
        bytes.extend(stream_section(&entries, &lines));
        bytes.extend(format!("startxref\n{begin}\n%%EOF\n").bytes());
        previous = format!("/Prev {begin}");
    }
    assert_eq!(refused(&bytes), too_far);
    let one = compress_to_vec_zlib(&vec![0; 17 * MI], 6);
    let entries = "/W [1 2 1] /Size 5 /Filter /FlateDecode";
    assert_eq!(refused_stream(entries, &one), too_far);
}

#[test]
fn p11_packed_data_that_is_not_what_it_says_is_refused() {
    let whole = compress_to_vec_zlib(b"some data", 6);
    let damaged = "packed data does not unpack";
    let mut sum = whole.clone();
    *sum.last_mut().unwrap() ^= 1;
    let (head, _) = whole.split_at(whole.len() - 4);
    let behind = [whole.as_slice(), b"behind"].concat();
    for (data, expected) in [
        (sum.as_slice(), damaged),
        (head, damaged),
        (&[], damaged),
        (b"not packed", damaged),
        (&behind, "bytes after the packed data"),
    ] {
        let error = refused_stream("/W [1 2 1] /Size 5 /Filter /FlateDecode", data);
        assert_eq!(why(&error), expected);
    }
    for filter in ["/LZWDecode", "[/FlateDecode /FlateDecode]", "(a)", "null"] {
        let error = refused_stream(&format!("/W [1 2 1] /Size 5 /Filter {filter}"), &whole);
        assert_eq!(
            why(&error),
            "structure is packed in an unknown way",
            "{filter}"
        );
    }
    // Nine bytes are three rows of two columns, each with its kind before it.
    let unknown = "an unknown prediction";
    let rows = compress_to_vec_zlib(&[0; 9], 6);
    for (parameters, expected) in [
        ("<< /Predictor 2 /Columns 2 >>", unknown),
        ("<< /Predictor 16 /Columns 2 >>", unknown),
        ("<< /Predictor 12 /Columns 0 >>", unknown),
        ("<< /Predictor 12 /Columns 4294967296 >>", unknown),
        ("<< /Predictor 12 /Columns 7 >>", unknown),
        ("<< /Predictor 12 /Columns 2 /Colors 4 >>", unknown),
        (
            "<< /Predictor 12 /Columns 2 /BitsPerComponent 4 >>",
            unknown,
        ),
        (
            "<< /Predictor 12 /Columns 2 >>",
            "a cross-reference stream of another length",
        ),
        ("[<< >> << >>]", "not the parameters of a filter"),
        ("(a)", "not the parameters of a filter"),
    ] {
        let entries = format!("/W [1 2 1] /Size 5 /Filter /FlateDecode /DecodeParms {parameters}");
        assert_eq!(
            why(&refused_stream(&entries, &rows)),
            expected,
            "{parameters}"
        );
    }
    let kind = compress_to_vec_zlib(&[5; 9], 6);
    let parameters = "/Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 2 >>";
    let error = refused_stream(&format!("/W [1 2 1] /Size 5 {parameters}"), &kind);
    assert_eq!(why(&error), unknown);
}

#[test]
fn p11_widths_and_runs_of_a_cross_reference_stream_that_lie_are_refused() {
    let widths = "a cross-reference stream without its widths";
    for stated in [
        "[1 9 2]",
        "[1 -1 2]",
        "[1 0 2]",
        "[1 2]",
        "[1 2 1 1]",
        "[1 2 4294967296]",
        "7",
    ] {
        let error = refused_stream(&format!("/W {stated} /Size 5"), b"");
        assert_eq!(why(&error), widths, "{stated}");
    }
    let index = "a cross-reference stream with a wrong index";
    let length = "a cross-reference stream of another length";
    for (stated, expected) in [
        ("[0]", index),
        ("[0 6]", index),
        ("[4 2]", index),
        ("[-1 1]", index),
        ("[4294967295 1]", index),
        ("[0 4294967295]", index),
        ("(a)", index),
        ("[0 4]", length),
        ("[]", length),
        ("[0 1 0 1]", "an object has two entries"),
    ] {
        let error = refused_stream(&format!("/W [1 2 1] /Size 5 /Index {stated}"), &[0; 8]);
        assert_eq!(why(&error), expected, "{stated}");
    }
    let kind = refused_stream("/W [1 2 1] /Size 2", &[0, 0, 0, 0, 3, 0, 0, 0]);
    assert_eq!(why(&kind), "an unknown entry");
}

#[test]
fn object_streams_in_object_streams_are_refused() {
    let bytes = Paper::new().packed(&Packed::of(&[(7, "null")]));
    let own = free(&bytes);
    let container = "not an object stream of this revision";
    let begin = startxref(&bytes);
    for (entry, expected) in [
        // In the stream of the revision before, in itself, in one that is not there.
        ([2, 5, 0], container),
        ([2, u64::from(own), 0], container),
        ([2, 99, 0], container),
    ] {
        let mut after = bytes.clone();
        let at = after.len() as u64;
        let entries = BTreeMap::from([(own, entry), (own + 1, [1, at, 0])]);
        let previous = format!("/Prev {begin}");
        write_stream(&mut after, own + 1, &entries, &previous);
        assert_eq!(why(&refused(&after)), expected, "{entry:?}");
    }
    let packed = Packed::of(&[(7, "<< /Type /ObjStm /N 1 /First 4 /Length 0 >>")]);
    assert!(
        Document::read(&Paper::new().packed(&packed)).is_ok(),
        "no stream"
    );
}

#[test]
fn object_streams_that_hold_something_else_than_they_say_are_refused() {
    let right = || Packed::of(&[(7, "(seven)"), (8, "(eight)")]);
    assert!(Document::read(&Paper::new().packed(&right())).is_ok());
    let head = "an object stream without its head";
    let more = "an object stream with more than its objects";
    let data = |data: &[u8]| Packed {
        data: data.to_vec(),
        ..right()
    };
    let first = |first: usize| Packed { first, ..right() };
    assert_eq!(right().data, b"7 0 8 8 (seven) (eight) ");
    for (packed, expected) in [
        (
            data(b"7 0 9 8 (seven) (eight) "),
            "another object than the entry names",
        ),
        (
            data(b"8 0 7 8 (seven) (eight) "),
            "another object than the entry names",
        ),
        (
            data(b"7 0 8 0 (seven) (eight) "),
            "objects overlap in an object stream",
        ),
        (data(b"7 8 8 0 (seven) (eight) "), more),
        (data(b"7 1 8 8 (seven) (eight) "), more),
        (data(b"7 0 8 8 (seven) (eight) 9"), more),
        (data(b"7 0 8 8 (seven)1(eight) "), more),
        (
            data(b"7 0 8 99(seven) (eight) "),
            "objects overlap in an object stream",
        ),
        (data(b"7 0 8   (seven) (eight) "), head),
        (data(b"7 0 8 8 "), "objects overlap in an object stream"),
        (data(b"7 0 8 8 (seven) 1 0 obj "), more),
        (first(9), more),
        (first(4), head),
        (first(99), head),
    ] {
        let text = packed.data.escape_ascii().to_string();
        let error = refused(&Paper::new().packed(&packed));
        assert_eq!(why(&error), expected, "{text}, {}", packed.first);
    }
    let bytes = Paper::new().packed(&right());
    for (count, expected) in [(1, "have no entry"), (3, "have no entry")] {
        let stated = format!("/N {count}");
        let error = refused(&with(&bytes, b"/N 2", stated.as_bytes()));
        assert!(why(&error).contains(expected), "{count}");
    }
    let kind = refused(&with(&bytes, b"/Type /ObjStm", b"/Type /Other"));
    assert_eq!(why(&kind), "not an object stream");
}

#[test]
fn p5_structure_in_another_file_is_refused() {
    let elsewhere = "structure that stands in another file";
    for key in ["/F (a)", "/FFilter /FlateDecode", "/FDecodeParms null"] {
        let plain = Packed::of(&[(7, "null")]);
        let section = Paper::new().trailer(key).packed(&plain);
        assert_eq!(why(&refused(&section)), elsewhere, "{key}");
        let packed = Packed {
            entries: key.to_owned(),
            ..plain
        };
        let container = Paper::new().packed(&packed);
        assert_eq!(why(&refused(&container)), elsewhere, "{key}");
    }
}

#[test]
fn cross_references_of_both_kinds_are_refused() {
    let table = Paper::new().bytes();
    let mut mixed = table.clone();
    let entries = BTreeMap::from([(5, [1, mixed.len() as u64, 0])]);
    let previous = format!("/Prev {}", startxref(&table));
    write_stream(&mut mixed, 5, &entries, &previous);
    assert_eq!(why(&refused(&mixed)), "cross-references of both kinds");
    let stream = Paper::new().packed(&Packed::of(&[(7, "null")]));
    let mixed = Paper::nothing().object(20, "null").after(&stream);
    assert_eq!(why(&refused(&mixed)), "cross-references of both kinds");
}
