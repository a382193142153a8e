//! Cross-reference tables (ISO 32000-2 §7.5.4): lines of exactly 20 bytes.

use std::collections::BTreeMap;

use super::entries::{Entries, Entry, size};
use crate::pdf::PdfError;
use crate::pdf::syntax::{Budget, Dictionary, Lexer, Object, Parser};

/// Reads the table behind `xref`, and its trailer.
pub(super) fn table(
    lexer: &mut Lexer<'_>,
    budget: &mut Budget,
) -> Result<(BTreeMap<u32, Entry>, Dictionary), PdfError> {
    let at = lexer.at();
    let mut lines = Vec::new();
    lexer.expect(b"xref", "a cross-reference table begins with its name")?;
    loop {
        lexer.skip_space();
        if !lexer.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            break;
        }
        subsection(lexer, budget, &mut lines)?;
    }
    lexer.expect(b"trailer", "a cross-reference table without its trailer")?;
    let mut parser = Parser::new(lexer.clone(), budget);
    let trailer = parser.dictionary()?;
    *lexer = parser.lexer;
    let size = size(trailer.get("Size").and_then(Object::as_integer), at)?;
    let mut entries = Entries::new(size, at);
    for (number, entry) in lines {
        entries.add(number, entry)?;
    }
    Ok((entries.done(), trailer))
}

fn subsection(
    lexer: &mut Lexer<'_>,
    budget: &mut Budget,
    lines: &mut Vec<(u32, Entry)>,
) -> Result<(), PdfError> {
    let bad = lexer.damaged("not the head of a cross-reference subsection");
    let number = |lexer: &mut Lexer<'_>| {
        let digits = lexer.digits(NUMBER_DIGITS_MAX);
        digits.and_then(|digits| u32::try_from(digits).ok())
    };
    let (Some(first), true, Some(count)) = (number(lexer), lexer.take(b" "), number(lexer)) else {
        return Err(bad);
    };
    lexer.take(b" ");
    if !lexer.take_line_end() {
        return Err(bad);
    }
    for number in (first..).take(count as usize) {
        budget.value()?;
        let bad = lexer.damaged("not a line of a cross-reference table");
        let line = lexer.rest().first_chunk::<LINE_BYTES>();
        let entry = line.and_then(entry).ok_or(bad)?;
        lines.push((number, entry));
        lexer.skip(LINE_BYTES);
    }
    Ok(())
}

/// `nnnnnnnnnn ggggg n` and an end of line of two bytes.
fn entry(line: &[u8; LINE_BYTES]) -> Option<Entry> {
    let (text, end) = line.split_at_checked(LINE_BYTES - 2)?;
    if !matches!(end, b" \r" | b" \n" | b"\r\n") {
        return None;
    }
    let text = std::str::from_utf8(text).ok()?;
    let (offset, rest) = text.split_at_checked(10)?;
    let (generation, kind) = rest.strip_prefix(' ')?.split_at_checked(5)?;
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(offset) || !all_digits(generation) {
        return None;
    }
    let offset: u64 = offset.parse().ok()?;
    let generation: u16 = generation.parse().ok()?;
    match kind {
        " n" => Some(Entry::At {
            offset: usize::try_from(offset).ok()?,
            generation,
        }),
        " f" => Some(Entry::Free),
        _ => None,
    }
}

const LINE_BYTES: usize = 20;
const NUMBER_DIGITS_MAX: usize = 10;
