//~ step Reply::disclose
//~ E0308 mismatched types
//! An upstream's answer is no reply before it was disclosed.

use muhrdor::gateway::{Refusal, Reply};
use muhrdor::journal::Recorded;
use muhrdor::wire::answer::Answer;

pub fn reply(answer: Answer, recorded: Recorded) -> Result<Reply, Refusal> {
    Reply::disclose(answer, recorded, None, None)
}
