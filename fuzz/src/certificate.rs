//! What others sign and clients show: certificates, lists of revoked ones, answers of OCSP.

use muhrdor::domain::time::Timestamp;
use muhrdor::identity::certificate::{List, Place, key, value};
use muhrdor::wire::asn1::ocsp::Answer;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
const LIST_BYTES_MAX: usize = 64 * 1024;

/// A certificate that reads has one key, and at each place one plain value or none.
pub fn certificate(bytes: &[u8]) {
    for place in [
        "subject:2.5.4.5",
        "subject:2.5.4.3",
        "other-name:1.2.3",
        "uri:urn:uz:body:",
    ] {
        let place = Place::parse(place).expect("it is a place");
        let Ok(value) = value(bytes, &place) else {
            continue;
        };
        assert!(!value.chars().any(char::is_control), "`{value:?}` is plain");
        assert!(!value.is_empty() && value.trim() == value, "`{value:?}`");
        assert!(key(bytes).is_ok(), "what reads has a key");
    }
}

/// Without an authority no bytes are a list, and reading them ends.
pub fn list(bytes: &[u8]) {
    let read = List::read(bytes, [].iter(), (LIST_BYTES_MAX, NOW));
    assert!(read.is_err(), "nobody signed it");
}

/// An answer that reads lies within its bytes.
pub fn ocsp(bytes: &[u8]) {
    let Some(answer) = Answer::read(bytes) else {
        return;
    };
    let parts = answer.signed.len() + answer.signature.len();
    assert!(parts < bytes.len(), "its parts are parts of it");
    for single in &answer.singles {
        assert!(
            !single.id.is_of(b"nobody", None, b"none"),
            "it names an issuer"
        );
    }
}
