//! Tokens to values, within bounds.

use std::collections::BTreeSet;

use super::lexer::{Lexer, Token, is_space};
use super::object::{Dictionary, Name, Object, Real, Reference};
use crate::pdf::PdfError;

/// What reading one file may still cost. All parts of a file draw on the same budget.
#[derive(Debug)]
pub(in crate::pdf) struct Budget {
    values: usize,
    decoded_bytes: usize,
    /// Names that were met, to be shared.
    names: BTreeSet<Name>,
}

impl Budget {
    pub(in crate::pdf) fn new() -> Self {
        Self {
            values: VALUES_MAX,
            decoded_bytes: DECODED_BYTES_MAX,
            names: BTreeSet::new(),
        }
    }

    /// Takes one value, or one entry of a cross-reference section.
    pub(in crate::pdf) fn value(&mut self) -> Result<(), PdfError> {
        self.values(1)
    }

    /// Takes what an object weighs beside its value.
    pub(in crate::pdf) fn object(&mut self) -> Result<(), PdfError> {
        self.values(OBJECT_WEIGHT)
    }

    /// Takes as many values as something weighs in memory.
    fn values(&mut self, weight: usize) -> Result<(), PdfError> {
        let left = self.values.checked_sub(weight);
        self.values = left.ok_or(PdfError::Exceeds {
            max: VALUES_MAX,
            unit: "values",
        })?;
        Ok(())
    }

    /// The same name, which is shared with those before if it is one of the first ones.
    fn shared(&mut self, name: Name) -> Result<Name, PdfError> {
        if let Some(known) = self.names.get(&name) {
            return Ok(known.clone());
        }
        self.values(NAME_WEIGHT + name.as_bytes().len() / WEIGHED_BYTES)?;
        if self.names.len() < NAMES_SHARED_MAX {
            self.names.insert(name.clone());
        }
        Ok(name)
    }

    /// How many bytes the next stream may still unpack to.
    pub(in crate::pdf) fn decoded_left(&self) -> usize {
        self.decoded_bytes
    }

    /// Takes what a stream unpacked to.
    pub(in crate::pdf) fn decoded(&mut self, bytes: usize) -> Result<(), PdfError> {
        let left = self.decoded_bytes.checked_sub(bytes);
        self.decoded_bytes = left.ok_or(Self::unpacks_too_far())?;
        Ok(())
    }

    pub(in crate::pdf) const fn unpacks_too_far() -> PdfError {
        PdfError::Exceeds {
            max: DECODED_BYTES_MAX,
            unit: "unpacked bytes of structure",
        }
    }
}

/// Reads values from a lexer on a budget.
#[derive(Debug)]
pub(in crate::pdf) struct Parser<'b, 'g> {
    pub(in crate::pdf) lexer: Lexer<'b>,
    budget: &'g mut Budget,
}

impl<'b, 'g> Parser<'b, 'g> {
    pub(in crate::pdf) fn new(lexer: Lexer<'b>, budget: &'g mut Budget) -> Self {
        Self { lexer, budget }
    }

    /// The next value.
    pub(in crate::pdf) fn object(&mut self) -> Result<Object, PdfError> {
        match self.lexer.token()? {
            Some(token) => self.value(token, 0),
            None => Err(self.lexer.damaged("a value is missing")),
        }
    }

    /// The next value, which is a dictionary.
    pub(in crate::pdf) fn dictionary(&mut self) -> Result<Dictionary, PdfError> {
        match self.object()? {
            Object::Dictionary(dictionary) => Ok(dictionary),
            _ => Err(self.lexer.damaged("not a dictionary")),
        }
    }

    fn value(&mut self, token: Token<'b>, depth: usize) -> Result<Object, PdfError> {
        self.budget.values(weight(&token))?;
        Ok(match token {
            Token::Integer(value) => match self.reference(value) {
                Some(reference) => Object::Reference(reference),
                None => Object::Integer(value),
            },
            Token::Real(text) => Object::Real(Real(text.into())),
            Token::Text(bytes) => Object::Text(bytes),
            Token::Name(name) => Object::Name(self.budget.shared(name)?),
            Token::ArrayBegin => Object::Array(self.array(deeper(depth)?)?),
            Token::DictionaryBegin => Object::Dictionary(self.entries(deeper(depth)?)?),
            Token::Keyword(b"true") => Object::Boolean(true),
            Token::Keyword(b"false") => Object::Boolean(false),
            Token::Keyword(b"null") => Object::Null,
            Token::Keyword(_) => return Err(self.lexer.damaged("no such word")),
            Token::ArrayEnd | Token::DictionaryEnd => {
                return Err(self.lexer.damaged("an end without its beginning"));
            }
        })
    }

    fn array(&mut self, depth: usize) -> Result<Vec<Object>, PdfError> {
        let mut items = Vec::new();
        loop {
            match self.lexer.token()? {
                Some(Token::ArrayEnd) => {
                    items.shrink_to_fit();
                    return Ok(items);
                }
                Some(token) => items.push(self.value(token, depth)?),
                None => return Err(self.lexer.damaged("an array does not end")),
            }
        }
    }

    fn entries(&mut self, depth: usize) -> Result<Dictionary, PdfError> {
        let mut entries = Vec::new();
        loop {
            let key: Name = match self.lexer.token()? {
                Some(Token::DictionaryEnd) => break,
                Some(Token::Name(name)) => self.budget.shared(name)?,
                Some(_) => return Err(self.lexer.damaged("a key is not a name")),
                None => return Err(self.lexer.damaged("a dictionary does not end")),
            };
            let Some(token) = self.lexer.token()? else {
                return Err(self.lexer.damaged("a value is missing"));
            };
            entries.push((key, self.value(token, depth)?));
        }
        let twice = self.lexer.damaged("a key stands twice in a dictionary");
        Dictionary::of(entries).ok_or(twice)
    }

    /// The rest of `12 0 R`, when the number before is the beginning of one.
    fn reference(&mut self, number: i64) -> Option<Reference> {
        let number = u32::try_from(number).ok().filter(|number| *number > 0)?;
        let mut ahead = self.lexer.clone();
        skip_blanks(&mut ahead);
        let generation = u16::try_from(ahead.digits(GENERATION_DIGITS_MAX)?).ok()?;
        skip_blanks(&mut ahead);
        if !ahead.take(b"R")
            || ahead
                .peek()
                .is_some_and(|byte| byte.is_ascii_alphanumeric())
        {
            return None;
        }
        self.lexer = ahead;
        Some(Reference { number, generation })
    }
}

/// Past white space, but no comment: a reference with a comment inside is refused.
fn skip_blanks(lexer: &mut Lexer<'_>) {
    let blanks = lexer.rest().iter().take_while(|byte| is_space(**byte));
    lexer.skip(blanks.count());
}

/// What a value weighs: 1 for each so many bytes in memory. What is in it weighs itself.
fn weight(token: &Token<'_>) -> usize {
    match token {
        Token::Text(bytes) => 2 + bytes.len() / WEIGHED_BYTES,
        Token::ArrayBegin => 3,
        Token::Real(_) | Token::DictionaryBegin => 2,
        Token::ArrayEnd
        | Token::DictionaryEnd
        | Token::Integer(_)
        | Token::Name(_)
        | Token::Keyword(_) => 1,
    }
}

fn deeper(depth: usize) -> Result<usize, PdfError> {
    if depth >= NESTING_LEVELS_MAX {
        return Err(PdfError::Exceeds {
            max: NESTING_LEVELS_MAX,
            unit: "levels of nesting",
        });
    }
    Ok(depth + 1)
}

const NESTING_LEVELS_MAX: usize = 64;
/// All values of a file, in all revisions, and where they stand, each by its weight.
const VALUES_MAX: usize = 1_000_000;
const WEIGHED_BYTES: usize = 32;
const OBJECT_WEIGHT: usize = 2;
/// A name that was not met before, beside its bytes.
const NAME_WEIGHT: usize = 2;
const NAMES_SHARED_MAX: usize = 4096;
/// What all cross-reference and object streams of a file may unpack to.
const DECODED_BYTES_MAX: usize = 16 * 1024 * 1024;
const GENERATION_DIGITS_MAX: usize = 5;
