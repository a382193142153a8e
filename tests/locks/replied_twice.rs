//~ step Reply::disclose
//~ E0382 use of moved value: `recorded`
//! One record lets one reply out.

use muhrdor::gateway::{Refusal, Reply};
use muhrdor::journal::Recorded;
use muhrdor::redaction::Disclosure;

pub fn reply(disclosures: [Disclosure; 2], recorded: Recorded) -> [Result<Reply, Refusal>; 2] {
    let [one, other] = disclosures;
    [
        Reply::disclose(one, recorded, None, None),
        Reply::disclose(other, recorded, None, None),
    ]
}
