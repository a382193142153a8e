//! The revisions of a file, each written behind the one before (ISO 32000-2 §7.5.6).

use std::collections::BTreeMap;
use std::ops::Range;

use super::entries::Entry;
use super::stream::stream;
use super::table::table;
use super::{Section, SectionKind};
use crate::pdf::PdfError;
use crate::pdf::syntax::{Budget, Dictionary, Lexer, Object};

/// One revision: what it wrote, and where it says its objects stand.
#[derive(Debug)]
pub(in crate::pdf) struct Layer {
    pub(in crate::pdf) entries: BTreeMap<u32, Entry>,
    /// One, or the two of a linearized file.
    pub(in crate::pdf) sections: Vec<Section>,
    pub(in crate::pdf) range: Range<usize>,
    pub(in crate::pdf) marker_end: usize,
}

/// All revisions, the oldest first, and what the newest trailer says.
#[derive(Debug)]
pub(in crate::pdf) struct Chain {
    pub(in crate::pdf) layers: Vec<Layer>,
    pub(in crate::pdf) kind: SectionKind,
    pub(in crate::pdf) trailer: Dictionary,
    pub(in crate::pdf) begins_at: usize,
}

/// Follows the chain from the end of the file. Every section has to say where it stands itself,
/// and to stand before the one that names it.
pub(in crate::pdf) fn chain(bytes: &[u8], budget: &mut Budget) -> Result<Chain, PdfError> {
    let newest = section(bytes, last_section(bytes)?, bytes.len(), budget)?;
    let kind = newest.kind;
    let trailer = newest.trailer.clone();
    let begins_at = newest.span.start;
    let mut sections = vec![newest];
    while let Some(last) = sections.last() {
        let Some(previous) = last.trailer.get("Prev") else {
            break;
        };
        let previous = previous
            .as_integer()
            .and_then(|at| usize::try_from(at).ok());
        let previous = previous.ok_or(PdfError::damaged(last.span.start, "a wrong `Prev`"))?;
        let forwards = previous > last.span.start;
        // The older one ends where the newer one begins; of a linearized file's two, the one at
        // the front is named last and its other half stands behind it.
        let limit = match sections.iter().rev().nth(usize::from(forwards)) {
            Some(newer) => newer.span.start,
            None => bytes.len(),
        };
        let older = section(bytes, previous, limit, budget)?;
        if older.kind != kind {
            return Err(PdfError::damaged(
                previous,
                "cross-references of both kinds",
            ));
        }
        if forwards && older.trailer.get("Prev").is_some() {
            return Err(PdfError::damaged(previous, "a wrong `Prev`"));
        }
        sections.push(older);
        if sections.len() > REVISIONS_MAX {
            return Err(PdfError::Exceeds {
                max: REVISIONS_MAX,
                unit: "revisions",
            });
        }
    }
    let layers = layers(sections)?;
    if !are_below(trailer.get("Size"), &layers) {
        return Err(PdfError::damaged(
            begins_at,
            "an object beyond the stated size",
        ));
    }
    // The newest section of a linearized file stands at its front, its other half at the end.
    let end = layers.last().map_or(0, |newest| newest.range.end);
    if end != bytes.len() {
        return Err(PdfError::damaged(end, "bytes after the end"));
    }
    Ok(Chain {
        layers,
        kind,
        trailer,
        begins_at,
    })
}

/// Whether the newest size counts the objects of all revisions: the next one's begin there.
fn are_below(size: Option<&Object>, layers: &[Layer]) -> bool {
    let size = size.and_then(Object::as_integer).unwrap_or(0);
    let mut last = layers
        .iter()
        .filter_map(|layer| layer.entries.last_key_value());
    last.all(|(last, _)| i64::from(*last) < size)
}

/// Makes revisions of sections, newest first in, oldest first out.
fn layers(mut sections: Vec<Section>) -> Result<Vec<Layer>, PdfError> {
    let mut layers: Vec<Layer> = Vec::new();
    while let Some(section) = sections.pop() {
        let mut of_layer = vec![section];
        let is_behind = |front: &mut Section, main: &Section| front.span.start < main.span.start;
        if let [main] = of_layer.as_slice()
            && let Some(front) = sections.pop_if(|front| is_behind(front, main))
        {
            of_layer.insert(0, front);
        }
        layers.push(layer(of_layer, layers.last())?);
    }
    Ok(layers)
}

fn layer(mut sections: Vec<Section>, before: Option<&Layer>) -> Result<Layer, PdfError> {
    let mut entries = BTreeMap::new();
    for section in &mut sections {
        let found = std::mem::take(&mut section.entries);
        let expected = entries.len() + found.len();
        entries.extend(found);
        if entries.len() != expected {
            return Err(PdfError::damaged(
                section.span.start,
                "an object has two entries",
            ));
        }
    }
    let begin = before.map_or(0, |before| before.range.end);
    let (Some(first), Some(last)) = (sections.first(), sections.last()) else {
        return Err(PdfError::damaged(begin, "a revision without its section"));
    };
    // The front half of a linearized file points nowhere (ISO 32000-2 annex F.3.4).
    let front_points_well = sections.len() == 1 || first.points_to == 0;
    if !front_points_well || last.points_to != first.span.start {
        return Err(PdfError::damaged(last.span.start, "a wrong `startxref`"));
    }
    if first.span.start < begin {
        return Err(PdfError::damaged(first.span.start, "revisions overlap"));
    }
    Ok(Layer {
        range: begin..last.span.end,
        marker_end: last.marker_end,
        entries,
        sections,
    })
}

fn section(
    bytes: &[u8],
    at: usize,
    limit: usize,
    budget: &mut Budget,
) -> Result<Section, PdfError> {
    let readable = bytes.get(..limit).unwrap_or(bytes);
    let mut lexer = Lexer::new(readable, 0, at);
    let (kind, (entries, trailer, own)) = if lexer.rest().starts_with(b"xref") {
        let (entries, trailer) = table(&mut lexer, budget)?;
        (SectionKind::Table, (entries, trailer, None))
    } else {
        let (entries, trailer, own) = stream(readable, &mut lexer, budget)?;
        (SectionKind::Stream, (entries, trailer, Some(own)))
    };
    if trailer.get("Encrypt").is_some() {
        return Err(PdfError::Encrypted);
    }
    if trailer.get("XRefStm").is_some() {
        return Err(PdfError::Hybrid);
    }
    lexer.skip_space();
    let points_to = match kind {
        // The front half of a linearized file, where it is a stream, may go without: it points
        // nowhere, as one that says 0.
        SectionKind::Stream if !lexer.rest().starts_with(b"startxref") => 0,
        SectionKind::Stream | SectionKind::Table => tail(&mut lexer)?,
    };
    let marker_end = lexer.at();
    lexer.take_line_end();
    Ok(Section {
        kind,
        span: at..lexer.at(),
        marker_end,
        own,
        points_to,
        trailer,
        entries,
    })
}

/// `startxref`, the offset, `%%EOF`.
fn tail(lexer: &mut Lexer<'_>) -> Result<usize, PdfError> {
    lexer.expect(b"startxref", "a section without its `startxref`")?;
    lexer.skip_space();
    let bad = lexer.damaged("not an end of a PDF");
    let offset = lexer.digits(OFFSET_DIGITS_MAX);
    let offset = offset.and_then(|offset| usize::try_from(offset).ok());
    if !lexer.take_line_end() || !lexer.take(b"%%EOF") {
        return Err(bad);
    }
    offset.ok_or(bad)
}

/// The offset that the last lines of the file name.
fn last_section(bytes: &[u8]) -> Result<usize, PdfError> {
    let begin = bytes.len().saturating_sub(TAIL_BYTES_MAX);
    let tail = bytes.get(begin..).unwrap_or_default();
    let keyword = b"startxref";
    let mut windows = tail.windows(keyword.len());
    let bad = PdfError::damaged(bytes.len(), "the end of the PDF is missing");
    let Some(found) = windows.rposition(|window| window == keyword) else {
        return Err(bad);
    };
    let mut lexer = Lexer::new(tail, begin, found);
    self::tail(&mut lexer)
}

const REVISIONS_MAX: usize = 32;
const OFFSET_DIGITS_MAX: usize = 10;
/// `startxref`, ten digits, `%%EOF` and ends of line, and a comment before them at most.
const TAIL_BYTES_MAX: usize = 64;
