//! A document with room for its seal: the look of it on the page, the form field, the hole.

mod place;

use crate::domain::time::Timestamp;
use crate::notary::appearance::{Appearance, EmbeddedFont};
use crate::notary::{NotaryError, Unsealable};
use crate::pdf::{
    Dictionary, Document, FileId, HoleBytes, Object, PdfError, Reference, Sealable, Unsigned,
    Update,
};

use place::Place;

/// Writes the one revision that carries the seal: everything but its signature.
///
/// # Errors
/// [`NotaryError::NotSealable`] with what is wrong with the file.
pub(super) fn prepare(
    file: &[u8],
    look: &Appearance,
    at: Timestamp,
    id: FileId,
) -> Result<Unsigned, NotaryError> {
    let document = Document::read(file).map_err(Unsealable::from)?;
    let sealable = Sealable::screen(&document).map_err(Unsealable::from)?;
    if !document.signatures().map_err(Unsealable::from)?.is_empty() {
        return Err(Unsealable::Signed.into());
    }
    let mut update = Update::new(&sealable);
    let written = revision(&mut update, &document, look, at)?;
    let hole = HoleBytes::new(HOLE_BYTES).map_err(Unsealable::from)?;
    let unsigned = update.write_unsigned(written.signature, &written.dictionary, hole, id);
    Ok(unsigned.map_err(Unsealable::from)?)
}

/// The signature dictionary, which is written last.
struct Written {
    signature: Reference,
    dictionary: Dictionary,
}

fn revision(
    update: &mut Update<'_, '_>,
    document: &Document<'_>,
    look: &Appearance,
    at: Timestamp,
) -> Result<Written, Unsealable> {
    let place = Place::of(document, look).ok_or(Unsealable::NoRoom)?;
    let font = EmbeddedFont::put(update)?;
    let form = form_object(update, look, &place, font)?;
    let (field, signature) = (update.reserve(), update.reserve());
    let widget = Dictionary::new()
        .with("Type", Object::name("Annot"))
        .with("Subtype", Object::name("Widget"))
        .with("FT", Object::name("Sig"))
        .with("T", Object::text(FIELD_NAME))
        .with("V", Object::Reference(signature))
        .with("F", Object::Integer(PRINTED_AND_LOCKED))
        .with("P", Object::Reference(place.page))
        .with("Rect", place.rectangle())
        .with(
            "AP",
            Object::Dictionary(Dictionary::new().with("N", Object::Reference(form))),
        );
    update.put(field, &Object::Dictionary(widget))?;
    add_to_page(update, document, place.page, field)?;
    add_to_form(update, document, field)?;
    let dictionary = Dictionary::new()
        .with("Type", Object::name("Sig"))
        .with("Filter", Object::name("Adobe.PPKLite"))
        .with("SubFilter", Object::name("ETSI.CAdES.detached"))
        .with("M", Object::text(date(at).as_bytes()));
    Ok(Written {
        signature,
        dictionary,
    })
}

/// What the seal looks like, as an object of its own (ISO 32000-2 §8.10).
fn form_object(
    update: &mut Update<'_, '_>,
    look: &Appearance,
    place: &Place,
    font: Reference,
) -> Result<Reference, PdfError> {
    let fonts = Dictionary::new().with(EmbeddedFont::NAME, Object::Reference(font));
    let resources = Dictionary::new().with("Font", Object::Dictionary(fonts));
    let dictionary = Dictionary::new()
        .with("Type", Object::name("XObject"))
        .with("Subtype", Object::name("Form"))
        .with("BBox", place::numbers(&[0.0, 0.0, look.width, look.height]))
        .with("Matrix", place::numbers(&place.matrix))
        .with("Resources", Object::Dictionary(resources));
    let form = update.reserve();
    update.put_stream(form, &dictionary, &look.content)?;
    Ok(form)
}

/// The field among the page's annotations; in the page, or where its array stands by itself.
fn add_to_page(
    update: &mut Update<'_, '_>,
    document: &Document<'_>,
    page: Reference,
    field: Reference,
) -> Result<(), PdfError> {
    let found = document.object(page).and_then(Object::as_dictionary);
    let dictionary = found.cloned().unwrap_or_default();
    let mut annotations = document
        .array(&dictionary, "Annots")
        .unwrap_or_default()
        .to_vec();
    annotations.push(Object::Reference(field));
    let annotations = Object::Array(annotations);
    match dictionary.get("Annots") {
        Some(Object::Reference(array)) => update.put(*array, &annotations),
        Some(_) | None => {
            let dictionary = dictionary.with("Annots", annotations);
            update.put(page, &Object::Dictionary(dictionary))
        }
    }
}

/// The field among those of the interactive form, which is made if there is none.
fn add_to_form(
    update: &mut Update<'_, '_>,
    document: &Document<'_>,
    field: Reference,
) -> Result<(), PdfError> {
    let (catalog, root) = document.catalog();
    let form = document.form().cloned().unwrap_or_default();
    let mut fields = document.array(&form, "Fields").unwrap_or_default().to_vec();
    fields.push(Object::Reference(field));
    // Where the array stands by itself it is written again beside: nothing else refers to it.
    let form = form
        .with("Fields", Object::Array(fields))
        .with("SigFlags", Object::Integer(SIGNED_AND_APPEND_ONLY));
    match root.get("AcroForm") {
        Some(Object::Reference(reference)) => update.put(*reference, &Object::Dictionary(form)),
        Some(_) | None => {
            let root = root.clone().with("AcroForm", Object::Dictionary(form));
            update.put(catalog, &Object::Dictionary(root))
        }
    }
}

/// `D:YYYYMMDDHHMMSSZ` (ISO 32000-2 §7.9.4).
fn date(at: Timestamp) -> String {
    let written = at.to_string();
    let digits: String = written.chars().filter(char::is_ascii_digit).collect();
    format!("D:{}Z", digits.get(..14).unwrap_or_default())
}

/// Room for certificates, time-stamp and proof.
pub(super) const HOLE_BYTES: usize = 8192;
const FIELD_NAME: &[u8] = b"Muhrdor";
/// Annotation flags (ISO 32000-2 §12.5.3): bits 3 and 8.
const PRINTED_AND_LOCKED: i64 = 4 + 128;
/// `SigFlags` (ISO 32000-2 §12.7.3).
const SIGNED_AND_APPEND_ONLY: i64 = 3;
