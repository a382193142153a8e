//! Lines that stay lines: what could move a cursor, turn the direction of writing or break a line
//! is written as an escape, whoever it came from.

use std::io::{self, Write};

/// Writes text with every control and every direction mark but the line feed as `\u….`.
///
/// What comes in one call is whole characters: a line is formatted before it is written.
#[derive(Debug)]
pub struct Plain<W>(pub W);

impl<W: Write> Write for Plain<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.iter().all(|byte| is_plain(*byte)) {
            self.0.write_all(bytes)?;
            return Ok(bytes.len());
        }
        let text = String::from_utf8_lossy(bytes);
        let mut escaped = String::with_capacity(text.len() + 16);
        for character in text.chars() {
            if is_treacherous(character) {
                // Writing to a string cannot fail.
                let _ = std::fmt::Write::write_fmt(
                    &mut escaped,
                    format_args!("\\u{:04x}", u32::from(character)),
                );
            } else {
                escaped.push(character);
            }
        }
        self.0.write_all(escaped.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

const fn is_plain(byte: u8) -> bool {
    byte == b'\n' || (byte >= b' ' && byte < 0x7f)
}

/// Controls (C0, DEL, C1), direction marks and isolates, line and paragraph separators, what has no
/// width (Unicode Technical Report 36 §2.3, "Trojan Source").
const fn is_treacherous(character: char) -> bool {
    matches!(character,
        '\0'..='\t' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{61c}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lg_01_what_turns_or_breaks_a_line_is_written_as_an_escape() {
        let written = |text: &str| {
            let mut out = Vec::new();
            Plain(&mut out).write_all(text.as_bytes()).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written("plain line\n"), "plain line\n");
        assert_eq!(written("Ўзбек ’ё\n"), "Ўзбек ’ё\n");
        assert_eq!(
            written("\u{1b}[31m a\rb\u{202e}c\u{2028}\0\u{85}\n"),
            "\\u001b[31m a\\u000db\\u202ec\\u2028\\u0000\\u0085\n"
        );
    }
}
