//! PDF files: what is read can be added to, and then says the same.

use muhrdor::pdf::{
    Dictionary, Document, FileId, HoleBytes, Object, PdfError, Reference, Sealable, SectionKind,
    Update,
};

/// What is no PDF by its first bytes is the objects of one, each behind a NUL: those of a file of
/// tables, or packed into a stream when `~` comes first. The table is right, so that what is
/// behind it is reached.
pub(super) fn of(bytes: &[u8]) -> Vec<u8> {
    if bytes.starts_with(b"%PDF-") {
        return bytes.to_vec();
    }
    let (kind, rest) = match bytes.strip_prefix(b"~") {
        Some(rest) => (SectionKind::Stream, rest),
        None => (SectionKind::Table, bytes),
    };
    let mut pieces: Vec<_> = rest.split(|byte| *byte == 0).collect();
    let trailer = pieces.pop().unwrap_or_default();
    let mut out = b"%PDF-1.7\n".to_vec();
    let mut offsets = Vec::new();
    let packed = match kind {
        SectionKind::Table => Vec::new(),
        SectionKind::Stream => {
            let last = pieces
                .iter()
                .rposition(|piece| piece.ends_with(b"endstream"));
            pieces.split_off(last.map_or(0, |last| last + 1))
        }
    };
    for (number, piece) in (1..).zip(&pieces) {
        offsets.push(out.len());
        object(&mut out, number, piece);
    }
    match kind {
        SectionKind::Table => table(&mut out, &offsets, trailer),
        SectionKind::Stream => stream(&mut out, &offsets, &packed, trailer),
    }
    out
}

fn object(out: &mut Vec<u8>, number: usize, body: &[u8]) {
    out.extend(format!("{number} 0 obj\n").bytes());
    out.extend(body);
    out.extend(b"\nendobj\n");
}

fn table(out: &mut Vec<u8>, offsets: &[usize], trailer: &[u8]) {
    let (begin, size) = (out.len(), offsets.len() + 1);
    out.extend(format!("xref\n0 {size}\n0000000000 65535 f \n").bytes());
    for offset in offsets {
        out.extend(format!("{offset:010} 00000 n \n").bytes());
    }
    out.extend(format!("trailer\n<< /Size {size} /Root 1 0 R ").bytes());
    out.extend(trailer);
    out.extend(format!(" >>\nstartxref\n{begin}\n%%EOF\n").bytes());
}

/// The objects that stand by themselves, one that packs those behind them, and the section.
fn stream(out: &mut Vec<u8>, offsets: &[usize], packed: &[&[u8]], trailer: &[u8]) {
    let (mut head, mut data) = (Vec::new(), Vec::new());
    let container = offsets.len() + packed.len() + 1;
    for (number, piece) in (offsets.len() + 1..).zip(packed) {
        head.extend(format!("{number} {} ", data.len()).bytes());
        data.extend(*piece);
        data.push(b' ');
    }
    let (count, first, length) = (packed.len(), head.len(), head.len() + data.len());
    let mut lines: Vec<[u32; 2]> = vec![[0, 0]];
    lines.extend(offsets.iter().map(|offset| [1, number(*offset)]));
    lines.extend((0..count).map(|_| [2, number(container)]));
    lines.extend([[1, number(out.len())]]);
    let body = format!("<< /Type /ObjStm /N {count} /First {first} /Length {length} >>\nstream\n");
    let body = [body.as_bytes(), &head, &data, b"\nendstream"].concat();
    object(out, container, &body);
    let begin = out.len();
    lines.push([1, number(begin)]);
    let mut section = format!(
        "<< /Type /XRef /W [1 4 4] /Size {} /Root 1 0 R /Length {} ",
        container + 2,
        lines.len() * 9
    )
    .into_bytes();
    section.extend(trailer);
    section.extend(b" >>\nstream\n");
    for (line, [kind, place]) in lines.iter().enumerate() {
        let index = match kind {
            2 => number(line - offsets.len() - 1),
            _ => 0,
        };
        section.push(kind.to_le_bytes()[0]);
        section.extend(place.to_be_bytes());
        section.extend(index.to_be_bytes());
    }
    section.extend(b"\nendstream");
    object(out, container + 1, &section);
    out.extend(format!("startxref\n{begin}\n%%EOF\n").bytes());
}

fn number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The revisions are the file, and what a signature covers is all of it but its hole.
pub(super) fn assert_is_whole(document: &Document<'_>) {
    let mut end = 0;
    for revision in document.revisions() {
        assert_eq!(revision.range.start, end, "no byte between revisions");
        end = revision.range.end;
    }
    assert_eq!(end, document.bytes().len(), "no byte behind them");
    for signature in document.signatures().unwrap_or_default() {
        let [before, behind] = document.covered(&signature);
        let hole = &document.bytes()[signature.hole.clone()];
        let whole = [before, hole, behind].concat();
        assert!(
            document.bytes().starts_with(&whole),
            "nothing else is left out"
        );
    }
}

/// With every object written anew and one more, it is the same to read.
pub(super) fn assert_is_kept(document: &Document<'_>, sealable: &Sealable<'_, '_>) {
    let mut update = Update::new(sealable);
    let added = update.add(&Object::text(b"added")).expect("a new object");
    let objects = objects(document);
    for (reference, object) in &objects {
        update
            .put(*reference, object)
            .expect("an object that is there");
    }
    let bytes = match update.write(FileId([1; 16])) {
        Err(PdfError::Exceeds { .. }) => return,
        written => written.expect("a document that can be sealed is added to"),
    };
    assert!(bytes.starts_with(document.bytes()), "not a byte is changed");
    let again = Document::read(&bytes).expect("what was written is read");
    assert_eq!(again.kind(), document.kind());
    assert_eq!(again.pages(), document.pages());
    assert_eq!(again.revisions().len(), document.revisions().len() + 1);
    assert_eq!(again.object(added), Some(&Object::text(b"added")));
    for (reference, object) in objects {
        let found = again.object(reference).expect("every object is kept");
        assert_eq!(
            again.data(found),
            document.data(object),
            "object {reference}"
        );
        assert_eq!(
            without_length(found),
            without_length(object),
            "object {reference}"
        );
    }
    let trailers = [document.trailer(), again.trailer()].map(lasting);
    assert_eq!(trailers[0], trailers[1], "what the trailer says is kept");
    let screened = Sealable::screen(&again).map(|_| ());
    assert_eq!(screened, Ok(()), "what was sealed can be sealed");
}

/// With a signature more it is read, and that one covers everything.
pub(super) fn assert_is_sealed(document: &Document<'_>, sealable: &Sealable<'_, '_>) {
    let Ok(before) = document.signatures() else {
        return;
    };
    let mut update = Update::new(sealable);
    let (field, value) = (update.reserve(), update.reserve());
    let name = format!("seal {}", field.number);
    let dictionary = Dictionary::new()
        .with("FT", Object::name("Sig"))
        .with("T", Object::text(name.as_bytes()))
        .with("V", Object::Reference(value));
    update
        .put(field, &Object::Dictionary(dictionary))
        .expect("a field");
    let (catalog, root) = document.catalog();
    let form = document.form().cloned().unwrap_or_default();
    let mut fields = document.array(&form, "Fields").unwrap_or_default().to_vec();
    fields.push(Object::Reference(field));
    let form = form.with("Fields", Object::Array(fields));
    let root = root.clone().with("AcroForm", Object::Dictionary(form));
    update
        .put(catalog, &Object::Dictionary(root))
        .expect("a catalog");
    let hole = HoleBytes::new(64).expect("a size");
    let dictionary = Dictionary::new().with("Type", Object::name("Sig"));
    let unsigned = match update.write_unsigned(value, &dictionary, hole, FileId([2; 16])) {
        Err(PdfError::Exceeds { .. }) => return,
        written => written.expect("a document that can be sealed is sealed"),
    };
    let bytes = unsigned.fill(&[0xa5; 64]).expect("a signature that fits");
    let again = Document::read(&bytes).expect("what was sealed is read");
    let signatures = match again.signatures() {
        Err(PdfError::Exceeds { .. }) => return,
        found => found.expect("signatures"),
    };
    assert_eq!(signatures.len(), before.len() + 1);
    let newest = signatures.iter().find(|signature| signature.value == value);
    let newest = newest.expect("the new one");
    assert_eq!(newest.covered_end, bytes.len());
    assert_eq!(newest.revision + 1, again.revisions().len());
}

fn objects<'d>(document: &'d Document<'_>) -> Vec<(Reference, &'d Object)> {
    let revisions = document.revisions().iter();
    let mut numbers: Vec<_> = revisions.flat_map(|revision| &revision.objects).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let named = numbers.into_iter().map(|number| Reference {
        number: *number,
        generation: 0,
    });
    named
        .filter_map(|reference| Some((reference, document.object(reference)?)))
        .collect()
}

/// What a trailer says beside what each revision says anew, and how a stream of it is packed.
fn lasting(trailer: &Dictionary) -> Dictionary {
    let mut lasting = trailer.clone();
    for key in [
        "Size",
        "Prev",
        "ID",
        "Type",
        "W",
        "Index",
        "Length",
        "Filter",
        "DecodeParms",
    ] {
        lasting.remove(key);
    }
    lasting
}

/// A stream that is copied states its length itself, and stands elsewhere.
fn without_length(object: &Object) -> Object {
    match object {
        Object::Stream(stream) => {
            let mut dictionary = stream.dictionary.clone();
            dictionary.remove("Length");
            Object::Dictionary(dictionary)
        }
        other => other.clone(),
    }
}
