//! PDF files: other people's prints are read, added to and read again; the attacks of
//! `cases/notary.md` on a file's structure are refused, by their names.

mod bounds;
mod cost;
mod paper;
mod prints;
mod screened;
mod signed;
mod streams;
mod structure;

use muhrdor::pdf::{
    Dictionary, Document, FileId, HoleBytes, Object, PdfError, Reference, Sealable, SectionKind,
    Unsigned, Update,
};

/// A file of one page that another program made (`fixtures/README.md`).
struct Print {
    name: &'static str,
    bytes: &'static [u8],
    kind: SectionKind,
}

macro_rules! print {
    ($name:literal, $kind:ident) => {
        Print {
            name: $name,
            bytes: include_bytes!(concat!("fixtures/", $name, ".pdf")),
            kind: SectionKind::$kind,
        }
    };
}

const PRINTS: &[Print] = &[
    print!("cairo", Table),
    print!("chromium", Table),
    print!("ghostscript", Table),
    print!("libreoffice", Table),
    print!("reportlab", Table),
    print!("qpdf_tables", Table),
    print!("qpdf_linearized_tables", Table),
    print!("qpdf_object_streams", Stream),
    print!("qpdf_linearized_streams", Stream),
];

const FILE_ID: FileId = FileId([7; 16]);
const HOLE_BYTES: usize = 1024;
/// Stands where a signature would: not a byte of it is zero.
const SIGNATURE: [u8; 600] = [0xa5; 600];

/// Why the file is not read.
fn refused(bytes: &[u8]) -> PdfError {
    Document::read(bytes).expect_err("a file that is refused")
}

/// Why the file, which is read, may not be sealed.
fn unsealable(bytes: &[u8]) -> PdfError {
    let document = Document::read(bytes).expect("a file that is read");
    Sealable::screen(&document).expect_err("a file that may not be sealed")
}

/// Why the signatures of a file, which is read, are none.
fn unsigned(bytes: &[u8]) -> PdfError {
    let document = Document::read(bytes).expect("a file that is read");
    document.signatures().expect_err("no signatures")
}

fn exceeds(max: usize, unit: &'static str) -> PdfError {
    PdfError::Exceeds { max, unit }
}

/// The file with an empty signature field on its first page.
fn prepared(bytes: &[u8]) -> Unsigned {
    let document = Document::read(bytes).unwrap();
    let sealable = Sealable::screen(&document).unwrap();
    let mut update = Update::new(&sealable);
    let signature = add_field(&mut update, &document);
    let dictionary = Dictionary::new()
        .with("Type", Object::name("Sig"))
        .with("Filter", Object::name("Adobe.PPKLite"))
        .with("SubFilter", Object::name("ETSI.CAdES.detached"));
    let hole = HoleBytes::new(HOLE_BYTES).unwrap();
    let unsigned = update.write_unsigned(signature, &dictionary, hole, FILE_ID);
    unsigned.unwrap()
}

fn sealed(bytes: &[u8]) -> Vec<u8> {
    prepared(bytes).fill(&SIGNATURE).unwrap()
}

/// Adds a widget to the first page and a field to the form. Gives the name of the signature, which
/// is reserved.
fn add_field(update: &mut Update<'_, '_>, document: &Document<'_>) -> Reference {
    let (field, signature) = (update.reserve(), update.reserve());
    let page = document.pages()[0].reference;
    let rectangle = [36, 36, 136, 86].map(Object::Integer);
    let widget = Dictionary::new()
        .with("Type", Object::name("Annot"))
        .with("Subtype", Object::name("Widget"))
        .with("FT", Object::name("Sig"))
        .with("T", Object::text(b"Seal"))
        .with("V", Object::Reference(signature))
        .with("P", Object::Reference(page))
        .with("Rect", Object::Array(rectangle.to_vec()));
    update.put(field, &Object::Dictionary(widget)).unwrap();
    let dictionary = document.object(page).unwrap().as_dictionary().unwrap();
    let annotations = and(document.array(dictionary, "Annots"), field);
    let dictionary = dictionary.clone().with("Annots", annotations);
    update.put(page, &Object::Dictionary(dictionary)).unwrap();
    let (catalog, root) = document.catalog();
    let form = document.form().cloned().unwrap_or_default();
    let fields = and(document.array(&form, "Fields"), field);
    let form = form
        .with("Fields", fields)
        .with("SigFlags", Object::Integer(3));
    let root = root.clone().with("AcroForm", Object::Dictionary(form));
    update.put(catalog, &Object::Dictionary(root)).unwrap();
    signature
}

fn and(array: Option<&[Object]>, one: Reference) -> Object {
    let mut array = array.unwrap_or_default().to_vec();
    array.push(Object::Reference(one));
    Object::Array(array)
}

/// Where a piece stands in the bytes; it stands there once.
fn find(bytes: &[u8], piece: &[u8]) -> usize {
    let mut places = bytes.windows(piece.len()).enumerate();
    let mut places = places.by_ref().filter(|(_, window)| *window == piece);
    let (at, _) = places.next().expect("the piece is there");
    assert!(places.next().is_none(), "the piece is there once");
    at
}

/// Where a piece stands last in the bytes.
fn rfind(bytes: &[u8], piece: &[u8]) -> usize {
    let found = bytes
        .windows(piece.len())
        .rposition(|window| window == piece);
    found.expect("the piece is there")
}

/// The first number that no object has.
fn free(bytes: &[u8]) -> u32 {
    let document = Document::read(bytes).unwrap();
    let size = document.trailer().get("Size").and_then(Object::as_integer);
    u32::try_from(size.unwrap()).unwrap()
}

/// What a damaged file is said to suffer from.
fn why(error: &PdfError) -> &'static str {
    match error {
        PdfError::DamagedObject { why, .. } | PdfError::Damaged { why, .. } => why,
        other => panic!("{other}"),
    }
}

/// The bytes with one piece in place of another that is as long, or longer: spaces make up for it.
fn with(bytes: &[u8], piece: &[u8], new: &[u8]) -> Vec<u8> {
    let at = find(bytes, piece);
    let mut bytes = bytes.to_vec();
    put(&mut bytes, at..at + piece.len(), new);
    bytes
}

/// Writes over a range, and spaces over what is left of it.
fn put(bytes: &mut [u8], range: std::ops::Range<usize>, new: &[u8]) {
    assert!(new.len() <= range.len(), "no byte moves");
    let place = &mut bytes[range];
    place.fill(b' ');
    place[..new.len()].copy_from_slice(new);
}
