//! Bytes as lower-case hexadecimal digits.

/// Two digits for each byte, the first for its upper half.
#[must_use]
pub fn digits(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 0x0f));
    }
    text
}

fn digit(half: u8) -> char {
    char::from(if half < 10 {
        b'0' + half
    } else {
        b'a' + (half - 10)
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_byte_has_its_two_digits() {
        for byte in 0..=255_u8 {
            let expected = format!("{byte:02x}00");
            assert_eq!(super::digits(&[byte, 0]), expected);
        }
    }
}
