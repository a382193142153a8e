//! Whether a damaged file once carried a seal of this house: looked for byte by byte, where its own
//! tables can no longer be followed. It says what to call the file, never that anything holds.

use memchr::memmem;

use crate::notary::verdict::Trust;
use crate::notary::verdict::examine::is_ours;

/// Whether a hexadecimal string stands in the file as signatures do, and is ours.
pub(super) fn carries_seal(file: &[u8], trust: &Trust) -> bool {
    let mut rest = file;
    for _ in 0..STRINGS_MAX {
        let Some(at) = memmem::find(rest, MARK) else {
            return false;
        };
        let Some(after) = rest.get(at + MARK.len()..) else {
            return false;
        };
        let digits = after.trim_ascii_start().strip_prefix(b"<");
        if digits.is_some_and(|digits| is_ours(&unhex(digits), trust)) {
            return true;
        }
        rest = after;
    }
    false
}

fn unhex(text: &[u8]) -> Vec<u8> {
    let digits = text.iter().take(DIGITS_MAX);
    let digits: Vec<u8> = digits
        .map_while(|byte| char::from(*byte).to_digit(16))
        .filter_map(|digit| u8::try_from(digit).ok())
        .collect();
    let (pairs, _) = digits.as_chunks::<2>();
    pairs.iter().map(|[high, low]| high << 4 | low).collect()
}

const MARK: &[u8] = b"/Contents";
const DIGITS_MAX: usize = 128 * 1024;
/// Pages and annotations have such an entry too.
const STRINGS_MAX: usize = 4096;
