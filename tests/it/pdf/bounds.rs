//! Files that would cost too much are refused, each by its own name: P11 of `cases/notary.md`.

use muhrdor::pdf::{Document, PdfError};

use super::paper::{Packed, Paper, joined, startxref};
use super::streams::{file, refused_stream};
use super::{exceeds, find, free, refused, unsigned, why, with};

const MANY: usize = 200_000;
const MI: usize = 1024 * 1024;

fn refused_table(lines: &str, size: &str) -> PdfError {
    let section = format!("xref\n{lines}trailer\n<< /Size {size} /Root 1 0 R >>\n");
    refused(&file(section.as_bytes()))
}

#[test]
fn p6_what_is_no_pdf_is_refused_as_that() {
    assert_eq!(refused(b""), PdfError::Empty);
    assert_eq!(
        PdfError::Empty.to_string(),
        "the file is empty: send the PDF itself"
    );
    let pdf = Paper::new().bytes();
    let behind = |head: &[u8]| [head, pdf.as_slice()].concat();
    for bytes in [
        b"PK\x03\x04 a ZIP archive".to_vec(),
        b"MZ\x90\0".to_vec(),
        b"%PDF-".to_vec(),
        behind(b"MZ"),
        behind(b"PK\x03\x04"),
        behind(b"<!DOCTYPE html>\n"),
        behind(b"\n"),
        behind(b"\xef\xbb\xbf"),
        with(&pdf, b"%PDF-1.7", b"%PDF-1.8"),
        with(&pdf, b"%PDF-1.7", b"%PDF-2.1"),
        with(&pdf, b"%PDF-1.7\n", b"%PDF-1.7x"),
        with(&pdf, b"%PDF-1.7", b"%pdf-1.7"),
    ] {
        let error = refused(&bytes);
        assert_eq!(
            error,
            PdfError::NotPdf,
            "{}",
            bytes[..9.min(bytes.len())].escape_ascii()
        );
        assert_eq!(
            error.to_string(),
            "the file does not begin with `%PDF-` and a version up to 2.0: send the PDF itself"
        );
    }
}

#[test]
fn p6_a_pdf_that_is_an_archive_as_well_is_refused() {
    let archive = b"PK\x03\x04name PK\x01\x02name PK\x05\x06";
    let error = refused(&Paper::new().stream(Paper::CONTENT, "", archive).bytes());
    assert_eq!(error, PdfError::Archive);
    let words = "the PDF is a ZIP archive as well: print the document to a new PDF";
    assert_eq!(error.to_string(), words);
    // A picture may have some of these bytes.
    for some in ["PK\x01\x02", "PK\x05\x06", "PK\x05\x06 PK\x01\x02"] {
        let paper = Paper::new().stream(Paper::CONTENT, "", some.as_bytes());
        assert!(Document::read(&paper.bytes()).is_ok(), "{some:?}");
    }
}

#[test]
fn p11_a_file_of_more_than_twenty_mebibytes_is_refused() {
    let whole = Paper::new().stream(Paper::CONTENT, "", &vec![b' '; 20 * MI]);
    assert_eq!(refused(&whole.bytes()), exceeds(20 * MI, "bytes"));
}

#[test]
fn p11_deep_nesting_is_refused() {
    let levels = exceeds(64, "levels of nesting");
    for (open, close) in [("[", "]"), ("<</A", ">>"), ("[<</A ", ">>]")] {
        let deep = open.repeat(MANY) + "0" + &close.repeat(MANY);
        assert_eq!(refused(&Paper::new().object(5, &deep).bytes()), levels);
        let paper = Paper::new().trailer(&format!("/A {deep}"));
        assert_eq!(refused(&paper.bytes()), levels);
        let packed = Packed::of(&[(7, deep.as_str())]);
        assert_eq!(refused(&Paper::new().packed(&packed)), levels);
        // What does not end is not read to its end.
        let open = open.repeat(MANY);
        assert_eq!(refused(&Paper::new().object(5, &open).bytes()), levels);
    }
    let nested = |levels: usize| {
        let paper = Paper::new().object(5, "[".repeat(levels) + &"]".repeat(levels));
        Document::read(&paper.bytes()).map(|_| ())
    };
    assert_eq!(nested(64), Ok(()));
    assert_eq!(nested(65), Err(levels));
    let strings = "(".repeat(MANY) + &")".repeat(MANY);
    assert!(Document::read(&Paper::new().object(5, strings).bytes()).is_ok());
}

#[test]
fn p11_sections_that_name_each_other_are_refused() {
    let itself = Paper::new().bytes();
    let at = startxref(&itself);
    let itself = Paper::new().trailer(&format!("/Prev {at}")).bytes();
    assert_eq!(startxref(&itself), at);
    assert_eq!(why(&refused(&itself)), "no object stands here");
    // Two, each of which names the other as the one before it.
    let place = Paper::new().trailer("/Prev 0000000000").bytes();
    let both = Paper::nothing().after(&place);
    let newer = format!("/Prev {:010}", startxref(&both));
    let both = with(&both, b"/Prev 0000000000", newer.as_bytes());
    assert!(matches!(refused(&both), PdfError::Damaged { .. }));
    for previous in ["-1", "0", "(a)", "99999999", "9999999999999999999"] {
        let bytes = Paper::new().trailer(&format!("/Prev {previous}")).bytes();
        assert!(
            matches!(refused(&bytes), PdfError::Damaged { .. }),
            "{previous}"
        );
    }
}

#[test]
fn p11_revisions_without_end_are_refused() {
    let mut bytes = Paper::new().bytes();
    for _ in 1..32 {
        bytes = Paper::nothing().after(&bytes);
    }
    assert_eq!(Document::read(&bytes).unwrap().revisions().len(), 32);
    let bytes = Paper::nothing().after(&bytes);
    assert_eq!(refused(&bytes), exceeds(32, "revisions"));
}

#[test]
fn p11_lengths_that_lie_are_refused() {
    let stream = |length: &str| {
        let body = format!("<< /Length {length} >>\nstream\n0 0 10 10 re f\nendstream");
        Paper::new().object(Paper::CONTENT, body)
    };
    assert!(Document::read(&stream("14").bytes()).is_ok());
    assert!(Document::read(&stream("5 0 R").object(5, "14").bytes()).is_ok());
    let (ends, none) = (
        "a stream does not end where its length says",
        "a stream without its length",
    );
    for (length, expected) in [
        ("13", ends),
        ("16", ends),
        ("0", ends),
        ("24", ends),
        ("-1", none),
        ("4294967310", none),
        ("9223372036854775807", none),
        ("14.0", none),
        ("null", none),
        ("6 0 R", none),
        ("4 0 R", none),
        ("1 0 R", none),
    ] {
        assert_eq!(why(&refused(&stream(length).bytes())), expected, "{length}");
    }
    let before = stream("5 0 R").object(5, "14").bytes();
    let after = Paper::nothing()
        .object(5, "3")
        .stream(6, "", b"")
        .after(&before);
    assert_eq!(why(&refused(&after)), "the length of a stream changes");
    let again = "<< /Length 5 0 R >>\nstream\nabc\nendstream";
    let after = Paper::nothing().object(6, again).after(&before);
    assert_eq!(why(&refused(&after)), ends);
}

#[test]
fn p11_a_size_that_lies_is_refused() {
    let none = "the trailer states no size";
    for size in [
        "0",
        "-1",
        "4294967296",
        "9223372036854775807",
        "(5)",
        "5 0 R",
        "5.0",
    ] {
        assert_eq!(why(&refused_table("", size)), none, "{size}");
    }
    for size in ["100001", "4294967295"] {
        let entries = format!("/W [1 2 1] /Size {size}");
        assert_eq!(refused_table("", size), exceeds(100_000, "objects"));
        assert_eq!(refused_stream(&entries, b""), exceeds(100_000, "objects"));
    }
    assert_eq!(why(&refused_stream("/W [1 2 1]", b"")), none);
    let too_small = Paper::new().size(4).bytes();
    assert_eq!(
        why(&refused(&too_small)),
        "an object beyond the stated size"
    );
}

#[test]
fn p11_a_table_that_states_more_lines_than_it_has_is_refused() {
    for count in ["2", "4294967295"] {
        let error = refused_table(&format!("0 {count}\n0000000000 65535 f \n"), "9");
        assert_eq!(why(&error), "not a line of a cross-reference table");
    }
    for head in [
        "0 4294967296\n",
        "0 00000000001\n",
        "-1 1\n",
        "0\n",
        "0  1\n",
    ] {
        assert!(
            matches!(refused_table(head, "9"), PdfError::Damaged { .. }),
            "{head}"
        );
    }
}

#[test]
fn p11_offsets_beyond_the_file_are_refused() {
    let bytes = Paper::new().bytes();
    let line = format!("{:010} 00000 n \n", find(&bytes, b"3 0 obj"));
    for offset in ["4294967296", "9999999999"] {
        let moved = format!("{offset} 00000 n \n");
        let error = refused(&with(&bytes, line.as_bytes(), moved.as_bytes()));
        assert_eq!(why(&error), "its entry points out of its revision");
    }
    let mut packed = Packed::of(&[(7, "null")]);
    packed.first = 1 << 62;
    let error = refused(&Paper::new().packed(&packed));
    assert_eq!(why(&error), "an object stream without its head");
    for end in ["4294967296", "18446744073709551616", "-1"] {
        let (head, _) = bytes.split_at(startxref(&bytes));
        let end = format!("xref\ntrailer\n<< >>\nstartxref\n{end}\n%%EOF\n");
        let error = refused(&[head, end.as_bytes()].concat());
        assert!(matches!(error, PdfError::Damaged { .. }));
    }
}

#[test]
fn p11_values_without_end_are_refused() {
    let values = exceeds(1_000_000, "values");
    let array = format!("[{}]", "0 ".repeat(1_000_000));
    assert_eq!(refused(&Paper::new().object(5, array).bytes()), values);
    let names = joined((0..500_000).map(|n| format!("/{n:x}")));
    assert_eq!(
        refused(&Paper::new().object(5, format!("[{names}]")).bytes()),
        values
    );
}

#[test]
fn p11_names_and_numbers_that_are_too_long_are_refused() {
    let of = |body: &str| Document::read(&Paper::new().object(5, body).bytes()).map(|_| ());
    let word = |error: Result<(), PdfError>| why(&error.unwrap_err());
    assert_eq!(of(&format!("/{}", "a".repeat(512))), Ok(()));
    assert_eq!(of(&format!("/{}", "#ff".repeat(512))), Ok(()));
    for name in [
        "a".repeat(513),
        "#61".repeat(513),
        "a".repeat(20_000),
        "#0".into(),
        "#00".into(),
        "#zz".into(),
    ] {
        assert_eq!(word(of(&format!("/{name}"))), "not a name", "{name}");
    }
    assert_eq!(of("0.00000000000000000000000000000000000001"), Ok(()));
    for number in [
        "0.000000000000000000000000000000000000001",
        "9223372036854775808",
        "1.1.1",
        "--1",
        "1e9",
        ".",
    ] {
        assert_eq!(word(of(number)), "not a number", "{number}");
    }
}

#[test]
fn p11_pages_that_are_no_tree_are_refused() {
    let pages = |kids: &str, count: usize| {
        let body = format!("<< /Type /Pages /Kids [{kids}] /Count {count} >>");
        Paper::new().object(Paper::PAGES, body)
    };
    let twice = "it stands twice among the pages";
    let below = pages("5 0 R", 1).object(5, "<< /Type /Pages /Kids [2 0 R] /Count 1 >>");
    for (paper, expected) in [
        (pages("2 0 R", 1), twice),
        (pages("3 0 R 3 0 R", 2), twice),
        (below, twice),
        (pages("3 0 R", 2), "another number of pages"),
        (pages("", 0), "no pages"),
        (pages("<< /Type /Page >>", 1), "a kid that is no reference"),
        (pages("1 0 R", 1), "not a page"),
    ] {
        assert_eq!(why(&refused(&paper.bytes())), expected);
    }
}

#[test]
fn p11_form_fields_without_end_are_refused() {
    let form = |fields: &str| {
        let entries = format!("/AcroForm << /Fields [{fields}] >>");
        Paper::new()
            .also(Paper::CATALOG, &entries)
            .object(5, "<< /FT /Sig /T (a) >>")
            .bytes()
    };
    let too_many = exceeds(10_000, "form fields");
    assert_eq!(unsigned(&form(&"5 0 R ".repeat(10_001))), too_many);
    assert_eq!(
        why(&unsigned(&form("5 0 R 5 0 R"))),
        "the form's fields are no tree"
    );
    assert_eq!(free(&form("5 0 R")), 6);
}
