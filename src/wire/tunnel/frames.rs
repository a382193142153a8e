//! WebSocket frames as far as a tunnel needs them: where one ends, and the one that says goodbye.
//! What is in them is read by nobody here.

/// Follows the frames of one direction by their lengths (RFC 6455 §5.2).
#[derive(Debug, Clone, Default)]
pub struct Frames {
    head: [u8; HEAD_BYTES_MAX],
    head_bytes: usize,
    payload_bytes_left: u64,
}

/// Why a tunnel is closed from the middle (RFC 6455 §7.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseCode {
    GoingAway = 1001,
    PolicyViolation = 1008,
}

impl Frames {
    /// Whether what passed so far ended with a frame.
    #[must_use]
    pub const fn is_between(&self) -> bool {
        self.head_bytes == 0 && self.payload_bytes_left == 0
    }

    /// Follows bytes that pass.
    pub fn pass(&mut self, mut bytes: &[u8]) {
        while let Some((first, rest)) = bytes.split_first() {
            let payload = usize::try_from(self.payload_bytes_left).unwrap_or(usize::MAX);
            let skipped = payload.min(bytes.len());
            if skipped > 0 {
                self.payload_bytes_left -= skipped as u64;
                bytes = bytes.get(skipped..).unwrap_or_default();
                continue;
            }
            if let Some(place) = self.head.get_mut(self.head_bytes) {
                *place = *first;
            }
            self.head_bytes += 1;
            bytes = rest;
            if let Some(length) = self.payload_bytes() {
                self.payload_bytes_left = length;
                self.head_bytes = 0;
            }
        }
    }

    /// How many of these bytes belong to the frame that is under way; none between two frames.
    #[must_use]
    pub fn bytes_of_current(&self, bytes: &[u8]) -> usize {
        let mut ahead = self.clone();
        let mut count = 0;
        for byte in bytes {
            if ahead.is_between() {
                break;
            }
            ahead.pass(std::slice::from_ref(byte));
            count += 1;
        }
        count
    }

    /// The length of the payload, once the head is whole.
    fn payload_bytes(&self) -> Option<u64> {
        let [_, second, extended @ ..] = self.head;
        if self.head_bytes < 2 {
            return None;
        }
        let (short, masked) = (second & 0x7f, second & 0x80 != 0);
        let extended_bytes = match short {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let mask_bytes = if masked { 4 } else { 0 };
        if self.head_bytes < 2 + extended_bytes + mask_bytes {
            return None;
        }
        if extended_bytes == 0 {
            return Some(u64::from(short));
        }
        let length = extended.iter().take(extended_bytes);
        Some(length.fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
    }
}

impl CloseCode {
    /// The close frame that a server sends (RFC 6455 §5.5.1).
    #[must_use]
    pub const fn from_server(self) -> [u8; 4] {
        let [high, low] = (self as u16).to_be_bytes();
        [CLOSE, 2, high, low]
    }

    /// The close frame that a client sends: masked, with zeros (RFC 6455 §5.3), since nobody
    /// between us and the e-service has to be kept from reading it.
    #[must_use]
    pub const fn from_client(self) -> [u8; 8] {
        let [high, low] = (self as u16).to_be_bytes();
        [CLOSE, 0x82, 0, 0, 0, 0, high, low]
    }
}

/// The last frame of a message, and a close frame.
const CLOSE: u8 = 0x88;

/// Two bytes, eight of a length, four of a mask.
const HEAD_BYTES_MAX: usize = 14;

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(length: usize, masked: bool) -> Vec<u8> {
        let mask = if masked { 0x80 } else { 0 };
        let mut frame = vec![0x82];
        match length {
            0..126 => frame.push(mask | u8::try_from(length).unwrap()),
            126..65_536 => {
                frame.push(mask | 0x7e);
                frame.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                frame.push(mask | 0x7f);
                frame.extend(u64::try_from(length).unwrap().to_be_bytes());
            }
        }
        frame.extend(vec![7; length + if masked { 4 } else { 0 }]);
        frame
    }

    #[test]
    fn a_frame_ends_where_its_length_says_however_it_is_cut() {
        for length in [0, 1, 125, 126, 65_535, 65_536, 70_000] {
            for masked in [false, true] {
                let frame = frame(length, masked);
                for size in [1, 3, frame.len()] {
                    let mut frames = Frames::default();
                    let pieces: Vec<&[u8]> = frame.chunks(size).collect();
                    let (last, before) = pieces.split_last().unwrap();
                    for piece in before {
                        frames.pass(piece);
                        assert!(!frames.is_between(), "{length} {masked} {size}");
                    }
                    // The next frame's first bytes are not of this one.
                    let more = [*last, &frame].concat();
                    if !before.is_empty() {
                        assert_eq!(frames.bytes_of_current(&more), last.len());
                    }
                    frames.pass(last);
                    assert!(frames.is_between(), "{length} {masked} {size}");
                    assert_eq!(frames.bytes_of_current(&frame), 0);
                }
            }
        }
    }

    #[test]
    fn close_frames_are_whole_frames() {
        let mut frames = Frames::default();
        frames.pass(&CloseCode::GoingAway.from_server());
        assert!(frames.is_between());
        frames.pass(&CloseCode::PolicyViolation.from_client());
        assert!(frames.is_between());
        assert_eq!(CloseCode::GoingAway.from_server(), [0x88, 2, 3, 0xe9]);
    }
}
