//~ step Reply::disclose
//~ E0061 argument #2 of type `Recorded` is missing
//! No record, no reply.

use muhrdor::gateway::{Refusal, Reply};
use muhrdor::redaction::Disclosure;

pub fn reply(disclosure: Disclosure) -> Result<Reply, Refusal> {
    Reply::disclose(disclosure, None, None)
}
