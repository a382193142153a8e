//~ step rooms.redaction.disclose
//~ E0624 method `into_parts` is private
//! The bytes come out of a disclosure only into a reply.

use muhrdor::redaction::Disclosure;

pub fn status(disclosure: Disclosure) -> u16 {
    disclosure.into_parts().0
}
