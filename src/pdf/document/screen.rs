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
    /// Looks at everything that is reached from the trailer.
    ///
    /// # Errors
    /// The first reason found not to seal the document.
    pub fn screen(document: &'d Document<'a>) -> Result<Self, PdfError> {
        let reached = reached(document)?;
        for (reference, located) in document.located() {
            let is_shown = |dictionary: &Dictionary| {
                let kind = dictionary.get("Type").and_then(Object::as_name);
                kind.is_some_and(|kind| SHOWN.contains(&kind))
            };
            let shown = located.object.as_dictionary().is_some_and(is_shown);
            if shown && !reached.contains(&reference) {
                return Err(PdfError::Unreachable(reference.number));
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

/// Walks through everything, and looks at each dictionary once.
fn reached(document: &Document<'_>) -> Result<BTreeSet<Reference>, PdfError> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&Object> = document.trailer.entries().map(|(_, value)| value).collect();
    while let Some(object) = open.pop() {
        match object {
            Object::Reference(reference) => {
                if reached.insert(*reference) {
                    open.extend(document.object(*reference));
                }
            }
            Object::Stream(stream) => {
                let elsewhere = ["F", "FFilter", "FDecodeParms"];
                if elsewhere
                    .iter()
                    .any(|key| stream.dictionary.get(key).is_some())
                {
                    return Err(PdfError::ExternalContent);
                }
                see(document, &stream.dictionary)?;
                open.extend(children(object));
            }
            Object::Dictionary(dictionary) => {
                see(document, dictionary)?;
                open.extend(children(object));
            }
            other => open.extend(children(other)),
        }
    }
    Ok(reached)
}

/// What any dictionary may not be, wherever it stands.
fn see(document: &Document<'_>, dictionary: &Dictionary) -> Result<(), PdfError> {
    let name = |key| document.value(dictionary, key).and_then(Object::as_name);
    let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    if dictionary.get("JS").is_some() || dictionary.get("JavaScript").is_some() {
        return Err(PdfError::Script);
    }
    if let Some(kind) = name("S").filter(|kind| ACTIONS_REFUSED.contains(kind)) {
        return Err(match kind {
            b"JavaScript" | b"Rendition" => PdfError::Script,
            _ => PdfError::Action(text(kind)),
        });
    }
    if dictionary.get("AA").is_some() {
        return Err(PdfError::Action("AA".to_owned()));
    }
    for key in ["A", "OpenAction", "Next", "PA"] {
        if let Some(Object::Dictionary(action)) = document.value(dictionary, key) {
            see_action(document, action)?;
        }
    }
    let embeds = ["EmbeddedFiles", "EF", "AF", "RF"];
    let is_file = matches!(name("Type"), Some(b"Filespec" | b"EmbeddedFile"));
    if is_file || embeds.iter().any(|key| dictionary.get(key).is_some()) {
        return Err(PdfError::EmbeddedFile);
    }
    let is_form = name("Subtype") == Some(b"Form");
    if (is_form && dictionary.get("Ref").is_some()) || dictionary.get("OPI").is_some() {
        return Err(PdfError::ExternalContent);
    }
    if let Some(kind) = name("Subtype").filter(|kind| ANNOTATIONS_REFUSED.contains(kind))
        && dictionary.get("Rect").is_some()
    {
        return Err(PdfError::Annotation(text(kind)));
    }
    if dictionary.get("XFA").is_some() {
        return Err(PdfError::Xfa);
    }
    see_certification(document, dictionary)?;
    see_field(document, dictionary)
}

/// Only going to a place in the document, and links to open in a browser or a mail program.
fn see_action(document: &Document<'_>, action: &Dictionary) -> Result<(), PdfError> {
    let kind = document.value(action, "S").and_then(Object::as_name);
    match kind {
        // No action: a structure element's attributes and the next outline stand under such keys.
        None | Some(b"GoTo") => Ok(()),
        Some(b"URI") => {
            let link = document.value(action, "URI").and_then(Object::as_text);
            let link = String::from_utf8_lossy(link.unwrap_or_default()).into_owned();
            let lower = link.to_ascii_lowercase();
            match lower.starts_with("https://") || lower.starts_with("mailto:") {
                true => Ok(()),
                false => Err(PdfError::Link(link.chars().take(LINK_CHARS_MAX).collect())),
            }
        }
        Some(kind) => Err(PdfError::Action(String::from_utf8_lossy(kind).into_owned())),
    }
}

/// `DocMDP` with permission 1 allows no change at all (ISO 32000-2 §12.8.2.2).
fn see_certification(document: &Document<'_>, dictionary: &Dictionary) -> Result<(), PdfError> {
    let method = document.value(dictionary, "TransformMethod");
    if method.and_then(Object::as_name) != Some(b"DocMDP") {
        return Ok(());
    }
    let parameters = document.dictionary(dictionary, "TransformParams");
    let permission = parameters.and_then(|parameters| document.value(parameters, "P"));
    match permission.map_or(Some(2), Object::as_integer) {
        Some(2 | 3) => Ok(()),
        _ => Err(PdfError::CertifiedUnchangeable),
    }
}

/// A field other than a signature's holds no value.
fn see_field(document: &Document<'_>, dictionary: &Dictionary) -> Result<(), PdfError> {
    let has = |key| dictionary.get(key).is_some();
    let is_field = has("FT") || dictionary.has("Subtype", "Widget") || (has("T") && has("Kids"));
    if !is_field || document.value(dictionary, "V").is_none() {
        return Ok(());
    }
    let mut node = Some(dictionary);
    for _ in 0..FIELD_LEVELS_MAX {
        let Some(field) = node else {
            break;
        };
        if let Some(kind) = document.value(field, "FT").and_then(Object::as_name) {
            return match kind {
                b"Sig" => Ok(()),
                _ => Err(PdfError::FormValue),
            };
        }
        node = document.dictionary(field, "Parent");
    }
    Err(PdfError::FormValue)
}

fn see_form(document: &Document<'_>) -> Result<(), PdfError> {
    let look = document
        .form()
        .and_then(|form| document.value(form, "NeedAppearances"));
    match look {
        None | Some(Object::Boolean(false)) => Ok(()),
        Some(_) => Err(PdfError::FormLook),
    }
}

/// Layers whose look depends on the viewer, or that are hidden to begin with.
fn see_layers(document: &Document<'_>) -> Result<(), PdfError> {
    let (_, catalog) = document.catalog();
    let Some(layers) = document.dictionary(catalog, "OCProperties") else {
        return Ok(());
    };
    let groups = document.array(layers, "OCGs").unwrap_or_default();
    let group = |group| document.resolve(group).as_dictionary();
    let with_usage = |group: &Dictionary| group.get("Usage").is_some();
    let mut hidden = groups.iter().filter_map(group).any(with_usage);
    hidden |= layers.get("Configs").is_some();
    if let Some(default) = document.dictionary(layers, "D") {
        let some = |key| {
            document
                .array(default, key)
                .is_some_and(|list| !list.is_empty())
        };
        let state = document
            .value(default, "BaseState")
            .and_then(Object::as_name);
        hidden |= some("AS") || some("OFF") || state.is_some_and(|state| state != b"ON");
    }
    match hidden {
        true => Err(PdfError::HiddenLayer),
        false => Ok(()),
    }
}

/// What shows something once an attacker makes a page point to it.
const SHOWN: &[&[u8]] = &[
    b"Page", b"Pages", b"Catalog", b"Annot", b"Font", b"XObject", b"Sig",
];

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

const LINK_CHARS_MAX: usize = 200;
const FIELD_LEVELS_MAX: usize = 16;
