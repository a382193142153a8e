//! What may be sealed: a page that shows to everyone, always, what it showed when it was sealed.

use std::collections::BTreeSet;

use super::{Document, children};
use crate::pdf::PdfError;
use crate::pdf::syntax::{Dictionary, Object, Reference};

/// A document without anything that could change what it shows: the only one that is added to.
#[derive(Debug)]
#[must_use]
pub struct Sealable<'d, 'a>(&'d Document<'a>);

impl<'d, 'a> Sealable<'d, 'a> {
    /// Looks at everything that is reached from the trailer, and at what is not.
    ///
    /// # Errors
    /// The first reason found not to seal the document.
    pub fn screen(document: &'d Document<'a>) -> Result<Self, PdfError> {
        let reached = reached(document)?;
        for (reference, located) in document.located() {
            if is_shown(&located.object) && !reached.contains(&reference) {
                let object = reference.number;
                return Err(PdfError::Unreachable { object });
            }
        }
        see_form(document)?;
        see_layers(document)?;
        Ok(Self(document))
    }

    #[must_use]
    pub fn document(&self) -> &'d Document<'a> {
        self.0
    }
}

/// Whether an object shows something once an attacker makes a page point to it. Only fonts and
/// pages have to say their type.
fn is_shown(object: &Object) -> bool {
    let Some(dictionary) = object.as_dictionary() else {
        return false;
    };
    let name = |key| dictionary.get(key).and_then(Object::as_name);
    let has = |key| dictionary.get(key).is_some();
    name("Type").is_some_and(|kind| SHOWN.contains(&kind))
        || name("Subtype").is_some_and(|kind| DRAWN.contains(&kind))
        || (has("Subtype") && has("Rect"))
        || has("FT")
        || has("ByteRange")
}

/// Walks through everything, and looks at each dictionary once.
fn reached(document: &Document<'_>) -> Result<BTreeSet<Reference>, PdfError> {
    let mut reached = BTreeSet::new();
    let trailer = document.trailer.entries();
    let mut open: Vec<(u32, &Object)> = trailer.map(|(_, value)| (0, value)).collect();
    while let Some((number, object)) = open.pop() {
        if let Object::Reference(reference) = object {
            if reached.insert(*reference) {
                let found = document.object(*reference);
                open.extend(found.map(|found| (reference.number, found)));
            }
            continue;
        }
        if let Some(dictionary) = object.as_dictionary() {
            let seen = Seen {
                document,
                dictionary,
                object: number,
            };
            if object.as_stream().is_some() {
                seen.data()?;
            }
            seen.all()?;
        }
        open.extend(children(object).into_iter().map(|child| (number, child)));
    }
    Ok(reached)
}

/// A dictionary, wherever it stands, and the number of the object it stands in.
#[derive(Debug, Clone, Copy)]
struct Seen<'s, 'a> {
    document: &'s Document<'a>,
    dictionary: &'s Dictionary,
    object: u32,
}

impl<'s> Seen<'s, '_> {
    fn value(&self, key: &str) -> Option<&'s Object> {
        self.document.value(self.dictionary, key)
    }

    fn name(&self, key: &str) -> Option<&'s [u8]> {
        self.value(key).and_then(Object::as_name)
    }

    fn has(&self, key: &str) -> bool {
        self.dictionary.get(key).is_some()
    }

    fn has_one(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.has(key))
    }

    /// The data of a stream stands in the file.
    fn data(&self) -> Result<(), PdfError> {
        let object = self.object;
        match self.has_one(&["F", "FFilter", "FDecodeParms"]) {
            true => Err(PdfError::ExternalContent { object }),
            false => Ok(()),
        }
    }

    /// What any dictionary may not be.
    fn all(&self) -> Result<(), PdfError> {
        let object = self.object;
        self.actions()?;
        let is_file = matches!(self.name("Type"), Some(b"Filespec" | b"EmbeddedFile"));
        if is_file || self.has_one(&["EmbeddedFiles", "EF", "AF", "RF"]) {
            return Err(PdfError::EmbeddedFile { object });
        }
        let kind = self.name("Subtype");
        if (kind == Some(b"Form") && self.has("Ref")) || self.has("OPI") {
            return Err(PdfError::ExternalContent { object });
        }
        if let Some(kind) = kind.filter(|kind| ANNOTATIONS_REFUSED.contains(kind))
            && self.has("Rect")
        {
            let kind = readable(kind);
            return Err(PdfError::Annotation { object, kind });
        }
        if self.has("XFA") {
            return Err(PdfError::Xfa { object });
        }
        if self.is_now_and_then() {
            return Err(PdfError::HiddenContent { object });
        }
        self.certification()?;
        self.field()
    }

    /// Whether it is shown to some and not to others: on paper, on a screen, in one language, or
    /// where another layer is not.
    fn is_now_and_then(&self) -> bool {
        // Some ask no layer for its type.
        let by_layers = self.has("Usage")
            || (self.name("Type") == Some(b"OCMD")
                && (self.has("VE") || matches!(self.name("P"), Some(b"AllOff" | b"AnyOff"))));
        // Flags that are no integer are read as one by some.
        let on_paper_only = match self.value("F") {
            None => false,
            Some(Object::Integer(flags)) => flags & NO_VIEW != 0,
            Some(_) => true,
        };
        by_layers || (self.has("Rect") && on_paper_only) || self.has("Alternates")
    }

    fn actions(&self) -> Result<(), PdfError> {
        let object = self.object;
        if self.has_one(&["JS", "JavaScript"]) {
            return Err(PdfError::Script { object });
        }
        if let Some(kind) = self.name("S").filter(|kind| ACTIONS_REFUSED.contains(kind)) {
            return Err(self.refused(kind));
        }
        if self.has("AA") {
            return Err(self.refused(b"AA"));
        }
        for key in ["A", "OpenAction", "Next", "PA"] {
            let value = self.value(key);
            let several = value.and_then(Object::as_array).unwrap_or_default();
            let actions = value.into_iter().chain(several);
            for action in actions.map(|action| self.document.resolve(action)) {
                if let Object::Dictionary(dictionary) = action {
                    Seen {
                        dictionary,
                        ..*self
                    }
                    .action()?;
                }
            }
        }
        Ok(())
    }

    /// Only going to a place in the document, and links to open in a browser or a mail program.
    fn action(&self) -> Result<(), PdfError> {
        match self.name("S") {
            // No action: a structure element's attributes and the next outline stand under such
            // keys.
            None | Some(b"GoTo") => Ok(()),
            Some(b"URI") => {
                let link = self.value("URI").and_then(Object::as_text);
                let link = link.unwrap_or_default();
                let begins = |scheme: &[u8]| {
                    let begin = link.get(..scheme.len());
                    begin.is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
                };
                if begins(b"https://") || begins(b"mailto:") {
                    return Ok(());
                }
                Err(PdfError::Link {
                    object: self.object,
                    to: readable(link),
                })
            }
            Some(kind) => Err(self.refused(kind)),
        }
    }

    fn refused(&self, kind: &[u8]) -> PdfError {
        let object = self.object;
        match kind {
            b"JavaScript" | b"Rendition" => PdfError::Script { object },
            _ => PdfError::Action {
                object,
                kind: readable(kind),
            },
        }
    }

    /// `DocMDP` with permission 1 allows no change at all (ISO 32000-2 §12.8.2.2).
    fn certification(&self) -> Result<(), PdfError> {
        if self.name("TransformMethod") != Some(b"DocMDP") {
            return Ok(());
        }
        let parameters = self.document.dictionary(self.dictionary, "TransformParams");
        let permission = parameters.and_then(|parameters| self.document.value(parameters, "P"));
        match permission.map_or(Some(2), Object::as_integer) {
            Some(2 | 3) => Ok(()),
            _ => Err(PdfError::CertifiedUnchangeable {
                object: self.object,
            }),
        }
    }

    /// A field other than a signature's holds no value.
    fn field(&self) -> Result<(), PdfError> {
        let object = self.object;
        let is_widget = self.dictionary.has("Subtype", "Widget");
        let is_field = self.has("FT") || is_widget || (self.has("T") && self.has("Kids"));
        if !is_field || self.value("V").is_none() {
            return Ok(());
        }
        let mut node = Some(self.dictionary);
        for _ in 0..FIELD_LEVELS_MAX {
            let Some(field) = node else {
                break;
            };
            let kind = self.document.value(field, "FT");
            if let Some(kind) = kind.and_then(Object::as_name) {
                return match kind {
                    b"Sig" => Ok(()),
                    _ => Err(PdfError::FormValue { object }),
                };
            }
            node = self.document.dictionary(field, "Parent");
        }
        Err(PdfError::FormValue { object })
    }
}

/// What the file says, on one line that is not too long.
fn readable(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    text.escape_debug().take(SAID_CHARS_MAX).collect()
}

fn see_form(document: &Document<'_>) -> Result<(), PdfError> {
    let (catalog, _) = document.catalog();
    let form = document.form();
    let look = form.and_then(|form| document.value(form, "NeedAppearances"));
    match look {
        None | Some(Object::Boolean(false)) => Ok(()),
        Some(_) => Err(PdfError::FormLook {
            object: catalog.number,
        }),
    }
}

/// Layers that are hidden to begin with, or whose look depends on the viewer. A group whose look
/// does says so itself.
fn see_layers(document: &Document<'_>) -> Result<(), PdfError> {
    let (root, catalog) = document.catalog();
    let Some(layers) = document.dictionary(catalog, "OCProperties") else {
        return Ok(());
    };
    let mut hidden = layers.get("Configs").is_some();
    if let Some(default) = document.dictionary(layers, "D") {
        let some = |key| {
            document
                .array(default, key)
                .is_some_and(|list| !list.is_empty())
        };
        let state = document.value(default, "BaseState");
        let state = state.and_then(Object::as_name);
        hidden |= some("AS") || some("OFF") || state.is_some_and(|state| state != b"ON");
    }
    match hidden {
        true => Err(PdfError::HiddenContent {
            object: root.number,
        }),
        false => Ok(()),
    }
}

/// The types that show something.
const SHOWN: &[&[u8]] = &[
    b"Page", b"Pages", b"Catalog", b"Annot", b"Font", b"XObject", b"Sig",
];

/// What shows something without saying its type.
const DRAWN: &[&[u8]] = &[b"Form", b"Image", b"PS"];

const ACTIONS_REFUSED: &[&[u8]] = &[
    b"JavaScript",
    b"Rendition",
    b"Launch",
    b"SubmitForm",
    b"ImportData",
    b"ResetForm",
    b"GoToR",
    b"GoToE",
    b"GoToDp",
    b"Hide",
    b"Movie",
    b"SetOCGState",
    b"RichMediaExecute",
    b"GoTo3DView",
];

const ANNOTATIONS_REFUSED: &[&[u8]] = &[
    b"RichMedia",
    b"3D",
    b"Screen",
    b"Movie",
    b"Sound",
    b"FileAttachment",
];

/// `NoView` and `ToggleNoView` (ISO 32000-2 §12.5.3): bits 6 and 9.
const NO_VIEW: i64 = 32 + 256;

const SAID_CHARS_MAX: usize = 200;
const FIELD_LEVELS_MAX: usize = 16;
