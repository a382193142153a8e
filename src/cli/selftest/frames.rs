//! As much of HTTP/2 as it takes to say what a library would not (RFC 9113, RFC 7541).

/// Name and value as they are sent.
pub type Field = (Vec<u8>, Vec<u8>);

/// A frame that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
}

pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const GOAWAY: u8 = 7;

/// The preface and an empty SETTINGS (RFC 9113 §3.4).
pub(super) fn opening() -> Vec<u8> {
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(4, 0, 0, &[]));
    bytes
}

/// A whole request without content, each field as a literal that nobody remembers (RFC 7541 §6.2.2).
pub(super) fn headers(stream: u32, fields: &[Field]) -> Vec<u8> {
    frame(HEADERS, 0x5, stream, &block(fields))
}

/// A head whose fields go on in frames that follow.
pub(super) fn unfinished(stream: u32, fields: &[Field]) -> Vec<u8> {
    frame(HEADERS, 0x1, stream, &block(fields))
}

/// CONTINUATION frames of 1 KiB, none the last (RFC 9113 §6.10).
pub(super) fn continuations(stream: u32, count: usize) -> Vec<u8> {
    let padding = block(&[(b"x-more".to_vec(), vec![b'x'; 1_000])]);
    frame(9, 0, stream, &padding).repeat(count)
}

/// CANCEL (RFC 9113 §6.4, §7).
pub(super) fn reset(stream: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &[0, 0, 0, 8])
}

/// The next whole frame of what came, and how many bytes it has.
pub(super) fn next(bytes: &[u8]) -> Option<(Frame, usize)> {
    let (head, rest) = bytes.split_first_chunk::<9>()?;
    let [a, b, c, kind, _, s1, s2, s3, s4] = *head;
    let length = usize::try_from(u32::from_be_bytes([0, a, b, c])).ok()?;
    let payload = rest.get(..length)?.to_vec();
    let stream = u32::from_be_bytes([s1, s2, s3, s4]) & (u32::MAX >> 1);
    let frame = Frame {
        kind,
        stream,
        payload,
    };
    Some((frame, 9 + length))
}

/// The status that a HEADERS frame begins with; servers say it first (RFC 9113 §8.3).
pub(super) fn status(payload: &[u8]) -> Option<u16> {
    let mut rest = payload;
    // Changes of the table's size come before everything else (RFC 7541 §6.3).
    while rest.first().is_some_and(|byte| byte & 0xe0 == 0x20) {
        rest = rest.get(1..)?;
    }
    let (first, rest) = rest.split_first()?;
    match first {
        0x88 => Some(200),
        0x89 => Some(204),
        0x8a => Some(206),
        0x8b => Some(304),
        0x8c => Some(400),
        0x8d => Some(404),
        0x8e => Some(500),
        _ => {
            let (length, value) = rest.split_first()?;
            let bytes = value.get(..usize::from(length & 0x7f))?;
            let digits = match length & 0x80 {
                0 => bytes.to_vec(),
                _ => coded_digits(bytes),
            };
            std::str::from_utf8(digits.get(..3)?).ok()?.parse().ok()
        }
    }
}

/// Digits out of the Huffman code (RFC 7541 appendix B): 0 to 2 in five bits, 3 to 9 in six.
fn coded_digits(bytes: &[u8]) -> Vec<u8> {
    let bits: Vec<u8> = bytes
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |at| (byte >> at) & 1))
        .collect();
    let number = |bits: &[u8]| bits.iter().fold(0_u8, |n, bit| (n << 1) | bit);
    let mut digits = Vec::new();
    let mut rest = bits.as_slice();
    while let Some(five) = rest.get(..5).map(number) {
        let (digit, used) = match (five, rest.get(..6).map(number)) {
            (0..=2, _) => (five, 5),
            (_, Some(six @ 0x19..=0x1f)) => (six - 0x19 + 3, 6),
            _ => break,
        };
        digits.push(b'0' + digit);
        rest = rest.get(used..).unwrap_or_default();
    }
    digits
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(0).to_be_bytes();
    let mut bytes = length.get(1..).unwrap_or_default().to_vec();
    bytes.extend_from_slice(&[kind, flags]);
    bytes.extend_from_slice(&stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

fn block(fields: &[Field]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in fields {
        bytes.push(0);
        for text in [name, value] {
            length(text.len(), &mut bytes);
            bytes.extend_from_slice(text);
        }
    }
    bytes
}

/// A length in a prefix of seven bits, not in the Huffman code (RFC 7541 §5.1, §5.2).
fn length(of: usize, bytes: &mut Vec<u8>) {
    let Some(mut more) = of.checked_sub(0x7f) else {
        bytes.push(u8::try_from(of).unwrap_or(0));
        return;
    };
    bytes.push(0x7f);
    while more >= 0x80 {
        bytes.push(u8::try_from(more & 0x7f).unwrap_or(0) | 0x80);
        more >>= 7;
    }
    bytes.push(u8::try_from(more).unwrap_or(0));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_reads_in_every_form() {
        for (bytes, expected) in [
            (&[0x8c][..], Some(400)),
            (&[0x20, 0x88], Some(200)),
            (&[0x48, 3, b'4', b'2', b'1'], Some(421)),
            // RFC 7541 C.6.1: `302` in the Huffman code.
            (&[0x48, 0x82, 0x64, 0x02], Some(302)),
            (&[0x48, 0x83, 0x69, 0x90], None),
            (&[], None),
        ] {
            assert_eq!(status(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn a_frame_that_is_written_reads() {
        let fields = [(b":path".to_vec(), vec![b'/'; 300])];
        let written = headers(5, &fields);
        let (read, length) = next(&written).unwrap();
        assert_eq!(
            (read.kind, read.stream, length),
            (HEADERS, 5, written.len())
        );
        assert_eq!(read.payload.get(7..9), Some(&[0x7f, 0xad][..]));
        assert_eq!(next(written.get(..20).unwrap()), None);
    }
}
