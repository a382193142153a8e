//~ step self.record
//~ E0599 no method named `clone` found for struct `Recorded`
//! One record is for one reply.

use muhrdor::journal::Recorded;

pub fn for_later(recorded: Recorded) -> (Recorded, Recorded) {
    (recorded.clone(), recorded)
}
