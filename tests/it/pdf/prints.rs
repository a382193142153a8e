//! What ordinary programs print is read, may be sealed, and is added to.

use std::fs;
use std::process::Command;

use muhrdor::pdf::{
    Dictionary, Document, HoleBytes, Object, PdfError, PdfVersion, Reference, Sealable,
    SectionKind, Spelling, Unsigned, Update,
};

use super::paper::{Paper, tables};
use super::{
    FILE_ID, HOLE_BYTES, PRINTS, SIGNATURE, add_field, exceeds, prepared, refused, sealed, why,
};

#[test]
fn prints_of_ordinary_programs_may_be_sealed() {
    for print in PRINTS {
        let document = Document::read(print.bytes);
        let document = document.unwrap_or_else(|error| panic!("{}: {error}", print.name));
        let screened = Sealable::screen(&document);
        assert_eq!(screened.err(), None, "{}", print.name);
        assert_eq!(document.kind(), print.kind, "{}", print.name);
        assert_eq!(document.revisions().len(), 1, "{}", print.name);
        assert_eq!(document.revisions()[0].range, 0..print.bytes.len());
        assert_eq!(document.pages().len(), 1, "{}", print.name);
        let page = document.pages()[0].crop_box;
        assert!((400.0..=620.0).contains(&(page.right - page.left)));
        assert!((600.0..=850.0).contains(&(page.top - page.bottom)));
        assert_eq!(document.signatures(), Ok(Vec::new()), "{}", print.name);
    }
}

#[test]
fn an_update_keeps_every_byte_and_the_kind_of_the_file() {
    for print in PRINTS {
        let document = Document::read(print.bytes).unwrap();
        let sealable = Sealable::screen(&document).unwrap();
        let mut update = Update::new(&sealable);
        let signature = add_field(&mut update, &document);
        update.put(signature, &Object::text(b"a value")).unwrap();
        let bytes = update.write(FILE_ID).unwrap();
        assert!(bytes.starts_with(print.bytes), "{}", print.name);
        let again = Document::read(&bytes);
        let again = again.unwrap_or_else(|error| panic!("{}: {error}", print.name));
        assert_eq!(again.kind(), print.kind, "{}", print.name);
        assert_eq!(again.revisions().len(), 2, "{}", print.name);
        assert_eq!(again.revisions()[0].range, 0..print.bytes.len());
        assert_eq!(
            again.revisions()[1].range,
            print.bytes.len()..bytes.len(),
            "{}",
            print.name
        );
        assert_eq!(again.pages().len(), document.pages().len());
        assert_eq!(again.trailer().get("Info"), document.trailer().get("Info"));
        let ids = again.array(again.trailer(), "ID").unwrap();
        assert_eq!(ids[1].as_text(), Some(FILE_ID.0.as_slice()));
        if let Some([first, ..]) = document.array(document.trailer(), "ID") {
            assert_eq!(&ids[0], first, "{}", print.name);
        }
        assert!(document.revisions()[0].objects.len() > 1);
    }
}

#[test]
fn a_filled_hole_is_the_one_signature_and_covers_all_the_rest() {
    for print in PRINTS {
        let unsigned = prepared(print.bytes);
        let covered = unsigned.covered().map(<[u8]>::to_vec);
        let [zero, before, begin, rest] = unsigned.byte_range();
        let bytes = unsigned.fill(&SIGNATURE).unwrap();
        let document = Document::read(&bytes);
        let document = document.unwrap_or_else(|error| panic!("{}: {error}", print.name));
        let found = document.signatures().unwrap();
        let [field] = found.as_slice() else {
            panic!("{}: {} signatures", print.name, found.len());
        };
        assert_eq!(field.name, b"Seal");
        assert_eq!(field.revision, 1);
        assert_eq!(field.spelling, Spelling::Canonical);
        assert_eq!(field.covered_end, bytes.len());
        assert_eq!(field.hole, before..begin);
        assert_eq!((zero, begin + rest), (0, bytes.len()));
        assert_eq!(field.hole.len(), HOLE_BYTES * 2 + 2);
        assert_eq!(document.covered(field).map(<[u8]>::to_vec), covered);
        let (signature, padding) = field.contents.split_at(SIGNATURE.len());
        assert_eq!(signature, SIGNATURE);
        assert!(padding.iter().all(|byte| *byte == 0));
        assert!(Sealable::screen(&document).is_ok(), "{}", print.name);
    }
}

#[test]
fn what_was_added_is_a_pdf_to_another_program() {
    let folder = tempfile::tempdir().unwrap();
    let many = tables(20);
    let made = [("many", many.as_slice())];
    let prints = PRINTS.iter().map(|print| (print.name, print.bytes));
    for (name, bytes) in prints.chain(made) {
        let path = folder.path().join(name);
        fs::write(&path, sealed(bytes)).unwrap();
        let checked = Command::new("qpdf").arg("--check").arg(&path).output();
        let checked = checked.expect("qpdf is installed");
        let said = String::from_utf8_lossy(&checked.stdout).into_owned()
            + &String::from_utf8_lossy(&checked.stderr);
        // Adding to a linearized file ends its being one, which qpdf says and is right.
        assert!(checked.status.success(), "{name}: {said}");
        assert!(!said.contains("damaged"), "{name}: {said}");
    }
}

#[test]
fn two_hundred_pages_of_tables_are_read_and_sealed() {
    let bytes = tables(200);
    let document = Document::read(&bytes).unwrap();
    assert_eq!(document.pages().len(), 200);
    assert_eq!(document.version(), PdfVersion { major: 1, minor: 7 });
    assert_eq!(document.kind(), SectionKind::Table);
    let sealed = sealed(&bytes);
    let again = Document::read(&sealed).unwrap();
    assert_eq!(again.pages(), document.pages());
    assert_eq!(again.signatures().unwrap().len(), 1);
}

#[test]
fn a_file_that_was_sealed_can_be_added_to_again() {
    let first = sealed(&Paper::new().bytes());
    let document = Document::read(&first).unwrap();
    let sealable = Sealable::screen(&document).unwrap();
    let second = Update::new(&sealable).write(FILE_ID).unwrap();
    let document = Document::read(&second).unwrap();
    assert_eq!(document.revisions().len(), 3);
    let signatures = document.signatures().unwrap();
    assert_eq!(signatures[0].revision, 1);
    assert_eq!(signatures[0].covered_end, first.len());
    let older = &second[..document.revisions()[1].range.end];
    assert_eq!(older, first);
}

#[test]
fn an_update_that_could_not_be_read_again_is_not_written() {
    let bytes = Paper::new().bytes();
    let document = Document::read(&bytes).unwrap();
    let sealable = Sealable::screen(&document).unwrap();
    let new = || Update::new(&sealable);
    let (catalog, root) = document.catalog();
    let nowhere = Reference {
        number: 99,
        generation: 0,
    };
    let put = |root: Dictionary| {
        let mut update = new();
        update.put(catalog, &Object::Dictionary(root)).unwrap();
        why(&update.write(FILE_ID).unwrap_err())
    };
    let mut pageless = root.clone();
    pageless.remove("Pages");
    assert_eq!(put(pageless), "no pages");
    let dangling = root.clone().with("A", Object::Reference(nowhere));
    assert_eq!(put(dangling.clone()), "it is referred to, and not there");
    // The same for what has a hole.
    let mut update = new();
    let signature = update.reserve();
    update.put(catalog, &Object::Dictionary(dangling)).unwrap();
    let hole = HoleBytes::new(HOLE_BYTES).unwrap();
    let unsigned = update.write_unsigned(signature, &Dictionary::new(), hole, FILE_ID);
    let error = unsigned.map(|_| ()).unwrap_err();
    assert_eq!(why(&error), "it is referred to, and not there");
    // Numbers of nothing.
    let mut update = new();
    let error = update.put(nowhere, &Object::Null);
    assert_eq!(error, Err(PdfError::NotReserved(nowhere)));
    let forgotten = update.reserve();
    let error = update.write(FILE_ID);
    assert_eq!(error, Err(PdfError::NotReserved(forgotten)));
}

#[test]
fn an_update_beyond_what_is_read_is_not_written() {
    let mut bytes = Paper::new().bytes();
    for _ in 1..32 {
        bytes = Paper::nothing().after(&bytes);
    }
    let document = Document::read(&bytes).unwrap();
    let sealable = Sealable::screen(&document).unwrap();
    let written = Update::new(&sealable).write(FILE_ID);
    assert_eq!(written, Err(exceeds(32, "revisions")));
}

#[test]
fn a_hole_is_as_large_as_was_asked_for() {
    for bytes in [0, 64 * 1024 + 1] {
        assert_eq!(HoleBytes::new(bytes), Err(PdfError::HoleBytes(bytes)));
    }
    let error = prepared(&Paper::new().bytes()).fill(&[1; HOLE_BYTES + 1]);
    let expected = PdfError::HoleTooSmall {
        given: HOLE_BYTES + 1,
        reserved: HOLE_BYTES,
    };
    assert_eq!(error, Err(expected));
    assert!(
        prepared(&Paper::new().bytes())
            .fill(&[1; HOLE_BYTES])
            .is_ok()
    );
    let unsigned = prepared(&Paper::new().bytes());
    let (bytes, hole) = (unsigned.bytes().to_vec(), unsigned.hole());
    let again = Unsigned::restored(bytes.clone(), hole.clone()).unwrap();
    assert_eq!(again.covered(), unsigned.covered());
    let beside = hole.start + 1..hole.end;
    assert!(Unsigned::restored(bytes, beside).is_none());
}

/// cairo 1.16 states a wrong place for an object when a print has links: two entries name one
/// place, and what stands there is only one of them.
#[test]
fn a_print_whose_table_is_wrong_is_refused_also_from_an_ordinary_program() {
    let bytes = include_bytes!("fixtures/cairo_link.pdf");
    let error = refused(bytes);
    assert_eq!(
        error.to_string(),
        "the PDF is damaged at byte 15: two objects at one place: \
         print the document to a new PDF"
    );
}
