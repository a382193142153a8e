//! What a seal looks like on the page: a code to scan, and beside it in words who sealed what, and
//! where that is checked.

mod code;
mod font;
mod words;

use std::fmt::Write;

pub(super) use font::EmbeddedFont;
pub(super) use words::CaptionWords;

/// What is said beside the code.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caption<'a> {
    pub(super) issuer: &'a str,
    pub(super) kind: &'a str,
    pub(super) number: &'a str,
    pub(super) date: &'a str,
    /// Where to check, as people type it.
    pub(super) check_at: &'a str,
    pub(super) code: &'a str,
    pub(super) access: &'a str,
    pub(super) words: &'a CaptionWords,
}

/// A content stream and the size of what it draws, in points.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Appearance {
    pub(super) content: Vec<u8>,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Why a seal cannot be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum AppearanceError {
    #[error("the address of the check is too long for a code that can be read from paper")]
    CodeTooLarge,
    #[error("a word beside the seal is longer than {CHARACTERS_MAX} characters")]
    TooLong,
}

impl Appearance {
    /// Draws a seal with the code of this address.
    ///
    /// # Errors
    /// See [`AppearanceError`].
    pub(super) fn draw(address: &str, caption: &Caption<'_>) -> Result<Self, AppearanceError> {
        let mut content = String::with_capacity(16 * 1024);
        content.push_str("q\n1 g\n");
        let _ = writeln!(content, "0 0 {WIDTH} {HEIGHT} re f\n0.6 G 0.5 w");
        let _ = writeln!(content, "0.25 0.25 {} {} re S", WIDTH - 0.5, HEIGHT - 0.5);
        code::draw(&mut content, address, (4.0, 4.0), CODE_POINTS)?;
        let mut lines = Lines {
            content,
            y: HEIGHT - 5.0,
        };
        let words = caption.words;
        lines.wrapped(caption.issuer, 7.6, 2)?;
        lines.wrapped(&format!("{} № {}", caption.kind, caption.number), 6.6, 2)?;
        lines.wrapped(&format!("{} {}", words.sealed, caption.date), 6.0, 1)?;
        lines.wrapped(&format!("{} {}", words.check_at, caption.check_at), 6.0, 1)?;
        lines.wrapped(&grouped(caption.code), 6.4, 1)?;
        lines.wrapped(&format!("{} {}", words.access, caption.access), 8.4, 1)?;
        let mut content = lines.content;
        content.push_str("Q\n");
        Ok(Self {
            content: content.into_bytes(),
            width: WIDTH,
            height: HEIGHT,
        })
    }
}

/// Lines of text from the top down, beside the code.
struct Lines {
    content: String,
    y: f64,
}

impl Lines {
    /// Writes a text in up to so many lines, smaller where it does not fit.
    fn wrapped(&mut self, text: &str, size: f64, lines_max: usize) -> Result<(), AppearanceError> {
        if text.chars().count() > CHARACTERS_MAX {
            return Err(AppearanceError::TooLong);
        }
        let mut size = size;
        let lines = loop {
            let lines = wrap(text, TEXT_WIDTH / size);
            let widest = lines.iter().map(|line| EmbeddedFont::width(line) * size);
            let fits = widest.fold(0.0, f64::max) <= TEXT_WIDTH;
            if (lines.len() <= lines_max && fits) || size <= SIZE_MIN {
                break lines;
            }
            size -= SIZE_STEP;
        };
        for line in lines {
            self.y -= size * LEADING;
            let _ = writeln!(
                self.content,
                "BT /{} {size:.2} Tf {TEXT_LEFT} {:.2} Td <{}> Tj ET",
                EmbeddedFont::NAME,
                self.y,
                EmbeddedFont::shown(&line)
            );
        }
        self.y -= size * (1.0 - LEADING / 2.0) * 0.5;
        Ok(())
    }
}

/// Breaks a text at spaces into lines of up to this width at size 1.
fn wrap(text: &str, width_max: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if EmbeddedFont::width(&format!("{line} {word}")) <= width_max => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A code in groups that people read out.
fn grouped(code: &str) -> String {
    let characters: Vec<char> = code.chars().collect();
    let groups = characters.chunks(GROUP).map(|group| group.iter().collect());
    groups.collect::<Vec<String>>().join(" ")
}

const WIDTH: f64 = 240.0;
const HEIGHT: f64 = 84.0;
const CODE_POINTS: f64 = 76.0;
const TEXT_LEFT: f64 = 84.0;
const TEXT_WIDTH: f64 = WIDTH - TEXT_LEFT - 5.0;
/// From one line to the next, by the size.
const LEADING: f64 = 1.22;
const SIZE_MIN: f64 = 3.4;
const SIZE_STEP: f64 = 0.2;
const GROUP: usize = 5;
const CHARACTERS_MAX: usize = 300;

#[cfg(test)]
mod tests {
    use super::{Appearance, AppearanceError, Caption, CaptionWords, wrap};
    use crate::domain::text::Language;

    #[test]
    fn a_seal_is_drawn_in_each_language_and_refused_where_it_could_not_be_read() {
        for language in Language::ALL {
            let caption = Caption {
                issuer: "Fuqarolik holati dalolatnomalarini yozish boʻlimi, Toshkent shahri",
                kind: "Свидетельство о рождении",
                number: "TG-2026-000123",
                date: "23.11.2026",
                check_at: "portal.gov.example/verify",
                code: "28T5CY4T28T5CY4T28T5CY4T281",
                access: "28T5-CY4T",
                words: CaptionWords::in_language(language),
            };
            let address = "HTTPS://PORTAL.GOV.EXAMPLE/VERIFY/28T5CY4T28T5CY4T28T5CY4T281";
            let drawn = Appearance::draw(address, &caption).unwrap();
            let text = String::from_utf8(drawn.content).unwrap();
            assert!(text.contains(" re\n") && text.matches(" Tj ET").count() >= 6);
            let long = Appearance::draw(&"A".repeat(200), &caption);
            assert_eq!(long, Err(AppearanceError::CodeTooLarge));
        }
    }

    #[test]
    fn lines_break_at_spaces_and_lose_no_word() {
        let text = "one two  three four";
        let lines = wrap(text, 4.0);
        assert!(lines.len() > 1);
        assert_eq!(lines.join(" "), "one two three four");
    }
}
