//! A PDF that is a ZIP archive as well.
//!
//! Programs find an archive from the end of its bytes, wherever they begin: what is sealed as a PDF
//! would be opened as an archive, a signed program or a spreadsheet, whose content nobody sealed.

use memchr::memmem;

/// Whether there is what every archive that holds something has: the head of an entry in its
/// directory, and the directory's end behind it.
pub(super) fn is_archive(bytes: &[u8]) -> bool {
    let Some(entry) = memmem::find(bytes, DIRECTORY_ENTRY) else {
        return false;
    };
    let rest = bytes.get(entry..).unwrap_or_default();
    memmem::find(rest, DIRECTORY_END).is_some()
}

/// APPNOTE.TXT §4.3.12.
const DIRECTORY_ENTRY: &[u8] = b"PK\x01\x02";
/// APPNOTE.TXT §4.3.16.
const DIRECTORY_END: &[u8] = b"PK\x05\x06";
