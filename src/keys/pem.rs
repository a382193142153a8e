//! The textual encoding of keys (RFC 7468), strict: one block, nothing around it.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

const LINE_CHARS: usize = 64;

/// One block of `label`.
pub(super) fn encode(label: &str, der: &[u8]) -> Zeroizing<String> {
    let base64 = Zeroizing::new(STANDARD.encode(der));
    let mut text = Zeroizing::new(String::with_capacity(base64.len() + 128));
    // Writing to a string cannot fail.
    let _ = writeln!(text, "-----BEGIN {label}-----");
    for (column, char) in base64.chars().enumerate() {
        if column > 0 && column % LINE_CHARS == 0 {
            text.push('\n');
        }
        text.push(char);
    }
    let _ = write!(text, "\n-----END {label}-----\n");
    text
}

/// The bytes of the one block of `label`; `None` for anything else.
pub(super) fn decode(label: &str, text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let inner = text
        .trim_end()
        .strip_prefix(&format!("-----BEGIN {label}-----"))?
        .strip_suffix(&format!("-----END {label}-----"))?;
    let base64: Zeroizing<String> =
        Zeroizing::new(inner.chars().filter(|c| !"\r\n".contains(*c)).collect());
    STANDARD.decode(base64.as_bytes()).ok().map(Zeroizing::new)
}
