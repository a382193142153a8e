//! Bytes to tokens (ISO 32000-2 §7.2).

use super::object::Name;
use crate::pdf::PdfError;

/// The smallest pieces.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::pdf) enum Token<'b> {
    ArrayBegin,
    ArrayEnd,
    DictionaryBegin,
    DictionaryEnd,
    Integer(i64),
    Real(&'b str),
    Text(Box<[u8]>),
    Name(Name),
    Keyword(&'b [u8]),
}

/// Reads tokens of `bytes`; `base` is where the bytes stand in the file, for messages.
#[derive(Debug, Clone)]
pub(in crate::pdf) struct Lexer<'b> {
    bytes: &'b [u8],
    base: usize,
    at: usize,
}

impl<'b> Lexer<'b> {
    /// Reads from `at`, and never beyond the end of `bytes`.
    pub(in crate::pdf) fn new(bytes: &'b [u8], base: usize, at: usize) -> Self {
        Self { bytes, base, at }
    }

    /// Where it stands in `bytes`.
    pub(in crate::pdf) fn at(&self) -> usize {
        self.at
    }

    pub(in crate::pdf) fn damaged(&self, why: &'static str) -> PdfError {
        PdfError::damaged(self.base.saturating_add(self.at), why)
    }

    pub(in crate::pdf) fn rest(&self) -> &'b [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    pub(in crate::pdf) fn skip(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes).min(self.bytes.len());
    }

    pub(in crate::pdf) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Past this text, if it is next.
    pub(in crate::pdf) fn take(&mut self, text: &[u8]) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    /// Past one end of line, if it is next.
    pub(in crate::pdf) fn take_line_end(&mut self) -> bool {
        self.take(b"\r\n") || self.take(b"\n") || self.take(b"\r")
    }

    /// Past white space and comments.
    pub(in crate::pdf) fn skip_space(&mut self) {
        while let Some(byte) = self.peek() {
            if byte == b'%' {
                let line = self.rest().iter().position(|b| matches!(b, b'\r' | b'\n'));
                self.skip(line.unwrap_or(usize::MAX));
            } else if is_space(byte) {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    /// The unsigned number that is next, of at most `digits_max` digits.
    pub(in crate::pdf) fn digits(&mut self, digits_max: usize) -> Option<u64> {
        let rest = self.rest();
        let end = rest.iter().position(|b| !b.is_ascii_digit());
        let (digits, _) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
        if digits.is_empty() || digits.len() > digits_max {
            return None;
        }
        let value = std::str::from_utf8(digits).ok()?.parse().ok()?;
        self.at += digits.len();
        Some(value)
    }

    /// The next token; nothing at the end.
    pub(in crate::pdf) fn token(&mut self) -> Result<Option<Token<'b>>, PdfError> {
        self.skip_space();
        let Some(byte) = self.peek() else {
            return Ok(None);
        };
        let token = match byte {
            b'[' => self.delimiter(1, Token::ArrayBegin),
            b']' => self.delimiter(1, Token::ArrayEnd),
            b'<' if self.rest().starts_with(b"<<") => self.delimiter(2, Token::DictionaryBegin),
            b'<' => Token::Text(self.hex()?),
            b'>' if self.rest().starts_with(b">>") => self.delimiter(2, Token::DictionaryEnd),
            b'(' => Token::Text(self.literal()?),
            b'/' => Token::Name(self.name()?),
            b'+' | b'-' | b'.' | b'0'..=b'9' => self.number()?,
            byte if byte.is_ascii_alphabetic() => Token::Keyword(self.regular()),
            _ => return Err(self.damaged("no value begins like this")),
        };
        Ok(Some(token))
    }

    /// Past this keyword, or damage.
    pub(in crate::pdf) fn expect(
        &mut self,
        keyword: &[u8],
        why: &'static str,
    ) -> Result<(), PdfError> {
        self.skip_space();
        let mut ahead = self.clone();
        if ahead.regular() != keyword {
            return Err(self.damaged(why));
        }
        *self = ahead;
        Ok(())
    }

    fn delimiter(&mut self, bytes: usize, token: Token<'b>) -> Token<'b> {
        self.at += bytes;
        token
    }

    fn regular(&mut self) -> &'b [u8] {
        let rest = self.rest();
        let end = rest.iter().position(|b| is_space(*b) || is_delimiter(*b));
        let (word, _) = rest
            .split_at_checked(end.unwrap_or(rest.len()))
            .unwrap_or_default();
        self.at += word.len();
        word
    }

    fn number(&mut self) -> Result<Token<'b>, PdfError> {
        let bad = self.damaged("not a number");
        let word = self.regular();
        let Ok(text) = std::str::from_utf8(word) else {
            return Err(bad);
        };
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let points = unsigned.bytes().filter(|b| *b == b'.').count();
        let digits = unsigned.bytes().filter(u8::is_ascii_digit).count();
        if digits == 0 || points > 1 || digits + points != unsigned.len() {
            return Err(bad);
        }
        if text.len() > NUMBER_BYTES_MAX {
            return Err(bad);
        }
        match points {
            0 => text.parse().map(Token::Integer).map_err(|_| bad),
            _ => Ok(Token::Real(text)),
        }
    }

    fn name(&mut self) -> Result<Name, PdfError> {
        self.at += 1;
        let bad = self.damaged("not a name");
        let word = self.regular();
        if word.len() > NAME_BYTES_MAX * ESCAPE_BYTES {
            return Err(bad);
        }
        let mut name = Vec::with_capacity(word.len());
        let mut bytes = word.iter();
        while let Some(byte) = bytes.next() {
            if *byte != b'#' {
                name.push(*byte);
                continue;
            }
            let high = bytes.next().and_then(|b| hex_value(*b));
            let low = bytes.next().and_then(|b| hex_value(*b));
            match (high, low) {
                (Some(high), Some(low)) if high | low != 0 => name.push(high << 4 | low),
                _ => return Err(bad),
            }
        }
        match name.len() {
            0..=NAME_BYTES_MAX => Ok(Name::new(&name)),
            _ => Err(bad),
        }
    }

    fn hex(&mut self) -> Result<Box<[u8]>, PdfError> {
        self.at += 1;
        let mut text = Vec::new();
        let mut high = None;
        while let Some(byte) = self.peek() {
            self.at += 1;
            if byte == b'>' {
                // An odd number of digits: the last one is 0 (§7.3.4.3).
                text.extend(high.map(|high: u8| high << 4));
                return Ok(text.into());
            }
            if is_space(byte) {
                continue;
            }
            let Some(value) = hex_value(byte) else {
                return Err(self.damaged("not a hexadecimal digit"));
            };
            match high.take() {
                None => high = Some(value),
                Some(high) => text.push(high << 4 | value),
            }
        }
        Err(self.damaged("a string does not end"))
    }

    fn literal(&mut self) -> Result<Box<[u8]>, PdfError> {
        self.at += 1;
        let mut text = Vec::new();
        let mut open = 1_usize;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b'\\' => text.extend(self.escape()?),
                b'(' => open = open.saturating_add(1),
                b')' => open = open.saturating_sub(1),
                // An end of line in a string is one line feed, however written (§7.3.4.2).
                b'\r' => {
                    self.take(b"\n");
                    text.push(b'\n');
                    continue;
                }
                _ => {}
            }
            match (byte, open) {
                (_, 0) => return Ok(text.into()),
                (b'\\', _) => {}
                _ => text.push(byte),
            }
        }
        Err(self.damaged("a string does not end"))
    }

    /// What stands after a backslash (§7.3.4.2, table 3).
    fn escape(&mut self) -> Result<Option<u8>, PdfError> {
        if self.take_line_end() {
            return Ok(None);
        }
        let Some(byte) = self.peek() else {
            return Err(self.damaged("a string does not end"));
        };
        if (b'0'..=b'7').contains(&byte) {
            let digits = self.rest().iter().take(3);
            let octal = digits.take_while(|b| (b'0'..=b'7').contains(b));
            let (length, value) = octal.fold((0, 0_u32), |(length, value), digit| {
                (length + 1, value * 8 + u32::from(digit - b'0'))
            });
            self.at += length;
            let value = u8::try_from(value);
            return value
                .map(Some)
                .map_err(|_| self.damaged("not an octal byte"));
        }
        self.at += 1;
        Ok(Some(match byte {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'b' => 8,
            b'f' => 12,
            other => other,
        }))
    }
}

pub(in crate::pdf) const fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 12 | b'\r' | b' ')
}

const fn is_delimiter(byte: u8) -> bool {
    matches!(
        byte,
        b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%'
    )
}

fn hex_value(byte: u8) -> Option<u8> {
    let value = char::from(byte).to_digit(16)?;
    u8::try_from(value).ok()
}

/// Of a name as it is meant; each byte of it may be written as `#20`.
const NAME_BYTES_MAX: usize = 512;
const ESCAPE_BYTES: usize = 3;
const NUMBER_BYTES_MAX: usize = 40;
