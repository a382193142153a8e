//~ step rooms.redaction.disclose
//~ E0599 no method named `clone` found for struct `Disclosure`
//! What was recorded once leaves once.

use muhrdor::redaction::Disclosure;

pub fn for_later(disclosure: Disclosure) -> (Disclosure, Disclosure) {
    (disclosure.clone(), disclosure)
}
