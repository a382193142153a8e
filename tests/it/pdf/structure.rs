//! Files whose parts contradict each other are refused, each with what is wrong: P2, P5, P6, P8 and
//! P10 of `cases/notary.md`, as far as the structure of a file shows it.

use std::collections::BTreeMap;

use muhrdor::pdf::{Document, Object, PdfError, Reference};

use super::paper::{Packed, Paper, startxref, write_stream};
use super::{find, free, refused, rfind, sealed, why, with};

const TWICE: &str = "a key stands twice in a dictionary";

/// The line of the table for the object that stands there.
fn line(at: usize) -> String {
    format!("{at:010} 00000 n \n")
}

/// With the entry of the object that begins with this head pointing elsewhere.
fn pointing(bytes: &[u8], head: &[u8], to: usize) -> Vec<u8> {
    let old = line(find(bytes, head));
    with(bytes, old.as_bytes(), line(to).as_bytes())
}

fn before_section(bytes: &[u8]) -> Vec<u8> {
    bytes[..startxref(bytes)].to_vec()
}

/// With another table, whose lines are these, and this in the trailer.
fn tabled(bytes: &[u8], lines: &str, trailer: &str) -> Vec<u8> {
    let mut bytes = before_section(bytes);
    let begin = bytes.len();
    let trailer = format!("<< /Root 1 0 R {trailer} >>");
    let end = format!("xref\n{lines}trailer\n{trailer}\nstartxref\n{begin}\n%%EOF\n");
    bytes.extend(end.bytes());
    bytes
}

/// The lines of the table of a file, as they stand in it.
fn lines(bytes: &[u8]) -> String {
    let begin = startxref(bytes) + b"xref\n".len();
    let end = rfind(bytes, b"trailer");
    String::from_utf8(bytes[begin..end].to_vec()).unwrap()
}

#[test]
fn p5_a_key_that_stands_twice_is_refused_wherever_it_does() {
    let new = Paper::new;
    let packed = Packed::of(&[(7, "<< /A 1 /B 2 /A 1 >>")]);
    let entries = |entries: &str| Packed {
        entries: entries.to_owned(),
        ..Packed::of(&[(7, "null")])
    };
    for (name, bytes) in [
        ("trailer", new().trailer("/Root 1 0 R").bytes()),
        ("catalog", new().also(1, "/Pages 2 0 R").bytes()),
        ("page", new().also(3, "/Contents 4 0 R").bytes()),
        ("escaped", new().also(3, "/#43ontents 4 0 R").bytes()),
        (
            "inside",
            new().also(3, "/A [<< /B << /C 1 /C 2 >> >>]").bytes(),
        ),
        ("stream", new().stream(4, "/Length 0", b"").bytes()),
        ("packed", new().packed(&packed)),
        ("container", new().packed(&entries("/#4e 2"))),
        (
            "section",
            new().trailer("/Index [0 1]").packed(&entries("")),
        ),
    ] {
        assert_eq!(why(&refused(&bytes)), TWICE, "{name}");
    }
}

#[test]
fn p5_an_object_with_two_entries_is_refused() {
    let bytes = Paper::new().bytes();
    let again = line(find(&bytes, b"4 0 obj"));
    let doubled = lines(&bytes) + "4 1\n" + &again;
    let error = refused(&tabled(&bytes, &doubled, "/Size 5"));
    assert_eq!(why(&error), "an object has two entries");
    let freed = lines(&bytes) + "4 1\n0000000000 00001 f \n";
    let error = refused(&tabled(&bytes, &freed, "/Size 5"));
    assert_eq!(why(&error), "an object has two entries");
}

#[test]
fn p5_an_object_that_stands_twice_in_a_revision_is_refused() {
    let shadow = "<< /Type /Page /Shadow true >>";
    let bytes = Paper::new().object(5, shadow).bytes();
    let renamed = with(&bytes, b"5 0 obj", b"3 0 obj");
    let five = format!("5 1\n{}", line(find(&bytes, b"5 0 obj")));
    let once = lines(&bytes).replace(&five, "");
    let error = refused(&tabled(&renamed, &once, "/Size 5"));
    assert_eq!(why(&error), "bytes that belong to no object");
    // A section is an object too.
    let bytes = Paper::new().packed(&Packed::of(&[(7, "null")]));
    let mut after = bytes.clone();
    let entries = BTreeMap::from([(20, [1, after.len() as u64, 0])]);
    after.extend(b"20 0 obj\n(twenty)\nendobj\n");
    let previous = format!("/Prev {}", startxref(&bytes));
    write_stream(&mut after, 20, &entries, &previous);
    let error = refused(&after);
    assert_eq!(why(&error), "another object than the entry names");
}

#[test]
fn p5_a_section_that_takes_the_place_of_an_object_is_refused() {
    let bytes = Paper::new().packed(&Packed::of(&[(7, "null")]));
    let previous = format!(
        "/Parent 2 0 R /MediaBox [0 0 9 9] /Prev {}",
        startxref(&bytes)
    );
    for entries in [
        BTreeMap::from([(Paper::PAGE, [1, bytes.len() as u64, 0])]),
        BTreeMap::from([(0, [0, 0, 65_535])]),
    ] {
        let mut after = bytes.clone();
        write_stream(&mut after, Paper::PAGE, &entries, &previous);
        let after = with(&after, b"/Size 4 ", b"/Size 9 ");
        assert_eq!(why(&refused(&after)), "it is referred to, and not there");
    }
}

#[test]
fn p5_an_entry_that_names_another_object_is_refused() {
    let bytes = Paper::new().object(5, "(five)").object(6, "(six)").bytes();
    let (five, six) = (find(&bytes, b"5 0 obj"), find(&bytes, b"6 0 obj"));
    let swapped = lines(&bytes)
        .replace(&line(five), "five")
        .replace(&line(six), &line(five))
        .replace("five", &line(six));
    let error = refused(&tabled(&bytes, &swapped, "/Size 7"));
    assert_eq!(why(&error), "another object than the entry names");
    let error = refused(&pointing(&bytes, b"6 0 obj", five));
    assert_eq!(why(&error), "two objects at one place");
}

#[test]
fn p5_an_entry_that_points_elsewhere_is_refused() {
    let hidden = b"9 0 obj\n<< /Type /Page >>\nendobj\n";
    let bytes = Paper::new().stream(5, "", hidden).bytes();
    let five = find(&bytes, b"5 0 obj");
    for (to, expected) in [
        (find(&bytes, b"9 0 obj"), "bytes that belong to no object"),
        (five + 1, "bytes that belong to no object"),
        (five - 1, ""),
        (0, ""),
        (startxref(&bytes), "two objects at one place"),
        (startxref(&bytes) + 9, "two objects at one place"),
        (bytes.len(), "its entry points out of its revision"),
    ] {
        let error = refused(&pointing(&bytes, b"5 0 obj", to));
        let found = why(&error);
        assert!(found == expected || expected.is_empty(), "{to}: {found}");
    }
}

#[test]
fn p5_an_entry_that_points_into_another_revision_is_refused() {
    let before = Paper::new().bytes();
    let after = Paper::nothing().object(5, "(five)").after(&before);
    let outside = "its entry points out of its revision";
    let backwards = pointing(&after, b"5 0 obj", find(&before, b"4 0 obj"));
    assert_eq!(why(&refused(&backwards)), outside);
    let forwards = pointing(&after, b"4 0 obj", find(&after, b"5 0 obj"));
    assert_eq!(why(&refused(&forwards)), outside);
}

#[test]
fn p5_generations_that_do_not_agree_are_refused() {
    let bytes = Paper::new().object(5, "(five)").bytes();
    let old = line(find(&bytes, b"5 0 obj"));
    let new = old.replace("00000 n", "00001 n");
    let error = refused(&with(&bytes, old.as_bytes(), new.as_bytes()));
    assert_eq!(why(&error), "another object than the entry names");
    let error = refused(&Paper::new().also(3, "/A 4 1 R").bytes());
    assert_eq!(why(&error), "it is referred to, and not there");
    // An object stream has none but the first.
    let whole = Paper::new().packed(&Packed::of(&[(7, "null")]));
    let mut second = with(&whole, b"5 0 obj", b"5 1 obj");
    let five = u64::try_from(find(&second, b"5 1 obj")).unwrap();
    let entry = [[1].as_slice(), &five.to_be_bytes(), &[0]].concat();
    let at = find(&second, &entry) + entry.len();
    second[at] = 1;
    assert_eq!(why(&refused(&second)), "a wrong generation");
}

#[test]
fn p5_a_reference_to_nothing_is_refused() {
    let nothing = "it is referred to, and not there";
    for paper in [
        Paper::new().also(Paper::PAGE, "/A 9 0 R"),
        Paper::new().trailer("/Info 9 0 R"),
        Paper::new().object(5, "[<< /A [9 0 R] >>]"),
    ] {
        assert_eq!(why(&refused(&paper.bytes())), nothing);
    }
    let bytes = Paper::new().bytes();
    let four = find(&bytes, b"4 0 obj");
    let freed = lines(&bytes).replace(&line(four), "0000000000 00001 f \n");
    let error = refused(&tabled(&bytes, &freed, "/Size 5"));
    assert_eq!(why(&error), "bytes that belong to no object");
}

#[test]
fn a_free_entry_takes_an_object_away_for_good() {
    let before = Paper::new().object(5, "(five)").bytes();
    let mut after = before.clone();
    let begin = after.len();
    let previous = startxref(&before);
    let end = format!(
        "xref\n5 1\n0000000000 00001 f \ntrailer\n<< /Size 6 /Root 1 0 R /Prev {previous} >>\n\
         startxref\n{begin}\n%%EOF\n"
    );
    after.extend(end.bytes());
    let document = Document::read(&after).unwrap();
    let five = Reference {
        number: 5,
        generation: 0,
    };
    assert_eq!(document.object(five), None);
    assert_eq!(document.revisions()[1].objects, [5]);
    assert_eq!(
        Document::read(&before).unwrap().object(five),
        Some(&Object::text(b"five"))
    );
    let bytes = Paper::new().bytes();
    let zero = lines(&bytes).replace("0000000000 65535 f", "0000000009 00000 n");
    let error = refused(&tabled(&bytes, &zero, "/Size 5"));
    assert_eq!(why(&error), "object 0 is not free");
}

#[test]
fn p5_an_object_beyond_the_newest_size_is_refused() {
    let before = Paper::new().object(5, "(five)").bytes();
    let after = Paper::nothing().object(4, "(four)").after(&before);
    assert_eq!(why(&refused(&after)), "an object beyond the stated size");
    let after = Paper::nothing().object(4, "(four)").size(6).after(&before);
    assert!(Document::read(&after).is_ok());
}

#[test]
fn p2_p6_bytes_behind_the_end_are_refused() {
    for bytes in [Paper::new().bytes(), sealed(&Paper::new().bytes())] {
        for more in ["x", "\n", "% a comment\n", "9 0 obj\nnull\nendobj\n", "\0"] {
            let error = refused(&[bytes.as_slice(), more.as_bytes()].concat());
            assert_eq!(why(&error), "bytes after the end", "{more:?}");
        }
        let far = refused(&[bytes.as_slice(), &[b' '; 100]].concat());
        assert_eq!(why(&far), "the end of the PDF is missing");
        // A second end that names the same section, and one that names none.
        let begin = startxref(&bytes);
        for at in [begin, 9] {
            let end = format!("startxref\n{at}\n%%EOF\n");
            let error = refused(&[bytes.as_slice(), end.as_bytes()].concat());
            assert!(matches!(error, PdfError::Damaged { .. }), "{at}");
        }
        let cut = refused(&bytes[..bytes.len() - 2]);
        assert!(matches!(cut, PdfError::Damaged { .. }));
    }
}

#[test]
fn p2_objects_behind_the_end_without_a_table_are_refused() {
    let bytes = sealed(&Paper::new().bytes());
    let begin = startxref(&bytes);
    let end = format!("3 0 obj\n<< /Type /Page >>\nendobj\nstartxref\n{begin}\n%%EOF\n");
    let error = refused(&[bytes.as_slice(), end.as_bytes()].concat());
    assert_eq!(why(&error), "bytes after the end");
}

#[test]
fn p6_an_end_that_names_another_place_is_refused() {
    let bytes = Paper::new().bytes();
    let right = format!("startxref\n{}\n", startxref(&bytes));
    for wrong in [0, 9, startxref(&bytes) + 1, startxref(&bytes) - 1] {
        let wrong = format!("startxref\n{wrong}\n");
        let mut moved = before_end(&bytes, &right);
        moved.extend(wrong.bytes());
        moved.extend(b"%%EOF\n");
        assert!(
            matches!(refused(&moved), PdfError::Damaged { .. }),
            "{wrong}"
        );
    }
    for end in [
        "startxref\n",
        "startxref 9 %%EOF",
        "%%EOF\n",
        "%%EOF\nstartxref\n9\n",
    ] {
        let mut moved = before_end(&bytes, &right);
        moved.extend(end.bytes());
        assert!(matches!(refused(&moved), PdfError::Damaged { .. }), "{end}");
    }
}

fn before_end(bytes: &[u8], end: &str) -> Vec<u8> {
    bytes[..rfind(bytes, end.as_bytes())].to_vec()
}

#[test]
fn p10_each_older_state_is_a_document_of_its_own() {
    let first = Paper::new().bytes();
    let second = sealed(&first);
    let third = Paper::nothing().object(20, "(later)").after(&second);
    let document = Document::read(&third).unwrap();
    let ends: Vec<_> = document.revisions().iter().map(|r| r.range.end).collect();
    assert_eq!(ends, [first.len(), second.len(), third.len()]);
    let older = Document::read(&third[..ends[1]]).unwrap();
    assert_eq!(older.revisions(), &document.revisions()[..2]);
    assert_eq!(older.signatures(), document.signatures());
    assert_eq!(document.signatures().unwrap()[0].covered_end, ends[1]);
}

#[test]
fn p8_what_is_added_to_a_certified_file_is_a_revision_no_signature_covers() {
    for permission in [2, 3] {
        let certified =
            format!("<< /TransformMethod /DocMDP /TransformParams << /P {permission} >> >>");
        let signed = sealed(
            &Paper::new()
                .also(Paper::CATALOG, &format!("/B {certified}"))
                .bytes(),
        );
        let annotation = free(&signed);
        let page = format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Annots [{annotation} 0 R] >>"
        );
        let shown = "<< /Type /Annot /Subtype /Stamp /Rect [0 0 595 842] >>";
        let attacked = Paper::nothing()
            .object(Paper::PAGE, page)
            .object(annotation, shown)
            .after(&signed);
        let document = Document::read(&attacked).unwrap();
        let signatures = document.signatures().unwrap();
        let [signature] = signatures.as_slice() else {
            panic!("one signature");
        };
        assert_eq!(signature.covered_end, signed.len(), "P {permission}");
        assert_eq!((signature.revision, document.revisions().len()), (1, 3));
        let added = &document.revisions()[2];
        assert_eq!(added.range, signed.len()..attacked.len());
        assert_eq!(added.objects, [Paper::PAGE, annotation]);
    }
}

#[test]
fn what_is_not_written_as_the_standard_says_is_refused() {
    let of = |body: &str| why(&refused(&Paper::new().object(5, body).bytes()));
    for (body, expected) in [
        ("", "no such word"),
        ("null null", "an object does not end"),
        ("(text", "a string does not end"),
        ("<a5", "not a hexadecimal digit"),
        ("[1 2", "no such word"),
        ("<< /A >>", "an end without its beginning"),
        ("<< 1 2 >>", "a key is not a name"),
        ("]", "an end without its beginning"),
        ("{}", "no value begins like this"),
        ("nul", "no such word"),
        ("(\\777)", "not an octal byte"),
        ("[1 0 % a comment\nR]", "no such word"),
        (
            "null\nstream\n\nendstream",
            "a stream without its dictionary",
        ),
        (
            "<< /Length 0 >>\nstream\rendstream",
            "no end of line after `stream`",
        ),
        (
            "<< /Length 0 >>\nstream endstream",
            "no end of line after `stream`",
        ),
        (
            "null\nendobj\n6 0 obj\nnull",
            "bytes that belong to no object",
        ),
    ] {
        assert_eq!(of(body), expected, "{body:?}");
    }
    let bytes = Paper::new().bytes();
    let short = lines(&bytes).replace(" n \n", " n\n");
    let error = refused(&tabled(&bytes, &short, "/Size 5"));
    assert_eq!(why(&error), "not a line of a cross-reference table");
}
