//! Where signatures stand, and what they cover (ISO 32000-2 §12.8.1). Whether they hold is for
//! others to say.

use std::collections::BTreeSet;
use std::ops::Range;

use super::Document;
use crate::pdf::PdfError;
use crate::pdf::syntax::{Budget, Dictionary, Lexer, Object, Parser, Reference, Token, write_hex};

/// A filled signature field whose byte range leaves out its own `Contents`, and nothing else of
/// the file up to the end of a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureField {
    pub field: Reference,
    /// The full name: partial names with a full stop between.
    pub name: Vec<u8>,
    /// The signature dictionary.
    pub value: Reference,
    /// Where `Contents` stands, with its brackets.
    pub hole: Range<usize>,
    /// Where what is covered ends.
    pub covered_end: usize,
    /// The revision the signature closes, as an index of [`Document::revisions`].
    pub revision: usize,
    /// The value of `Contents`, with its padding.
    pub contents: Box<[u8]>,
    /// Whether `Contents` is written in lower-case digits and without a space.
    pub spelling: Spelling,
}

/// How `Contents` is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    Canonical,
    Other,
}

impl<'a> Document<'a> {
    /// All filled signature fields, in the order of the form.
    ///
    /// # Errors
    /// [`PdfError::DamagedObject`] when one is not made as [`SignatureField`] says, when two
    /// fields have one name or close one revision, or the tree of fields is none;
    /// [`PdfError::Exceeds`].
    pub fn signatures(&self) -> Result<Vec<SignatureField>, PdfError> {
        let fields = self.form().and_then(|form| self.array(form, "Fields"));
        let top = Node {
            name: Vec::new(),
            kind: None,
            levels: 0,
        };
        let mut open = Vec::new();
        below(&mut open, 0, fields, &top)?;
        let (mut seen, mut names) = (BTreeSet::new(), BTreeSet::new());
        let (mut found, mut closed) = (Vec::new(), BTreeSet::new());
        while let Some((object, above)) = open.pop() {
            let (catalog, _) = self.catalog();
            let reference = object.as_reference();
            let reference = reference.ok_or(bad(catalog, "a form field that is no reference"))?;
            if !seen.insert(reference) || above.levels >= FIELD_LEVELS_MAX {
                return Err(bad(reference, "the form's fields are no tree"));
            }
            let field = self.object(reference).and_then(Object::as_dictionary);
            let field = field.ok_or(bad(reference, "not a form field"))?;
            let here = above.with(self, field);
            if here.name.len() > NAME_BYTES_MAX {
                return Err(bad(reference, "the name of a form field is too long"));
            }
            below(&mut open, seen.len(), self.array(field, "Kids"), &here)?;
            if field.get("T").is_some() && !names.insert(here.name.clone()) {
                return Err(bad(reference, "two form fields have one name"));
            }
            if here.kind.as_deref() == Some(b"Sig") && self.value(field, "V").is_some() {
                let signature = self.signature(reference, field, here.name)?;
                if !closed.insert(signature.revision) {
                    return Err(bad(reference, "two signatures close one revision"));
                }
                found.push(signature);
            }
        }
        Ok(found)
    }

    /// The bytes a signature covers, in two pieces.
    #[must_use]
    pub fn covered(&self, signature: &SignatureField) -> [&'a [u8]; 2] {
        let before = self.bytes.get(..signature.hole.start);
        let after = self.bytes.get(signature.hole.end..signature.covered_end);
        [before.unwrap_or_default(), after.unwrap_or_default()]
    }

    fn signature(
        &self,
        field: Reference,
        dictionary: &Dictionary,
        name: Vec<u8>,
    ) -> Result<SignatureField, PdfError> {
        let value = dictionary.get("V").and_then(Object::as_reference);
        let value = value.ok_or(bad(field, "its signature is no object of its own"))?;
        let span = self
            .span(value)
            .ok_or(bad(value, "a signature in an object stream"))?;
        let signature = self.object(value).and_then(Object::as_dictionary);
        let signature = signature.ok_or(bad(value, "not a signature"))?;
        let contents = signature.get("Contents").and_then(Object::as_text);
        let contents = contents.filter(|contents| contents.iter().any(|byte| *byte != 0));
        let contents = contents.ok_or(bad(value, "an empty signature"))?;
        let hole = self.hole(span.clone()).ok_or(bad(value, "no signature"))?;
        let covered_end = covered_end(signature, &hole);
        let covered_end = covered_end.ok_or(bad(value, "a wrong byte range"))?;
        let closes = |index: &usize| {
            let revision = self.revisions.get(*index);
            revision.is_some_and(|r| r.ends_at(covered_end) && r.range.contains(&span.start))
        };
        let revision = (0..self.revisions.len()).find(closes);
        let revision = revision.ok_or(bad(value, "its byte range does not end its revision"))?;
        let mut canonical = vec![b'<'];
        write_hex(&mut canonical, contents);
        canonical.push(b'>');
        let spelling = match self.bytes.get(hole.clone()) == Some(&canonical) {
            true => Spelling::Canonical,
            false => Spelling::Other,
        };
        Ok(SignatureField {
            field,
            name,
            value,
            hole,
            covered_end,
            revision,
            contents: contents.into(),
            spelling,
        })
    }

    /// Where the hexadecimal string `Contents` of the dictionary that stands there is.
    fn hole(&self, span: Range<usize>) -> Option<Range<usize>> {
        let readable = self.bytes.get(..span.end)?;
        let mut lexer = Lexer::new(readable, 0, span.start);
        while lexer.token().ok()?? != Token::DictionaryBegin {}
        let mut budget = Budget::new();
        while let Token::Name(key) = lexer.token().ok()?? {
            lexer.skip_space();
            let begin = lexer.at();
            let mut parser = Parser::new(lexer, &mut budget);
            parser.object().ok()?;
            lexer = parser.lexer;
            if key.as_bytes() == b"Contents" {
                let hole = begin..lexer.at();
                return self
                    .bytes
                    .get(hole.clone())?
                    .starts_with(b"<")
                    .then_some(hole);
            }
        }
        None
    }
}

/// Puts the fields below one before those that wait; `seen` were looked at already.
fn below<'o>(
    open: &mut Vec<(&'o Object, Node)>,
    seen: usize,
    fields: Option<&'o [Object]>,
    above: &Node,
) -> Result<(), PdfError> {
    let fields = fields.unwrap_or_default();
    if seen + open.len() + fields.len() > FIELDS_MAX {
        return Err(PdfError::Exceeds {
            max: FIELDS_MAX,
            unit: "form fields",
        });
    }
    open.extend(fields.iter().rev().map(|field| (field, above.clone())));
    Ok(())
}

/// What a field inherits.
#[derive(Debug, Clone)]
struct Node {
    name: Vec<u8>,
    kind: Option<Vec<u8>>,
    levels: usize,
}

impl Node {
    fn with(&self, document: &Document<'_>, field: &Dictionary) -> Self {
        let mut here = self.clone();
        here.levels += 1;
        if let Some(partial) = document.value(field, "T").and_then(Object::as_text) {
            if !here.name.is_empty() {
                here.name.push(b'.');
            }
            here.name.extend(partial);
        }
        if let Some(kind) = document.value(field, "FT").and_then(Object::as_name) {
            here.kind = Some(kind.to_vec());
        }
        here
    }
}

/// Where a byte range ends that begins with the file and leaves out exactly the hole.
fn covered_end(signature: &Dictionary, hole: &Range<usize>) -> Option<usize> {
    let range = signature.get("ByteRange")?.as_array()?;
    let numbers: Option<Vec<_>> = range
        .iter()
        .map(|number| usize::try_from(number.as_integer()?).ok())
        .collect();
    let [0, before, begin, length] = *numbers? else {
        return None;
    };
    (before == hole.start && begin == hole.end).then(|| begin.checked_add(length))?
}

fn bad(reference: Reference, why: &'static str) -> PdfError {
    PdfError::object(reference.number, why)
}

const FIELD_LEVELS_MAX: usize = 16;
const FIELDS_MAX: usize = 10_000;
/// Of a full name, with what is above.
const NAME_BYTES_MAX: usize = 512;
