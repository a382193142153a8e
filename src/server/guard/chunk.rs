//! Chunked bodies (RFC 9112 §7.1): size lines, data, trailers.

use super::field::split_field;
use super::line::{Alphabet, LineState, Lines};
use super::{Limits, Violation};

/// The most hexadecimal digits of a chunk size: what a `u64` holds.
const SIZE_DIGITS_MAX: usize = 16;

/// Reads one chunked body. Chunk extensions are refused: they mean nothing to anyone here, and a
/// reader that skips them differently sees another body.
#[derive(Debug)]
pub(super) enum ChunkReader {
    Size(Lines),
    Data { bytes_left: u64 },
    DataEnd(Lines),
    Trailers { lines: Lines, count: usize },
}

/// What a step through a chunked body came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Held until the line or section is whole.
    Hold,
    /// What is held may pass.
    Release,
    /// What is held may pass, and the body is over.
    End,
}

impl ChunkReader {
    pub(super) fn new() -> Self {
        Self::Size(Lines::default())
    }

    /// How many bytes of data may pass as they come.
    pub(super) fn data_bytes_left(&self) -> u64 {
        match self {
            Self::Data { bytes_left } => *bytes_left,
            Self::Size(_) | Self::DataEnd(_) | Self::Trailers { .. } => 0,
        }
    }

    /// Notes that this many bytes of data passed.
    pub(super) fn skip_data(&mut self, bytes: u64) {
        if let Self::Data { bytes_left } = self {
            *bytes_left = bytes_left.saturating_sub(bytes);
            if *bytes_left == 0 {
                *self = Self::DataEnd(Lines::default());
            }
        }
    }

    /// Takes one byte that is not data.
    pub(super) fn push(
        &mut self,
        byte: u8,
        held: &mut Vec<u8>,
        limits: &Limits,
    ) -> Result<Step, Violation> {
        match self {
            Self::Size(lines) => {
                if lines.open_bytes(held) > SIZE_DIGITS_MAX + 1 {
                    return Err(Violation::ChunkSize);
                }
                if lines.push(byte, held, Alphabet::Visible)? == LineState::Open {
                    return Ok(Step::Hold);
                }
                *self = match read_size(lines.take(held), limits)? {
                    0 => Self::Trailers { lines: Lines::default(), count: 0 },
                    bytes_left => Self::Data { bytes_left },
                };
                Ok(Step::Release)
            }
            Self::DataEnd(lines) => {
                if !matches!(byte, b'\r' | b'\n') {
                    return Err(Violation::ChunkEnd);
                }
                if lines.push(byte, held, Alphabet::Visible)? == LineState::Open {
                    return Ok(Step::Hold);
                }
                *self = Self::new();
                Ok(Step::Release)
            }
            Self::Trailers { lines, count } => push_trailer(lines, count, byte, held, limits),
            Self::Data { .. } => Err(Violation::ChunkEnd),
        }
    }
}

fn push_trailer(
    lines: &mut Lines,
    count: &mut usize,
    byte: u8,
    held: &mut Vec<u8>,
    limits: &Limits,
) -> Result<Step, Violation> {
    if held.len() >= limits.trailers_bytes_max {
        return Err(Violation::TrailersTooLong);
    }
    if lines.push(byte, held, Alphabet::Field)? == LineState::Open {
        return Ok(Step::Hold);
    }
    let line = lines.take(held);
    if line.is_empty() {
        return Ok(Step::End);
    }
    *count += 1;
    if *count > limits.trailers_max {
        return Err(Violation::TrailersTooLong);
    }
    let (name, _) = split_field(line, limits)?;
    match is_forbidden_trailer(name) {
        true => Err(Violation::Trailer),
        false => Ok(Step::Hold),
    }
}

fn read_size(line: &[u8], limits: &Limits) -> Result<u64, Violation> {
    let well_formed = (1..=SIZE_DIGITS_MAX).contains(&line.len())
        && line.iter().all(u8::is_ascii_hexdigit);
    let digits = std::str::from_utf8(line).ok().filter(|_| well_formed);
    let size = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
    match size {
        Some(size) if size > limits.chunk_bytes_max => Err(Violation::ChunkTooLarge),
        Some(size) => Ok(size),
        None => Err(Violation::ChunkSize),
    }
}

/// What frames, routes, authenticates or describes a message may not come after it
/// (RFC 9110 §6.5.1).
fn is_forbidden_trailer(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    FORBIDDEN_TRAILERS.contains(&name.as_slice())
        || FORBIDDEN_TRAILER_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

const FORBIDDEN_TRAILERS: &[&[u8]] = &[
    b"age",
    b"authorization",
    b"cache-control",
    b"connection",
    b"content-encoding",
    b"content-length",
    b"content-range",
    b"content-type",
    b"cookie",
    b"dpop",
    b"expect",
    b"forwarded",
    b"host",
    b"keep-alive",
    b"max-forwards",
    b"origin",
    b"range",
    b"referer",
    b"set-cookie",
    b"te",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
    b"vary",
];

const FORBIDDEN_TRAILER_PREFIXES: &[&[u8]] =
    &[b"access-control-", b"if-", b"muhrdor-", b"proxy-", b"sec-", b"x-"];
