//! A PDF that was read whole: its objects, its revisions, its pages.

mod archive;
mod load;
mod pages;
mod screen;
mod signed;

pub use pages::{Page, Rectangle, Rotation};
pub use screen::Sealable;
pub use signed::{SignatureField, Spelling};

use std::collections::BTreeMap;
use std::ops::Range;

use super::PdfError;
use super::syntax::{Budget, Dictionary, Lexer, Object, Reference};
use super::xref::{SectionKind, chain};
use archive::is_archive;
use load::{Loader, Located};

/// What the first line of the file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PdfVersion {
    pub major: u8,
    pub minor: u8,
}

/// One revision: the bytes it added, and the objects it wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// To the end of its last line, with the end of line if there is one.
    pub range: Range<usize>,
    /// To the end of its `%%EOF`.
    pub marker_end: usize,
    /// The numbers of the objects it added, replaced or freed.
    pub objects: Vec<u32>,
}

impl Revision {
    /// Whether bytes up to this offset are the file as this revision left it.
    #[must_use]
    pub fn ends_at(&self, offset: usize) -> bool {
        offset == self.range.end || offset == self.marker_end
    }
}

/// A PDF without any damage. Its older states are the documents that [`Document::read`] makes of
/// the bytes up to the end of an older revision.
#[derive(Debug)]
pub struct Document<'a> {
    bytes: &'a [u8],
    version: PdfVersion,
    kind: SectionKind,
    begins_at: usize,
    trailer: Dictionary,
    catalog: Reference,
    revisions: Vec<Revision>,
    objects: BTreeMap<u32, Located>,
    pages: Vec<Page>,
}

impl<'a> Document<'a> {
    /// Reads all of a file.
    ///
    /// # Errors
    /// When anything in it is not as ISO 32000-2 says, is out of bounds, or belongs to nothing;
    /// [`PdfError::Encrypted`], [`PdfError::Hybrid`] and [`PdfError::Archive`] as well.
    pub fn read(bytes: &'a [u8]) -> Result<Self, PdfError> {
        if bytes.is_empty() {
            return Err(PdfError::Empty);
        }
        if bytes.len() > FILE_BYTES_MAX {
            return Err(PdfError::Exceeds {
                max: FILE_BYTES_MAX,
                unit: "bytes",
            });
        }
        let (version, header_end) = header(bytes).ok_or(PdfError::NotPdf)?;
        if is_archive(bytes) {
            return Err(PdfError::Archive);
        }
        let mut budget = Budget::new();
        let chain = chain(bytes, &mut budget)?;
        let mut loader = Loader::new(bytes, &mut budget);
        for layer in &chain.layers {
            loader.layer(layer, header_end)?;
        }
        let objects = loader.done();
        let catalog = chain.trailer.get("Root").and_then(Object::as_reference);
        let catalog = catalog.ok_or(PdfError::damaged(chain.begins_at, "no catalog"))?;
        let revisions = chain.layers.into_iter().map(|layer| Revision {
            range: layer.range,
            marker_end: layer.marker_end,
            objects: layer
                .entries
                .into_keys()
                .filter(|number| *number > 0)
                .collect(),
        });
        let mut document = Self {
            bytes,
            version,
            kind: chain.kind,
            begins_at: chain.begins_at,
            trailer: chain.trailer,
            catalog,
            revisions: revisions.collect(),
            objects,
            pages: Vec::new(),
        };
        document.see_references()?;
        let root = document.object(catalog).and_then(Object::as_dictionary);
        if !root.is_some_and(|root| root.has("Type", "Catalog")) {
            return Err(PdfError::object(catalog.number, "not a catalog"));
        }
        document.pages = pages::pages(&document)?;
        Ok(document)
    }

    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    #[must_use]
    pub fn version(&self) -> PdfVersion {
        self.version
    }

    /// Whether cross-references stand in tables or in streams.
    #[must_use]
    pub fn kind(&self) -> SectionKind {
        self.kind
    }

    /// What the newest trailer says.
    #[must_use]
    pub fn trailer(&self) -> &Dictionary {
        &self.trailer
    }

    /// All revisions, the oldest first; never empty. The last one ends where the file does.
    #[must_use]
    pub fn revisions(&self) -> &[Revision] {
        &self.revisions
    }

    /// All pages, in the order of reading.
    #[must_use]
    pub fn pages(&self) -> &[Page] {
        &self.pages
    }

    #[must_use]
    pub fn catalog(&self) -> (Reference, &Dictionary) {
        let found = self.object(self.catalog).and_then(Object::as_dictionary);
        (self.catalog, found.unwrap_or(&EMPTY))
    }

    /// The interactive form, also when it stands in the catalog itself.
    #[must_use]
    pub fn form(&self) -> Option<&Dictionary> {
        let (_, catalog) = self.catalog();
        self.dictionary(catalog, "AcroForm")
    }

    /// An object in its newest state.
    #[must_use]
    pub fn object(&self, reference: Reference) -> Option<&Object> {
        let found = self.objects.get(&reference.number)?;
        (found.generation == reference.generation).then_some(&found.object)
    }

    /// The value itself, or what it refers to; a chain that is too long or leads nowhere is null.
    #[must_use]
    pub fn resolve<'o>(&'o self, object: &'o Object) -> &'o Object {
        let mut found = object;
        for _ in 0..REFERENCES_MAX {
            let Object::Reference(reference) = found else {
                return found;
            };
            found = self.object(*reference).unwrap_or(&Object::Null);
        }
        &Object::Null
    }

    /// The value of a key, references followed; null is none.
    #[must_use]
    pub fn value<'o>(&'o self, dictionary: &'o Dictionary, key: &str) -> Option<&'o Object> {
        let found = self.resolve(dictionary.get(key)?);
        (*found != Object::Null).then_some(found)
    }

    /// The dictionary that is the value of a key, references followed.
    #[must_use]
    pub fn dictionary<'o>(
        &'o self,
        dictionary: &'o Dictionary,
        key: &str,
    ) -> Option<&'o Dictionary> {
        self.value(dictionary, key)?.as_dictionary()
    }

    /// The array that is the value of a key, references followed.
    #[must_use]
    pub fn array<'o>(&'o self, dictionary: &'o Dictionary, key: &str) -> Option<&'o [Object]> {
        self.value(dictionary, key)?.as_array()
    }

    /// The data of a stream as the file has it, packed or not.
    #[must_use]
    pub fn data(&self, object: &Object) -> Option<&'a [u8]> {
        self.bytes.get(object.as_stream()?.data.clone())
    }

    /// Where the newest cross-reference section begins.
    pub(super) fn begins_at(&self) -> usize {
        self.begins_at
    }

    pub(super) fn located(&self) -> impl Iterator<Item = (Reference, &Located)> {
        self.objects.iter().map(|(number, located)| {
            let reference = Reference {
                number: *number,
                generation: located.generation,
            };
            (reference, located)
        })
    }

    fn span(&self, reference: Reference) -> Option<Range<usize>> {
        self.objects.get(&reference.number)?.span.clone()
    }

    /// A reference to an object that is not there would be filled by the next revision.
    fn see_references(&self) -> Result<(), PdfError> {
        let trailer = self.trailer.entries().map(|(_, value)| value);
        let mut open: Vec<&Object> = trailer.collect();
        open.extend(self.objects.values().map(|located| &located.object));
        while let Some(object) = open.pop() {
            match object {
                Object::Reference(reference) if self.object(*reference).is_none() => {
                    let why = "it is referred to, and not there";
                    return Err(PdfError::object(reference.number, why));
                }
                other => open.extend(children(other)),
            }
        }
        Ok(())
    }
}

/// The values directly inside a value.
fn children(object: &Object) -> Vec<&Object> {
    match object {
        Object::Array(items) => items.iter().collect(),
        Object::Dictionary(dictionary) => dictionary.entries().map(|(_, value)| value).collect(),
        Object::Stream(stream) => stream
            .dictionary
            .entries()
            .map(|(_, value)| value)
            .collect(),
        Object::Null
        | Object::Boolean(_)
        | Object::Integer(_)
        | Object::Real(_)
        | Object::Text(_)
        | Object::Name(_)
        | Object::Reference(_) => Vec::new(),
    }
}

/// `%PDF-1.7` on a line of its own, at the first byte (ISO 32000-2 §7.5.2).
fn header(bytes: &[u8]) -> Option<(PdfVersion, usize)> {
    let mut lexer = Lexer::new(bytes, 0, 0);
    if !lexer.take(b"%PDF-") {
        return None;
    }
    let major = u8::try_from(lexer.digits(1)?).ok()?;
    if !lexer.take(b".") {
        return None;
    }
    let minor = u8::try_from(lexer.digits(1)?).ok()?;
    let known = matches!((major, minor), (1, 0..=7) | (2, 0));
    let version = PdfVersion { major, minor };
    (known && lexer.take_line_end()).then(|| (version, lexer.at()))
}

static EMPTY: Dictionary = Dictionary::EMPTY;

const FILE_BYTES_MAX: usize = 20 * 1024 * 1024;
/// How many references may stand one behind the other.
const REFERENCES_MAX: usize = 8;
