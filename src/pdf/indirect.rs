//! One object of the file: `12 0 obj … endobj` (ISO 32000-2 §7.3.8, §7.3.10).

use std::collections::BTreeMap;

use super::PdfError;
use super::syntax::{Budget, Dictionary, Lexer, Object, Parser, Reference, Stream};

/// An object as it stands in the file.
#[derive(Debug)]
pub(super) struct Indirect {
    pub(super) reference: Reference,
    pub(super) object: Object,
}

/// The lengths of streams that say them elsewhere, by the number of the object that says it.
///
/// INVARIANT: what was once used as a length never becomes another one.
#[derive(Debug, Default)]
pub(super) struct Lengths {
    known: BTreeMap<u32, Length>,
}

#[derive(Debug, Clone, Copy)]
struct Length {
    bytes: Option<usize>,
    used: bool,
}

impl Lengths {
    /// Keeps what an object says: a length, or nothing that is one.
    pub(super) fn learn(&mut self, number: u32, object: &Object) -> Result<(), PdfError> {
        let bytes = object
            .as_integer()
            .and_then(|length| usize::try_from(length).ok());
        let Some(known) = self.known.get_mut(&number) else {
            // What is no length is kept by nobody: there are many such objects.
            if bytes.is_some() {
                self.known.insert(number, Length { bytes, used: false });
            }
            return Ok(());
        };
        if known.used && known.bytes != bytes {
            return Err(PdfError::object(number, "the length of a stream changes"));
        }
        known.bytes = bytes;
        Ok(())
    }

    fn of(&mut self, dictionary: &Dictionary) -> Option<usize> {
        match dictionary.get("Length")? {
            Object::Integer(length) => usize::try_from(*length).ok(),
            Object::Reference(elsewhere) => {
                let known = self.known.get_mut(&elsewhere.number)?;
                known.used = true;
                known.bytes
            }
            _ => None,
        }
    }
}

/// The object that begins exactly where the lexer stands.
pub(super) fn indirect(
    lexer: &mut Lexer<'_>,
    budget: &mut Budget,
    lengths: &mut Lengths,
) -> Result<Indirect, PdfError> {
    let at = lexer.clone();
    let reference = head(lexer).ok_or_else(|| at.damaged("no object stands here"))?;
    let mut parser = Parser::new(lexer.clone(), budget);
    let mut object = parser.object()?;
    *lexer = parser.lexer;
    lexer.skip_space();
    if lexer.rest().starts_with(b"stream") {
        let Object::Dictionary(dictionary) = object else {
            return Err(lexer.damaged("a stream without its dictionary"));
        };
        object = Object::Stream(Box::new(stream(lexer, dictionary, lengths)?));
    }
    lexer.expect(b"endobj", "an object does not end")?;
    Ok(Indirect { reference, object })
}

fn head(lexer: &mut Lexer<'_>) -> Option<Reference> {
    let number = u32::try_from(lexer.digits(10)?)
        .ok()
        .filter(|number| *number > 0)?;
    lexer.skip_space();
    let generation = u16::try_from(lexer.digits(5)?).ok()?;
    lexer.expect(b"obj", "no object stands here").ok()?;
    Some(Reference { number, generation })
}

fn stream(
    lexer: &mut Lexer<'_>,
    dictionary: Dictionary,
    lengths: &mut Lengths,
) -> Result<Stream, PdfError> {
    lexer.take(b"stream");
    if !lexer.take(b"\r\n") && !lexer.take(b"\n") {
        return Err(lexer.damaged("no end of line after `stream`"));
    }
    let begin = lexer.at();
    let length = lengths.of(&dictionary);
    let length = length.filter(|length| *length <= lexer.rest().len());
    let Some(length) = length else {
        return Err(lexer.damaged("a stream without its length"));
    };
    lexer.skip(length);
    let data = begin..lexer.at();
    lexer.take_line_end();
    if !lexer.take(b"endstream") {
        return Err(lexer.damaged("a stream does not end where its length says"));
    }
    Ok(Stream { dictionary, data })
}
