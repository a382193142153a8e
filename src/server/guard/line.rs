//! Lines that end in CR LF and in nothing else.

use super::Violation;

/// Cuts held bytes into lines, one byte at a time.
#[derive(Debug, Default)]
pub(super) struct Lines {
    start: usize,
    after_carriage_return: bool,
}

/// Which characters a line may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alphabet {
    /// Visible ASCII and the space: request lines and chunk sizes.
    Visible,
    /// Also tabs and bytes from 0x80 (RFC 9110 §5.5 `obs-text`): field lines.
    Field,
}

impl Alphabet {
    const fn has(self, byte: u8) -> bool {
        match byte {
            0x20..=0x7e => true,
            b'\t' | 0x80.. => matches!(self, Self::Field),
            _ => false,
        }
    }
}

impl Lines {
    /// Lines that begin after this many held bytes.
    pub(super) fn after(held_bytes: usize) -> Self {
        Self {
            start: held_bytes,
            after_carriage_return: false,
        }
    }

    /// Appends bytes that neither end a line nor are refused, up to `room` of them; how many there
    /// were. What follows them is for [`Self::push`].
    pub(super) fn push_run(
        &self,
        bytes: &[u8],
        held: &mut Vec<u8>,
        alphabet: Alphabet,
        room: usize,
    ) -> usize {
        if self.after_carriage_return {
            return 0;
        }
        let bytes = bytes.get(..room).unwrap_or(bytes);
        let end = bytes.iter().position(|byte| !alphabet.has(*byte));
        let run = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
        held.extend_from_slice(run);
        run.len()
    }

    /// Appends a byte to what is held. Says whether it ended a line.
    pub(super) fn push(
        &mut self,
        byte: u8,
        held: &mut Vec<u8>,
        alphabet: Alphabet,
    ) -> Result<LineState, Violation> {
        match (byte, self.after_carriage_return) {
            (b'\n', false) => return Err(Violation::BareLineFeed),
            (b'\n', true) => {
                held.push(byte);
                self.after_carriage_return = false;
                return Ok(LineState::Ended);
            }
            (_, true) => return Err(Violation::BareCarriageReturn),
            (b'\r', false) => self.after_carriage_return = true,
            (_, false) if alphabet.has(byte) => {}
            (_, false) => return Err(Violation::ControlCharacter),
        }
        held.push(byte);
        Ok(LineState::Open)
    }

    /// The line that just ended, without its CR LF; the next begins after it.
    pub(super) fn take<'a>(&mut self, held: &'a [u8]) -> &'a [u8] {
        let end = held.len().saturating_sub(2);
        let line = held.get(self.start..end).unwrap_or_default();
        self.start = held.len();
        line
    }

    /// The length of the open line so far.
    pub(super) fn open_bytes(&self, held: &[u8]) -> usize {
        held.len().saturating_sub(self.start)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineState {
    Open,
    Ended,
}

/// RFC 9110 §5.6.2 `token`.
pub(super) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|byte| is_token_character(*byte))
}

fn is_token_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
