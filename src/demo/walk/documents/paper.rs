//! What is printed on a sealed document, read as a person reads the paper.

use std::collections::HashMap;

use crate::pdf::{Document, Object, Reference};

/// The words beside the seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    pub code: String,
    pub access: String,
    /// All that is printed, line by line.
    pub lines: Vec<String>,
}

impl Paper {
    /// Reads the lines beside the seal: glyphs, and through the font's own table characters.
    #[must_use]
    pub fn read(file: &[u8]) -> Option<Self> {
        let lines = lines(file)?;
        let code = lines
            .iter()
            .map(|line| line.replace(' ', ""))
            .find(|word| is_code(word))?;
        let mut access = lines.iter().filter_map(|line| line.rsplit(' ').next());
        let access = access.rfind(|word| is_access(word))?.to_owned();
        Some(Self {
            code,
            access,
            lines,
        })
    }
}

/// What is printed beside the seal, line by line.
fn lines(file: &[u8]) -> Option<Vec<String>> {
    let document = Document::read(file).ok()?;
    let size = document.trailer().get("Size")?.as_integer()?;
    let objects = (1..u32::try_from(size).ok()?).filter_map(|number| {
        document.object(Reference {
            number,
            generation: 0,
        })
    });
    let (mut content, mut letters) = (None, None);
    for object in objects {
        let Some(dictionary) = object.as_dictionary() else {
            continue;
        };
        if dictionary.has("Subtype", "Form") {
            content = document.data(object);
        }
        if let Some(map) = dictionary.get("ToUnicode").map(|map| document.resolve(map)) {
            letters = read_letters(&document, map);
        }
    }
    let (content, letters) = (std::str::from_utf8(content?).ok()?, letters?);
    let lines = content
        .lines()
        .filter_map(|line| line.split_once('<')?.1.split_once('>'))
        .map(|(glyphs, _)| shown(glyphs, &letters));
    Some(lines.collect())
}

fn read_letters(document: &Document<'_>, map: &Object) -> Option<HashMap<u16, char>> {
    let packed = document.data(map)?;
    let map =
        miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(packed, MAP_BYTES_MAX).ok()?;
    let text = String::from_utf8(map).ok()?;
    let number = |hex: &str| u32::from_str_radix(hex.trim_matches(['<', '>']), 16).ok();
    let line = |line: &str| {
        let (glyph, character) = line.strip_prefix('<')?.split_once("> <")?;
        let glyph = u16::try_from(number(glyph)?).ok()?;
        Some((glyph, char::from_u32(number(character)?)?))
    };
    Some(text.lines().filter_map(line).collect())
}

fn shown(glyphs: &str, letters: &HashMap<u16, char>) -> String {
    let (fours, _) = glyphs.as_bytes().as_chunks::<4>();
    let glyph = |four: &[u8; 4]| {
        let hex = std::str::from_utf8(four).ok()?;
        letters.get(&u16::from_str_radix(hex, 16).ok()?).copied()
    };
    fours.iter().filter_map(glyph).collect()
}

fn is_code(word: &str) -> bool {
    word.len() == 27
        && word
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

fn is_access(word: &str) -> bool {
    word.len() == 9 && word.as_bytes().get(4) == Some(&b'-')
}

const MAP_BYTES_MAX: usize = 64 * 1024;
