//! The cross-reference section of an update, of the kind the document has.

use std::collections::BTreeMap;

use super::FileId;
use crate::pdf::document::Document;
use crate::pdf::syntax::{Dictionary, Object, Reference, write_dictionary};
use crate::pdf::xref::SectionKind;

/// What was written before the section.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) offsets: BTreeMap<Reference, usize>,
    /// The first number that is not in use.
    pub(super) next: u32,
    pub(super) id: FileId,
}

/// Writes the section, its trailer and the end of the file.
pub(super) fn section(out: &mut Vec<u8>, document: &Document<'_>, written: Written) {
    let begins_at = out.len();
    match document.kind() {
        SectionKind::Table => table(out, document, &written),
        SectionKind::Stream => stream(out, document, written),
    }
    out.extend(format!("startxref\n{begins_at}\n%%EOF\n").bytes());
}

fn table(out: &mut Vec<u8>, document: &Document<'_>, written: &Written) {
    out.extend(b"xref\n");
    for run in runs(&written.offsets) {
        let first = run.first().map_or(0, |(reference, _)| reference.number);
        out.extend(format!("{first} {}\n", run.len()).bytes());
        for (reference, offset) in run {
            out.extend(format!("{offset:010} {:05} n \n", reference.generation).bytes());
        }
    }
    out.extend(b"trailer\n");
    write_dictionary(out, &trailer(document, written));
    out.push(b'\n');
}

fn stream(out: &mut Vec<u8>, document: &Document<'_>, mut written: Written) {
    let own = Reference {
        number: written.next,
        generation: 0,
    };
    written.next = written.next.saturating_add(1);
    written.offsets.insert(own, out.len());
    let mut dictionary = trailer(document, &written);
    for key in ["Filter", "DecodeParms"] {
        dictionary.remove(key);
    }
    let (mut index, mut data) = (Vec::new(), Vec::new());
    for run in runs(&written.offsets) {
        let first = run.first().map_or(0, |(reference, _)| reference.number);
        index.push(Object::Integer(i64::from(first)));
        index.push(integer(run.len()));
        for (reference, offset) in run {
            // Offsets of a file within its bound are below 2^32.
            data.push(1);
            data.extend(u32::try_from(offset).unwrap_or(u32::MAX).to_be_bytes());
            data.extend(reference.generation.to_be_bytes());
        }
    }
    let widths = [1, 4, 2].map(Object::Integer);
    dictionary.set("Type", Object::name("XRef"));
    dictionary.set("W", Object::Array(widths.to_vec()));
    dictionary.set("Index", Object::Array(index));
    dictionary.set("Length", integer(data.len()));
    out.extend(format!("{own} obj\n").bytes());
    write_dictionary(out, &dictionary);
    out.extend(b"\nstream\n");
    out.extend(data);
    out.extend(b"\nendstream\nendobj\n");
}

/// Every key of the trailer before, brought up to date. The first part of the identifier is the
/// document's for good, the second one this revision's (ISO 32000-2 §14.4).
fn trailer(document: &Document<'_>, written: &Written) -> Dictionary {
    let before = document.trailer();
    let id = Object::text(&written.id.0);
    let first = document.array(before, "ID").and_then(|id| id.first());
    let first = first.unwrap_or(&id).clone();
    before
        .clone()
        .with("Size", Object::Integer(i64::from(written.next)))
        .with("Prev", integer(document.begins_at()))
        .with("ID", Object::Array(vec![first, id]))
}

/// Objects with numbers one after the other, together.
fn runs(offsets: &BTreeMap<Reference, usize>) -> Vec<Vec<(Reference, usize)>> {
    let mut runs: Vec<Vec<(Reference, usize)>> = Vec::new();
    for (reference, offset) in offsets {
        let last = runs.last_mut().filter(|run| {
            let number = run.last().map(|(last, _)| last.number);
            number.and_then(|number| number.checked_add(1)) == Some(reference.number)
        });
        match last {
            Some(run) => run.push((*reference, *offset)),
            None => runs.push(vec![(*reference, *offset)]),
        }
    }
    runs
}

fn integer(number: usize) -> Object {
    Object::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}
