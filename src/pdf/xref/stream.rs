//! Cross-reference streams (ISO 32000-2 §7.5.8).

use std::collections::BTreeMap;

use super::entries::{Entries, Entry, size};
use crate::pdf::PdfError;
use crate::pdf::filter::decode;
use crate::pdf::indirect::{Lengths, indirect};
use crate::pdf::syntax::{Budget, Dictionary, Lexer, Object, Reference};

/// Reads the stream that stands at the lexer, and gives its entries and its dictionary, which is
/// the trailer too, and its own name.
pub(super) fn stream(
    bytes: &[u8],
    lexer: &mut Lexer<'_>,
    budget: &mut Budget,
) -> Result<(BTreeMap<u32, Entry>, Dictionary, Reference), PdfError> {
    let at = lexer.at();
    let found = indirect(lexer, budget, &mut Lengths::default())?;
    let Object::Stream(stream) = found.object else {
        return Err(PdfError::damaged(
            at,
            "no cross-reference section stands here",
        ));
    };
    let dictionary = stream.dictionary;
    if !dictionary.has("Type", "XRef") {
        return Err(PdfError::damaged(
            at,
            "no cross-reference section stands here",
        ));
    }
    let data = bytes.get(stream.data).unwrap_or_default();
    let data = decode(&dictionary, data, at, budget)?;
    let size = size(dictionary.get("Size").and_then(Object::as_integer), at)?;
    let widths = widths(&dictionary, at)?;
    let line_bytes: usize = widths.iter().sum();
    let lines = numbers(&dictionary, size, at)?;
    let stated = lines
        .iter()
        .try_fold(0_usize, |sum, (_, count)| sum.checked_add(*count));
    if stated.and_then(|lines| lines.checked_mul(line_bytes)) != Some(data.len()) {
        return Err(PdfError::damaged(
            at,
            "a cross-reference stream of another length",
        ));
    }
    let mut entries = Entries::new(size, at);
    let mut rest = data.chunks_exact(line_bytes);
    for (first, count) in lines {
        for (number, line) in (first..).zip(rest.by_ref().take(count)) {
            budget.value()?;
            let entry = entry(line, widths).ok_or(PdfError::damaged(at, "an unknown entry"))?;
            entries.add(number, entry)?;
        }
    }
    Ok((entries.done(), dictionary, found.reference))
}

/// How many bytes each of the three fields of an entry has.
fn widths(dictionary: &Dictionary, at: usize) -> Result<[usize; 3], PdfError> {
    let bad = PdfError::damaged(at, "a cross-reference stream without its widths");
    let Some([kind, second, third]) = dictionary.get("W").and_then(Object::as_array) else {
        return Err(bad);
    };
    let width = |object: &Object| match object.as_integer() {
        Some(width @ 0..=FIELD_BYTES_MAX) => usize::try_from(width).ok(),
        _ => None,
    };
    match (width(kind), width(second), width(third)) {
        (Some(kind), Some(second @ 1..), Some(third)) => Ok([kind, second, third]),
        _ => Err(bad),
    }
}

/// The runs of object numbers: the first of each, and how many.
fn numbers(dictionary: &Dictionary, size: u32, at: usize) -> Result<Vec<(u32, usize)>, PdfError> {
    let bad = PdfError::damaged(at, "a cross-reference stream with a wrong index");
    let index = match dictionary.get("Index") {
        None => return Ok(vec![(0, size as usize)]),
        Some(Object::Array(index)) if index.len() % 2 == 0 => index,
        Some(_) => return Err(bad),
    };
    let run = |pair: &[Object]| match pair {
        [first, count] => {
            let first = u32::try_from(first.as_integer()?).ok()?;
            let count = u32::try_from(count.as_integer()?).ok()?;
            let end = first.checked_add(count)?;
            (end <= size).then_some((first, count as usize))
        }
        _ => None,
    };
    let runs: Option<Vec<_>> = index.chunks(2).map(run).collect();
    runs.ok_or(bad)
}

fn entry(line: &[u8], widths: [usize; 3]) -> Option<Entry> {
    let [kind_bytes, second_bytes, _] = widths;
    let (kind, rest) = line.split_at_checked(kind_bytes)?;
    let (second, third) = rest.split_at_checked(second_bytes)?;
    let number = |field: &[u8]| {
        let fold = |sum: u64, byte: &u8| sum.checked_mul(256).map(|sum| sum | u64::from(*byte));
        field.iter().try_fold(0_u64, fold)
    };
    let (second, third) = (number(second)?, number(third)?);
    let kind = if kind.is_empty() { 1 } else { number(kind)? };
    match kind {
        0 => Some(Entry::Free),
        1 => Some(Entry::At {
            offset: usize::try_from(second).ok()?,
            generation: u16::try_from(third).ok()?,
        }),
        2 => Some(Entry::Packed {
            stream: u32::try_from(second).ok()?,
            index: usize::try_from(third).ok()?,
        }),
        _ => None,
    }
}

const FIELD_BYTES_MAX: i64 = 8;
