//! The embedded font: its objects in the document, and the widths to lay text out by.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::LazyLock;

use crate::pdf::{Dictionary, Object, PdfError, Reference, Update};

/// The font that captions are set in.
#[derive(Debug)]
pub(in crate::notary) struct EmbeddedFont;

/// A character's shape in the font.
#[derive(Debug, Clone, Copy)]
struct Glyph {
    id: u16,
    /// In thousandths of the size.
    width: u16,
}

impl EmbeddedFont {
    /// What content streams call it by.
    pub(in crate::notary) const NAME: &'static str = "F1";

    /// Adds the font to a document (ISO 32000-2 §9.7), and names it.
    ///
    /// # Errors
    /// As [`Update::put`].
    pub(in crate::notary) fn put(update: &mut Update<'_, '_>) -> Result<Reference, PdfError> {
        let length = Object::Integer(i64::try_from(FILE.len()).unwrap_or(0));
        let file = packed(update, Dictionary::new().with("Length1", length), &PACKED)?;
        let numbers = |values: &[i64]| {
            Object::Array(values.iter().map(|value| Object::Integer(*value)).collect())
        };
        let descriptor = update.add(&Object::Dictionary(
            Dictionary::new()
                .with("Type", Object::name("FontDescriptor"))
                .with("FontName", Object::name(BASE_FONT))
                .with("Flags", Object::Integer(SYMBOLIC))
                .with("FontBBox", numbers(&[-919, -463, 1614, 1232]))
                .with("ItalicAngle", Object::Integer(0))
                .with("Ascent", Object::Integer(928))
                .with("Descent", Object::Integer(-236))
                .with("CapHeight", Object::Integer(729))
                .with("StemV", Object::Integer(80))
                .with("FontFile2", Object::Reference(file)),
        ))?;
        let system = Dictionary::new()
            .with("Registry", Object::text(b"Adobe"))
            .with("Ordering", Object::text(b"Identity"))
            .with("Supplement", Object::Integer(0));
        let descendant = update.add(&Object::Dictionary(
            Dictionary::new()
                .with("Type", Object::name("Font"))
                .with("Subtype", Object::name("CIDFontType2"))
                .with("BaseFont", Object::name(BASE_FONT))
                .with("CIDSystemInfo", Object::Dictionary(system))
                .with("FontDescriptor", Object::Reference(descriptor))
                .with("DW", Object::Integer(i64::from(MISSING.width)))
                .with("W", widths())
                .with("CIDToGIDMap", Object::name("Identity")),
        ))?;
        let unicode = packed(update, Dictionary::new(), &TO_UNICODE)?;
        update.add(&Object::Dictionary(
            Dictionary::new()
                .with("Type", Object::name("Font"))
                .with("Subtype", Object::name("Type0"))
                .with("BaseFont", Object::name(BASE_FONT))
                .with("Encoding", Object::name("Identity-H"))
                .with(
                    "DescendantFonts",
                    Object::Array(vec![Object::Reference(descendant)]),
                )
                .with("ToUnicode", Object::Reference(unicode)),
        ))
    }

    /// How wide a text is at size 1, in points.
    pub(super) fn width(text: &str) -> f64 {
        let thousandths: u32 = text.chars().map(|c| u32::from(glyph(c).width)).sum();
        f64::from(thousandths) / 1000.0
    }

    /// A text as a content stream shows it: two bytes a glyph, hexadecimal. What the font has no
    /// letter for is shown as an empty box.
    pub(super) fn shown(text: &str) -> String {
        text.chars().fold(String::new(), |mut hex, c| {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{:04x}", glyph(c).id);
            hex
        })
    }
}

fn glyph(character: char) -> Glyph {
    GLYPHS.get(&character).copied().unwrap_or(MISSING)
}

/// Each glyph with a width of its own: `id [width]`.
fn widths() -> Object {
    let mut by_id: Vec<_> = GLYPHS.values().collect();
    by_id.sort_unstable_by_key(|glyph| glyph.id);
    let widths = by_id.into_iter().flat_map(|glyph| {
        let width = Object::Integer(i64::from(glyph.width));
        [
            Object::Integer(i64::from(glyph.id)),
            Object::Array(vec![width]),
        ]
    });
    Object::Array(widths.collect())
}

/// A stream whose data is packed already.
fn packed(
    update: &mut Update<'_, '_>,
    dictionary: Dictionary,
    data: &[u8],
) -> Result<Reference, PdfError> {
    let reference = update.reserve();
    let dictionary = dictionary.with("Filter", Object::name("FlateDecode"));
    update.put_stream(reference, &dictionary, data)?;
    Ok(reference)
}

fn pack(bytes: &[u8]) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec_zlib(bytes, PACKED_LEVEL)
}

/// From glyphs back to characters, so that text can be searched and copied (ISO 32000-2 §9.10.3).
fn to_unicode() -> String {
    let mut map = String::from(
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n\
         /CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n\
         /CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n\
         1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n",
    );
    let all: Vec<_> = GLYPHS.iter().collect();
    for some in all.chunks(LINES_MAX) {
        let _ = writeln!(map, "{} beginbfchar", some.len());
        for (character, glyph) in some {
            let _ = writeln!(map, "<{:04x}> <{:04x}>", glyph.id, u32::from(**character));
        }
        map.push_str("endbfchar\n");
    }
    map.push_str("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n");
    map
}

/// `GLYPHS.TXT`: character, glyph, width.
fn read_glyphs() -> BTreeMap<char, Glyph> {
    let line = |line: &str| {
        let mut parts = line.split(' ');
        let character = u32::from_str_radix(parts.next()?, 16).ok()?;
        let glyph = Glyph {
            id: parts.next()?.parse().ok()?,
            width: parts.next()?.parse().ok()?,
        };
        Some((char::from_u32(character)?, glyph))
    };
    TABLE.lines().filter_map(line).collect()
}

static FILE: &[u8] = include_bytes!("font.ttf");
static TABLE: &str = include_str!("glyphs.txt");
static GLYPHS: LazyLock<BTreeMap<char, Glyph>> = LazyLock::new(read_glyphs);
static PACKED: LazyLock<Vec<u8>> = LazyLock::new(|| pack(FILE));
static TO_UNICODE: LazyLock<Vec<u8>> = LazyLock::new(|| pack(to_unicode().as_bytes()));

/// The box that stands for what the font does not have.
const MISSING: Glyph = Glyph { id: 0, width: 540 };
/// A part of a font is named so (ISO 32000-2 §9.9.2).
const BASE_FONT: &str = "MUHRDR+DejaVuSansCondensed";
const SYMBOLIC: i64 = 4;
const PACKED_LEVEL: u8 = 9;
/// Of one `beginbfchar` (Adobe Technical Note 5014).
const LINES_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::{EmbeddedFont, GLYPHS};

    #[test]
    fn every_letter_of_the_four_languages_has_a_shape() {
        let letters = "Oʻzbekiston Gʻ oʻ maʼno ЎзбекистонҚўғҳЁё Свидетельство №123 «Birth» – “A”";
        let missing: Vec<_> = letters
            .chars()
            .filter(|c| !GLYPHS.contains_key(c))
            .collect();
        assert_eq!(missing, Vec::<char>::new());
        assert!(EmbeddedFont::width("iiii") < EmbeddedFont::width("MMMM"));
        assert_eq!(EmbeddedFont::shown("\u{4e00}"), "0000");
    }
}
